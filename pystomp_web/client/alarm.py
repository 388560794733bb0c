"""Many deadlines, one timer: whatever waits in a client waits here.

A timer that was set in a browser costs a callback that lives until it fires, so there is only ever one.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Protocol, Self

    class Timer(Protocol):
        """One timer that can be set again and again."""

        def set(self, delay: float) -> None:
            """Fire once in `delay` seconds, instead of whenever it was set to before."""

        def clear(self) -> None:
            """Do not fire."""

        def close(self) -> None:
            """Do not fire, and let go of everything; `set` begins anew."""


logger = logging.getLogger("pystomp_web")

#: A heap with this many cancelled entries, and more of them than others, is swept.
_SWEEP = 64


class LoopTimer:
    """A Timer on the running asyncio loop."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None

    def set(self, delay: float) -> None:
        """Fire once in `delay` seconds, instead of whenever it was set to before."""
        self.clear()
        self._handle = asyncio.get_running_loop().call_later(delay, self._callback)

    def clear(self) -> None:
        """Do not fire."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    close = clear


class Deadline:
    """A callback that runs at a time, unless cancelled before."""

    __slots__ = ("_alarm", "callback", "when")

    def __init__(self, alarm: Alarm, when: float, callback: Callable[[], None]) -> None:
        self._alarm = alarm
        self.when = when
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Do not run; more than once is fine."""
        if self.callback is not None:
            self.callback = None
            self._alarm.forget()


class Alarm:
    """Runs callbacks at times of `time.monotonic()`, in order, with one timer.

    Args:
        timer: makes a Timer of a callback.
    """

    def __init__(self, timer: Callable[[Callable[[], None]], Timer] = LoopTimer) -> None:
        self._timer = timer(self.check)
        self._heap: list[tuple[float, int, Deadline]] = []
        self._count = 0
        self._cancelled = 0
        self._set_for = float("inf")
        self._closed = False

    def at(self, when: float, callback: Callable[[], None]) -> Deadline:
        """Run `callback` at `when`; infinity is never."""
        deadline = Deadline(self, when, callback)
        if when != float("inf"):
            self._count += 1
            heapq.heappush(self._heap, (when, self._count, deadline))
            if when < self._set_for:
                self._arm()
        return deadline

    def after(self, delay: float, callback: Callable[[], None]) -> Deadline:
        """Run `callback` in `delay` seconds."""
        return self.at(time.monotonic() + delay, callback)

    def timeout(self, delay: float) -> Timeout:
        """An async context manager that raises TimeoutError in its task after `delay` seconds."""
        return Timeout(self, delay)

    def forget(self) -> None:
        """Count a cancelled deadline, and sweep when there are many."""
        self._cancelled += 1
        if self._cancelled > _SWEEP and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].callback is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def check(self) -> None:
        """Run what is due, and set the timer for what comes next."""
        now = time.monotonic()
        last = self._count  # what is set meanwhile waits for the next turn, however early it is due
        self._set_for = float("inf")
        while self._heap and (
            (self._heap[0][0] <= now and self._heap[0][1] <= last) or self._heap[0][2].callback is None
        ):
            deadline = heapq.heappop(self._heap)[2]
            callback, deadline.callback = deadline.callback, None
            if callback is None:
                self._cancelled = max(0, self._cancelled - 1)
                continue
            try:
                callback()
            except Exception:
                logger.exception("a deadline's callback failed")
        self._arm()

    def _arm(self) -> None:
        if self._heap:
            self._set_for = self._heap[0][0]
            self._timer.set(max(0.0, self._set_for - time.monotonic()))
        elif self._closed:
            self._timer.close()
        else:
            self._timer.clear()

    @property
    def next_at(self) -> float:
        """When the timer will fire."""
        return self._set_for

    def close(self) -> None:
        """Forget every deadline and let go of the timer. Whoever waits on later, waits as before."""
        for _, _, deadline in self._heap:
            deadline.callback = None
        self._heap.clear()
        self._cancelled = 0
        self._set_for = float("inf")
        self._closed = True
        self._timer.close()


class Timeout:
    """What `asyncio.timeout` does, on an Alarm."""

    def __init__(self, alarm: Alarm, delay: float) -> None:
        self._alarm = alarm
        self._delay = delay
        self.expired = False

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._deadline = self._alarm.after(self._delay, self._expire)
        return self

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadline.cancel()
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
