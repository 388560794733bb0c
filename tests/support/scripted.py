"""A server that does what a script says, connection by connection: it cuts, stalls, splits, floods and half-closes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

from pystomp_web.protocol import Decoder, Frame, encode


class PeerGone(Exception):
    """The client ended the connection while the script wanted something of it."""


class Peer:
    """One connection, from the server's side.

    Attributes:
        number: which connection of the situation it is, from 1.
        shared: what the scripts of one run share.
        offered: the subprotocols that the client asked for.
        received: every frame that came.
        messages: every WebSocket message that came: str for text, bytes for binary.
        beats: how many heart-beats came.
        close_code: what the client closed with, once it did.
        connected: whether CONNECTED was sent by `connect`.
    """

    def __init__(self, request: web.Request, number: int, shared: dict[str, Any]) -> None:
        self.request = request
        self.number = number
        self.shared = shared
        self.offered = [
            name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()
        ]
        self.received: list[Frame] = []
        self.messages: list[str | bytes] = []
        self.beats = 0
        self.close_code: int | None = None
        self.version = "1.2"
        self.connected = False
        self.response: web.StreamResponse | None = None
        self.subscriptions: dict[str, Frame] = {}
        self._socket: web.WebSocketResponse | None = None
        self._decoder = Decoder("1.2")
        self._frames: list[Frame] = []
        self._count = 0

    # The handshake.

    def refuse(self, status: int = 403) -> None:
        """Answer the handshake with this HTTP status."""
        self.response = web.Response(status=status)

    async def open(self, subprotocol: str | None = None) -> None:
        """Answer the handshake: with this subprotocol, with none for "", with the first that was asked for None."""
        chosen = self.offered[:1] if subprotocol is None else [subprotocol] if subprotocol else []
        self._socket = web.WebSocketResponse(protocols=chosen, compress=False, autoclose=False, max_msg_size=0)
        self.response = self._socket
        try:
            await self._socket.prepare(self.request)
        except ConnectionResetError:
            self.response = None
            raise PeerGone(f"the client ended connection {self.number} while it opened") from None

    async def _opened(self) -> web.WebSocketResponse:
        if self._socket is None:
            await self.open()
        assert self._socket is not None
        return self._socket

    # Receiving.

    async def _receive_message(self) -> None:
        socket = await self._opened()
        message = await socket.receive()
        if message.type is WSMsgType.TEXT:
            self.messages.append(message.data)
            data = message.data.encode()
        elif message.type is WSMsgType.BINARY:
            self.messages.append(message.data)
            data = message.data
        else:
            self.close_code = message.data if message.type is WSMsgType.CLOSE else 1006
            if message.type is WSMsgType.CLOSE:
                await socket.close(code=message.data or 1000)
            raise PeerGone(f"the client ended connection {self.number} with {self.close_code}")
        if not data.strip(b"\r\n"):
            self.beats += 1
        for frame in self._decoder.feed(data):
            self._frames.append(frame)
            self.received.append(frame)

    async def receive(self) -> Frame:
        """The next frame."""
        while not self._frames:
            await self._receive_message()
        return self._frames.pop(0)

    async def expect(self, command: str, **headers: str) -> Frame:
        """The next frame, which must be of this command and have these headers (`_` for `-`)."""
        frame = await self.receive()
        assert frame.command == command, f"{frame} came, {command} was due"
        for name, value in headers.items():
            assert frame.headers.get(name.replace("_", "-")) == value, f"{name} of {frame} is not {value!r}"
        if command == "SUBSCRIBE":
            self.subscriptions[frame.headers["destination"]] = frame
        return frame

    async def beat(self) -> None:
        """Wait for one more heart-beat."""
        before = self.beats
        while self.beats == before:
            await self._receive_message()

    async def until_gone(self) -> int:
        """Read on until the client ends the connection; its close code."""
        try:
            while True:
                await self._receive_message()
        except PeerGone:
            return self.close_code or 1006

    async def serve(self) -> None:
        """Be a little broker until the client goes: receipts, and each SEND to the subscriber of its destination."""
        try:
            while True:
                frame = await self.receive()
                if frame.command == "SUBSCRIBE":
                    self.subscriptions[frame.headers["destination"]] = frame
                if "receipt" in frame.headers:
                    await self.receipt(frame)
                if frame.command == "SEND" and frame.headers["destination"] in self.subscriptions:
                    await self.message(frame.headers["destination"], frame.body)
        except PeerGone:
            pass

    # Sending.

    async def connect(self, version: str | None = "1.2", *, heart_beat: str | None = "0,0", **headers: str) -> Frame:
        """Take CONNECT and answer CONNECTED; what the CONNECT was."""
        frame = await self.expect("CONNECT")
        answer: dict[str, str] = {} if version is None else {"version": version}
        answer |= {"server": "scripted/1", "session": f"s-{self.number}"}
        if heart_beat is not None:
            answer["heart-beat"] = heart_beat
        answer |= {name.replace("_", "-"): value for name, value in headers.items()}
        await self.send("CONNECTED", answer)
        self.connected = True
        self.version = version or "1.0"
        self._decoder.version = self.version
        return frame

    async def send(
        self, command: str, headers: Mapping[str, str] | Iterable[tuple[str, str]] = (), body: bytes | str = b""
    ) -> None:
        """Send a frame, as text when it is UTF-8."""
        octets = body.encode() if isinstance(body, str) else body
        await self.send_raw(encode(Frame(command, headers, octets), self.version))

    async def send_raw(self, data: bytes | str) -> None:
        """Send one WebSocket message: text for a str and for what is UTF-8, else binary."""
        socket = await self._opened()
        try:
            text = data if isinstance(data, str) else data.decode()
        except UnicodeDecodeError:
            assert isinstance(data, bytes)
            await self.send_binary(data)
            return
        try:
            await socket.send_str(text)
        except ConnectionResetError:
            raise PeerGone(f"the client ended connection {self.number} while the server wrote") from None

    async def send_binary(self, data: bytes) -> None:
        """Send one binary WebSocket message."""
        socket = await self._opened()
        try:
            await socket.send_bytes(data)
        except ConnectionResetError:
            raise PeerGone(f"the client ended connection {self.number} while the server wrote") from None

    async def receipt(self, frame: Frame) -> None:
        """Answer a frame that wants a receipt."""
        await self.send("RECEIPT", {"receipt-id": frame.headers["receipt"]})

    async def message(self, destination: str, body: bytes | str = b"", **headers: str) -> None:
        """A MESSAGE for the subscription to this destination, which `expect` or `serve` saw."""
        self._count += 1
        subscription = self.subscriptions[destination]
        fields = {
            "subscription": subscription.headers["id"],
            "message-id": f"m-{self.number}-{self._count}",
            "destination": destination,
        }
        if self.version == "1.2" and subscription.headers.get("ack", "auto") != "auto":
            fields["ack"] = f"a-{self.number}-{self._count}"
        await self.send("MESSAGE", fields | {name.replace("_", "-"): value for name, value in headers.items()}, body)

    async def error(self, message: str, frame: Frame | None = None, body: str = "") -> None:
        """An ERROR; for a frame with a receipt it has the receipt-id."""
        headers = {"message": message}
        if frame is not None and "receipt" in frame.headers:
            headers["receipt-id"] = frame.headers["receipt"]
        await self.send("ERROR", headers, body)

    # Ending.

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with a handshake."""
        socket = await self._opened()
        await socket.close(code=code, message=reason.encode(), drain=False)

    def cut(self) -> None:
        """Break the TCP connection off."""
        if self.request.transport is not None:
            self.request.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


