"""How bytes travel: the interface between a client and a WebSocket, whoever provides it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview


class Transport(ABC):
    """One WebSocket, from opening to its end. Each connection has a new one.

    A transport delivers by plain calls inside the event that brought the octets, in order, and never before `open()`
    has returned or from within `send()`: first `on_data` for what arrived, then `on_close` once. No task and no queue
    stands between. After `close()` was called it delivers nothing more, `on_close` neither. An exception of either goes
    to the loop's exception handler and stops nothing.

    Args:
        url: absolute, ws or wss.
        subprotocols: asked for in the handshake; empty asks for none.

    Attributes:
        on_data: called with the octets of what arrived, text as UTF-8; they may be overwritten after the call returns.
        on_close: called with (code, reason, clean) when the connection ended (RFC 6455, section 7.1).
        joined: whether several WebSocket messages may be handed over in one call, and one in pieces. Where False, each
            call is one whole message. It may be set at any time, between two messages, and holds from the next on.
    """

    def __init__(self, url: str, subprotocols: Sequence[str] = ()) -> None:
        self.url = url
        self.subprotocols = tuple(subprotocols)
        self.on_data: Callable[[Buffer], None] = _ignore_data
        self.on_close: Callable[[int, str, bool], None] = _ignore_close
        self.joined = True

    @abstractmethod
    async def open(self) -> None:
        """Open the WebSocket. A cancelled `open` leaves no socket behind.

        Raises:
            ConnectError: it did not open, for a reason that a browser does not tell.
        """

    @abstractmethod
    def send(self, data: str | bytes) -> None:
        """Send one message: text for a str, binary for bytes. On a connection that has ended it does nothing."""

    @abstractmethod
    def close(self, code: int = 1000, reason: str = "") -> None:
        """Begin the closing handshake, wait for nothing, and let go of everything. Twice is fine.

        Args:
            code: 1000 or 3000 to 4999.
            reason: cut to the 123 octets of UTF-8 that fit.
        """

    @property
    @abstractmethod
    def buffered(self) -> int:
        """Octets that were given to `send` and are not yet with the network."""

    @property
    @abstractmethod
    def subprotocol(self) -> str:
        """What the server chose, or ""."""

    # The rest has a meaning where a transport can do it; a client does not depend on it.

    def pause(self) -> None:  # noqa: B027 - optional
        """Deliver nothing, `on_close` neither, until `resume`: what arrives waits where it costs least."""

    def resume(self) -> None:  # noqa: B027 - optional
        """Go on delivering after `pause`, in a later event."""

    def drain(self) -> None:  # noqa: B027 - optional
        """Deliver at once whatever has arrived already, unless paused. Called before the peer is given up as silent."""


def close_reason(reason: str) -> str:
    """The reason, cut between characters to the 123 octets of UTF-8 that a close frame holds."""
    return reason.encode("utf-8", "replace")[:123].decode("utf-8", "ignore")


def encode_text(text: str) -> bytes:
    """The text as UTF-8, lone surrogates as U+FFFD, like a browser's WebSocket."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def address(url: str) -> str:
    """The URL as it may stand in messages and logs: a query may hold a token."""
    return url.partition("?")[0]


def report(error: Exception) -> None:
    """Give what `on_data` or `on_close` raised to the loop's exception handler: the connection is not to blame."""
    asyncio.get_running_loop().call_exception_handler({"message": "a transport's receiver failed", "exception": error})


def _ignore_data(_data: Buffer) -> None:
    pass


def _ignore_close(_code: int, _reason: str, _clean: bool) -> None:
    pass
