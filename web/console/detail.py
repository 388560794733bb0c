"""The one message that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from . import bodies, words
from .dom import Listeners, Slots, element, make
from .history import Record


class Detail:
    """The pane beside the list; on a small screen it covers the list.

    Args:
        listeners: the page's.
        on_settle: takes a record and "ack" or "nack".
        on_edit: takes the record that is to be sent again.
        on_close: the pane was closed.
    """

    def __init__(
        self,
        listeners: Listeners,
        *,
        on_settle: Callable[[Record, str], None],
        on_edit: Callable[[Record], None],
        on_close: Callable[[], None],
    ) -> None:
        self.record: Record | None = None
        self._previous: Record | None = None
        self._slots = Slots()
        self._on_close = on_close
        self._js_view = element("detail-view")
        for action in ("ack", "nack"):
            listeners.on_click(f"detail-{action}", partial(self._settle, on_settle, action))
        listeners.on_click("detail-edit", partial(self._edit, on_edit))
        listeners.on_click("detail-close", self.close)
        listeners.on(self._js_view, "change", lambda _: self._show_body())
        listeners.on(element("detail"), "keydown", self._on_key)

    def show(self, record: Record, previous: Record | None, *, enter: bool) -> None:
        """Show a record.

        Args:
            record: what to show.
            previous: the message before it of the same destination.
            enter: whether the keyboard goes there.
        """
        if record is not self.record:
            self.record, self._previous = record, previous
            self._fill(record)
        self._slots["detail"].show(True)
        if enter:
            element("detail-close").focus()

    def close(self) -> None:
        """Hide it."""
        self.record = self._previous = None
        self._slots["detail"].show(False)
        self._on_close()

    def refresh(self, settling: tuple[bool, bool, str]) -> None:
        """Show what may change."""
        if self.record is None:
            return
        settles, nacks, outcome = settling
        self._slots["detail-ack"].show(settles)
        self._slots["detail-nack"].show(settles and nacks)
        message = self.record.message
        marks = [
            f"received {self.record.clock}",
            "delivered before" if message.redelivered else "",
            "its length does not fit: may be damaged" if message.damaged else "",
            f"{words.duration(self.record.since)} after the one before" if self.record.since is not None else "",
            f"round trip {words.duration(self.record.round_trip)}" if self.record.round_trip is not None else "",
            outcome,
        ]
        self._slots["detail-marks"].text(", ".join(filter(None, marks)))

    def _settle(self, on_settle: Callable[[Record, str], None], action: str) -> None:
        if self.record is not None:
            on_settle(self.record, action)

    def _edit(self, on_edit: Callable[[Record], None]) -> None:
        if self.record is not None:
            on_edit(self.record)

    def _on_key(self, js_event: Any) -> None:
        if js_event.key == "Escape":
            self.close()

    def _fill(self, record: Record) -> None:
        message = record.message
        self._slots["detail-title"].text(f"Message {record.number:,}")
        self._slots["detail-destination"].text(message.destination)
        pairs = message.headers.multi_items()
        self._slots["detail-header-count"].text(str(len(pairs)))
        js_rows = []
        for name, value in pairs:
            js_row = make("tr")
            js_name = make("th", name)
            js_name.scope = "row"
            js_row.append(js_name, make("td", value))
            js_rows.append(js_row)
        element("detail-headers").replaceChildren(*js_rows)
        text, json = bodies.as_text(message), bodies.as_json(message)
        compared = (
            self._previous is not None and text is not None and bodies.as_text(self._previous.message) is not None
        )
        for name, possible in (("text", text is not None), ("json", json is not None), ("difference", compared)):
            self._js_view.querySelector(f"[value={name}]").disabled = not possible
        wanted = message.content_type or ""
        best = "json" if json is not None and "json" in wanted else "text"
        if not (self._js_view.value == "difference" and compared):
            self._js_view.value = best if text is not None else "hex"
        self._show_body()

    def _show_body(self) -> None:
        if self.record is None:
            return
        message = self.record.message
        view = str(self._js_view.value)
        self._slots["detail-body"].show(view != "difference")
        self._slots["detail-difference"].show(view == "difference")
        if view == "difference":
            self._show_difference()
            return
        if view == "hex":
            body = bodies.as_hex(message.body)
        elif view == "base64":
            body = bodies.as_base64(message.body)
        else:
            body = (bodies.as_json(message) if view == "json" else bodies.as_text(message)) or ""
            body = body[: bodies.SHOWN]
        whole = len(message.body)
        size = bodies.octets_in_words(whole)
        cut = whole > bodies.SHOWN
        self._slots["detail-size"].text(f"the first {bodies.octets_in_words(bodies.SHOWN)} of {size}" if cut else size)
        self._slots["detail-body"].text(body)

    def _show_difference(self) -> None:
        if self.record is None or self._previous is None:
            return
        before, after = self._previous.message, self.record.message
        both_json = bodies.as_json(before), bodies.as_json(after)
        texts = both_json if None not in both_json else (bodies.as_text(before), bodies.as_text(after))
        js_lines = []
        for mark, line in bodies.difference(texts[0] or "", texts[1] or ""):
            js_lines.append(make("span", f"{mark} {line}\n", {"+": "added", "-": "removed"}.get(mark, "")))
        element("detail-difference").replaceChildren(*js_lines)
        self._slots["detail-size"].text(f"to message {self._previous.number:,}")
