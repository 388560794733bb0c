"""The watch over the peer's heart-beats, where timers overtake what arrives: WebKit's way, and that of any busy page."""

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
async def beating() -> AsyncIterator[stomp.Client]:
    """A connected client; its server promises a beat every 0.1 s and sends one every 0.02 s, 5 ms on their way."""
    line = Line(connected=BEATING)

    async def beat() -> None:
        while True:
            line.end.transport.send("\n")
            await asyncio.sleep(0.02)

    async with line.client(heartbeat=(0, 0.1), reconnect=None) as client:
        line.end.transport.delay = 0.005
        beats = asyncio.create_task(beat())
        try:
            before = client.stats.bytes_in
            await until(lambda: client.stats.bytes_in > before)
            yield client
        finally:
            beats.cancel()


@pytest.mark.parametrize("seconds", [0.35, 0.6, 1.5])
async def test_a_blocked_thread_is_no_dead_peer_though_the_timer_is_first(seconds: float) -> None:
    async with beating() as client:
        before = client.stats.bytes_in
        time.sleep(seconds)  # noqa: ASYNC251 - that is what is tested
        await until(lambda: client.stats.bytes_in > before + 3)
        assert client.state == "connected"


async def test_nor_one_that_is_blocked_again_before_it_is_given_up() -> None:
    async with beating() as client:
        before = client.stats.bytes_in
        loop = asyncio.get_running_loop()
        # In the turn of the check, which is hardly late, and so before what the check has asked for.
        loop.call_soon(loop.call_soon, time.sleep, 0.5)
        time.sleep(0.22)  # noqa: ASYNC251
        await until(lambda: client.stats.bytes_in > before + 3)
        assert client.state == "connected"
