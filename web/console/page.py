"""What the parts of the page share: slots, listeners, the session that is shown, and the status line."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import js

from pystomp_web import StompError

from . import words
from .dom import Listeners, Painter, Slots, element, make
from .tasks import Tasks

if TYPE_CHECKING:
    from .session import Session

ACTIVITY = 100


class Page:
    """The page.

    Args:
        paint: brings all parts up to date.

    Attributes:
        session: the one that is shown.
        changed: functions to call when the state has changed that a link holds.
    """

    session: Session

    def __init__(self, paint: Callable[[], None]) -> None:
        self.slots = Slots()
        self.listeners = Listeners(self.failed)
        self.ask = Painter(self.listeners, paint).ask
        self.changed: list[Callable[[], None]] = []
        self._activities = 0
        #: Runs a coroutine; what it raises is told.
        self.spawn = Tasks(self.failed).spawn

    def state_changed(self) -> None:
        """What a link holds may have changed."""
        for tell in self.changed:
            tell()
        self.ask()

    def failed(self, error: BaseException) -> None:
        """Something did not work."""
        if not isinstance(error, (StompError, OSError, ValueError, TypeError)):
            js.console.error("".join(traceback.format_exception(error)))
        self.report(str(words.trouble(error)), bad=True)

    def report(self, text: str, *, bad: bool = False) -> None:
        """Say it in the status line, and keep it in the list of what happened."""
        status = self.slots["status"]
        status.text(text)
        status.attribute("data-tone", "bad" if bad else "good")
        self.note(text, bad=bad)

    def note(self, text: str, *, bad: bool = False) -> None:
        """Keep it in the list of what happened."""
        js_item = make("li", class_name="bad" if bad else "")
        js_item.append(make("time", time.strftime("%H:%M:%S")), make("span", text))
        js_list = element("activity")
        js_list.prepend(js_item)
        self._activities += 1
        self.slots["activity-count"].text(words.number(self._activities))
        if js_list.childElementCount > ACTIVITY:
            js_list.lastElementChild.remove()

    async def copy(self, text: str, what: str) -> bool:
        """Put it on the clipboard, and say so."""
        try:
            await js.navigator.clipboard.writeText(text)
        except Exception:
            self.report(f"The browser does not let this page copy: select {what} and copy it", bad=True)
            return False
        self.report(f"Copied {what}")
        return True


class Tabs:
    """A tab list: its buttons name their panels by aria-controls.

    Args:
        page: the page.
        id: of the tab list.
        on_change: takes the id of the panel that is shown now.
    """

    def __init__(self, page: Page, id: str, on_change: Callable[[str], None] | None = None) -> None:
        self._js_tabs = list(element(id).querySelectorAll("[role=tab]"))
        self._on_change = on_change
        self.current = str(self._js_tabs[0].getAttribute("aria-controls"))
        page.listeners.on(element(id), "click", self._on_click)
        page.listeners.on(element(id), "keydown", self._on_key)

    def show(self, panel: str) -> None:
        """Show this panel."""
        changed = panel != self.current
        self.current = panel
        for js_tab in self._js_tabs:
            selected = js_tab.getAttribute("aria-controls") == panel
            js_tab.setAttribute("aria-selected", "true" if selected else "false")
            js_tab.tabIndex = 0 if selected else -1
            element(js_tab.getAttribute("aria-controls")).hidden = not selected
        if changed and self._on_change is not None:
            self._on_change(panel)

    def _on_click(self, js_event: Any) -> None:
        js_tab = js_event.target.closest("[role=tab]")
        if js_tab:
            self.show(str(js_tab.getAttribute("aria-controls")))

    def _on_key(self, js_event: Any) -> None:
        ids = [str(js_tab.getAttribute("aria-controls")) for js_tab in self._js_tabs]
        index = ids.index(self.current)
        last = len(ids) - 1
        target = {"ArrowRight": index + 1, "ArrowLeft": index - 1, "Home": 0, "End": last}.get(js_event.key)
        if target is None:
            return
        js_event.preventDefault()
        self.show(ids[target % len(ids)])
        self._js_tabs[target % len(ids)].focus()
