"""A subscription's consumers, and what it shows of itself."""

from __future__ import annotations

import asyncio

import pytest

import pystomp_web as stomp
from tests.unit.client.line import Line, turns, until


async def test_a_consumer_cancelled_in_the_turn_of_its_wake_up_hands_the_message_on() -> None:
    line = Line()
    async with line.client() as client:
        subscription = client.subscribe("/a")
        first, second = (asyncio.ensure_future(subscription.get()) for _ in range(2))
        await until(lambda: line.end.frames)
        await turns()
        subscription._deliver(stomp.Frame("MESSAGE", {"subscription": subscription.id}, b"x"), 1)
        subscription._engine._on_batch()
        first.cancel()  # it was woken already
        assert (await asyncio.wait_for(second, 5)).text == "x"
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_a_get_that_times_out_in_the_turn_of_its_wake_up_loses_nothing() -> None:
    line = Line()
    async with line.client() as client:
        subscription = client.subscribe("/a")
        for number in range(50):
            get = asyncio.ensure_future(subscription.get(0.0005))
            await turns(number % 5)
            line.end.message(subscription.id, b"%d" % number)
            try:
                message = await get
            except TimeoutError:
                message = await subscription.get(5)
            assert message.text == str(number)


async def test_several_waiters_for_the_confirmation_and_one_that_is_cancelled() -> None:
    line = Line(answer=lambda _end, _frame: None)
    client = line.client()
    subscription = client.subscribe("/a")
    waiting = [asyncio.ensure_future(subscription.confirmed()) for _ in range(3)]
    await turns()
    waiting[0].cancel()
    async with client:
        await until(lambda: line.end.frames)
        line.end.receipt(line.end.frames[0])
        await asyncio.gather(*waiting[1:])
        await subscription.confirmed(0)
        line.answer = type(line.end).receipt
    with pytest.raises(stomp.ClientClosed):
        await subscription.confirmed()


async def test_unsubscribe_takes_headers() -> None:
    line = Line()
    async with line.client() as client:
        subscription = client.subscribe("/a")
        with pytest.raises(ValueError, match="id"):
            await subscription.unsubscribe(headers={"id": "other"})
        await subscription.unsubscribe(headers={"persistent": True})
        await client.send("/b", receipt=True)
        frame = line.end.frames[1]
        assert frame.command == "UNSUBSCRIBE"
        assert frame.headers == {"id": subscription.id, "persistent": "true"}


async def test_it_shows_where_it_stands() -> None:
    line = Line()
    async with line.client() as client:
        subscription = client.subscribe("/<a>")
        assert "not confirmed" in repr(subscription)
        await subscription.confirmed()
        line.end.message(subscription.id, b"<b>", token="secret-word")
        message = await subscription.get()
        assert "confirmed" in repr(subscription)
        assert "&lt;a&gt;" in subscription._repr_html_()
        html = message._repr_html_()
        assert "&lt;b&gt;" in html
        assert "secret-word" not in html
        assert "<b>" in repr(message)
        line.end.message(subscription.id, b"four", **{"content-type": "text/plain;charset=klingon"})
        assert "4 octets" in repr(await subscription.get())
    assert "ended" in repr(subscription)


async def test_a_callback_that_a_task_runs_is_not_ended_by_close() -> None:
    line = Line()
    done = asyncio.Event()

    async def callback(_message: stomp.Message) -> None:
        await turns(20)
        done.set()

    async with line.client() as client:
        subscription = client.subscribe("/a", callback)
        await subscription.confirmed()
        line.end.message(subscription.id)
        await until(lambda: client.stats.messages)
    await asyncio.wait_for(done.wait(), 5)
