"""NativeTransport against real servers of `websockets`, and against broken ones on raw sockets."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Response
from websockets.utils import accept_key

from pystomp_web.errors import ConnectError
from pystomp_web.transport.native import NativeTransport
from tests.support.asynctests import run_async

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Heard:
    """What a transport delivered."""

    def __init__(self, transport: NativeTransport) -> None:
        self.items: list[bytes] = []
        self.ends: list[tuple[int, str, bool]] = []
        self.hook: Callable[[bytes], None] = lambda _data: None
        self._changed = asyncio.Event()
        transport.on_data = self._on_data
        transport.on_close = self._on_close

    def _on_data(self, data: Any) -> None:
        assert not self.ends
        self.items.append(bytes(data))
        self._changed.set()
        self.hook(self.items[-1])

    def _on_close(self, code: int, reason: str, clean: bool) -> None:
        self.ends.append((code, reason, clean))
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def end(self) -> tuple[int, str, bool]:
        await self.until(lambda: bool(self.ends))
        return self.ends[0]


@pytest.fixture(scope="module")
def certificate() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of a server for localhost and 127.0.0.1, and of a client that trusts it."""
    file = Path(__file__).with_name("localhost.pem")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


@asynccontextmanager
async def server_of(handler: Callable[[ServerConnection], Awaitable[None]], **options: Any) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, close_timeout=0.5, **options) as server:
        yield f"{'wss' if 'ssl' in options else 'ws'}://127.0.0.1:{port_of(server)}"


