"""The benchmark's Python arms, inside Pyodide; all times are milliseconds."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable
from typing import Any

import js

import pystomp_web as stomp

_server: dict[str, Any] = {}


def use(url: str, headers: str) -> None:
    """From here on connect to this, with these headers of CONNECT (JSON)."""
    _server.update(url=url, **json.loads(headers))


def _connect(like: str = "") -> Any:
    return stomp.connect(**_server, broker=like or None, heartbeat=(0, 0), reconnect=None)


def _now() -> float:
    now: float = js.performance.now()
    return now


async def receive(way: str, order: str, subscriptions: int) -> float:
    """Until the messages of an order (JSON, see flood.py) came."""
    wanted = json.loads(order)
    count, binary = wanted["count"], wanted["binary"]
    async with _connect(wanted["like"]) as client:
        if way == "callback":
            done, on_message = _counter(count, binary)
            subscribed = [client.subscribe(f"/topic/flood{i or ''}", on_message) for i in range(subscriptions)]
            if subscriptions > 1:
                await subscribed[-1].confirmed()  # what subscribing costs is not meant
            started = _now()
            await client.send("/topic/flood", wanted)
            return await done - started
        messages = client.subscribe("/topic/flood")
        started = _now()
        await client.send("/topic/flood", wanted)
        await _take(messages, count, binary)
        return _now() - started


async def drain(way: str, count: int, destination: str) -> float:
    """From SUBSCRIBE until the `count` messages that wait at a destination came."""
    async with _connect() as client:
        started = _now()
        if way == "callback":
            done, on_message = _counter(count, False)
            client.subscribe(destination, on_message)
            return await done - started
        await _take(client.subscribe(destination), count, False)
        return _now() - started


def _counter(count: int, binary: bool) -> tuple[asyncio.Future[float], Callable[[stomp.Message], None]]:
    """A future of the time when the last of so many messages came, and the callback that counts them."""
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    seen = octets = 0

    def on_message(message: stomp.Message) -> None:
        nonlocal seen, octets
        octets += len(message.body) if binary else len(message.text)
        seen += 1
        if seen == count:
            done.set_result(_now())

    return done, on_message


async def _take(messages: stomp.Subscription, count: int, binary: bool) -> None:
    seen = octets = 0
    async for message in messages:
        octets += len(message.body) if binary else len(message.text)
        seen += 1
        if seen == count:
            return


async def publish(count: int, size: int, receipts: bool) -> float:
    """Until the server has counted `count` messages, or confirmed each."""
    body = "x" * size
    async with _connect() as client:
        if receipts:
            started = _now()
            await asyncio.gather(*[client.send("/topic/sink", body, receipt=True) for _ in range(count)])
            return _now() - started
        done = client.subscribe("/topic/done")
        started = _now()
        for _ in range(count):
            await client.send("/topic/sink", body)
        await client.send("/topic/end", "")
        await done.get()
        return _now() - started


async def round_trip(way: str, count: int, gap: float) -> list[float]:
    """Each of `count` messages that are sent and come back."""
    times = []
    async with _connect() as client:
        waiting: list[asyncio.Future[float]] = []
        messages = None
        if way == "callback":
            client.subscribe("/topic/echo", lambda _message: waiting.pop().set_result(_now()))
        else:
            messages = client.subscribe("/topic/echo")
        for _ in range(count):
            if gap:
                await asyncio.sleep(gap / 1000)
            if messages is None:
                arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()
                waiting.append(arrived)
                started = _now()
                client.send_nowait("/topic/echo", "hello")
                times.append(await arrived - started)
            else:
                started = _now()
                client.send_nowait("/topic/echo", "hello")
                await messages.get()
                times.append(_now() - started)
    return times


def count_objects() -> int:
    """How many objects Python keeps."""
    gc.collect()
    return len(gc.get_objects())
