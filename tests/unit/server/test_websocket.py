"""The embedded broker over real WebSockets."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect

from pystomp_web.server.config import BrokerLimits, ServerConfig
from pystomp_web.server.serving import serving
from pystomp_web.server.websocket import best_subprotocol
from tests.unit.server.peers import web_peer


@pytest.mark.parametrize(
    ("asked", "best"),
    [
        ("", ()),
        ("v10.stomp", ("v10.stomp",)),
        ("v10.stomp,v12.stomp", ("v12.stomp",)),
        ("v10.stomp , v11.stomp", ("v11.stomp",)),
        ("stomp", ()),
    ],
)
def test_best_subprotocol(asked: str, best: tuple[str, ...]) -> None:
    assert best_subprotocol(asked) == best


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
async def test_a_session(version: str) -> None:
    async with serving(ServerConfig()) as server, web_peer(server.socket_url, version) as peer:
        assert (await peer.receive()).headers["version"] == version
        await peer.send("SUBSCRIBE", id="1", destination="/topic/a")
        await peer.send("SEND", "grüße".encode(), destination="/topic/a")
        assert (await peer.receive()).body == "grüße".encode()
        # Split over messages, of both types, several in one.
        await peer.socket.send("SEND\ndest")
        await peer.socket.send(b"ination:/topic/a\n\nx\0\n\nSEND\ndestination:/topic/a\n\ny\0SEND\n")
        await peer.socket.send("destination:/topic/a\n\nz\0")
        assert [(await peer.receive()).body for _ in range(3)] == [b"x", b"y", b"z"]
        await peer.send("DISCONNECT", receipt="r")
        assert (await peer.receive()).headers["receipt-id"] == "r"
        assert await peer.end() == (1000, "")


async def test_text_and_binary() -> None:
    async with serving(ServerConfig()) as server, web_peer(server.socket_url) as peer:
        await peer.receive()
        await peer.send("SUBSCRIBE", id="1", destination="/topic/a")
        await peer.socket.send("SEND\ndestination:/topic/a\n\ntext\0")
        assert isinstance(await peer.socket.recv(), str)
        await peer.socket.send(b"SEND\ndestination:/topic/a\n\n\xff\0")
        assert isinstance(await peer.socket.recv(), bytes)


@pytest.mark.parametrize(
    ("wire", "code", "reason"),
    [
        ("BOGUS\n\n\0", 1002, "Malformed frame: "),
        ("SEND\ndestination:/other\n\n\0", 1002, "Unknown destination: "),
    ],
)
async def test_what_is_wrong_closes_the_socket(wire: str, code: int, reason: str) -> None:
    async with serving(ServerConfig()) as server, web_peer(server.socket_url) as peer:
        await peer.receive()
        await peer.socket.send(wire)
        assert (await peer.receive()).command == "ERROR"
        got = await peer.end()
        assert got[0] == code
        assert (got[1] or "").startswith(reason)


async def test_a_refused_login() -> None:
    async with (
        serving(ServerConfig(login="al", passcode="x")) as server,
        web_peer(server.socket_url, login="al", passcode="y") as peer,
    ):
        assert (await peer.receive()).headers["message"] == "Access refused"
        assert (await peer.end())[0] == 1008


async def test_a_websocket_message_that_is_too_large() -> None:
    limits = BrokerLimits(max_frame_size=1000)
    async with serving(ServerConfig(limits=limits)) as server, web_peer(server.socket_url) as peer:
        await peer.receive()
        await peer.socket.send("x" * 200_000)
        assert (await peer.end())[0] == 1009


async def test_a_lost_socket_gives_back() -> None:
    async with serving(ServerConfig()) as server:
        assert server.broker is not None
        server.broker.publish("/queue/a", "x")
        async with web_peer(server.socket_url) as first:
            await first.receive()
            await first.send("SUBSCRIBE", id="1", destination="/queue/a", ack="client")
            assert "redelivered" not in (await first.receive()).headers
            first.socket.transport.abort()
        async with web_peer(server.socket_url) as second:
            await second.receive()
            await second.send("SUBSCRIBE", id="1", destination="/queue/a")
            assert (await second.receive()).headers["redelivered"] == "true"


async def test_the_server_beats_and_notices_silence() -> None:
    async with serving(ServerConfig(heartbeat=(20, 20))) as server:
        async with connect(server.socket_url, proxy=None) as socket:
            await socket.send("CONNECT\naccept-version:1.2\nhost:h\nheart-beat:0,1\n\n\0")
            async with asyncio.timeout(20):
                assert str(await socket.recv()).startswith("CONNECTED")
                assert [await socket.recv() for _ in range(3)] == ["\n"] * 3
        async with web_peer(server.socket_url, heart_beat="1,0") as peer:
            assert (await peer.receive()).command == "CONNECTED"
            assert (await peer.receive()).headers["message"] == "Heart-beat missing"
            assert (await peer.end())[0] == 1002


async def test_no_connect_in_time() -> None:
    limits = BrokerLimits(connect_timeout=0.02)
    async with serving(ServerConfig(limits=limits)) as server, connect(server.socket_url, proxy=None) as socket:
        async with asyncio.timeout(20):
            assert str(await socket.recv()).startswith("ERROR\nmessage:No CONNECT\n")
            await socket.wait_closed()
        assert socket.close_code == 1002


async def test_a_slow_consumer_is_cut_off_and_others_are_not() -> None:
    limits = BrokerLimits(max_outstanding=200_000, flow_mark=100_000, close_timeout=0.1)
    async with serving(ServerConfig(limits=limits)) as server:
        broker = server.broker
        assert broker is not None
        async with web_peer(server.socket_url) as slow, web_peer(server.socket_url) as quick:
            for peer in (slow, quick):
                await peer.receive()
                await peer.send("SUBSCRIBE", id="1", destination="/topic/a", receipt="r")
                await peer.receive()
            slow.socket.transport.pause_reading()
            body = b"x" * 50_000
            sent = 0
            while len(broker.connections) == 2:
                broker.publish("/topic/a", body)
                sent += 1
                assert (await quick.receive()).body == body
            assert sent > 4
            assert [connection.closed for connection in broker.connections] == [False]
            slow.socket.transport.abort()


async def test_a_queue_waits_for_a_slow_consumer() -> None:
    limits = BrokerLimits(max_outstanding=200_000, flow_mark=100_000)
    async with serving(ServerConfig(limits=limits)) as server:
        assert server.broker is not None
        for number in range(300):
            server.broker.publish("/queue/a", f"{number}".rjust(50_000))
        async with web_peer(server.socket_url) as peer:
            await peer.receive()
            await peer.send("SUBSCRIBE", id="1", destination="/queue/a")
            got = [int((await peer.receive()).body) for _ in range(300)]
        assert got == list(range(300))


async def test_dispatch_is_fast_enough_for_load() -> None:
    """No clock here: 20,000 messages to 5 subscribers within the test's own limit of time."""
    async with serving(ServerConfig()) as server, web_peer(server.socket_url) as publisher:
        await publisher.receive()
        got = 0

        def count(_: object) -> None:
            nonlocal got
            got += 1

        assert server.broker is not None
        for _ in range(5):
            server.broker.subscribe("/topic/a", count)
        frame = "SEND\ndestination:/topic/a\n\n" + "x" * 200 + "\0"
        for _ in range(200):
            await publisher.socket.send(frame * 100)
        await publisher.send("DISCONNECT", receipt="r")
        assert (await publisher.receive()).command == "RECEIPT"
        assert got == 100_000
