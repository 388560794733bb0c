"""The WebSockets that are open: each is served and then closed, and all can be told to end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .messages import close_reason

if TYPE_CHECKING:
    from typing import Protocol

    from aiohttp import web

    class Endpoint(Protocol):
        """What stands behind a WebSocket."""

        max_frame_size: int
        close_timeout: float

        async def serve(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> Ending:
            """Serve one WebSocket until it ends, or is to be ended as returned: read and write, but do not close."""


#: How a WebSocket is to be closed: code and reason (RFC 6455, section 7.4).
Ending = tuple[int, str]
GOING_AWAY: Ending = (1001, "the server is stopping")


class Sessions:
    """Runs the sessions of one end point.

    A socket is closed only when nobody reads from it any more: aiohttp's close() would otherwise not await the peer's
    part of the closing handshake, and the browser would call the end unclean.

    Args:
        endpoint: who serves.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._open: dict[asyncio.Task[Ending], asyncio.Future[None]] = {}

    async def run(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        """Serve a WebSocket and close it."""
        serving = asyncio.ensure_future(self._endpoint.serve(socket, transport))
        closed = self._open[serving] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait((serving,))
            code, reason = GOING_AWAY if serving.cancelled() else serving.result()
            await socket.close(code=code, message=close_reason(reason))
        finally:
            serving.cancel()
            del self._open[serving]
            closed.set_result(None)

    async def end(self) -> None:
        """End all of them, with 1001, and wait until they are closed."""
        opened = dict(self._open)
        for serving in opened:
            serving.cancel()
        await asyncio.gather(*opened.values())


async def first_of(*tasks: asyncio.Task[None]) -> None:
    """Wait until one of the tasks is done and cancel the others. Raises what a task raised, but for ends of sockets."""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, OSError):
            raise result
