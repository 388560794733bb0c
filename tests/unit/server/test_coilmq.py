"""CoilMQ, a broker that nobody here wrote and that speaks only plain TCP, behind the gateway."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect

from pystomp_web.server.config import ServerConfig
from pystomp_web.server.serving import serving
from tests.unit.server.peers import web_peer

FQDN = socket.getfqdn()


@pytest.fixture(scope="module")
def coilmq() -> Iterator[int]:
    """The port of a CoilMQ of this module's own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "coilmq.start", "-b", "127.0.0.1", "-p", str(port)]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=tempfile.gettempdir()) as started,
    ):
        try:
            _wait_for(port, started)
            yield port
        finally:
            started.terminate()


def _wait_for(port: int, started: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        assert started.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.05)


def config(port: int, vhost: str | None = None) -> ServerConfig:
    return ServerConfig(broker=f"tcp://127.0.0.1:{port}", vhost=vhost)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
async def test_a_session(coilmq: int, version: str) -> None:
    vhost = FQDN if version == "1.2" else None
    async with serving(config(coilmq, vhost)) as server, web_peer(server.socket_url, version) as peer:
        connected = await peer.receive()
        assert connected.command == "CONNECTED", connected
        assert connected.headers.get("version", "1.0") == version
        queue = f"/queue/{version}"
        await peer.send("SUBSCRIBE", id="1", destination=queue, ack="client", receipt="r")
        await peer.send("SEND", "grüße".encode(), destination=queue, foo="bar")
        frames = {frame.command: frame for frame in [await peer.receive(), await peer.receive()]}
        assert frames["RECEIPT"].headers["receipt-id"] == "r"
        message = frames["MESSAGE"]
        assert message.body == "grüße".encode()
        assert message.headers["foo"] == "bar"
        await peer.send("ACK", message_id=message.headers["message-id"], **{SUBSCRIPTION[version]: "1"})
        await peer.send("SEND", b"second", destination=queue)
        assert (await peer.receive()).body == b"second"
        await peer.send("DISCONNECT", receipt="bye")
        assert (await peer.receive()).headers["receipt-id"] == "bye"
        # CoilMQ leaves the connection open: it is the page that ends it.


#: What CoilMQ's ACK wants beside the message-id: the subscription's id, in 1.0 and 1.2 under the name of id.
SUBSCRIPTION = {"1.0": "id", "1.1": "subscription", "1.2": "id"}


async def test_1_2_wants_the_machines_name(coilmq: int) -> None:
    async with serving(config(coilmq)) as server, web_peer(server.socket_url, "1.2") as peer:
        error = await peer.receive()
        assert error.command == "ERROR"
        assert re.search("host", f"{error.headers.get('message')} {error.body!r}", re.IGNORECASE)


async def test_an_error_that_ends_the_connection(coilmq: int) -> None:
    async with serving(config(coilmq)) as server, connect(server.socket_url, proxy=None) as socket:
        await socket.send("BOGUS\n\n\0")
        assert str(await socket.recv()).startswith("ERROR\n")
        await socket.wait_closed()
        assert (socket.close_code, socket.close_reason) == (1000, "the broker closed the connection")


async def test_what_is_not_utf8_comes_as_binary(coilmq: int) -> None:
    async with serving(config(coilmq)) as server, web_peer(server.socket_url, "1.1") as peer:
        await peer.receive()
        await peer.send("SUBSCRIBE", id="1", destination="/topic/binary", receipt="r")
        await peer.receive()
        await peer.socket.send(b"SEND\ndestination:/topic/binary\ncontent-length:3\n\n\xff\0\xfe\0")
        data = await peer.socket.recv()
        assert isinstance(data, bytes)
        assert data.endswith(b"\n\n\xff\0\xfe\0")
