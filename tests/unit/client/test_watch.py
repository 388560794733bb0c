"""The watch over the peer's heart-beats where timers overtake what arrives: in WebKit, and in any busy page."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

import pystomp_web as stomp
from tests.unit.client.line import Line, until

BEATING = {"version": "1.2", "server": "line", "session": "1", "heart-beat": "100,0"}


@contextlib.asynccontextmanager
async def beating() -> AsyncIterator[tuple[stomp.Client, asyncio.Event]]:
    """A connected client, and an event without which its server says nothing.

    The server promises a beat every 0.1 s, and sends one every 0.02 s, which is 5 ms on its way.
    """
    line = Line(connected=BEATING)
    speaking = asyncio.Event()
    speaking.set()

    async def beat() -> None:
        while True:
            await speaking.wait()
            line.end.transport.send("\n")
            await asyncio.sleep(0.02)

    async with line.client(heartbeat=(0, 0.1), reconnect=None) as client:
        line.end.transport.delay = 0.005
        beats = asyncio.create_task(beat())
        try:
            await more(client)
            yield client, speaking
        finally:
            beats.cancel()


async def more(client: stomp.Client) -> None:
    """Wait until something came."""
    before = client.stats.bytes_in
    await until(lambda: client.stats.bytes_in > before or client.state == "closed")


@pytest.mark.parametrize("seconds", [0.35, 0.6, 1.5])
async def test_a_blocked_thread_is_no_dead_peer_though_the_timer_is_first(seconds: float) -> None:
    async with beating() as (client, _):
        time.sleep(seconds)  # noqa: ASYNC251 - that is what is tested
        await more(client)
        assert client.state == "connected"


async def test_nor_one_that_is_blocked_again_before_it_is_given_up() -> None:
    async with beating() as (client, speaking):
        speaking.clear()
        loop = asyncio.get_running_loop()
        # In the turn behind that of the check, which is hardly late, and so before what the check has asked for.
        loop.call_soon(loop.call_soon, time.sleep, 0.5)
        loop.call_later(0.73, speaking.set)
        time.sleep(0.22)  # noqa: ASYNC251
        await more(client)
        assert client.state == "connected"
