"""The benchmark's Python arms, inside Pyodide."""

from __future__ import annotations

import asyncio
from typing import Any

import js
import pystomp_web as stomp


def _connect(url: str) -> Any:
    return stomp.connect(f"{url}/stomp", heartbeat=(0, 0), reconnect=None)


async def receive(url: str, way: str, count: int, size: int, binary: bool, subscriptions: int) -> float:
    """Milliseconds until `count` messages came."""
    loop = asyncio.get_running_loop()
    async with _connect(url) as client:
        seen = octets = 0
        done = loop.create_future()

        def on_message(message: stomp.Message) -> None:
            nonlocal seen, octets
            octets += len(message.body) if binary else len(message.text)
            seen += 1
            if seen == count:
                done.set_result(js.performance.now())

        order = {"count": count, "size": size, "binary": binary}
        if way == "callback":
            for i in range(subscriptions):
                client.subscribe(f"/topic/flood{i or ''}", on_message)
            started = js.performance.now()
            await client.send("/topic/flood", order)
            return await done - started
        messages = client.subscribe("/topic/flood")
        started = js.performance.now()
        await client.send("/topic/flood", order)
        async for message in messages:
            octets += len(message.body) if binary else len(message.text)
            seen += 1
            if seen == count:
                break
        return js.performance.now() - started


async def publish(url: str, count: int, size: int) -> float:
    """Milliseconds until the server has counted `count` messages."""
    async with _connect(url) as client:
        done = client.subscribe("/topic/done")
        body = "x" * size
        started = js.performance.now()
        for _ in range(count):
            await client.send("/topic/sink", body)
        await client.send("/topic/end", "")
        await done.get()
        return js.performance.now() - started


async def round_trip(url: str, way: str, count: int, gap: float) -> list[float]:
    """Milliseconds of each of `count` messages that are sent and come back."""
    times = []
    async with _connect(url) as client:
        waiter: asyncio.Future[None] | None = None

        def on_message(message: stomp.Message) -> None:
            times.append(js.performance.now() - started)
            waiter.set_result(None)

        if way == "callback":
            client.subscribe("/topic/echo", on_message)
        else:
            messages = client.subscribe("/topic/echo")
        for _ in range(count):
            if gap:
                await asyncio.sleep(gap / 1000)
            if way == "callback":
                waiter = asyncio.get_running_loop().create_future()
                started = js.performance.now()
                client.send_nowait("/topic/echo", "hello")
                await waiter
            else:
                started = js.performance.now()
                await client.send("/topic/echo", "hello")
                await messages.get()
                times.append(js.performance.now() - started)
    return times