def port_of(server: Server | asyncio.Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


@asynccontextmanager
async def raw_server(handler: Handler) -> AsyncIterator[str]:
    """A TCP server whose handler gets each connection as it is, and must have ended when the test does."""
    tasks: list[asyncio.Task[None]] = []

    async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(reader, writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(serve_one(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{port_of(server)}"
        await asyncio.gather(*tasks)


async def shake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *headers: str) -> None:
    """The server's part of the opening handshake."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    fields = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_key(fields['Sec-WebSocket-Key'])}",
        *headers,
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())


def frame(opcode: int, data: bytes, *, fin: bool = True) -> bytes:
    """A frame as a server sends it."""
    size = bytes([len(data)]) if len(data) < 126 else bytes([126]) + struct.pack("!H", len(data))
    return bytes([(0x80 if fin else 0) | opcode]) + size + data


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """A short frame of the client: opcode and unmasked payload."""
    first, size = await reader.readexactly(2)
    mask = await reader.readexactly(4)
    data = await reader.readexactly(size & 0x7F)
    return first & 0x0F, bytes(octet ^ mask[index % 4] for index, octet in enumerate(data))


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def closed(reader: asyncio.StreamReader) -> None:
    """Until the client has closed its side."""
    with suppress(ConnectionError):
        await reader.read()


@pytest.mark.parametrize("joined", [True, False])
async def test_text_and_binary_there_and_back(joined: bool) -> None:
    async with server_of(echo, subprotocols=["v12.stomp"]) as url:
        transport = NativeTransport(f"{url}/stomp", ("v12.stomp", "v11.stomp"))
        transport.joined = joined
        heard = Heard(transport)
        transport.send("not open: nothing happens")
        assert (transport.subprotocol, transport.buffered) == ("", 0)
        transport.pause()
        transport.resume()
        transport.drain()
        transport.close()
        await transport.open()
        assert transport.subprotocol == "v12.stomp"
        transport.send("grüße\ud800")
        transport.send(bytes(range(256)))
        transport.send("x" * 300_000)
        await heard.until(lambda: sum(map(len, heard.items)) == 10 + 256 + 300_000)
        assert b"".join(heard.items) == "grüße\ufffd".encode() + bytes(range(256)) + b"x" * 300_000
        transport.close()
        transport.close()
        transport.send("closed: nothing happens")
        assert heard.ends == []


async def test_what_the_handshake_says() -> None:
    async def check(connection: ServerConnection) -> None:
        assert connection.request is not None
        headers = connection.request.headers
        await connection.send("|".join([headers["Authorization"], headers["Origin"], connection.request.path]))
        assert "Sec-WebSocket-Extensions" not in headers

    async with server_of(check) as url:
        headers = {"Authorization": "Basic eDp5"}
        transport = NativeTransport(f"{url}/a?b=c", additional_headers=headers, origin="https://page.invalid")
        heard = Heard(transport)
        await transport.open()
        assert await heard.end() == (1000, "", True)
        assert heard.items == [b"Basic eDp5|https://page.invalid|/a?b=c"]


def test_a_header_cannot_smuggle_another() -> None:
    with pytest.raises(ValueError, match="line end"):
        NativeTransport("ws://h/", additional_headers={"X": "a\r\nY: b"})


async def test_what_comes_with_the_handshake_waits_for_open() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake(reader, writer)
        writer.write(frame(1, b"early") + frame(8, struct.pack("!H", 4000) + b"bye"))
        await closed(reader)

    async with raw_server(handler) as url:
        transport = NativeTransport(url)
        heard = Heard(transport)
        await transport.open()
        assert (heard.items, heard.ends) == ([], [])
        assert await heard.end() == (4000, "bye", True)
        assert heard.items == [b"early"]


@pytest.mark.parametrize("joined", [True, False])
async def test_fragments_and_pings(joined: bool) -> None:
    pongs: list[tuple[int, bytes]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake(reader, writer)
        euro = "€".encode()
        writer.write(frame(1, b"a" + euro[:1], fin=False) + frame(9, b"ping") + frame(0, euro[1:], fin=False))
        writer.write(frame(0, b"") + frame(10, b"") + frame(2, b"\xff", fin=False) + frame(0, b"\xfe"))
        writer.write(frame(1, b"") + frame(8, b""))
        pongs.append(await read_frame(reader))
        await closed(reader)

    async with raw_server(handler) as url:
        transport = NativeTransport(url)
        transport.joined = joined
        heard = Heard(transport)
        await transport.open()
        assert await heard.end() == (1005, "", True)
        euro = "€".encode()
        expected = [b"a" + euro[:1], euro[1:], b"\xff", b"\xfe"] if joined else [b"a" + euro, b"\xff\xfe", b""]
        assert heard.items == expected
    assert pongs == [(10, b"ping")]


@pytest.mark.parametrize(
    ("octets", "code", "reason"),
    [
        (frame(1, b"\xc3("), 1007, "the server sent text that is not UTF-8"),
        (frame(1, b"\xe2\x82", fin=False) + frame(0, b"x"), 1007, "the server sent text that is not UTF-8"),
        (frame(1, b"\xe2\x82"), 1007, "the server sent text that is not UTF-8"),
        (frame(3, b""), 1002, "invalid opcode"),
        (frame(0, b""), 1002, "unexpected continuation frame"),
        (frame(2, bytes(200)), 1009, ""),
    ],
    ids=["text", "fragments", "cut", "opcode", "continuation", "size"],
)
async def test_breaches_of_the_protocol(octets: bytes, code: int, reason: str) -> None:
    answers: list[tuple[int, bytes]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake(reader, writer)
        writer.write(frame(1, b"good") + octets + frame(1, b"behind it"))
        answers.append(await read_frame(reader))

    async with raw_server(handler) as url:
        transport = NativeTransport(url, max_size=100)
        heard = Heard(transport)
        await transport.open()
        end = await heard.end()
        assert (end[0], end[2]) == (1006, False)
        assert reason in end[1]
        assert heard.items[0] == b"good"
        assert b"behind it" not in heard.items
        transport.close()
    assert answers[0][0] == 8
    assert struct.unpack("!H", answers[0][1][:2]) == (code,)
    assert len(heard.ends) == 1


@pytest.mark.parametrize("how", ["eof", "half-close", "reset", "amid a frame"])
async def test_the_connection_breaks(how: str) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake(reader, writer)
        writer.write(frame(1, b"last"))
        await read_frame(reader)
        if how == "half-close":
            writer.write_eof()
            await closed(reader)
        elif how == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == "amid a frame":
            writer.write(frame(1, b"never whole")[:-1])

    async with raw_server(handler) as url:
        transport = NativeTransport(url)
        heard = Heard(transport)
        await transport.open()
        await heard.until(lambda: bool(heard.items))
        transport.send("x")
        assert await heard.end() == (1006, "", False)
        assert heard.items == [b"last"]
        transport.send("nobody hears it")
        transport.close()
        assert transport.buffered == 0


async def test_1000_messages_and_then_the_close() -> None:
    async def handler(connection: ServerConnection) -> None:
        for index in range(1000):
            await connection.send(f"{index}\n")
        await connection.close(4001, "ende")

    async with server_of(handler) as url:
        transport = NativeTransport(url)
        heard = Heard(transport)
        await transport.open()
        assert await heard.end() == (4001, "ende", True)
        assert b"".join(heard.items).split() == [b"%d" % index for index in range(1000)]


async def test_pause_and_resume() -> None:
    async def handler(connection: ServerConnection) -> None:
        for index in range(300):
            await connection.send(f"{index}\n")

    async with server_of(handler) as url:
        transport = NativeTransport(url)
        heard = Heard(transport)
        paused = False

        def stop(_data: bytes) -> None:
            nonlocal paused
            assert not paused
            paused = True
            transport.pause()
            transport.drain()
            asyncio.get_running_loop().call_soon(go)

        def go() -> None:
            nonlocal paused
            transport.drain()
            paused = False
            transport.resume()
            transport.drain()

        heard.hook = stop
        await transport.open()
        assert await heard.end() == (1000, "", True)
        assert b"".join(heard.items).split() == [b"%d" % index for index in range(300)]


async def test_pause_again_before_the_resume_took_effect() -> None:
    async with server_of(echo) as url:
        transport = NativeTransport(url)
        heard = Heard(transport)
        await transport.open()
        transport.pause()
        transport.send("x")
        transport.resume()
        transport.pause()
        await asyncio.sleep(0)
        assert heard.items == []
        transport.resume()
        await heard.until(lambda: heard.items == [b"x"])
        transport.pause()
        transport.close()


async def test_close_within_a_delivery() -> None:
    codes: asyncio.Queue[tuple[int | None, str | None]] = asyncio.Queue()

    async def handler(connection: ServerConnection) -> None:
        for _ in range(100):
            await connection.send("x")
        await connection.wait_closed()
        await codes.put((connection.close_code, connection.close_reason))

    async with server_of(handler) as url:
        transport = NativeTransport(url)
        heard = Heard(transport)
        heard.hook = lambda _data: transport.close(3000, "é" * 100)
        await transport.open()
        assert await codes.get() == (3000, "é" * 61)
        assert (heard.items, heard.ends) == ([b"x"], [])


async def test_an_exception_of_the_receiver_goes_to_the_loop() -> None:
    reported: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context["exception"]))

    async with server_of(echo) as url:
        transport = NativeTransport(url)
        heard = Heard(transport)

        def fail(_data: bytes) -> None:
            raise LookupError("on purpose")

        heard.hook = fail
        await transport.open()
        transport.send("a")
        transport.send("b")
        await heard.until(lambda: len(heard.items) == 2)
        transport.close()
    assert [type(error) for error in reported] == [LookupError] * 2


async def test_what_is_not_yet_sent() -> None:
    read = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await read.wait()
        await connection.recv()
        await connection.send("got it")

    async with server_of(handler, max_size=None) as url:
        transport = NativeTransport(url)
        heard = Heard(transport)
        await transport.open()
        transport.send(bytes(32 << 20))
        assert transport.buffered > 1 << 20
        read.set()
        await heard.until(lambda: bool(heard.items))
        assert transport.buffered == 0
        transport.close()


async def test_a_peer_that_never_answers_the_close_is_let_go() -> None:
    """Nor reads: the write buffer never empties."""
    gone = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake(reader, writer)
        await gone.wait()

    async with raw_server(handler) as url:
        transport = NativeTransport(url)
        await transport.open()
        assert transport._connection is not None
        transport.send(bytes(32 << 20))
        transport.close()
        await transport._connection._gone.wait()
        gone.set()


@pytest.mark.parametrize("tls", [False, True])
def test_the_end_of_the_loop_leaves_no_socket(tls: bool, certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    """Warnings are errors here, ResourceWarning too."""
    transports: list[NativeTransport] = []

    async def main() -> None:
        release = asyncio.Event()

        async def never_closes(_connection: ServerConnection) -> None:
            await release.wait()

        server_context, client_context = certificate
        options = {"ssl": server_context} if tls else {}
        async with server_of(never_closes, **options) as url:
            transport = NativeTransport(url, ssl=client_context if tls else None)
            transports.append(transport)
            await transport.open()
            transport.close()
            release.set()

    run_async(main, {})
    gc.collect()
    assert transports[0]._connection is not None
    assert transports[0]._connection._gone.is_set()


def test_a_close_right_before_the_end_of_the_loop() -> None:
    accepted: list[socket.socket] = []

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            loop = asyncio.get_running_loop()
            transport = NativeTransport(f"ws://127.0.0.1:{listening.getsockname()[1]}/")
            opening = asyncio.create_task(transport.open())
            peer, _address = await loop.sock_accept(listening)
            accepted.append(peer)
            request = (await loop.sock_recv(peer, 65536)).decode()
            key = request.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
            await loop.sock_sendall(
                peer,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode(),
            )
            await opening
            transport.close()

    run_async(main, {})
    gc.collect()
    with accepted[0] as peer:
        peer.setblocking(True)
        assert peer.recv(100)[0] == 0x88
        assert peer.recv(100) == b""


# ------------------------------------------------------------------------------------------- opening that fails


async def refusal(url: str, subprotocols: tuple[str, ...] = (), **options: Any) -> ConnectError:
    transport = NativeTransport(url, subprotocols, **options)
    heard = Heard(transport)
    with pytest.raises(ConnectError) as caught:
        await transport.open()
    transport.close()
    await asyncio.sleep(0)
    assert heard.ends == []
    assert "secret" not in str(caught.value)
    return caught.value


async def test_nothing_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        error = await refusal(f"ws://127.0.0.1:{port}/x?token=secret")
        assert str(error) == f"no WebSocket connection to ws://127.0.0.1:{port}/x: nothing listens on 127.0.0.1:{port}"
        assert "nothing listens" in (await refusal(f"ws://localhost:{port}/")).diagnosis


async def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    assert (await refusal("ws://nowhere.invalid/")).diagnosis == "the name of nowhere.invalid:80 is not known"


@pytest.mark.parametrize("url", ["http://h/", "ws://", "ws://h:99999/", "x"])
async def test_no_url(url: str) -> None:
    assert (await refusal(url)).diagnosis == "this is no ws or wss URL"


async def test_the_server_refuses() -> None:
    for status, body, end in ((403, "go away\nnow", ": go away"), (404, "", "")):

        def refuse(connection: ServerConnection, _request: object, status: int = status, body: str = body) -> Response:
            return connection.respond(status, body)

        async with server_of(echo, process_request=refuse) as url:
            error = await refusal(url)
        assert error.diagnosis == f"the server answered HTTP {status} to the WebSocket handshake{end}"


@pytest.mark.parametrize(
    ("asked", "header", "words"),
    [
        (("v12.stomp",), None, "chose none of the subprotocols"),
        (("v12.stomp",), "v10.stomp", "unsupported subprotocol: v10.stomp"),
        ((), "v12.stomp", "no subprotocols supported"),
    ],
)
async def test_the_server_does_not_keep_to_the_subprotocols(
    asked: tuple[str, ...], header: str | None, words: str
) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await shake(reader, writer, *([f"Sec-WebSocket-Protocol: {header}"] if header else []))
        writer.write(frame(1, b"never seen"))
        await closed(reader)

    async with raw_server(handler) as url:
        assert words in (await refusal(url, asked)).diagnosis


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed the connection before it answered"),
        (b"SSH-2.0-OpenSSH\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "Connection header"),
        (b"\0\r\n", "does not speak HTTP"),
    ],
    ids=["nothing", "SSH", "no upgrade", "NULs"],
)
async def test_what_answers_is_no_websocket(answer: bytes, words: str) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if answer:
            await closed(reader)

    async with raw_server(handler) as url:
        assert words in (await refusal(url)).diagnosis


async def test_tls(certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server_context, client_context = certificate
    async with server_of(echo, ssl=server_context) as url:
        transport = NativeTransport(url, ssl=client_context)
        heard = Heard(transport)
        await transport.open()
        transport.send("x")
        await heard.until(lambda: heard.items == [b"x"])
        transport.close()
        assert "TLS failed" in (await refusal(url)).diagnosis


@pytest.mark.parametrize("how", ["cancel", "close"])
async def test_open_is_given_up_while_it_connects(how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        transport = NativeTransport(f"ws://127.0.0.1:{listening.getsockname()[1]}/")
        opening = asyncio.create_task(transport.open())
        await asyncio.sleep(0)
        await give_up(transport, opening, how)


@pytest.mark.parametrize("how", ["cancel", "close"])
async def test_open_is_given_up_while_it_shakes_hands(how: str) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await closed(reader)
        gone.set()

    async with raw_server(handler) as url:
        transport = NativeTransport(url)
        opening = asyncio.create_task(transport.open())
        await asked.wait()
        await give_up(transport, opening, how)
        await gone.wait()


async def give_up(transport: NativeTransport, opening: asyncio.Task[None], how: str) -> None:
    if how == "cancel":
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    else:
        transport.close()
        with pytest.raises(ConnectError, match="closed while it opened"):
            await opening
    transport.close()


def test_without_the_package_websockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pystomp_web.transport.native")
    monkeypatch.setitem(sys.modules, "websockets.client", None)
    with pytest.raises(ImportError, match=r"pip install pystomp-web\[native\]"):
        __import__("pystomp_web.transport.native")
