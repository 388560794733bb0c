"""The page: its elements, listeners and frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsProxy, create_proxy, to_js


def element(id: str) -> Any:
    """The element with this id.

    Raises:
        LookupError: the page has none: it and its Python do not belong together.
    """
    js_element = found(js.document.getElementById(id))
    if js_element is None:
        raise LookupError(f"the page has no element #{id}")
    return js_element


def found(js_result: Any) -> Any | None:
    """What a search came to; None when it found nothing, which newer Pyodides tell by an object of their own."""
    return js_result if isinstance(js_result, JsProxy) else None


def closest(js_event: Any, selector: str) -> Any | None:
    """The element around (or at) the target of an event that fits the selector; None when there is none."""
    return found(js_event.target.closest(selector))


def clone(template_id: str) -> Any:
    """A copy of what a <template> holds."""
    return element(template_id).content.firstElementChild.cloneNode(True)


def make(tag: str, text: str = "", class_name: str = "") -> Any:
    """A new element; the text is text, whatever it holds."""
    js_element = js.document.createElement(tag)
    js_element.textContent = text
    if class_name:
        js_element.className = class_name
    return js_element


def options(js_select: Any, *groups: tuple[str, list[tuple[str, str]]]) -> None:
    """Fill a select with groups of (value, text); the group without a name stands by itself."""
    js_select.replaceChildren()
    for name, pairs in groups:
        js_parent = js_select
        if name and pairs:
            js_parent = make("optgroup")
            js_parent.label = name
            js_select.append(js_parent)
        for value, text in pairs:
            js_option = make("option", text)
            js_option.value = value
            js_parent.append(js_option)


def download(name: str, js_blob: Any) -> None:
    """Have the browser save a file of this name: a Blob, or a File that lies in its storage."""
    url = js.URL.createObjectURL(js_blob)
    js_anchor = make("a")
    js_anchor.href = url
    js_anchor.download = name
    js.document.body.append(js_anchor)
    js_anchor.click()
    js_anchor.remove()
    js.URL.revokeObjectURL(url)


def blob(text: str, kind: str) -> Any:
    """A file's content."""
    return js.Blob.new(to_js([text]), js_object(type=kind))


def js_object(**entries: Any) -> Any:
    """A JavaScript object of these entries, dictionaries and lists in them too."""
    return to_js(entries, dict_converter=js.Object.fromEntries)


class Listeners:
    """Listeners, and the proxies that the browser calls.

    They live as long as the page: there are a few dozen, none per row.

    Args:
        on_error: takes what a handler raised.
    """

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._js_proxies: list[Any] = []

    def proxy(self, handler: Callable[..., None]) -> Any:
        """A proxy of the handler; an exception in it is told, and does not get to the browser."""

        def guarded(*arguments: Any) -> None:
            try:
                handler(*arguments)
            except Exception as error:
                self._on_error(error)

        js_proxy = create_proxy(guarded)
        self._js_proxies.append(js_proxy)
        return js_proxy

    def on(self, js_target: Any, event: str, handler: Callable[[Any], None]) -> None:
        """Call the handler with each such event."""
        js_target.addEventListener(event, self.proxy(handler))

    def on_submit(self, form_id: str, handler: Callable[[], None]) -> None:
        """Call the handler instead of sending the form anywhere."""

        def submitted(js_event: Any) -> None:
            js_event.preventDefault()
            handler()

        self.on(element(form_id), "submit", submitted)

    def on_click(self, id: str, handler: Callable[[], None]) -> None:
        """Call the handler when the element is clicked."""
        self.on(element(id), "click", lambda _: handler())


class Painter:
    """Calls `paint` at most once per frame of the screen, however often it is asked."""

    def __init__(self, listeners: Listeners, paint: Callable[[], None]) -> None:
        self._paint = paint
        self._asked = False
        self._js_on_frame = listeners.proxy(self._on_frame)

    def ask(self) -> None:
        """Paint with the next frame."""
        if not self._asked:
            self._asked = True
            js.requestAnimationFrame(self._js_on_frame)

    def _on_frame(self, _: float) -> None:
        self._asked = False
        self._paint()


class Slot:
    """An element whose text, attributes and presence are written only when they change: writing costs layout."""

    def __init__(self, where: str | Any) -> None:
        self.js_element = element(where) if isinstance(where, str) else where
        self._written: dict[str, object] = {}

    def text(self, text: str) -> None:
        """Show this text."""
        if self._differs("text", text):
            self.js_element.textContent = text

    def show(self, visible: bool) -> None:
        """Show or hide it."""
        if self._differs("visible", visible):
            self.js_element.hidden = not visible

    def enable(self, enabled: bool) -> None:
        """Let it be used, or not."""
        if self._differs("enabled", enabled):
            self.js_element.disabled = not enabled

    def attribute(self, name: str, value: str) -> None:
        """Set an attribute."""
        if self._differs(name, value):
            self.js_element.setAttribute(name, value)

    def value(self, value: float) -> None:
        """Set a progress bar."""
        if self._differs("value", value):
            self.js_element.value = value

    def style(self, name: str, value: str) -> None:
        """Set a property of its style, by the CSSOM: the policy forbids the attribute."""
        if self._differs(name, value):
            self.js_element.style.setProperty(name, value)

    def _differs(self, name: str, value: object) -> bool:
        if name in self._written and self._written[name] == value:
            return False
        self._written[name] = value
        return True


class Slots:
    """Slots by the ids of their elements, found when first used."""

    def __init__(self) -> None:
        self._slots: dict[str, Slot] = {}

    def __getitem__(self, id: str) -> Slot:
        slot = self._slots.get(id)
        if slot is None:
            slot = self._slots[id] = Slot(id)
        return slot
