"""Opening, CONNECT and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pystomp_web as stomp
from situation import raises, situation

if TYPE_CHECKING:
    from tests.support.scripted import Peer


async def greets_with_1_1(peer: Peer) -> None:
    connect = await peer.connect(version="1.1")
    assert connect.headers["accept-version"] == "1.0,1.1,1.2"
    assert connect.headers["host"] == "127.0.0.1"
    assert connect.headers["heart-beat"] == "10000,10000"
    assert connect.headers["login"] == "alice"
    assert connect.headers["passcode"] == "s:e"
    await peer.serve()


@situation(greets_with_1_1)
async def the_version_is_what_connected_says(url: str) -> None:
    async with stomp.connect(url, login="alice", passcode="s:e") as client:
        assert client.version == "1.1"
        assert client.server == "scripted/1"
        assert client.session_id == "s-1"
        assert client.state == "connected"
    assert client.state == "closed"


async def greets_without_version(peer: Peer) -> None:
    await peer.connect(version=None)
    await peer.serve()


@situation(greets_without_version)
async def connected_without_version_is_1_0(url: str) -> None:
    async with stomp.connect(url) as client:
        assert client.version == "1.0"


@situation(greets_without_version)
async def connected_without_version_when_1_0_was_not_offered(url: str) -> None:
    with raises(stomp.VersionMismatch, "1.0"):
        await stomp.connect(url, versions=["1.1", "1.2"])


async def rejects(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.error("Access refused", body="for user 'alice'")
    await peer.close(1008)


@situation(rejects)
async def a_wrong_passcode_is_final_and_says_so(url: str) -> None:
    with raises(stomp.ConnectRejected, "Access refused") as caught:
        await stomp.connect(url, login="alice", passcode="wrong-word")
    assert caught[0].frame.command == "ERROR"
    assert "wrong-word" not in repr(caught[0])


async def wants_one_subprotocol(peer: Peer) -> None:
    if len(peer.offered) > 1:
        peer.refuse(400)
        return
    assert peer.offered == ["v11.stomp"]
    await peer.connect(version="1.1")
    await peer.serve()


@situation(wants_one_subprotocol)
async def a_list_of_subprotocols_that_does_not_open_is_followed_by_one_alone(url: str) -> None:
    async with stomp.connect(url, reconnect=None) as client:
        assert client.version == "1.1"


async def wants_its_own_host(peer: Peer) -> None:
    connect = await peer.expect("CONNECT")
    if peer.number == 1:
        assert connect.headers["host"] == "127.0.0.1"
        await peer.error("Bad CONNECT", body="Virtual host '127.0.0.1' access denied")
        await peer.until_gone()
        return
    assert "host" not in connect.headers
    await peer.send("CONNECTED", {"version": "1.2", "server": "scripted/1", "session": "x"})
    await peer.serve()


@situation(wants_its_own_host)
async def a_refused_host_is_left_out(url: str) -> None:
    async with stomp.connect(url, reconnect=None) as client:
        assert client.version == "1.2"
