"""The gateway, between scripted brokers on real sockets and WebSocket clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from pystomp_web.protocol import Decoder
from pystomp_web.server.config import BrokerLimits, ServerConfig
from pystomp_web.server.gateway import ConnectEditor, Gateway
from pystomp_web.server.serving import serving

CONNECT = b"CONNECT\naccept-version:1.2\nhost:page\n\n\0"
CONNECTED = b"CONNECTED\nversion:1.2\n\n\0"
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@asynccontextmanager
async def joined(
    script: Script, *, vhost: str | None = None, limits: BrokerLimits | None = None
) -> AsyncIterator[ClientConnection]:
    """A WebSocket through the gateway to a broker that runs the script and closes."""
    done: list[asyncio.Task[None]] = []

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done.append(asyncio.ensure_future(run(reader, writer)))

    broker = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = broker.sockets[0].getsockname()[1]
    config = ServerConfig(broker=f"tcp://127.0.0.1:{port}", vhost=vhost, limits=limits or BrokerLimits())
    async with (
        asyncio.timeout(30),
        serving(config) as server,
        connect(server.socket_url, proxy=None, max_size=None) as page,
    ):
        yield page
        await page.close()
        await asyncio.gather(*done)
    broker.close()


async def rest(page: ClientConnection) -> bytes:
    """What comes until the end."""
    octets = b""
    with contextlib.suppress(ConnectionClosedError):  # every code but 1000 and 1001
        async for data in page:
            octets += data.encode() if isinstance(data, str) else data
    return octets


async def end(page: ClientConnection) -> tuple[int | None, str | None]:
    await rest(page)
    return page.close_code, page.close_reason


async def test_octets_pass_unchanged_both_ways() -> None:
    got = bytearray()
    frames = [
        CONNECTED,
        b"MESSAGE\nraw:a:b\nraw2:\\:\n\ngr\xc3\xbc\xc3\x9fe\0",
        b"MESSAGE\r\ncontent-length:3\r\n\r\n\0\xff\0\0",
    ]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.readuntil(b"end\0"))
        writer.write(b"\n".join(frames) + b"\n")
        await reader.readuntil(b"beat")
        writer.write(b"\n")
        await reader.read()

    async with joined(script) as page:
        await page.send(CONNECT.decode())
        await page.send(b"SEND\ndest")
        await page.send(b"ination:/queue/a\n\n\xffend\0")
        assert await page.recv() == frames[0].decode()
        assert await page.recv() == frames[1].decode()
        assert await page.recv() == frames[2]
        await page.send("beat")
        assert await page.recv() == "\n"
    assert bytes(got) == CONNECT + b"SEND\ndestination:/queue/a\n\n\xffend\0"


async def test_the_brokers_end_ends_the_page() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\0")
        writer.write(CONNECTED)

    async with joined(script) as page:
        await page.send(CONNECT.decode())
        assert await page.recv() == CONNECTED.decode()
        assert await end(page) == (1000, "the broker closed the connection")


async def test_the_pages_end_ends_the_broker_behind_its_last_words() -> None:
    last = asyncio.get_running_loop().create_future()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        last.set_result(await reader.read())

    async with joined(script) as page:
        await page.send("DISCONNECT\n\n\0")
        await page.close()
        assert await last == b"DISCONNECT\n\n\0"


async def test_a_page_that_breaks_off_ends_the_broker() -> None:
    last = asyncio.get_running_loop().create_future()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        last.set_result(await reader.read())

    async with joined(script) as page:
        await page.send("x")
        page.transport.abort()
        assert await last in (b"x", b"")


async def test_a_websocket_message_that_is_too_large_ends_both_sides() -> None:
    last = asyncio.get_running_loop().create_future()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        last.set_result(await reader.read())

    async with joined(script, limits=BrokerLimits(max_frame_size=1000)) as page:
        await page.send("x" * 200_000)
        assert (await end(page))[0] == 1009
        assert await last == b""


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (b"", "Broker lost: the broker closed the connection before it had said anything"),
        (b"\n", "Broker lost: the broker closed the connection before it had said anything"),
        (CONNECTED + b"MESS", "Broker lost: the broker closed the connection amid a frame"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "Not a STOMP broker: tcp://127.0.0.1:"),
        (CONNECTED + b"AMQP\0", "Not a STOMP broker: tcp://127.0.0.1:"),
    ],
)
async def test_the_page_is_told_what_is_wrong(said: bytes, message: str) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with joined(script) as page:
        *_, error = Decoder("1.0").feed(await rest(page))
        assert error.command == "ERROR"
        assert message.startswith(f"{error.headers['message']}: ")
        assert error.headers["content-type"] == "text/plain"
        assert page.close_code == 1011
        assert (page.close_reason or "").startswith(message)


async def test_a_connection_that_breaks() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONNECTED)
        await reader.readuntil(b"x")
        # RST rather than FIN: close with linger 0.
        writer.get_extra_info("socket").setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")

    async with joined(script) as page:
        await page.recv()
        await page.send("x")
        code, reason = await end(page)
        assert code == 1011
        assert reason == "Broker lost: the connection to the broker broke (Connection reset by peer)"


async def test_a_broker_that_is_not_there(unused_port: int) -> None:
    config = ServerConfig(broker=f"tcp://127.0.0.1:{unused_port}")
    async with asyncio.timeout(20), serving(config) as server, connect(server.socket_url, proxy=None) as page:
        (error,) = Decoder("1.0").feed(str(await page.recv()).encode())
        detail = f"nothing answers at tcp://127.0.0.1:{unused_port} (Connection refused)"
        assert error.command == "ERROR"
        assert error.headers["message"] == "Broker not reachable"
        assert error.body == f"{detail}\n".encode()
        assert await end(page) == (1011, f"Broker not reachable: {detail}")


async def test_a_broker_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio, "open_connection", never)
    config = ServerConfig(broker="tcp://127.0.0.1:9", limits=BrokerLimits(connect_timeout=0.01))
    async with asyncio.timeout(20), serving(config) as server, connect(server.socket_url, proxy=None) as page:
        reason = "Broker not reachable: nothing answers at tcp://127.0.0.1:9 (no answer in time)"
        assert await end(page) == (1011, reason)


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_page_that_does_not_read_stops_the_broker() -> None:
    message = b"MESSAGE\ncontent-length:50000\n\n" + b"x" * 50_000 + b"\0"
    stalled = asyncio.Event()
    go = asyncio.Event()
    total = 2000

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CONNECTED)
        sent = 0
        while sent < total:
            writer.write(message)
            sent += 1
            try:
                await asyncio.wait_for(writer.drain(), None if stalled.is_set() else 1)
            except TimeoutError:
                stalled.set()
        await go.wait()

    async with joined(script) as page:
        await page.recv()
        page.transport.pause_reading()
        await stalled.wait()  # 100 MB do not fit into the buffers between: the broker had to wait
        page.transport.resume_reading()
        for _ in range(total):
            assert len(await page.recv()) == len(message)
        go.set()


async def test_a_broker_that_does_not_read_stops_the_page() -> None:
    go = asyncio.Event()
    counted = asyncio.get_running_loop().create_future()
    piece, total = b"x" * 100_000, 1000

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await go.wait()
        reader._transport.resume_reading()  # type: ignore[attr-defined]
        octets = 0
        while octets < len(piece) * total:
            octets += len(await reader.read(1 << 20))
        counted.set_result(octets)
        writer.write(CONNECTED)
        await writer.drain()

    async with joined(script) as page:
        sent = 0
        while not go.is_set():
            try:
                await asyncio.wait_for(page.send(piece), 1)
                sent += 1
                assert sent < total
            except TimeoutError:  # its frame was written all the same, only the waiting was cut short
                sent += 1
                go.set()
        while sent < total:
            await page.send(piece)
            sent += 1
        assert await counted == len(piece) * total


async def test_a_broker_that_takes_no_more_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    go = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await go.wait()

    async with joined(script, limits=BrokerLimits(close_timeout=0.05)) as page:
        for _ in range(100):
            try:
                await asyncio.wait_for(page.send(b"x" * 1_000_000), 0.5)
            except TimeoutError:
                break
        page.transport.abort()
        go.set()


@pytest.mark.parametrize("cut", [1, 8, 20, len(CONNECT) - 1, len(CONNECT), len(CONNECT) + 3])
async def test_vhost_is_set(cut: int) -> None:
    got = asyncio.get_running_loop().create_future()
    stream = CONNECT + b"SUBSCRIBE\nid:1\ndestination:/queue/a\n\n\0"

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.set_result(await reader.readuntil(b"/queue/a\n\n\0"))

    async with joined(script, vhost="v.example") as page:
        await page.send(stream[:cut].decode())
        await page.send(stream[cut:])
        expected = b"CONNECT\naccept-version:1.2\nhost:v.example\n\n\0SUBSCRIBE\nid:1\ndestination:/queue/a\n\n\0"
        assert await got == expected


@pytest.mark.parametrize(
    ("sent", "passed"),
    [
        (b"STOMP\nlogin:a\\c\n\n\0", b"STOMP\nlogin:a\\c\nhost:v\n\n\0"),
        (b"CONNECT\nhost:a\nhost:b\n\n\0rest", b"CONNECT\nhost:v\n\n\0rest"),
        (b"SEND\nhost:a\n\n\0rest", b"SEND\nhost:a\n\n\0rest"),
        (b"rubbish\n\n\0", b"rubbish\n\n\0"),
        (b"CONNECT\nno colon\n\n\0", b"CONNECT\nno colon\n\n\0"),
        (b"CONNECT\r\npasscode:a:b\r\n\r\n\0\n", b"CONNECT\npasscode:a:b\nhost:v\n\n\0\n"),
    ],
)
def test_the_editor_of_connect(sent: bytes, passed: bytes) -> None:
    editor = ConnectEditor("v", 1000)
    assert editor.feed(sent) == passed
    assert editor.done
    editor = ConnectEditor("v", 1000)
    assert b"".join(editor.feed(sent[i : i + 1]) for i in range(len(sent)) if not editor.done) in passed


def test_a_beat_before_connect_passes() -> None:
    editor = ConnectEditor("v", 1000)
    assert editor.feed(b"\n") == b"\n"
    assert not editor.done
    assert editor.feed(b"CONN") == b""
    assert editor.feed(b"ECT\n\n\0") == b"CONNECT\nhost:v\n\n\0"


def test_limits_are_taken_over() -> None:
    assert Gateway("a", 1).max_frame_size == BrokerLimits().max_frame_size
