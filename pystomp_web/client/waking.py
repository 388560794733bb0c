"""Waking a waiting task within the event that brought what it waits for.

asyncio wakes a task in a later turn of the loop, which in a page costs more than all the rest of a message's way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any, TypeAlias

_Callback: TypeAlias = Callable[[Any], object]


class Waiter(asyncio.Future[None]):
    """A future whose `wake` runs whoever awaits it at once, where no task is running; otherwise as asyncio does.

    What `wake` runs is user code: call it where nothing is half done.
    """

    def __init__(self) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._waiting: list[tuple[_Callback, Context]] = []

    def add_done_callback(self, fn: _Callback, /, *, context: Context | None = None) -> None:
        """Kept here until `wake` or `cancel`, not in the future itself."""
        if self.done():
            super().add_done_callback(fn, context=context)
        else:
            self._waiting.append((fn, context if context is not None else copy_context()))

    def remove_done_callback(self, fn: _Callback, /) -> int:
        """How many were removed."""
        kept = [entry for entry in self._waiting if entry[0] != fn]
        removed = len(self._waiting) - len(kept)
        self._waiting = kept
        return removed + super().remove_done_callback(fn)

    def cancel(self, msg: Any | None = None) -> bool:
        """As asyncio's, in a later turn of the loop."""
        if not super().cancel(msg):
            return False
        self._schedule()
        return True

    def wake(self, *, at_once: bool = True) -> None:
        """Done: run who waits, in a later turn of the loop unless `at_once`. Nothing when it is done or cancelled."""
        if self.done():
            return
        self.set_result(None)
        if not at_once or asyncio.current_task() is not None:
            self._schedule()
            return
        waiting, self._waiting = self._waiting, []
        for callback, context in waiting:
            context.run(callback, self)

    def fail(self, error: BaseException) -> None:
        """Done with an error, in a later turn of the loop; that nobody awaits it is no fault of the program."""
        if not self.done():
            self.set_exception(error)
            self.exception()  # so asyncio does not complain
            self._schedule()

    def _schedule(self) -> None:
        waiting, self._waiting = self._waiting, []
        for callback, context in waiting:
            self.get_loop().call_soon(callback, self, context=context)
