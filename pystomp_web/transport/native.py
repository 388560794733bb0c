"""The WebSocket of CPython: the sans-I/O protocol of `websockets` in an asyncio.Protocol, without a task between."""

from __future__ import annotations

import asyncio
import codecs
import errno
import socket
import ssl as ssl_module
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from ..errors import ConnectError
from .base import Transport, address, close_reason, encode_text, report

try:
    from websockets.client import ClientProtocol
    from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI, NegotiationError
    from websockets.frames import Frame, Opcode
    from websockets.http11 import Response
    from websockets.protocol import OPEN
    from websockets.typing import Origin, Subprotocol
    from websockets.uri import parse_uri
except ImportError as error:
    raise ImportError(
        "outside a browser a WebSocket needs the package websockets: pip install pystomp-web[native]"
    ) from error

_LINGER = 1.0
_End: TypeAlias = tuple[int, str, bool]


class NativeTransport(Transport):
    """A WebSocket on CPython, ws and wss, as strict about subprotocols as a browser.

    Pings are answered, nothing is compressed. Text that is not UTF-8 and other breaches of RFC 6455 end the connection
    as in a browser: a close frame (1007, 1002) goes out, and `on_close` gets 1006 with what was wrong as reason.

    Args:
        url: ws or wss.
        subprotocols: asked for; then the server must choose one of them.
        additional_headers: of the handshake request, Authorization for one.
        ssl: for wss; None verifies against the system's certificates.
        origin: the Origin header, which a browser sends by itself.
        max_size: octets of the largest WebSocket message taken; None takes any.

    Raises:
        ValueError: a header would break the request.
    """

    def __init__(
        self,
        url: str,
        subprotocols: Sequence[str] = (),
        *,
        additional_headers: Mapping[str, str] | None = None,
        ssl: ssl_module.SSLContext | None = None,
        origin: str | None = None,
        max_size: int | None = 64 * 2**20,
    ) -> None:
        super().__init__(url, subprotocols)
        self._headers = dict(additional_headers or {})
        for name, value in self._headers.items():
            if not {"\r", "\n", "\0"}.isdisjoint(name + value):
                raise ValueError(f"the HTTP header {name!r} holds a line end or NUL")
        self._ssl = ssl
        self._origin = origin
        self._max_size = max_size
        self._connection: _Connection | None = None

    async def open(self) -> None:
        """Connect, and shake hands.

        Raises:
            ConnectError: with a `diagnosis`: the name is unknown, nothing listens, TLS failed, or what the server
                answered.
        """
        message = f"no WebSocket connection to {address(self.url)}"
        try:
            uri = parse_uri(self.url)
        except (InvalidURI, ValueError) as error:
            raise ConnectError(message, diagnosis="this is no ws or wss URL") from error
        protocol = ClientProtocol(
            uri,
            origin=cast("Origin | None", self._origin),
            subprotocols=[cast("Subprotocol", name) for name in self.subprotocols] or None,
            max_size=self._max_size,
        )
        connection = _Connection(self, protocol, self._headers)
        context = (self._ssl or ssl_module.create_default_context()) if uri.secure else None
        loop = asyncio.get_running_loop()
        self._connection = connection
        try:
            await loop.create_connection(lambda: connection, uri.host, uri.port, ssl=context)
            await connection.shaken
        except BaseException as error:
            connection.abort()
            if isinstance(error, (OSError, InvalidHandshake)):
                raise ConnectError(message, diagnosis=_diagnose(error, f"{uri.host}:{uri.port}")) from error
            raise
        connection.start()

    def send(self, data: str | bytes) -> None:
        """Send one message."""
        if self._connection is not None:
            self._connection.send(data)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send the close frame. The socket goes when the peer has answered, at the latest a second later."""
        if self._connection is not None:
            self._connection.close(code, close_reason(reason))

    @property
    def buffered(self) -> int:
        """Octets in asyncio's write buffer; those in the kernel's are with the network."""
        return self._connection.buffered if self._connection is not None else 0

    @property
    def subprotocol(self) -> str:
        """What the server chose, or ""."""
        return self._connection.protocol.subprotocol or "" if self._connection is not None else ""

    def pause(self) -> None:
        """Stop reading; the kernel's buffer fills, and the peer notices. Pings wait for their answer."""
        if self._connection is not None:
            self._connection.pause()

    def resume(self) -> None:
        """Go on in a later turn of the loop."""
        if self._connection is not None:
            self._connection.resume()

    def drain(self) -> None:
        """Deliver what was read already; what the kernel holds comes with the loop's next turn."""
        if self._connection is not None:
            self._connection.deliver()


