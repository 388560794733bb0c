"""The one message that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from . import bodies
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
        self._slots = Slots()
        self._on_close = on_close
        self._js_view = element("detail-view")
        for action in ("ack", "nack"):
            listeners.on_click(f"detail-{action}", partial(self._settle, on_settle, action))
        listeners.on_click("detail-edit", partial(self._edit, on_edit))
        listeners.on_click("detail-close", self.close)
        listeners.on(self._js_view, "change", lambda _: self._show_body())
        listeners.on(element("detail"), "keydown", self._on_key)

    def show(self, record: Record, *, enter: bool) -> None:
        """Show a record.

        Args:
            record: what to show.
            enter: whether the keyboard goes there.
        """
        if record is not self.record:
            self.record = record
            self._fill(record)
        self._slots["detail"].show(True)
        if enter:
            element("detail-close").focus()

    def close(self) -> None:
        """Hide it."""
        self.record = None
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
        for name, possible in (("text", text is not None), ("json", json is not None)):
            self._js_view.querySelector(f"[value={name}]").disabled = not possible
        wanted = message.content_type or ""
        best = "json" if json is not None and "json" in wanted else "text"
        self._js_view.value = best if text is not None else "hex"
        self._show_body()

    def _show_body(self) -> None:
        if self.record is None:
            return
        message = self.record.message
        view = str(self._js_view.value)
        if view == "hex":
            body = bodies.as_hex(message.body)
        else:
            body = (bodies.as_json(message) if view == "json" else bodies.as_text(message)) or ""
            body = body[: bodies.SHOWN]
        whole = len(message.body)
        size = bodies.octets_in_words(whole)
        cut = whole > bodies.SHOWN
        self._slots["detail-size"].text(f"the first {bodies.octets_in_words(bodies.SHOWN)} of {size}" if cut else size)
        self._slots["detail-body"].text(body)
