"""One connection after another: when the next attempt is made, and when there is none any more."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from ..errors import ConnectError, ConnectRejected, ConnectTimeout, StompError, VersionMismatch
from . import platform
from .backoff import Backoff
from .reconnect import Connector, Settings
from .state import State

if TYPE_CHECKING:
    from .diagnosis import Diagnostician
    from .engine import Engine

logger = logging.getLogger("pystomp_web")

#: A connection that lived this many seconds lets the delays start afresh.
_SETTLED_AFTER = 5.0
#: On a client that was connected before, this many rejections in a row are final.
_REJECTIONS = 3


class Attempts:
    """Connects, and connects again.

    Args:
        engine: uses each connection until it ends (`live`), and ends when there will be no other (`finish`).
        urls: absolute; failover in turn.
        settings: of each attempt.
        backoff: the delays; None: no reconnecting.

    Attributes:
        url: in use, or being tried.
    """

    def __init__(self, engine: Engine, urls: list[str], settings: Settings, backoff: Backoff | None) -> None:
        self.url = urls[0]
        self._engine = engine
        self._urls = urls
        self._settings = settings
        self._backoff = backoff
        self._connector = Connector(settings, engine, engine.alarm)
        self._give_up_at = float("inf")
        self._hurried = False  # somebody wants the next attempt now
        self._wake: asyncio.Future[None] | None = None
        self._diagnostician: Diagnostician | None = None

    def limit(self) -> None:
        """From now on there is connect_timeout times the number of URLs to be connected for the first time."""
        self._give_up_at = time.monotonic() + self._settings.timeout * len(self._urls)

    def start(self) -> asyncio.Task[None]:
        """Begin; the task that lasts until there is no other connection."""
        if self._settings.transport is platform.transport:
            self._diagnostician = platform.diagnostician()
        return asyncio.get_running_loop().create_task(self._run())

    def close(self) -> None:
        """Let go of the page."""
        if self._diagnostician is not None:
            self._diagnostician.close()

    async def _run(self) -> None:
        engine = self._engine
        try:
            error = await self._until_final()
        except Exception as fault:  # ours: nobody shall wait for ever because of it
            logger.exception("the client failed")
            error = fault
        engine.finish(None if engine.closing else error)

    async def _until_final(self) -> BaseException | None:
        """Connect, again and again; the error that was final."""
        engine = self._engine
        failures = delays = rejections = turn = 0
        error: BaseException | None = None
        while True:
            url = self.url = self._urls[turn % len(self._urls)]
            turn += 1
            self._hurried = False
            engine.set_state(State.CONNECTING)
            limit = self._give_up_at - time.monotonic()
            try:
                connection = await self._connector.attempt(url, failures + 1, limit=limit)
            except Exception as caught:
                failures += 1
                rejections = rejections + 1 if isinstance(caught, ConnectRejected) else 0
                cut_short = isinstance(caught, ConnectTimeout) and limit < self._settings.timeout
                engine.last_error = error = error if cut_short and error is not None else caught
                await self._diagnose(error)
                final = self._is_final(caught, failures, rejections)
            else:
                failures = rejections = 0
                self._hurried = False
                self.url = self._connector.target
                self._give_up_at = float("inf")
                if self._diagnostician is not None:
                    self._diagnostician.refresh()
                connected_at = time.monotonic()
                error = await engine.live(connection)
                if time.monotonic() - connected_at >= _SETTLED_AFTER:
                    delays = 0
                final = self._backoff is None and not self._hurried
            delays += 1
            # Without a Backoff each URL is tried once, one right after the other.
            delay = self._backoff.delay(delays) if self._backoff is not None else 0.0
            idle = engine.closing and not len(engine.sender.outbox)
            if final or idle or not await self._wait(delay, error):
                return error

    async def _wait(self, delay: float, error: BaseException | None) -> bool:
        """Wait for the next attempt. Whether there is time for it."""
        left = self._give_up_at - time.monotonic()
        self._engine.set_state(State.WAITING, error)
        if delay < left:
            logger.info("not connected: %s; the next attempt is in %.1f s", error, delay)
        await self._sleep(min(delay, left))
        return delay < left or self._hurried

    async def _diagnose(self, error: BaseException) -> None:
        """Add to a ConnectError what the browser hides."""
        if self._diagnostician is not None and isinstance(error, ConnectError) and error.unopened:
            try:
                error.diagnosis = await self._diagnostician.explain(self._connector.target, error.diagnosis)
            except Exception:
                logger.debug("why the WebSocket did not open could not be found out", exc_info=True)

    def _is_final(self, error: BaseException, failures: int, rejections: int) -> bool:
        if not isinstance(error, StompError) or isinstance(error, VersionMismatch):
            return True
        rejected = isinstance(error, ConnectRejected) and not error.transient and self._settings.credentials is None
        if rejected and (not self._engine.connections or rejections >= _REJECTIONS):
            return True
        if self._backoff is None:
            return failures >= len(self._urls)
        return self._backoff.attempts is not None and failures >= self._backoff.attempts

    async def _sleep(self, seconds: float) -> None:
        """Wait, or until somebody wants the next attempt now."""
        if self._hurried or seconds <= 0:
            return
        wake = self._wake = asyncio.get_running_loop().create_future()
        deadline = self._engine.alarm.after(seconds, self._wake_up)
        try:
            await wake
        finally:
            deadline.cancel()
            self._wake = None

    def _wake_up(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def hurry(self) -> None:
        """Make the next attempt at once, if it is waited for, or as soon as the connection that just ended is gone."""
        self._hurried = True
        self._wake_up()
