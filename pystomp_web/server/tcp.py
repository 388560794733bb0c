"""The embedded broker behind plain TCP, for clients that have no WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from .link import Link

if TYPE_CHECKING:
    from .broker import Broker

_CHUNK = 64 * 1024


class TcpListener:
    """Listens for plain STOMP. Made by `listen`.

    Args:
        broker: who answers.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._sessions: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def listen(self, host: str, port: int) -> None:
        """Listen from now on; `port` 0 is a free one, and `self.port` says which.

        Raises:
            OSError: the address can't be listened on.
        """
        self._server = await asyncio.start_server(self._accept, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Take no more clients; wait, for a bounded time, until those that the broker has closed are gone."""
        if self._server is not None:
            self._server.close()
            self._broker.shutdown()
            if self._sessions:
                _, late = await asyncio.wait(self._sessions, timeout=self._broker.limits.close_timeout + 1)
                for session in late:
                    session.cancel()
            await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.ensure_future(self._serve(reader, writer))
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(data: bytes, is_text: bool) -> None:  # noqa: ARG001
            writer.write(data)
            await writer.drain()

        async def pump() -> None:
            with contextlib.suppress(OSError):
                await link.pump()
                # Half of it only: a socket that is closed with something unread would be reset, and what was said last
                # be lost ("Connection Lingering"). The link's own time limit holds.
                writer.write_eof()

        link = Link(self._broker, write, writer.transport.abort)
        pumping = asyncio.ensure_future(pump())
        try:
            with contextlib.suppress(OSError):
                while data := await reader.read(_CHUNK):
                    link.receive(data)
        finally:
            pumping.cancel()
            link.ended()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
