"""The messages' panel: list, filter, what is kept, and the one message that is looked at."""

from __future__ import annotations

from typing import Any

from pystomp_web import State

from . import words
from .compose import Compose
from .detail import Detail
from .dom import element
from .grid import Grid
from .history import Record
from .page import Page
from .session import Session


class MessagesPanel:
    """The panel."""

    def __init__(self, page: Page, compose: Compose) -> None:
        self._page = page
        self._compose = compose
        self._action: tuple[str, Any] | None = None
        listeners = page.listeners
        self.grid = Grid(
            listeners,
            element("stage"),
            page.session.listing,
            on_settle=self._settle,
            on_select=self._look,
            ask=page.ask,
        )
        self._detail = Detail(listeners, on_settle=self._settle, on_edit=self._edit, on_close=self._detail_closed)
        listeners.on_click("pause", self._pause)
        listeners.on_click("clear", self._clear)
        listeners.on_click("say-action", self._act)
        listeners.on(element("keep"), "change", self._keep)
        listeners.on(element("filter"), "input", lambda _: self.filter(str(element("filter").value)))
        listeners.on(element("filter"), "keydown", self._on_filter_key)

    def filter(self, text: str) -> None:
        """Show what passes only."""
        if element("filter").value != text:
            element("filter").value = text
        self._page.session.set_filter(text.strip())
        self._page.state_changed()

    def _on_filter_key(self, js_event: Any) -> None:
        if js_event.key == "Escape" and element("filter").value:
            js_event.preventDefault()
            self.filter("")

    def forget(self) -> None:
        """Another session is shown."""
        self.grid.selected = None
        if self._detail.record is not None:
            self._detail.close()
        element("filter").value = self._page.session.filter_text
        element("keep").value = str(self._page.session.history.limit)

    def _pause(self) -> None:
        self._page.session.pause()
        self._page.ask()

    def _clear(self) -> None:
        self._page.session.clear()
        self.grid.selected = None
        if self._detail.record is not None:
            self._detail.close()
        self._page.ask()

    def _keep(self, _: Any) -> None:
        self._page.session.set_limit(int(element("keep").value))
        self._page.ask()

    def _act(self) -> None:
        if self._action is not None:
            self._action[1]()

    def _test_message(self) -> None:
        """Send to what is subscribed, so that something comes."""
        entry = next(iter(self._page.session.link.entries.values()), None)
        if entry is not None:
            element("send-destination").value = entry.destination
        element("send-form").requestSubmit()

    def select(self, record: Record, *, enter: bool) -> None:
        """Look at a message of the page's session; with `enter` the keyboard goes into it, else into the list."""
        self.grid.select(record)
        self._look(record, enter)
        if not enter:
            self.grid.focus()

    def _look(self, record: Record, enter: bool) -> None:
        session = self._page.session
        self._detail.show(record, session.history.previous(record), enter=enter)
        self._detail.refresh(session.settling(record))

    def _detail_closed(self) -> None:
        if len(self._page.session.history):
            element("grid").focus()
        self._page.ask()

    def _edit(self, record: Record) -> None:
        self._detail.close()
        self._compose.edit(record)

    def settle(self, session: Session, record: Record, action: str) -> None:
        """Acknowledge a message of this session, or refuse it."""
        settles, nacks, _ = session.settling(record)
        if not settles or (action == "nack" and not nacks):
            return
        if action == "ack":
            record.message.ack_nowait()
        else:
            record.message.nack_nowait()
        record.outcome = f"{action}ed"
        self._page.report(f"Message {record.number} {record.outcome}")
        self._page.ask()

    def _settle(self, record: Record, action: str) -> None:
        self.settle(self._page.session, record, action)

    # Painting.

    def paint(self) -> None:
        """Show the list as it is."""
        session = self._page.session
        session.filtered.trim()
        self._paint_tally()
        self._page.slots["grid"].attribute("data-settles", "true" if session.settles else "false")
        self.grid.paint(session.listing, settling=session.settling)
        if self._detail.record is not None:
            self._detail.refresh(session.settling(self._detail.record))
        self._paint_blank()

    def _paint_tally(self) -> None:
        session, slots = self._page.session, self._page.slots
        history = session.history
        kept = len(history)
        if kept < history.total - history.held - history.lost:
            tally = f"last {kept:,} of {history.total:,}"
        elif history.total:
            tally = words.many(history.total, "message")
        else:
            tally = ""
        if session.test is not None and kept:
            looking = ", looking" if session.filtered.busy else ""
            tally = f"{len(session.filtered):,} of {words.many(kept, 'message')}{looking}"
        if session.rate:
            tally = f"{tally}, {session.rate:,} a second" if tally else f"{session.rate:,} a second"
        slots["tally"].text(tally)
        slots["filter-error"].show(bool(session.filter_error))
        slots["filter-error"].text(session.filter_error)
        slots["filter"].attribute("aria-invalid", "true" if session.filter_error else "false")
        slots["pause"].text("Resume" if history.paused else "Pause")
        slots["pause"].attribute("aria-pressed", "true" if history.paused else "false")
        slots["held"].show(history.paused)
        if history.paused:
            lost = f"; {history.lost:,} older ones had no room and are lost" if history.lost else ""
            slots["held-words"].text(
                f"Paused: {words.many(history.held, 'message')} waiting, room for {history.limit:,}{lost}"
            )
            slots["held-fill"].value(history.held / history.limit)

    def _paint_blank(self) -> None:
        """What stands in the place of the list while there is none."""
        slots, session = self._page.slots, self._page.session
        empty = not len(session.listing)
        slots["blank"].show(empty)
        slots["say"].show(empty)
        if not empty:
            return
        title, text, advice, action = self.nothing(session)
        slots["say-title"].text(title)
        slots["say-words"].text(text)
        slots["say-advice"].text(advice)
        slots["say"].attribute("data-tone", "bad" if session.link.error is not None else "")
        self._action = action
        slots["say-action"].show(action is not None)
        if action is not None:
            slots["say-action"].text(action[0])

    def nothing(self, session: Session) -> tuple[str, str, str, tuple[str, Any] | None]:
        """Why a session has no messages: title, reason, what to do, and a button for it."""
        link, client = session.link, session.link.client
        if session.test is not None and len(session.history):
            kept = words.many(len(session.history), "message")
            if session.filtered.busy:
                return "Looking", f"Through {kept}.", "", None
            text = f"None of {kept} is let through."
            return "Nothing passes the filter", text, "", ("Clear the filter", lambda: self.filter(""))
        if link.error is not None:
            title, text, advice = words.trouble(link.error)
            text = words.sentence(text)
            if client is None:
                return title, text, advice, ("Try again", lambda: element("connect-form").requestSubmit())
            return title, text, advice, ("Reconnect now", link.reconnect_now) if link.state is State.WAITING else None
        if client is None:
            text = "Messages appear here, the newest on top."
            return "Not connected", text, "", ("Connect", lambda: element("connect-form").requestSubmit())
        if link.state is not State.CONNECTED:
            return words.LIGHTS[link.state].word, f"To {client.url.partition('?')[0]}", "", None
        if not link.entries:
            text = "Messages come from the destinations that you subscribe to."
            destination = element("subscribe-destination").value.strip()
            subscribe = element("subscribe-form").requestSubmit
            action = (f"Subscribe to {destination}", lambda: subscribe()) if destination else None  # noqa: PLW0108
            return "No subscription yet", text, "", action
        on = [entry.destination for entry in link.entries.values() if entry.on]
        if not on:
            return "Stopped", "All subscriptions are off.", "", ("Start", lambda: element("stop").click())
        names = ", ".join(on)
        if session.history.paused:
            return "Paused", f"What comes from {names} is held.", "", ("Resume", self._pause)
        return "No message yet", f"Subscribed to {names}.", "", ("Send a test message", self._test_message)
