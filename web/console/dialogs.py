"""Dialogs: the browser's own element, which keeps the focus and closes with Escape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dom import element
from .page import Page


class Prompt:
    """Asks for a line of text."""

    def __init__(self, page: Page) -> None:
        self._then: Callable[[str], None] | None = None
        page.listeners.on_submit("prompt-form", self._given)
        page.listeners.on(element("prompt"), "click", self._on_click)

    def ask(self, title: str, label: str, value: str, then: Callable[[str], None]) -> None:
        """Open it; `then` gets what was given, unless it was cancelled."""
        self._then = then
        element("prompt-title").textContent = title
        element("prompt-label").textContent = label
        element("prompt-value").value = value
        element("prompt").showModal()
        element("prompt-value").select()

    def _given(self) -> None:
        value = str(element("prompt-value").value).strip()
        element("prompt").close()
        if value and self._then is not None:
            self._then(value)

    def _on_click(self, js_event: Any) -> None:
        if js_event.target.closest("[data-close]"):
            element("prompt").close()
