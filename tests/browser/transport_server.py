"""A WebSocket server that does what the URL says: `/script?steps=JSON`, a list of steps, each [name, argument, ...].

Text and binary messages that a scenario must recognise hold their number, so that order shows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web


def numbered(index: int, size: int) -> str:
    """Message `index`: its number, a multi-byte filling to about `size` characters, and a line end."""
    head = f"{index}:"
    return head + "é" * max(0, size - len(head) - 1) + "\n"


class Script:
    """The steps. All messages are sent by themselves, none is compressed."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.request = request
        self.socket = socket

    async def text(self, text: str, times: int = 1) -> None:
        """One message: the text, so many times."""
        await self.socket.send_str(text * times)

    async def texts(self, count: int, size: int) -> None:
        for index in range(count):
            await self.socket.send_str(numbered(index, size))

    async def mixed(self, count: int) -> None:
        """Runs of text and binary of changing length."""
        for index in range(count):
            if index % 7 in {0, 1, 4}:
                await self.socket.send_bytes(numbered(index, 20).encode())
            else:
                await self.socket.send_str(numbered(index, 20))

    async def long(self, count: int) -> None:
        """Messages so long that each is a batch of its own, every third binary and every fifth a short one."""
        for index in range(count):
            text = numbered(index, 20 if index % 5 == 4 else 150_000)
            await (self.socket.send_bytes(text.encode()) if index % 3 == 2 else self.socket.send_str(text))

    async def binary(self, octets: str) -> None:
        """One message, given in hexadecimal."""
        await self.socket.send_bytes(bytes.fromhex(octets))

    async def raw(self, octets: str) -> None:
        """Octets in hexadecimal, right into the TCP connection."""
        assert self.request.transport is not None
        assert isinstance(self.request.transport, asyncio.Transport)
        self.request.transport.write(bytes.fromhex(octets))

    async def wait(self) -> None:
        """For any message, or the client's close frame."""
        await self.socket.receive()

    async def echo(self, count: int) -> None:
        for _ in range(count):
            message = await self.socket.receive()
            if message.type is web.WSMsgType.TEXT:
                await self.socket.send_str(message.data)
            else:
                await self.socket.send_bytes(message.data)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self.socket.close(code=code, message=reason.encode())

    async def abort(self) -> None:
        """Break the TCP connection once what was sent is on its way."""
        assert self.request.transport is not None
        self.request.transport.close()

    async def linger(self) -> None:
        """Until the client goes."""
        async for _ in self.socket:
            pass


async def serve_script(request: web.Request) -> web.WebSocketResponse:
    # Without autoclose a script decides whether a close frame is answered.
    socket = web.WebSocketResponse(
        protocols=("v12.stomp",), compress=False, max_msg_size=0, autoclose=False, timeout=1, writer_limit=1 << 30
    )
    await socket.prepare(request)
    script = Script(request, socket)
    for name, *arguments in json.loads(request.query["steps"]):
        step: Callable[..., Awaitable[Any]] = getattr(script, name)
        await step(*arguments)
    await script.linger()
    return socket


async def refuse(request: web.Request) -> web.Response:
    return web.Response(status=403, text="no")


async def never(request: web.Request) -> web.Response:
    """Answers the handshake when the client has gone."""
    await asyncio.Event().wait()
    return web.Response()


ROUTES = [web.get("/script", serve_script), web.get("/refuse", refuse), web.get("/never", never)]