class ScriptedServer:
    """Runs scripts: `add` gives the URL at which one listens, and `failures` what went wrong in it."""

    def __init__(self) -> None:
        self._runs: dict[str, tuple[Script, list[BaseException], dict[str, Any]]] = {}
        self._counts: dict[str, int] = {}
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_get("/{run}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert isinstance(site._server, asyncio.Server)
        self.port = site._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Let go of the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    def add(self, script: Script) -> tuple[str, list[BaseException]]:
        """Listen with this script: its URL, and the list that its failures go to."""
        run = f"run-{len(self._runs) + 1}"
        failures: list[BaseException] = []
        self._runs[run] = (script, failures, {})
        return f"ws://127.0.0.1:{self.port}/{run}", failures

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        run = request.match_info["run"]
        if run not in self._runs:
            return web.Response(status=404)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(status=426)
        script, failures, shared = self._runs[run]
        self._counts[run] = self._counts.get(run, 0) + 1
        peer = Peer(request, self._counts[run], shared)
        try:
            await script(peer)
        except asyncio.CancelledError:
            pass
        except Exception as failure:
            # A client that reconnects may be closed meanwhile.
            if peer.connected or peer.number == 1 or not isinstance(failure, PeerGone | ConnectionError):
                failures.append(failure)
        if peer.response is None:
            return web.Response(status=500)
        if isinstance(peer.response, web.WebSocketResponse):
            peer.cut()
        return peer.response
