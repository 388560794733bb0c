"""What a page, or a worker, knows beside its WebSockets: its address, and when it wakes."""

from __future__ import annotations

import js
from pyodide.ffi import JsException, create_proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SCHEMES = {"http:": "ws:", "https:": "wss:"}


def resolve_url(url: str) -> str:
    """The absolute URL, http(s) made ws(s), by the browser's own rules.

    Args:
        url: absolute, or relative to the page or the worker's script. Other schemes are left as they are.

    Raises:
        ValueError: the browser does not take it for a URL.
    """
    try:
        js_url = js.URL.new(url, _base())
    except JsException as error:
        raise ValueError(f"the browser takes {url.partition('?')[0]!r} for no URL") from error
    if scheme := _SCHEMES.get(js_url.protocol):
        js_url.protocol = scheme
    return str(js_url.href)


def page_events(on_check: Callable[[], None]) -> Callable[[], None]:
    """Call `on_check` whenever timers may have slept or the network has changed, so that connections want a look.

    These are the events online, pageshow, resume and visibilitychange (only to visible); in a worker, online alone.

    Returns:
        A function that takes it back; twice is fine.
    """

    def on_event(js_event: Any) -> None:
        if js_event.type != "visibilitychange" or js.document.visibilityState == "visible":
            on_check()

    js_listener = create_proxy(on_event)
    listening = []
    if hasattr(js, "addEventListener"):
        listening += [(js.self, "online"), (js.self, "pageshow")]
    if hasattr(js, "document"):
        listening += [(js.document, "visibilitychange"), (js.document, "resume")]
    for js_target, name in listening:
        js_target.addEventListener(name, js_listener)

    def stop() -> None:
        if not listening:
            return
        for js_target, name in listening:
            js_target.removeEventListener(name, js_listener)
        listening.clear()
        js_listener.destroy()

    return stop


def _base() -> str:
    if hasattr(js, "document"):
        return str(js.document.baseURI)
    href = str(js.location.href)
    # A worker made from a Blob has no path to start from.
    return f"{js.location.origin}/" if href.startswith("blob:") else href
