"""A waiter runs whoever awaits it at once where no task is running, and is a future in everything else."""

from __future__ import annotations

import asyncio
import gc

import pytest

from pystomp_web.client.waking import Waiter


async def _from_the_loop(waiter: Waiter, log: list[str]) -> None:
    """Wake it as an event does: by a plain callback of the loop."""
    done = asyncio.get_running_loop().create_future()

    def event() -> None:
        log.append("before")
        waiter.wake()
        log.append("after")
        done.set_result(None)

    asyncio.get_running_loop().call_soon(event)
    await done


async def _waiting(waiter: Waiter, log: list[str]) -> asyncio.Task[None]:
    async def wait() -> None:
        await waiter
        log.append("woken")

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    return task


async def test_an_event_runs_the_waiting_task_within_itself() -> None:
    waiter, log = Waiter(), list[str]()
    task = await _waiting(waiter, log)
    await _from_the_loop(waiter, log)
    await task
    assert log == ["before", "woken", "after"]


async def test_a_task_that_wakes_is_not_interrupted() -> None:
    waiter, log = Waiter(), list[str]()
    task = await _waiting(waiter, log)
    waiter.wake()
    log.append("after")
    await task
    assert log == ["after", "woken"]


async def test_an_event_may_leave_it_for_later() -> None:
    waiter, log = Waiter(), list[str]()
    task = await _waiting(waiter, log)

    def event() -> None:
        waiter.wake(at_once=False)
        log.append("after")

    asyncio.get_running_loop().call_soon(event)
    await task
    assert log == ["after", "woken"]


async def test_twice_is_fine_and_a_late_awaiter_goes_on() -> None:
    waiter = Waiter()
    waiter.wake()
    waiter.wake()
    await waiter
    called = asyncio.get_running_loop().create_future()
    waiter.add_done_callback(called.set_result)
    assert await called is waiter


async def test_a_cancelled_one_is_not_woken() -> None:
    waiter, log = Waiter(), list[str]()
    task = await _waiting(waiter, log)
    assert task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert waiter.cancelled()
    assert not waiter.cancel()
    waiter.wake()
    assert log == []


async def test_cancelling_it_ends_the_task() -> None:
    waiter, log = Waiter(), list[str]()
    task = await _waiting(waiter, log)
    assert waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_wait_for_hits_and_misses() -> None:
    waiter, log = Waiter(), list[str]()
    waiting = asyncio.ensure_future(asyncio.wait_for(waiter, 10))
    await asyncio.sleep(0)
    await _from_the_loop(waiter, log)
    await waiting
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Waiter(), 0.001)


async def test_asyncio_wait_takes_its_callback_back() -> None:
    first, second, log = Waiter(), Waiter(), list[str]()
    waiting = asyncio.ensure_future(asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED))
    await asyncio.sleep(0)
    await _from_the_loop(first, log)
    done, pending = await waiting
    assert (done, pending) == ({first}, {second})
    assert second.remove_done_callback(print) == 0
    second.add_done_callback(print)
    assert second.remove_done_callback(print) == 1


async def test_what_the_woken_task_raises_stays_its_own() -> None:
    waiter = Waiter()

    async def fails() -> None:
        await waiter
        raise KeyError

    task = asyncio.ensure_future(fails())
    await asyncio.sleep(0)
    log: list[str] = []
    await _from_the_loop(waiter, log)
    assert log == ["before", "after"]
    with pytest.raises(KeyError):
        await task


async def test_a_failure_is_raised_in_a_later_turn() -> None:
    waiter, log = Waiter(), list[str]()
    task = await _waiting(waiter, log)
    waiter.fail(ValueError("no"))
    waiter.fail(ValueError("again"))
    assert not task.done()
    with pytest.raises(ValueError, match="no"):
        await task
    waiter.wake()
    assert log == []


async def test_a_failure_that_nobody_awaits_is_no_fault() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    waiter = Waiter()
    waiter.fail(ValueError("nobody asks"))
    del waiter
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []
