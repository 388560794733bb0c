"""Joins a WebSocket to any broker that speaks STOMP over plain TCP.

Octets pass unchanged, each way no faster than the other side takes them. Only the broker's are cut into frames, one a
message.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from aiohttp import WSMsgType, web

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol import Decoder, Frame, Version, encode

from .config import BrokerLimits
from .messages import error_frame, is_utf8
from .sessions import Ending, first_of
from .splitter import Splitter
from .words import why

logger = logging.getLogger(__name__)

_CHUNK = 64 * 1024
_SERVER_ERROR = 1011
NORMAL = 1000


class Gateway:
    """Serves WebSockets from a broker elsewhere.

    Args:
        host: the broker's host name.
        port: its port.
        vhost: what CONNECT's `host` header is set to; None: it stays as it came.
        limits: of which the frame size and the timeouts count.
    """

    def __init__(self, host: str, port: int, *, vhost: str | None = None, limits: BrokerLimits | None = None) -> None:
        self.host = host
        self.port = port
        self._vhost = vhost
        self._limits = limits or BrokerLimits()
        self.max_frame_size = self._limits.max_frame_size
        self.close_timeout = self._limits.close_timeout

    async def serve(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> Ending:
        """Serve one WebSocket until it, or the broker's side, ends."""
        del transport
        try:
            async with asyncio.timeout(self._limits.connect_timeout):
                reader, writer = await asyncio.open_connection(self.host, self.port)
        except (OSError, TimeoutError) as error:
            detail = f"nothing answers at tcp://{self.host}:{self.port} ({why(error)})"
            return await self._tell(socket, "Broker not reachable", detail)
        ending: Ending = (NORMAL, "")

        async def to_page() -> None:
            nonlocal ending
            ending = await self._to_page(reader, socket)

        try:
            await first_of(asyncio.ensure_future(to_page()), asyncio.ensure_future(self._to_broker(socket, writer)))
        finally:
            await self._let_go(writer)
        return ending

    async def _to_broker(self, socket: web.WebSocketResponse, writer: asyncio.StreamWriter) -> None:
        connect = None if self._vhost is None else ConnectEditor(self._vhost, self.max_frame_size)
        async for message in socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            data = message.data.encode() if message.type is WSMsgType.TEXT else message.data
            if connect is not None:
                data = connect.feed(data)
                connect = None if connect.done else connect
            try:
                writer.write(data)
                await writer.drain()  # the next message is read from the page only when this one has room
            except OSError:
                # The other direction sees the end as well, behind what the broker said last.
                await asyncio.get_running_loop().create_future()

    async def _to_page(self, reader: asyncio.StreamReader, socket: web.WebSocketResponse) -> Ending:
        """Pass on what the broker says; returns how the page is to be told of the end."""
        splitter = Splitter(self.max_frame_size)
        told = False
        while True:
            try:
                data = await reader.read(_CHUNK)
            except OSError as error:
                return await self._tell(socket, "Broker lost", f"the connection to the broker broke ({why(error)})")
            if not data:
                break
            try:
                for command, octets in splitter.feed(data):
                    kind = WSMsgType.TEXT if is_utf8(octets) else WSMsgType.BINARY
                    await socket.send_frame(octets, kind)  # waits while the page does not read
                    told = told or bool(command)
            except ProtocolError as error:
                detail = f"tcp://{self.host}:{self.port} sent what is no STOMP: {error}"
                return await self._tell(socket, "Not a STOMP broker", detail)
        if not splitter.idle:
            return await self._tell(socket, "Broker lost", "the broker closed the connection amid a frame")
        if not told:
            detail = "the broker closed the connection before it had said anything"
            return await self._tell(socket, "Broker lost", detail)
        return NORMAL, "the broker closed the connection"

    async def _tell(self, socket: web.WebSocketResponse, message: str, detail: str) -> Ending:
        """Say in an ERROR why the end comes; returns how."""
        logger.warning("%s: %s", message, detail)
        with contextlib.suppress(OSError):  # the page went first
            await socket.send_frame(error_frame(message, detail, Version.V1_0), WSMsgType.TEXT)
        return _SERVER_ERROR, f"{message}: {detail}"

    async def _let_go(self, writer: asyncio.StreamWriter) -> None:
        """Close the broker's side: what the page said last, such as DISCONNECT, is still written."""
        writer.close()
        try:
            async with asyncio.timeout(self._limits.close_timeout):
                await writer.wait_closed()
        except (OSError, TimeoutError):
            writer.transport.abort()


class ConnectEditor:
    """Sets CONNECT's `host`, and passes everything on that is not CONNECT.

    Args:
        vhost: its new value.
        max_frame_size: octets of the largest frame.
    """

    def __init__(self, vhost: str, max_frame_size: int) -> None:
        self._vhost = vhost
        self._decoder = Decoder(Version.V1_2, max_frame_size=max_frame_size)
        self._splitter = Splitter(max_frame_size)
        self.done = False

    def feed(self, data: bytes) -> bytes:
        """Take octets of the page's, give those for the broker: nothing until CONNECT is complete."""
        try:
            for command, octets in self._splitter.feed(data):
                if not command:
                    return octets
                self.done = True
                return self._edited(command, octets) + self._splitter.rest
        except ProtocolError:
            # The broker shall say what it thinks of it, in its own words.
            self.done = True
            return self._splitter.rest
        return b""

    def _edited(self, command: str, octets: bytes) -> bytes:
        if command not in ("CONNECT", "STOMP"):
            return octets
        (frame,) = self._decoder.feed(octets)
        headers = [(name, value) for name, value in frame.headers.multi_items() if name != "host"]
        return encode(Frame(command, [*headers, ("host", self._vhost)]), Version.V1_2)
