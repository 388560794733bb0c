"""The parts of the harness that need no browser."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.support.asynctests import run_async
from tests.support.loopthread import LoopThread


def test_an_async_test_gets_its_arguments_in_another_thread() -> None:
    seen: list[object] = []

    async def function(value: int) -> None:
        await asyncio.sleep(0)
        seen.extend([value, threading.current_thread() is threading.main_thread()])

    run_async(function, {"value": 3})
    assert seen == [3, False]


def test_an_async_test_raises_what_it_raised() -> None:
    async def function() -> None:
        pytest.skip("as pytest wants it")

    with pytest.raises(pytest.skip.Exception, match="as pytest wants it"):
        run_async(function, {})


def test_an_async_test_has_a_limit() -> None:
    async def function() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run_async(function, {}, seconds=0.01)


def test_what_a_callback_raises_fails_the_async_test() -> None:
    async def function() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="in the event loop") as caught:
        run_async(function, {})
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_loop_thread_runs_raises_and_limits() -> None:
    async def value() -> int:
        return 5

    async def fail() -> None:
        raise LookupError("here")

    with LoopThread() as thread:
        assert thread.run(value()) == 5
        with pytest.raises(LookupError, match="here"):
            thread.run(fail())
        with pytest.raises(TimeoutError):
            thread.run(asyncio.Event().wait(), timeout=0.01)


def test_the_end_of_a_loop_thread_cancels_what_is_left() -> None:
    ended = threading.Event()

    async def task() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    tasks: list[asyncio.Task[None]] = []

    async def start() -> None:
        tasks.append(asyncio.create_task(task()))
        await asyncio.sleep(0)

    with LoopThread() as thread:
        thread.run(start())
    assert ended.is_set()
    thread.stop()
