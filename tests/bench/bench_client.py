"""The benchmark's Python arms, inside Pyodide; all times are milliseconds."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import js

import pystomp_web as stomp


def _connect(url: str) -> Any:
    return stomp.connect(f"{url}/stomp", heartbeat=(0, 0), reconnect=None)


def _now() -> float:
    now: float = js.performance.now()
    return now


async def receive(  # noqa: PLR0917 - called from JavaScript
    url: str, way: str, count: int, size: int, binary: bool, subscriptions: int
) -> float:
    """Until `count` messages came."""
    order = {"count": count, "size": size, "binary": binary}
    async with _connect(url) as client:
        if way == "callback":
            return await _receive_by_callback(client, order, subscriptions)
        seen = octets = 0
        messages = client.subscribe("/topic/flood")
        started = _now()
        await client.send("/topic/flood", order)
        async for message in messages:
            octets += len(message.body) if binary else len(message.text)
            seen += 1
            if seen == count:
                break
        return _now() - started


async def _receive_by_callback(client: stomp.Client, order: dict[str, Any], subscriptions: int) -> float:
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    seen = octets = 0
    count, binary = order["count"], order["binary"]

    def on_message(message: stomp.Message) -> None:
        nonlocal seen, octets
        octets += len(message.body) if binary else len(message.text)
        seen += 1
        if seen == count:
            done.set_result(_now())

    for i in range(subscriptions):
        client.subscribe(f"/topic/flood{i or ''}", on_message)
    started = _now()
    await client.send("/topic/flood", order)
    return await done - started


async def publish(url: str, count: int, size: int, receipts: bool) -> float:
    """Until the server has counted `count` messages, or confirmed each."""
    body = "x" * size
    async with _connect(url) as client:
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


async def round_trip(url: str, way: str, count: int, gap: float) -> list[float]:
    """Each of `count` messages that are sent and come back."""
    times = []
    async with _connect(url) as client:
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
