"""The embedded broker over plain TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pystomp_web.server.broker import Broker
from pystomp_web.server.config import BrokerLimits, ServerConfig
from pystomp_web.server.serving import Serving, serving
from pystomp_web.server.tcp import TcpListener

CONNECT = b"CONNECT\naccept-version:1.2\nhost:h\n\n\0"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def tcp(config: ServerConfig) -> AsyncIterator[tuple[Serving, Streams]]:
    async with serving(config) as server, asyncio.timeout(20):
        assert server.tcp_port
        reader, writer = await asyncio.open_connection(server.host, server.tcp_port)
        yield server, (reader, writer)
        writer.close()


async def test_a_session_ends_with_disconnect() -> None:
    async with tcp(ServerConfig(tcp_port=0)) as (_, (reader, writer)):
        writer.write(CONNECT + b"DISCONNECT\nreceipt:r\n\n\0")
        octets = await reader.read()
        assert octets.startswith(b"CONNECTED\n")
        assert octets.endswith(b"RECEIPT\nreceipt-id:r\n\n\0")


async def test_an_error_comes_before_the_end() -> None:
    async with tcp(ServerConfig(tcp_port=0)) as (_, (reader, writer)):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.read()).startswith(b"ERROR\nmessage:Malformed frame\n")


async def test_a_lost_connection_gives_back() -> None:
    async with tcp(ServerConfig(tcp_port=0)) as (server, (reader, writer)):
        broker = server.broker
        assert broker is not None
        broker.publish("/queue/a", "x")
        writer.write(CONNECT + b"SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client\n\n\0")
        await reader.readuntil(b"x\0")
        gone = asyncio.Event()
        broker.subscribe("/queue/a", lambda _: gone.set())
        writer.transport.abort()
        await gone.wait()
        assert broker.connections == ()


async def test_a_client_that_does_not_read_is_aborted() -> None:
    limits = BrokerLimits(max_outstanding=1000, close_timeout=0.05)
    async with tcp(ServerConfig(tcp_port=0, limits=limits)) as (server, (reader, writer)):
        broker = server.broker
        assert broker is not None
        writer.write(CONNECT + b"SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:r\n\n\0")
        await reader.readuntil(b"receipt-id:r\n\n\0")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        while broker.connections:
            broker.publish("/topic/a", b"x" * 1_000_000)
            await asyncio.sleep(0)


async def test_leaving_ends_the_sessions() -> None:
    async with asyncio.timeout(20):
        async with serving(ServerConfig(tcp_port=0)) as server:
            assert server.tcp_port
            reader, writer = await asyncio.open_connection(server.host, server.tcp_port)
            writer.write(CONNECT)
            await reader.readuntil(b"\0")
        assert await reader.read() == b""
        writer.close()


async def test_a_session_that_does_not_end_is_cancelled() -> None:
    class Deaf(Broker):
        def shutdown(self, code: int = 1001, reason: str = "") -> None:
            """Leave the connections alone."""

    listener = TcpListener(Deaf(limits=BrokerLimits(close_timeout=-0.99)))
    await listener.listen("127.0.0.1", 0)
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(CONNECT)
        await reader.readuntil(b"\0")
        await listener.close()
        assert await reader.read() == b""
        writer.close()


async def test_a_listener_that_never_listened() -> None:
    await TcpListener(Broker()).close()
