"""Connections side by side: a column for each, with its light, its figures and its list.

The connection that the page works with stays in the page's own list, which stands among the columns of the others. On a
narrow screen there are tabs only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import js

from . import words
from .dom import Slot, clone, element
from .grid import Grid
from .history import Record
from .messages import MessagesPanel
from .page import Page
from .session import Session
from .sessions_bar import SessionsBar

_WIDE = "(min-width: 900px)"


class Head:
    """What stands over a list: of which connection it is, and how that one is."""

    def __init__(self) -> None:
        self.js_element = clone("column-head-template")
        names = {"light": ".light", "word": ".word", "name": ".name", "figures": ".figures"}
        self._slots = {name: Slot(self.js_element.querySelector(selector)) for name, selector in names.items()}
        self._self = Slot(self.js_element)

    def paint(self, session: Session, *, current: bool) -> None:
        """Show it."""
        slots, light = self._slots, session.shown_light
        self._self.attribute("data-current", "true" if current else "false")
        slots["light"].attribute("data-tone", light.tone)
        slots["word"].text(light.word)
        slots["name"].text(session.name)
        on = sum(entry.on for entry in session.link.entries.values())
        figures = [words.many(on, "subscription"), words.many(session.history.total, "message")]
        if session.rate:
            figures.append(f"{session.rate:,} a second")
        if session.history.paused:
            figures.append(f"paused, {session.history.held:,} waiting")
        slots["figures"].text(", ".join(figures))


class Column:
    """The list of a connection beside the one that the page works with.

    Args:
        page: the page.
        messages: the panel that knows what can be done with a message.
        show: takes the session that the page is to work with.
    """

    def __init__(self, page: Page, messages: MessagesPanel, show: Callable[[Session], None]) -> None:
        self.session = page.session
        self._messages = messages
        self._show = show
        self.js_element = clone("column-template")
        self.head = Head()
        self.js_element.prepend(self.head.js_element)
        js_stage = self.js_element.querySelector(".stage")
        for id in ("grid", "newest"):
            js_stage.append(_copy(element(id)))
        js_stage.querySelector(".rows").replaceChildren()
        self.grid = Grid(
            page.listeners,
            js_stage,
            self.session.listing,
            on_settle=lambda record, action: messages.settle(self.session, record, action),
            on_select=self._select,
            ask=page.ask,
        )
        self._self = Slot(self.js_element)
        self._grid = Slot(js_stage.querySelector(".grid"))
        self._nothing = Slot(js_stage.querySelector(".nothing"))
        page.listeners.on(self.head.js_element, "click", lambda _: show(self.session))

    def _select(self, record: Record, enter: bool) -> None:
        """Work with its connection from now on, and with this message."""
        self.grid.selected = None
        self._show(self.session)
        self._messages.select(record, enter=enter)

    def hide(self) -> None:
        """It is not wanted."""
        self._self.show(False)

    def paint(self, session: Session) -> None:
        """Show this connection."""
        self.session = session
        self._self.show(True)
        self._self.attribute("aria-label", session.name)
        self._grid.attribute("aria-label", f"Messages of {session.name}")
        self._grid.attribute("data-settles", "true" if session.settles else "false")
        self.head.paint(session, current=False)
        session.filtered.trim()
        self.grid.paint(session.listing, settling=session.settling)
        self._nothing.show(not len(session.listing))
        if not len(session.listing):
            title, text, *_ = self._messages.nothing(session)
            self._nothing.text(f"{words.sentence(title)} {text}")


class Columns:
    """All of them, and the switch.

    Args:
        page: the page.
        bar: has the sessions.
        messages: the panel with the page's own list.
        show: takes the session that the page is to work with.
    """

    def __init__(self, page: Page, bar: SessionsBar, messages: MessagesPanel, show: Callable[[Session], None]) -> None:
        self._page = page
        self._bar = bar
        self._messages = messages
        self._wanted = False
        self._make = partial(Column, page, messages, show)
        self._others: list[Column] = []
        self._replaced: Column | None = None  # the one in whose place the page's own list is
        self._js_columns, self._js_own = element("columns"), element("column")
        self._head = Head()
        self._own_head = Slot(self._head.js_element)
        self._js_own.prepend(self._head.js_element)
        self._js_wide = js.matchMedia(_WIDE)
        page.listeners.on(self._js_wide, "change", lambda _: page.ask())
        page.listeners.on_click("side-by-side", self._switch)

    @property
    def shown(self) -> bool:
        """Whether they stand side by side."""
        return self._wanted and len(self._bar.sessions) > 1 and bool(self._js_wide.matches)

    def _switch(self) -> None:
        self._wanted = not self._wanted
        self._page.ask()

    def exchange(self, before: Session, after: Session) -> None:
        """The page works with another connection: the lists change places, and stay where people read them."""
        if not self.shown:
            return
        self._fill()
        old, new = (
            self._others[self._bar.sessions.index(each)] if each in self._bar.sessions else None
            for each in (before, after)
        )
        own = self._messages.grid
        top = own.top
        if new is not None:
            own.begin_at(new.grid.top)
        if old is not None:
            old.grid.begin_at(top)
        self._place(after)

    def _fill(self) -> None:
        while len(self._others) < len(self._bar.sessions):
            column = self._make()
            self._others.append(column)
            self._js_columns.append(column.js_element)

    def _place(self, session: Session) -> None:
        """Put the page's own list where this session's column is."""
        column = self._others[self._bar.sessions.index(session)]
        if column is not self._replaced:
            self._replaced = column
            self._js_columns.insertBefore(self._js_own, column.js_element)

    def paint(self) -> None:
        """Show them, or only the page's own list."""
        shown, slots = self.shown, self._page.slots
        slots["split"].attribute("data-side", "true" if shown else "false")
        slots["side-by-side"].attribute("aria-pressed", "true" if self._wanted else "false")
        self._own_head.show(shown)
        current, sessions = self._page.session, self._bar.sessions
        if shown:
            self._fill()
            self._place(current)
            self._head.paint(current, current=True)
        for index, column in enumerate(self._others):
            if shown and index < len(sessions) and sessions[index] is not current:
                column.paint(sessions[index])
            else:
                column.hide()


def _copy(js_element: Any) -> Any:
    """A copy without ids: those are the page's own."""
    js_copy = js_element.cloneNode(True)
    js_copy.removeAttribute("id")
    for js_inner in js_copy.querySelectorAll("[id]"):
        js_inner.removeAttribute("id")
    js_copy.removeAttribute("aria-labelledby")
    return js_copy
