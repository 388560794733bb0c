"""Queues that are full: what is kept, what is told, and that a burst alone fills none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, until

import pystomp_web as stomp
from pystomp_web.protocol import Frame, encode

if TYPE_CHECKING:
    from tests.support.scripted import Peer


async def sends_ten_and_five(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    for number in range(10):
        await peer.message("/a", str(number))
    numbers = iter([range(10, 12), range(12, 20)])
    while (frame := await peer.receive()).command == "SEND":
        await peer.receipt(frame)
        for number in next(numbers):
            await peer.message("/a", str(number))
    await peer.receipt(frame)
    await peer.serve()


@situation(sends_ten_and_five)
async def error_keeps_the_first_and_tells_once_where_messages_are_missing(url: str) -> None:
    async with stomp.connect(url) as client:
        stray = Recorder()
        client.on_unhandled(stray)
        subscription = client.subscribe("/a", maxsize=4)
        await until(lambda: subscription.dropped == 6)
        assert (subscription.pending, client.stats.dropped) == (4, 6)
        assert [(await subscription.get()).text for _ in range(4)] == list("0123")
        with raises(stomp.SlowConsumer):
            await subscription.get()
        await client.send("/go", receipt=True)
        assert [(await subscription.get(5)).text for _ in range(2)] == ["10", "11"]
        await client.send("/go", receipt=True)
        await until(lambda: subscription.dropped == 10)
        assert subscription.error is None
        texts = []
        with raises(stomp.SlowConsumer):
            async for message in subscription:
                texts.append(message.text)  # noqa: PERF401
        assert texts == ["12", "13", "14", "15"]
        with raises(TimeoutError):
            await subscription.get(0.01)
        assert client.state == "connected"
        assert stray.calls == []


@situation(sends_ten_and_five)
async def drop_oldest_keeps_the_newest(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a", maxsize=4, overflow="drop-oldest")
        await until(lambda: subscription.dropped == 6)
        assert subscription.pending == 4
        assert [(await subscription.get()).text for _ in range(4)] == list("6789")
        assert client.stats.dropped == 6


@situation(sends_ten_and_five)
async def drop_newest_keeps_the_oldest(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a", maxsize=4, overflow="drop-newest")
        await until(lambda: subscription.dropped == 6)
        assert [(await subscription.get()).text for _ in range(4)] == list("0123")
        await client.send("/go", receipt=True)
        assert (await subscription.get(5)).text == "10"


@situation(sends_ten_and_five)
async def overflow_of_a_callback_goes_to_on_unhandled_once(url: str) -> None:
    async with stomp.connect(url) as client:
        stray, got = Recorder(), Recorder()
        go_on = asyncio.Event()

        async def callback(message: stomp.Message) -> None:
            await go_on.wait()
            got(message.text)

        client.on_unhandled(stray)
        subscription = client.subscribe("/a", callback, maxsize=4)
        await until(lambda: subscription.dropped == 5)
        [error] = stray.calls
        assert isinstance(error, stomp.SlowConsumer)
        go_on.set()
        assert await got.wait(5) == list("01234")
        await client.send("/go", receipt=True)
        assert (await got.wait(7))[5:] == ["10", "11"]
        assert len(stray.calls) == 1


async def bursts_in_one_message(peer: Peer) -> None:
    await peer.connect()
    id = (await peer.expect("SUBSCRIBE", destination="/a")).headers["id"]
    frames = []
    for number in range(800):
        headers = [("subscription", id), ("message-id", str(number)), ("destination", "/a")]
        frames.append(encode(Frame("MESSAGE", headers, str(number).encode()), "1.2"))
    await peer.send_raw(b"".join(frames))
    await peer.serve()


async def bursts_in_many_messages(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    for number in range(800):
        await peer.message("/a", str(number))
    await peer.serve()


async def _takes_all(url: str, maxsize: int, *, pauses: bool) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a", maxsize=maxsize)
        number = 0
        async for message in subscription:
            assert message.text == str(number)
            number += 1
            if pauses:
                await asyncio.sleep(0)
            if number == 800:
                break
        assert (subscription.dropped, client.stats.dropped) == (0, 0)


@situation(bursts_in_one_message)
async def a_burst_in_one_message_overflows_nobody_who_takes(url: str) -> None:
    await _takes_all(url, 10, pauses=False)


@situation(bursts_in_many_messages)
async def a_burst_in_many_messages_overflows_nobody_who_takes(url: str) -> None:
    await _takes_all(url, 10, pauses=False)


@situation(bursts_in_one_message)
async def nor_one_who_gives_others_a_turn_after_each(url: str) -> None:
    await _takes_all(url, 3, pauses=True)


@situation(bursts_in_many_messages)
async def nor_one_whose_queue_holds_one(url: str) -> None:
    await _takes_all(url, 1, pauses=False)


@situation(bursts_in_one_message)
async def a_burst_overflows_no_async_callback_that_goes_on_in_each_turn(url: str) -> None:
    async with stomp.connect(url) as client:
        got: list[str] = []

        async def callback(message: stomp.Message) -> None:
            got.append(message.text)

        subscription = client.subscribe("/a", callback, maxsize=10)
        await until(lambda: len(got) + subscription.dropped == 800)
        assert subscription.dropped == 0
        assert got == [str(number) for number in range(800)]


@situation(bursts_in_one_message)
async def a_burst_overflows_nobody_who_gets_with_a_timeout(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a", maxsize=10)
        for number in range(800):
            assert (await subscription.get(5)).text == str(number)
        assert subscription.dropped == 0


async def bursts_for_two(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/idle")
    await peer.expect("SUBSCRIBE", destination="/busy")
    for number in range(500):
        await peer.message("/idle", str(number))
        await peer.message("/busy", str(number))
    await peer.serve()


@situation(bursts_for_two)
async def a_consumer_that_never_takes_holds_up_nobody_else(url: str) -> None:
    async with stomp.connect(url) as client:
        idle = client.subscribe("/idle", maxsize=10)
        busy = client.subscribe("/busy", maxsize=10)
        for number in range(500):
            assert (await busy.get(5)).text == str(number)
        await until(lambda: idle.dropped == 490)
        assert busy.dropped == 0


async def bursts_and_beats(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    for number in range(500):
        await peer.message("/a", str(number))
    await peer.close(1001)


@situation(bursts_and_beats)
async def what_came_before_the_end_of_a_connection_is_delivered_however_slowly(url: str) -> None:
    client = await stomp.connect(url, reconnect=None)
    subscription = client.subscribe("/a", maxsize=20)
    count = 0
    with raises(stomp.ConnectionLost):
        async for _message in subscription:
            count += 1
            await asyncio.sleep(0)
    assert (count, subscription.dropped) == (500, 0)


@situation(bursts_in_one_message)
async def nor_a_callback_that_needs_some_turns_for_each(url: str) -> None:
    async with stomp.connect(url) as client:
        got: list[str] = []

        async def callback(message: stomp.Message) -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            got.append(message.text)

        subscription = client.subscribe("/a", callback, maxsize=10)
        await until(lambda: len(got) + subscription.dropped == 800)
        assert subscription.dropped == 0
        assert got == [str(number) for number in range(800)]


@situation(bursts_in_many_messages)
async def nor_a_consumer_that_needs_some_turns_for_each(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a", maxsize=4)
        for number in range(800):
            assert (await subscription.get(5)).text == str(number)
            for _ in range(3):
                await asyncio.sleep(0)
        assert subscription.dropped == 0
