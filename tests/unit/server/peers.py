"""Clients for tests of the broker: one without a socket, and one over a WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from pystomp_web.protocol import Decoder, Frame, encode
from pystomp_web.server.broker import Broker


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Peer:
    """A client that talks to the broker by plain calls.

    Attributes:
        connection: the broker's side.
        closed: the close code and reason, once the broker has closed.
        sent: every piece that the broker sent, with whether it is text.
        buffered: what the broker is told to be waiting.
    """

    def __init__(self, broker: Broker, version: str | None = "1.2", **headers: str) -> None:
        self.closed: tuple[int, str] | None = None
        self.sent: list[tuple[bytes, bool]] = []
        self.buffered = 0
        self.version = version or "1.2"
        self._decoder = Decoder(self.version)
        self._frames: list[Frame] = []
        self.connection = broker.connect(self._on_send, self._on_close, buffered=lambda: self.buffered)
        if version is not None:
            self.send("CONNECT", accept_version=version, host="h", **headers)
            self.connected = self.one()
            assert self.connected.command == "CONNECTED"

    def _on_send(self, data: bytes, is_text: bool) -> None:
        assert self.closed is None
        self.sent.append((data, is_text))
        self._frames.extend(self._decoder.feed(data))

    def _on_close(self, code: int, reason: str) -> None:
        assert self.closed is None
        self.closed = (code, reason)

    def send(self, command: str, body: bytes = b"", /, **headers: str) -> None:
        """Send a frame; an underscore in a header's name stands for a hyphen."""
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self.connection.receive(encode(Frame(command, pairs, body), self.version))

    def raw(self, data: bytes) -> None:
        """Send octets."""
        self.connection.receive(data)

    def take(self) -> list[Frame]:
        """The frames that came since the last call."""
        frames, self._frames = self._frames, []
        return frames

    def one(self) -> Frame:
        """The one frame that came since the last call."""
        frames = self.take()
        assert len(frames) == 1, frames
        return frames[0]

    def bodies(self) -> list[str]:
        """The bodies of the MESSAGEs that came since the last call, those that are redelivered with an asterisk."""
        frames = self.take()
        assert {frame.command for frame in frames} <= {"MESSAGE"}, frames
        return [frame.body.decode() + "*" * ("redelivered" in frame.headers) for frame in frames]

    def error(self) -> Frame:
        """The ERROR that came, with which the connection was closed."""
        frame = self.one()
        assert frame.command == "ERROR"
        assert frame.headers["content-type"] == "text/plain"
        assert frame.headers["message"]
        assert frame.body
        assert self.closed is not None
        return frame

    def subscribe(self, destination: str, ack: str | None = None, **headers: str) -> None:
        """Subscribe; the id is 1 unless another is given."""
        if ack is not None:
            headers["ack"] = ack
        self.send("SUBSCRIBE", destination=destination, **{"id": "1", **headers})

    def settle(self, command: str, message: Frame, **headers: str) -> None:
        """ACK or NACK a MESSAGE as the version wants it."""
        given = message.headers
        names: dict[str, dict[str, Any]] = {
            "1.0": {"message_id": given["message-id"]},
            "1.1": {"message_id": given["message-id"], "subscription": given.get("subscription")},
            "1.2": {"id": given.get("ack")},
        }
        self.send(command, **names[self.version], **headers)


class WebPeer:
    """A client over a WebSocket. Made by `web_peer`."""

    def __init__(self, socket: ClientConnection, version: str) -> None:
        self.socket = socket
        self.version = version
        self._decoder = Decoder(version)

    async def send(self, command: str, body: bytes = b"", /, **headers: str) -> None:
        """Send a frame, as text."""
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        await self.socket.send(encode(Frame(command, pairs, body), self.version), text=True)

    async def receive(self) -> Frame:
        """The next frame; each is one WebSocket message."""
        async with asyncio.timeout(20):
            while True:
                data = await self.socket.recv()
                frames = list(self._decoder.feed(data.encode() if isinstance(data, str) else data))
                assert len(frames) <= 1
                if frames:
                    return frames[0]

    async def end(self) -> tuple[int | None, str | None]:
        """Wait for the close frame: its code and reason."""
        async with asyncio.timeout(20):
            await self.socket.wait_closed()
        return self.socket.close_code, self.socket.close_reason


@asynccontextmanager
async def web_peer(url: str, version: str = "1.2", **headers: str) -> AsyncIterator[WebPeer]:
    """A WebSocket on which CONNECT was sent and CONNECTED is yet to be read."""
    async with connect(url, proxy=None, max_size=None) as socket:
        peer = WebPeer(socket, version)
        await peer.send("CONNECT", accept_version=version, **{"host": "h", **headers})
        yield peer