class _Connection(asyncio.Protocol):
    """From the socket's event to `on_data`."""

    def __init__(self, owner: NativeTransport, protocol: ClientProtocol, headers: Mapping[str, str]) -> None:
        self.protocol = protocol
        self.shaken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owner = owner
        self._headers = headers
        self._socket: asyncio.Transport | None = None
        self._gone = asyncio.Event()
        self._linger: asyncio.Task[None] | None = None
        self._waiting: deque[bytes | _End] = deque()
        self._message: list[bytes] = []
        self._decoder: codecs.IncrementalDecoder | None = None
        self._held = True  # until open() has returned, and by pause()
        self._delivering = False
        self._receiving = True  # until the end is among what waits
        self._ended = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast("asyncio.Transport", transport)
        if self._ended:
            self._socket.abort()
            return
        request = self.protocol.connect()
        for name, value in self._headers.items():
            request.headers[name] = value
        self.protocol.send_request(request)
        self._write()

    def data_received(self, data: bytes) -> None:
        if not self._receiving:
            # The end is known; of a closing handshake only the peer's close frame is missing.
            self.protocol.receive_data(data)
            self.protocol.events_received()
            self._write()
            if self.protocol.close_rcvd is not None:
                self._close_socket()
            return
        self.protocol.receive_data(data)
        self._write()
        for event in self.protocol.events_received():
            if isinstance(event, Response):
                self._shake()
            else:
                self._take(cast("Frame", event))
        self._check()
        self.deliver()

    def eof_received(self) -> None:
        self.protocol.receive_eof()
        self._check()
        self._end((1006, "", False))
        self.deliver()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self.protocol.receive_eof()
        self._check()
        if not self.shaken.done():
            self.shaken.set_exception(exc or ConnectionResetError("the connection was closed during the handshake"))
        self._end((1006, "", False))
        self.deliver()

    # What the transport calls.

    def start(self) -> None:
        """Deliver, from the next turn of the loop on."""
        self.resume()

    def send(self, data: str | bytes) -> None:
        if self.protocol.state is not OPEN or not self._receiving:
            return
        if isinstance(data, str):
            self.protocol.send_text(encode_text(data))
        else:
            self.protocol.send_binary(data)
        self._write()

    def close(self, code: int, reason: str) -> None:
        if self._ended:
            return
        if not self.shaken.done() or self.shaken.exception() is not None:
            self.abort(ConnectionAbortedError("the transport was closed while it opened"))
            return
        self._ended = True
        self._waiting.clear()
        if self._receiving:
            self._receiving = False
            if self.protocol.state is OPEN:
                self.protocol.send_close(code, reason)
                self._write()
        if self._socket is not None and not self._socket.is_closing():
            self._socket.resume_reading()
        self._let_go()

    def abort(self, error: Exception | None = None) -> None:
        """Drop the socket of an attempt that failed, or fails herewith."""
        self._ended = True
        self._receiving = False
        if not self.shaken.done():
            if error is not None:
                self.shaken.set_exception(error)
            else:
                self.shaken.cancel()
        elif not self.shaken.cancelled():
            self.shaken.exception()  # whether or not someone waits for it
        if self._socket is not None:
            self._socket.abort()

    @property
    def buffered(self) -> int:
        return self._socket.get_write_buffer_size() if self._socket is not None and not self._gone.is_set() else 0

    def pause(self) -> None:
        self._held = True
        if self._socket is not None and not self._socket.is_closing():
            self._socket.pause_reading()

    def resume(self) -> None:
        self._held = False
        asyncio.get_running_loop().call_soon(self._go_on)

    def deliver(self) -> None:
        """Hand over what waits, until paused or ended."""
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting and not self._held and not self._ended:
                item = self._waiting.popleft()
                try:
                    if isinstance(item, bytes):
                        self._owner.on_data(item)
                    else:
                        self._ended = True
                        self._owner.on_close(*item)
                except Exception as error:
                    report(error)
        finally:
            self._delivering = False

    # Inside.

    def _shake(self) -> None:
        if self.protocol.handshake_exc is not None or self.shaken.done():
            return
        if self._owner.subprotocols and not self.protocol.subprotocol:
            self.shaken.set_exception(NegotiationError("the server chose none of the subprotocols"))
        else:
            self.shaken.set_result(None)

    def _go_on(self) -> None:
        if self._held:
            return
        self.deliver()
        if not self._held and self._socket is not None and not self._socket.is_closing():
            self._socket.resume_reading()

    def _write(self) -> None:
        assert self._socket is not None
        for data in self.protocol.data_to_send():
            if data and not self._socket.is_closing():
                self._socket.write(data)
            # An empty one asks for a half-close; the socket is closed whole, in _close_socket or by the linger.

    def _take(self, frame: Frame) -> None:
        """Put a frame's octets among what waits."""
        if not self._receiving:
            return
        if frame.opcode is Opcode.CLOSE:
            close = self.protocol.close_rcvd
            self._end((close.code, close.reason, True) if close is not None else (1005, "", True))
            self._close_socket()
            return
        if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            return
        data = bytes(frame.data)
        if frame.opcode is Opcode.TEXT:
            self._decoder = codecs.getincrementaldecoder("utf-8")()
        if self._decoder is not None:
            try:
                self._decoder.decode(data, frame.fin)
            except UnicodeDecodeError as error:
                self.protocol.fail(1007, close_reason(str(error.reason)))
                self._write()
                self._end((1006, "the server sent text that is not UTF-8", False))
                return
        if frame.fin:
            self._decoder = None
        if self._owner.joined:
            if data:
                self._waiting.append(data)
            return
        self._message.append(data)
        if frame.fin:
            self._waiting.append(b"".join(self._message))
            self._message.clear()

    def _check(self) -> None:
        """Act on what the protocol found wrong."""
        if self.protocol.handshake_exc is not None and not self.shaken.done():
            self.shaken.set_exception(self.protocol.handshake_exc)
        wrong = self.protocol.parser_exc
        if wrong is not None and not isinstance(wrong, EOFError):
            self._end((1006, close_reason(str(wrong)), False))

    def _end(self, end: _End) -> None:
        if self._receiving:
            self._receiving = False
            self._waiting.append(end)
            self._let_go()

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _let_go(self) -> None:
        """See to it that the socket goes, also when the peer does nothing or the loop ends first."""
        if self._socket is None or self._gone.is_set() or self._linger is not None:
            return
        try:
            self._linger = asyncio.get_running_loop().create_task(self._wait_for_the_end(self._socket))
        except RuntimeError:  # no loop runs any more
            self._socket.abort()

    async def _wait_for_the_end(self, transport: asyncio.Transport) -> None:
        # A task, since the end of asyncio.run cancels it: the socket then goes with the loop.
        try:
            async with asyncio.timeout(_LINGER):
                await self._gone.wait()
        except TimeoutError:
            pass
        finally:
            if not self._gone.is_set():
                transport.abort()


def _diagnose(error: Exception, place: str) -> str:
    """In words, why there is no connection."""
    if isinstance(error, socket.gaierror):
        return f"the name of {place} is not known"
    if isinstance(error, ssl_module.SSLError):
        return f"TLS failed: {getattr(error, 'verify_message', '') or error.reason or error}"
    if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return f"nothing listens on {place}"
    if isinstance(error, InvalidStatus):
        response = error.response
        body = bytes(response.body or b"").decode("utf-8", "replace").strip()
        text = f"the server answered HTTP {response.status_code} to the WebSocket handshake"
        return f"{text}: {body.splitlines()[0][:200]}" if body else text
    if isinstance(error, InvalidMessage):
        if isinstance(error.__cause__, EOFError):
            return "the server closed the connection before it answered the handshake"
        return "what answered does not speak HTTP"
    return str(error) or type(error).__name__
