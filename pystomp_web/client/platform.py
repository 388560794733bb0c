"""What a browser and CPython do differently for a client: the transport, the timer, and the page's own events."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from ..transport.base import Transport
from .alarm import LoopTimer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .alarm import Timer
    from .diagnosis import Diagnostician

IN_BROWSER = sys.platform == "emscripten"


def transport(url: str, subprotocols: Sequence[str]) -> Transport:
    """The platform's own transport."""
    if IN_BROWSER:
        from ..transport.browser import BrowserTransport

        return BrowserTransport(url, subprotocols)
    from ..transport.native import NativeTransport

    return NativeTransport(url, subprotocols)


def timer() -> Callable[[Callable[[], None]], Timer]:
    """What makes a Timer."""
    if IN_BROWSER:
        from ..transport.page import PageTimer

        return PageTimer
    return LoopTimer


def turn() -> float:
    """Seconds after which all that is ready in the loop has had its turn; 0: the loop keeps to the order of calls."""
    if IN_BROWSER:
        from ..transport.page import turn

        return turn()
    return 0.0


def watch_page(on_check: Callable[[], None]) -> Callable[[], None] | None:
    """Be called when the page is seen again or the network is back. Returns what takes that back, or None."""
    if IN_BROWSER:
        from ..transport.page import page_events

        return page_events(on_check)
    return None


def diagnostician() -> Diagnostician | None:
    """What finds out why a WebSocket did not open; None where the transport says it by itself."""
    if IN_BROWSER:
        from .diagnosis import Diagnostician

        return Diagnostician()
    return None
