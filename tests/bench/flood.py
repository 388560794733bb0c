"""A WebSocket server that is no bottleneck: it writes ready-made octets, and counts what it is sent.

At /stomp it speaks just enough STOMP 1.2, at /bare none: the same MESSAGE frames come for a JSON order. Destinations,
and orders: flood (count messages of size octets, like a broker's; at /bare for so many subscriptions), echo (the
message comes back), sink (counted; "end" is answered).
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from pystomp_web.protocol import Decoder, Frame, encode

CHUNK = 256 * 1024


def message(subscription: str, body: bytes, like: str = "") -> bytes:
    """A MESSAGE as RabbitMQ sends it, or as ActiveMQ does, which escapes the colons of each message-id."""
    if like == "activemq":
        headers = {
            "expires": "0",
            "destination": "/topic/flood",
            "subscription": subscription,
            "priority": "4",
            "message-id": "ID:host-36911-1795510432854-3:2:-1:1:10",
            "content-type": "text/plain",
            "timestamp": "1795510678738",
        }
    else:
        headers = {
            "subscription": subscription,
            "message-id": f"T_{subscription}@@session-oVLfGmKEzN0TBHE8@@10",
            "destination": "/topic/flood",
            "content-type": "text/plain",
            "redelivered": "false",
        }
    return encode(Frame("MESSAGE", headers, body), "1.2")


def body_of(size: int, binary: bool) -> bytes:
    """A body of this many octets; a binary one is no UTF-8."""
    return (b"\xff\x00\x80\xfe" * (size // 4 + 1))[:size] if binary else (b"0123456789abcdef" * (size // 16 + 1))[:size]


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self) -> None:
        self._protocol = ServerProtocol(
            select_subprotocol=lambda _, offered: offered[0] if offered else None, max_size=None
        )
        self._decoder = Decoder("1.2", max_frame_size=1 << 40)
        self._stomp = True
        self._waiting: deque[bytes] = deque()
        self._paused = False
        self._count = 0
        self._subscriptions: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._write_more()

    def _write(self, octets: bytes) -> None:
        self._waiting.append(octets)
        self._write_more()

    def _write_more(self) -> None:
        while self._waiting and not self._paused:
            self._transport.write(self._waiting.popleft())

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._stomp = not event.path.startswith("/bare")
                self._protocol.send_response(self._protocol.accept(event))
            elif isinstance(event, WireFrame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                if self._stomp:
                    for frame in self._decoder.feed(bytes(event.data)):
                        self._on_frame(frame)
                else:
                    self._on_bare(bytes(event.data))
        for octets in self._protocol.data_to_send():
            if octets:
                self._write(octets)
            else:
                self._transport.close()

    def _send(self, octets: bytes) -> None:
        self._write(_wire(octets))

    def _on_frame(self, frame: Frame) -> None:
        headers = frame.headers
        if frame.command in ("CONNECT", "STOMP"):
            self._send(encode(Frame("CONNECTED", {"version": "1.2", "server": "flood/1", "session": "1"}), "1.2"))
        elif frame.command == "SUBSCRIBE":
            self._subscriptions.append(headers["id"])
        elif frame.command == "SEND":
            self._count += 1
            kind = headers["destination"].rpartition("/")[2]
            if kind == "flood":
                self._flood(json.loads(frame.body))
            elif kind == "echo":
                self._send(message(self._subscriptions[0], frame.body))
            elif kind == "end":
                self._send(message(self._subscriptions[0], str(self._count).encode()))
                self._count = 0
        if "receipt" in headers:
            self._send(encode(Frame("RECEIPT", {"receipt-id": headers["receipt"]}), "1.2"))

    def _on_bare(self, data: bytes) -> None:
        if data.startswith(b'{"flood"'):
            self._flood(json.loads(data)["flood"])
        elif data.startswith(b"echo"):
            self._send(message("0", data[4:]))
        elif data == b"end":
            self._send(str(self._count).encode())
            self._count = 0
        else:
            self._count += 1

    def _flood(self, order: dict[str, Any]) -> None:
        body = body_of(order["size"], order.get("binary", False))
        ids = self._subscriptions or [f"sub-{number}" for number in range(order.get("subscriptions", 1))]
        ready = _ready(ids[:10_000], body, order.get("like", ""))
        chunk: list[bytes] = []
        size = 0
        for number in range(order["count"]):
            octets = ready[number % len(ready)]
            chunk.append(octets)
            size += len(octets)
            if size >= CHUNK:
                self._waiting.append(b"".join(chunk))
                chunk, size = [], 0
        if chunk:
            self._waiting.append(b"".join(chunk))
        self._write_more()


def _ready(ids: list[str], body: bytes, like: str) -> list[bytes]:
    """A message for each subscription, made quickly: making them is not to be measured."""
    around: dict[int, list[bytes]] = {}  # what is around an id of so many characters
    ready = []
    for id in ids:
        if len(id) not in around:
            stand_in = "~" * len(id)
            frame = message(stand_in, body, like)
            first, *rest = frame.split(stand_in.encode())
            around[len(id)] = [_wire(frame)[: -len(frame)] + first, *rest]
        ready.append(id.encode().join(around[len(id)]))
    return ready


def _wire(octets: bytes) -> bytes:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return WireFrame(Opcode.BINARY, octets).serialize(mask=False)
    return WireFrame(Opcode.TEXT, octets).serialize(mask=False)


async def listen() -> asyncio.Server:
    """Listen on a free port of 127.0.0.1."""
    return await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
