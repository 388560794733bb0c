"""What a page, or a worker, knows beside its WebSockets: its address, and when it wakes."""

from __future__ import annotations

import asyncio
from math import ceil

import js
from pyodide.ffi import JsException, can_run_sync, create_proxy, run_sync, to_js

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


def turn() -> float:
    """Seconds after which all that is ready in the loop has had its turn; 0: the loop keeps to the order of calls.

    In a worker of Safari Pyodide has nothing but setTimeout for turns: a busy task's are 4 ms apart, while those of a
    callback that comes from an event follow at once.
    """
    agent = str(js.navigator.userAgent)
    return 0.005 if not hasattr(js, "document") and "Safari" in agent and "Chrome" not in agent else 0.0


class PageTimer:
    """One timer of the page's own: a cleared one leaves nothing behind, unlike asyncio's in Pyodide."""

    #: A browser takes 31 bits of milliseconds, and fires at once for more.
    _LONGEST = 1_000_000.0

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._js_fire: Any = None
        self._id: Any = None

    def set(self, delay: float) -> None:
        """Fire once in `delay` seconds, instead of whenever it was set to before; at the latest in 11 days."""
        self.clear()
        if self._js_fire is None:
            self._js_fire = create_proxy(self._fire)
        self._id = js.setTimeout(self._js_fire, ceil(min(delay, self._LONGEST) * 1000))

    def _fire(self) -> None:
        self._id = None
        self._callback()

    def clear(self) -> None:
        """Do not fire."""
        if self._id is not None:
            js.clearTimeout(self._id)
            self._id = None

    def close(self) -> None:
        """Do not fire, and let go of everything; `set` begins anew."""
        self.clear()
        if self._js_fire is not None:
            js_fire, self._js_fire = self._js_fire, None
            js_fire.destroy()


class Violations:
    """What this page's Content-Security-Policy has blocked since this was made."""

    def __init__(self) -> None:
        self.blocked: list[str] = []
        self._waiting: list[asyncio.Future[None]] = []

        def on_violation(js_event: Any) -> None:
            self.blocked.append(str(js_event.blockedURI))
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_result(None)

        self._js_target = js.document if hasattr(js, "document") else js.self
        self._js_listener = create_proxy(on_violation)
        self._js_target.addEventListener("securitypolicyviolation", self._js_listener)

    async def next(self, seconds: float) -> None:
        """Wait until the policy blocks something, for at most so many seconds."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await asyncio.wait([waiter], timeout=seconds)
        finally:
            self._waiting.remove(waiter)
            waiter.cancel()

    def close(self) -> None:
        """Stop listening; twice is fine."""
        if self._js_listener is not None:
            self._js_target.removeEventListener("securitypolicyviolation", self._js_listener)
            self._js_listener.destroy()
            self._js_listener = None


def page_is_secure() -> bool:
    """Whether the page came over https, which lets it open wss only."""
    return bool(js.location.protocol == "https:")


def is_online() -> bool:
    """Whether the browser has a network at all."""
    return bool(js.navigator.onLine)


async def answers_http(url: str, seconds: float) -> bool | None:
    """Whether something at a ws or wss URL speaks HTTP: one GET, without credentials, whose answer nobody reads.

    Returns:
        None when nothing came within that time.
    """
    js_abort = js.AbortController.new()
    js_options = js.Object.fromEntries(
        to_js([["mode", "no-cors"], ["credentials", "omit"], ["cache", "no-store"], ["redirect", "follow"]])
    )
    js_options.signal = js_abort.signal
    expired = False

    def expire() -> None:
        nonlocal expired
        expired = True
        js_abort.abort()

    timer = PageTimer(expire)
    timer.set(seconds)
    try:
        # The promise itself must not come into Python: in WebKit the error of a failed fetch has no stack, by which
        # Pyodide would know it for an error, and whoever awaits it waits for ever. So JavaScript's own map calls fetch.
        js_promises = js.Array.of(0).map(js.fetch.bind(js.globalThis, f"http{url[2:]}", js_options))
        js_outcomes = await js.Promise.allSettled(js_promises)
        if js_outcomes[0].status == "fulfilled":
            return True
        return None if expired else False
    finally:
        timer.close()
        js_abort.abort()


def can_wait() -> bool:
    """Whether a plain function that runs now can wait for a promise (JSPI, and entered in a way that allows it)."""
    return bool(can_run_sync())


def wait(awaitable: Any) -> Any:
    """Wait for it in a plain function; the page goes on meanwhile."""
    return run_sync(awaitable)
