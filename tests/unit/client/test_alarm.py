"""Many deadlines on one timer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import pytest

from pystomp_web.client.alarm import Alarm, LoopTimer


class ManualTimer:
    """A timer that fires when told to."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.delay: float | None = None
        self.sets = 0
        self.closed = False

    def set(self, delay: float) -> None:
        self.delay = delay
        self.sets += 1
        self.closed = False

    def clear(self) -> None:
        self.delay = None

    def close(self) -> None:
        self.delay = None
        self.closed = True


def manual() -> tuple[Alarm, ManualTimer]:
    timers: list[ManualTimer] = []

    def make(callback: Callable[[], None]) -> ManualTimer:
        timers.append(ManualTimer(callback))
        return timers[0]

    return Alarm(make), timers[0]


def test_what_is_due_runs_in_order_of_time_then_of_setting() -> None:
    alarm, timer = manual()
    seen: list[str] = []
    now = time.monotonic()
    for name, when in (("c", now - 1), ("a", now - 3), ("b", now - 2), ("d", now - 1), ("later", now + 100)):
        alarm.at(when, lambda name=name: seen.append(name))  # type: ignore[misc]
    alarm.check()
    assert seen == ["a", "b", "c", "d"]
    assert timer.delay is not None
    assert 90 < timer.delay <= 100
    assert alarm.next_at == now + 100


def test_the_timer_is_set_only_for_what_comes_first() -> None:
    alarm, timer = manual()
    alarm.after(10, lambda: None)
    alarm.after(20, lambda: None)
    assert timer.sets == 1
    alarm.after(5, lambda: None)
    assert timer.sets == 2
    alarm.at(float("inf"), lambda: None)
    assert timer.sets == 2


def test_a_cancelled_deadline_does_not_run() -> None:
    alarm, timer = manual()
    seen: list[int] = []
    deadline = alarm.after(-1, lambda: seen.append(1))
    deadline.cancel()
    deadline.cancel()
    alarm.check()
    assert seen == []
    assert timer.delay is None


def test_many_cancelled_deadlines_are_swept() -> None:
    alarm, _timer = manual()
    for _ in range(1000):
        alarm.after(1000, lambda: None).cancel()
    assert len(alarm._heap) < 200
    alarm.check()


def test_a_deadline_set_in_the_past_by_another_waits_for_the_next_turn() -> None:
    alarm, timer = manual()
    count = 0

    def again() -> None:
        nonlocal count
        count += 1
        alarm.after(-1, again)

    alarm.after(-1, again)
    alarm.check()
    assert count == 1
    assert timer.delay == 0
    alarm.check()
    assert count == 2


def test_a_callback_that_raises_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    alarm, _timer = manual()
    seen: list[int] = []

    def fail() -> None:
        raise LookupError("on purpose")

    alarm.after(-2, fail)
    alarm.after(-1, lambda: seen.append(1))
    with caplog.at_level(logging.ERROR, "pystomp_web"):
        alarm.check()
    assert seen == [1]
    assert "on purpose" in caplog.text


def test_after_close_nothing_runs_but_what_is_set_later() -> None:
    alarm, timer = manual()
    seen: list[str] = []
    alarm.after(-1, lambda: seen.append("before"))
    alarm.close()
    assert timer.closed
    alarm.check()
    assert seen == []
    alarm.after(-1, lambda: seen.append("after"))
    assert not timer.closed
    alarm.check()
    assert seen == ["after"]
    assert timer.closed


async def test_on_the_loop() -> None:
    alarm = Alarm(LoopTimer)
    begun = time.monotonic()
    done = asyncio.Event()
    alarm.after(0.05, done.set)
    await done.wait()
    assert time.monotonic() - begun >= 0.045


async def test_a_timeout_raises_in_its_task() -> None:
    alarm = Alarm()
    with pytest.raises(TimeoutError):
        async with alarm.timeout(0.01):
            await asyncio.Event().wait()
    async with alarm.timeout(10):
        pass
    with pytest.raises(LookupError):
        async with alarm.timeout(10):
            raise LookupError
    assert alarm._cancelled == len(alarm._heap)
    alarm.close()


async def test_a_cancelled_task_is_cancelled_and_not_timed_out() -> None:
    alarm = Alarm()

    async def wait() -> None:
        async with alarm.timeout(0.01):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    alarm.close()


async def test_timeouts_nest() -> None:
    alarm = Alarm()
    with pytest.raises(TimeoutError):
        async with alarm.timeout(0.01), alarm.timeout(10):
            await asyncio.Event().wait()
    caught = False
    async with alarm.timeout(10):
        try:
            async with alarm.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            caught = True
        await asyncio.sleep(0)
    assert caught
    alarm.close()
