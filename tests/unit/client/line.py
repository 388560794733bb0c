"""A client on a MemoryTransport, and the server's end of each of its connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pystomp_web as stomp
from pystomp_web.protocol import Decoder, Frame, encode
from pystomp_web.transport.memory import MemoryTransport

FAST = stomp.Backoff(initial=0, jitter=0)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for a condition that nothing announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def turns(count: int = 5) -> None:
    """Let the loop turn a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


class End:
    """The server's end of one connection.

    Attributes:
        transport: for its faults; its `peer` is the client's end.
        frames: what came, CONNECT excepted.
    """

    def __init__(self, transport: MemoryTransport, line: Line) -> None:
        self.transport = transport
        self.frames: list[Frame] = []
        self._line = line
        self._decoder = Decoder("1.2")
        transport.on_data = self._on_data

    @property
    def client(self) -> MemoryTransport:
        """The client's end."""
        assert self.transport.peer is not None
        return self.transport.peer

    def _on_data(self, data: Any) -> None:
        for frame in self._decoder.feed(data):
            if frame.command == "CONNECT":
                self.send("CONNECTED", self._line.connected)
                self._decoder.version = self._line.connected.get("version", "1.0")
            else:
                self.frames.append(frame)
                self._line.answer(self, frame)

    def send(self, command: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send a frame."""
        version = "1.2" if command == "CONNECTED" else self._decoder.version
        self.transport.send(encode(Frame(command, headers, body), version).decode())

    def receipt(self, frame: Frame) -> None:
        """Confirm a frame, if it wants that."""
        if "receipt" in frame.headers:
            self.send("RECEIPT", {"receipt-id": frame.headers["receipt"]})

    def message(self, subscription: str, body: bytes = b"", **headers: str) -> None:
        """A MESSAGE."""
        self.send("MESSAGE", {"subscription": subscription, "message-id": "m", "destination": "/a", **headers}, body)

    def sent(self, command: str) -> list[str]:
        """The bodies of the SENDs, or the destinations of other frames, that came."""
        found = [frame for frame in self.frames if frame.command == command]
        return [frame.body.decode() if command == "SEND" else frame.headers.get("destination", "") for frame in found]


class Line:
    """All connections of one client.

    Args:
        answer: called with (end, frame) for each frame; by default everything is confirmed that wants to be.
        connected: the headers of CONNECTED.
    """

    def __init__(
        self,
        answer: Callable[[End, Frame], None] = End.receipt,
        connected: Mapping[str, str] = {"version": "1.2", "server": "line", "session": "1"},
    ) -> None:
        self.answer = answer
        self.connected = connected
        self.ends: list[End] = []
        self.open = True  # whether connections are taken

    def client(self, **options: Any) -> stomp.Client:
        """A client on this line, not started."""
        options.setdefault("reconnect", FAST)
        options.setdefault("heartbeat", (0, 0))
        return stomp.Client("ws://line.invalid/", transport=MemoryTransport.factory(self._on_connect), **options)

    def _on_connect(self, transport: MemoryTransport) -> None:
        if not self.open:
            raise stomp.ConnectError("the line is closed")
        self.ends.append(End(transport, self))

    @property
    def end(self) -> End:
        """Of the newest connection."""
        return self.ends[-1]
