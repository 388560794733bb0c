"""Messages sent by themselves: every so often, as often as was asked for; or a recording, in its own time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


class Publisher:
    """Sends until it is done, stopped, or something fails.

    Args:
        send: sends the message of this number, from 0.
        count: how many; None: until it is stopped.
        due: when a message is due, in seconds since the start.
        told: is called when something has changed.

    Attributes:
        sent: how many so far.
        running: whether more will follow.
        error: why it ended, in case.
    """

    def __init__(
        self,
        send: Callable[[int], Awaitable[None]],
        count: int | None,
        due: Callable[[int], float],
        told: Callable[[], None],
    ) -> None:
        self.sent = 0
        self.count = count
        self.running = True
        self.error: BaseException | None = None
        self._send = send
        self._due = due
        self._told = told
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Send them all.

        Raises:
            Exception: what a send raised.
        """
        began = rested = time.monotonic()
        try:
            while not self._stopped.is_set() and (self.count is None or self.sent < self.count):
                wait = began + self._due(self.sent) - time.monotonic()
                if wait > 0:
                    await self._rest(wait)
                    rested = time.monotonic()
                    continue
                await self._send(self.sent)
                self.sent += 1
                self._told()
                if time.monotonic() - rested > 0.008:  # the page has its turn, however many are late
                    await asyncio.sleep(0)
                    rested = time.monotonic()
        except Exception as error:
            self.error = error
            raise
        finally:
            self.running = False
            self._told()

    async def _rest(self, seconds: float) -> None:
        # Not asyncio.timeout: it fails in Pyodide's loop where its end is over before its timer is set.
        stopped = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait([stopped], timeout=seconds)
        finally:
            stopped.cancel()

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()
