"""Between one connection of the broker, which is plain calls, and one socket, which has to be waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .broker import Broker


class Link:
    """Queues what the broker sends, writes it in order, and keeps the connection's clock.

    Args:
        broker: whose connection this is.
        write: writes one frame and waits while the socket takes no more: (octets, whether they are UTF-8).
        abort: ends the socket at once; asked for when a closing one does not take what is left in time.
    """

    def __init__(
        self, broker: Broker, write: Callable[[bytes, bool], Awaitable[None]], abort: Callable[[], None]
    ) -> None:
        self._write = write
        self._abort = abort
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._outgoing: deque[tuple[bytes, bool]] = deque()
        self._buffered = 0
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._abort_timer: asyncio.TimerHandle | None = None
        #: The close code and reason, once the broker has asked for the end.
        self.ending: tuple[int, str] | None = None
        self.connection = broker.connect(self._send, self._close, buffered=lambda: self._buffered)
        self._arm()

    def receive(self, data: bytes) -> None:
        """Octets have come from the socket."""
        self.connection.receive(data)
        self._arm()

    async def pump(self) -> None:
        """Write what the broker sends until it has asked for the end and everything is written.

        Raises:
            OSError: the socket has ended.
        """
        outgoing = self._outgoing
        while True:
            while outgoing:
                data, is_text = outgoing.popleft()
                await self._write(data, is_text)
                self._buffered -= len(data)
            self.connection.drained()
            if outgoing:
                continue
            if self.ending is not None:
                return
            self._wake.clear()
            await self._wake.wait()

    def ended(self) -> None:
        """The socket has ended, or is about to."""
        self.connection.lost()
        for timer in (self._timer, self._abort_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._abort_timer = None

    def _send(self, data: bytes, is_text: bool) -> None:
        self._outgoing.append((data, is_text))
        self._buffered += len(data)
        self._wake.set()

    def _close(self, code: int, reason: str) -> None:
        self.ending = (code, reason)
        self._abort_timer = self._loop.call_later(self._broker.limits.close_timeout, self._abort)
        self._wake.set()

    def _arm(self) -> None:
        """See to it that the timer fires at the connection's deadline, or before: then it is set again."""
        deadline = self.connection.deadline()
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline != float("inf"):
            self._timer_at = deadline
            self._timer = self._loop.call_later(max(0.0, deadline - self._broker.clock()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.connection.tick()
        self._arm()
