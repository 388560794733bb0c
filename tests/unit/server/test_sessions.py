"""Sessions: served, then closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pystomp_web.server.sessions import Ending, Sessions, first_of


class FakeSocket:
    def __init__(self) -> None:
        self.closed: list[tuple[int, bytes]] = []

    async def close(self, *, code: int, message: bytes) -> None:
        self.closed.append((code, message))


class FakeEndpoint:
    max_frame_size = 1
    close_timeout = 1.0

    def __init__(self) -> None:
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()

    async def serve(self, socket: Any, transport: Any) -> Ending:
        return await self.ending


async def test_a_socket_is_closed_as_its_session_says() -> None:
    endpoint, socket = FakeEndpoint(), FakeSocket()
    endpoint.ending.set_result((1002, "ü" * 100))
    await Sessions(endpoint).run(socket, None)  # type: ignore[arg-type]
    assert socket.closed == [(1002, "ü".encode() * 61)]


async def test_all_end_with_1001() -> None:
    endpoint, sockets = FakeEndpoint(), [FakeSocket(), FakeSocket()]
    sessions = Sessions(endpoint)
    await sessions.end()
    running = [asyncio.ensure_future(sessions.run(socket, None)) for socket in sockets]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await sessions.end()
    assert [socket.closed for socket in sockets] == [[(1001, b"the server is stopping")]] * 2
    await asyncio.gather(*running)


async def test_a_fault_is_not_hidden() -> None:
    endpoint, socket = FakeEndpoint(), FakeSocket()
    endpoint.ending.set_exception(LookupError("on purpose"))
    with pytest.raises(LookupError):
        await Sessions(endpoint).run(socket, None)  # type: ignore[arg-type]


async def test_first_of() -> None:
    async def fails(error: Exception) -> None:
        raise error

    async def waits() -> None:
        await asyncio.get_running_loop().create_future()

    waiting = asyncio.ensure_future(waits())
    await first_of(asyncio.ensure_future(fails(ConnectionResetError())), waiting)
    assert waiting.cancelled()
    with pytest.raises(LookupError):
        await first_of(asyncio.ensure_future(fails(LookupError())), asyncio.ensure_future(waits()))
