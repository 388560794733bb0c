"""Several connections: a tab for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import words
from .dom import Slot, clone, closest, element, js_object
from .page import Page
from .session import Session


class SessionsBar:
    """The tabs of connections; not there while there is one only.

    Args:
        page: the page.
        make: makes a session.
        on_show: takes the session that is to be shown.
    """

    def __init__(self, page: Page, make: Callable[[], Session], on_show: Callable[[Session], None]) -> None:
        self._page = page
        self._make = make
        self._on_show = on_show
        self.sessions = [make()]
        self._items: dict[int, dict[str, Slot]] = {}
        self._in_sight: Session | None = None
        page.listeners.on_click("new-session", self._new)
        page.listeners.on(element("sessions"), "click", self._on_click)
        page.listeners.on(element("sessions"), "keydown", self._on_key)

    def _new(self) -> None:
        session = self._make()
        self.sessions.append(session)
        self._on_show(session)
        self._page.report(f"Connection {session.number} is another one, beside the first")
        element("url").focus()

    def _find(self, js_event: Any) -> Session | None:
        js_item = closest(js_event, "[data-session]")
        number = int(js_item.getAttribute("data-session")) if js_item is not None else 0
        return next((session for session in self.sessions if session.number == number), None)

    def _on_click(self, js_event: Any) -> None:
        session = self._find(js_event)
        if session is None:
            return
        if closest(js_event, "[data-close]") is not None:
            self._close(session)
        else:
            self._on_show(session)

    def _on_key(self, js_event: Any) -> None:
        step = {"ArrowRight": 1, "ArrowLeft": -1}.get(js_event.key)
        if step is None or closest(js_event, "[data-session]") is None:
            return
        index = self.sessions.index(self._page.session)
        session = self.sessions[(index + step) % len(self.sessions)]
        self._on_show(session)
        element("sessions").querySelector(f'[data-session="{session.number}"] .session-tab').focus()

    def _close(self, session: Session) -> None:
        if len(self.sessions) == 1:
            return
        index = self.sessions.index(session)
        self.sessions.remove(session)
        session.close()
        if session is self._page.session:
            self._on_show(self.sessions[max(0, index - 1)])
        element("new-session").focus()
        self._page.ask()

    def paint(self) -> None:
        """Show them."""
        several = len(self.sessions) > 1
        self._page.slots["sessions"].show(several)
        known = {session.number for session in self.sessions}
        for number in [number for number in self._items if number not in known]:
            self._items.pop(number)["item"].js_element.remove()
        if not several:
            return
        for session in self.sessions:
            if session.number not in self._items:
                self._items[session.number] = self._item(session)
            item = self._items[session.number]
            shown = session is self._page.session
            light, name = session.shown_light, session.name
            item["name"].text(name)
            item["word"].text(light.word)
            if shown and session is not self._in_sight:
                self._in_sight = session
                item["item"].js_element.scrollIntoView(js_object(block="nearest", inline="nearest"))
            item["tab"].attribute("aria-current", "true" if shown else "false")
            item["tab"].attribute("data-tone", light.tone)
            item["close"].attribute("aria-label", f"Close the connection {name}")
            new = session.history.total
            item["count"].text(words.number(new) if new else "")

    def _item(self, session: Session) -> dict[str, Slot]:
        js_item = clone("session-template")
        js_item.setAttribute("data-session", str(session.number))
        element("sessions").insertBefore(js_item, element("side-by-side"))
        selectors = {"tab": ".session-tab", "close": "[data-close]", "name": ".name", "word": ".word"}
        selectors["count"] = ".count"
        found = {name: Slot(js_item.querySelector(selector)) for name, selector in selectors.items()}
        return {"item": Slot(js_item), **found}
