"""The frames' panel: what goes over the wire."""

from __future__ import annotations

from collections import deque
from typing import Any

from .dom import clone, element
from .page import Page

SHOWN = 100


class FramesPanel:
    """The panel, the newest frame on top."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._painted = 0
        self.shown = False
        page.listeners.on(element("frames-watch"), "change", lambda _: self._watch(element("frames-watch").checked))
        page.listeners.on_click("frames-clear", self._clear)

    def show(self) -> None:
        """It is in sight: then all frames are wanted."""
        self.shown = True
        self._page.ask()

    def _watch(self, wanted: bool) -> None:
        self._page.session.link.watch(bool(wanted))
        self._page.ask()

    def _clear(self) -> None:
        self._page.session.frames.clear()
        self.forget()

    def forget(self) -> None:
        """Another session is shown."""
        self._painted = 0
        element("frames").replaceChildren()
        element("frames-watch").checked = self._page.session.link.watching
        self._page.ask()

    def paint(self) -> None:
        """Show the frames that came since."""
        frames = self._page.session.frames
        if not self.shown:
            return
        self._page.slots["frames-empty"].show(not frames.kept)
        if frames.total == self._painted:
            return
        js_list: Any = element("frames")
        new = deque((seen for seen in reversed(frames.kept) if seen.number > self._painted), maxlen=None)
        for seen in list(new)[:SHOWN][::-1]:
            js_item = clone("frame-template")
            js_item.setAttribute("data-direction", seen.direction)
            js_item.querySelector(".arrow").textContent = "\u2192 out" if seen.direction == "out" else "\u2190 in"
            js_item.querySelector("time").textContent = seen.clock
            js_item.querySelector("pre").textContent = seen.words()
            js_list.prepend(js_item)
        while js_list.childElementCount > SHOWN:
            js_list.lastElementChild.remove()
        self._painted = frames.total
