"""An asyncio loop in a thread of its own: the servers of tests live there, whatever the main thread waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class LoopThread:
    """A context manager; `run` may be called from any other thread."""

    def __init__(self, name: str = "tests-loop") -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The thread's loop, for call_soon_threadsafe."""
        return self._loop

    def run(self, coro: Coroutine[Any, Any, T], timeout: float = 30) -> T:
        """What the coroutine returns or raises; after `timeout` seconds it is cancelled: TimeoutError."""
        return asyncio.run_coroutine_threadsafe(self._limited(coro, timeout), self._loop).result(timeout + 10)

    def stop(self) -> None:
        """Cancel what still runs, wait for it, and end the thread. Does nothing when it has ended."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(30)

    @staticmethod
    async def _limited(coro: Coroutine[Any, Any, T], timeout: float) -> T:
        async with asyncio.timeout(timeout):
            return await coro

    def _main(self) -> None:
        # The Runner's close cancels the tasks that are left, and shuts down the asynchronous generators.
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.get_loop().run_forever()
