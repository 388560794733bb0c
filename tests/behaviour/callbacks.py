"""Callbacks: plain, async and of JavaScript; their order, their number at a time, their exceptions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from situation import MAIN, WORKER, Recorder, raises, situation, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer


async def sends_five(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    for number in range(5):
        await peer.message("/a", str(number))
    await peer.serve()


@situation(sends_five)
async def a_plain_callback_takes_each_message_in_order(url: str) -> None:
    async with stomp.connect(url) as client:
        got = Recorder()
        subscription = client.subscribe("/a", got)
        assert [message.text for message in await got.wait(5)] == list("01234")
        assert subscription.pending == 0
        with raises(ValueError):
            await subscription.get(0.1)


@situation(sends_five)
async def an_async_callback_is_called_again_when_it_has_returned(url: str) -> None:
    async with stomp.connect(url) as client:
        steps: list[str] = []

        async def callback(message: stomp.Message) -> None:
            steps.append(f"begin {message.text}")
            await asyncio.sleep(0.001)
            steps.append(f"end {message.text}")

        client.subscribe("/a", callback)
        await until(lambda: len(steps) == 10)
        assert steps == [f"{what} {number}" for number in range(5) for what in ("begin", "end")]


@situation(sends_five)
async def concurrency_is_how_many_run_at_a_time(url: str) -> None:
    async with stomp.connect(url) as client:
        running: list[str] = []
        most: list[int] = []
        go_on = asyncio.Event()

        async def callback(message: stomp.Message) -> None:
            running.append(message.text)
            most.append(len(running))
            await go_on.wait()
            running.remove(message.text)

        subscription = client.subscribe("/a", callback, concurrency=3)
        await until(lambda: len(running) == 3 and subscription.pending == 2)
        assert running == ["0", "1", "2"]
        go_on.set()
        await until(lambda: len(most) == 5 and not running)
        assert max(most) == 3


@situation(sends_five)
async def an_exception_in_a_callback_is_handed_to_on_unhandled_and_touches_nothing_else(url: str) -> None:
    async with stomp.connect(url) as client:
        got, stray = Recorder(), Recorder()

        def plain(message: stomp.Message) -> None:
            got(message.text)
            if message.text in "13":
                raise LookupError(f"plain {message.text}")

        client.on_unhandled(stray)
        client.subscribe("/a", plain)
        assert await got.wait(5) == list("01234")
        assert [str(error) for error in stray.calls] == ["plain 1", "plain 3"]
        assert all(isinstance(error, LookupError) for error in stray.calls)
        assert client.state == "connected"
        await client.send("/elsewhere", receipt=True)


@situation(sends_five)
async def an_exception_in_an_async_callback_too(url: str) -> None:
    async with stomp.connect(url) as client:
        got, stray = Recorder(), Recorder()

        async def broken(message: stomp.Message) -> None:
            got(message.text)
            await asyncio.sleep(0)
            if message.text in "13":
                raise LookupError(f"async {message.text}")

        def also_broken(what: object) -> None:
            raise RuntimeError("on_unhandled itself fails")

        client.on_unhandled(also_broken)
        client.on_unhandled(stray)
        client.subscribe("/a", broken)
        assert await got.wait(5) == list("01234")
        await stray.wait(2)
        assert [str(error) for error in stray.calls] == ["async 1", "async 3"]
        await client.send("/elsewhere", receipt=True)


@situation(sends_five)
async def a_callback_may_subscribe_send_unsubscribe_and_close(url: str) -> None:
    client = await stomp.connect(url)
    done = asyncio.Event()
    texts: list[str] = []

    async def callback(message: stomp.Message) -> None:
        texts.append(message.text)
        await client.send("/elsewhere", "x", receipt=True)
        client.subscribe("/b").unsubscribe_nowait()
        await subscription.unsubscribe()
        if message.text == "4":
            await client.close()
            done.set()

    subscription = client.subscribe("/a", callback)
    await asyncio.wait_for(done.wait(), 10)
    assert texts == list("01234")
    assert client.state == "closed"


async def echoes(peer: Peer) -> None:
    await peer.connect()
    await peer.serve()


@situation(echoes)
async def a_callback_that_waits_does_not_hold_up_other_subscriptions(url: str) -> None:
    async with stomp.connect(url) as client:
        blocked = asyncio.Event()

        async def waits(_message: stomp.Message) -> None:
            await blocked.wait()

        client.subscribe("/slow", waits)
        quick = client.subscribe("/quick")
        await client.send("/slow", "x")
        await client.send("/quick", "y")
        assert (await quick.get(5)).text == "y"
        blocked.set()


@situation(echoes, where=(MAIN, WORKER))
async def a_javascript_function_is_a_callback(url: str) -> None:
    import js

    array: Any = js.Array.new()
    async with stomp.connect(url) as client:
        client.subscribe("/a", js.Array.prototype.push.bind(array))
        for body in ("1", "2", "3"):
            await client.send("/a", body)
        await until(lambda: array.length == 3)


@situation(echoes, where=(MAIN, WORKER))
async def a_javascript_function_that_throws_is_an_exception_in_a_callback(url: str) -> None:
    import js
    from pyodide.ffi import JsException

    async with stomp.connect(url) as client:
        stray = Recorder()
        client.on_unhandled(stray)
        client.subscribe("/a", js.Reflect.ownKeys.bind(None, 1))  # of a number: TypeError
        await client.send("/a", "x")
        [error] = await stray.wait(1)
        assert isinstance(error, JsException)
        await client.send("/elsewhere", receipt=True)


@situation(echoes, where=(MAIN, WORKER))
async def a_promise_of_a_javascript_function_is_awaited(url: str) -> None:
    import js

    async with stomp.connect(url) as client:
        stray = Recorder()
        client.on_unhandled(stray)
        client.subscribe("/a", js.Promise.reject.bind(js.Promise, js.Error.new("rejected")))
        await client.send("/a", "x")
        [error] = await stray.wait(1)
        assert "rejected" in str(error)
        await client.send("/elsewhere", receipt=True)
