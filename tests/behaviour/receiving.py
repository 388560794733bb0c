"""Frames however the messages of the WebSocket cut them, and octets that are no frames."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, until

import pystomp_web as stomp
from pystomp_web.protocol import Frame, encode

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0, jitter=0)


async def _subscribed(peer: Peer) -> str:
    await peer.connect()
    return (await peer.expect("SUBSCRIBE", destination="/a")).headers["id"]


def _message(id: str, body: bytes, **headers: str) -> bytes:
    fields = {"subscription": id, "message-id": "1", "destination": "/a"} | headers
    return encode(Frame("MESSAGE", fields, body), "1.2")


async def cuts_everywhere(peer: Peer) -> None:
    id = await _subscribed(peer)
    octets = _message(id, "süß\0😀".encode(), note="a:b")
    for cut in range(1, len(octets)):
        for piece in (octets[:cut], octets[cut:]):
            await peer.send_binary(piece)
    for place in range(len(octets)):
        await peer.send_binary(octets[place : place + 1])
    await peer.serve()


@situation(cuts_everywhere)
async def a_frame_may_be_cut_anywhere(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        count = len(_message(subscription.id, "süß\0😀".encode(), note="a:b"))
        for _ in range(count):
            message = await subscription.get(5)
            assert (message.text, message.headers["note"]) == ("süß\0😀", "a:b")
        assert subscription.pending == 0


async def joins_many(peer: Peer) -> None:
    id = await _subscribed(peer)
    frames = [_message(id, str(number).encode()) for number in range(5)]
    await peer.send_raw(b"\n\r\n".join(frames) + b"\n")
    await peer.send_raw(frames[0][:-1])  # without its NUL: not complete
    await peer.send_raw("")
    await peer.send_binary(b"")
    await peer.send_raw("\n")
    await peer.send_raw("\0")
    await peer.serve()


@situation(joins_many)
async def several_frames_in_a_message_and_empty_messages_make_no_difference(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        assert [(await subscription.get(5)).text for _ in range(5)] == list("01234")
        # The empty messages are nothing, and the "\n" lies within the content-length's body's end: a broken frame.
        await until(lambda: client.stats.last_error is not None)
        assert isinstance(client.stats.last_error, stomp.ProtocolError)


async def mixes_text_and_binary(peer: Peer) -> None:
    id = await _subscribed(peer)
    octets = _message(id, b"\xff\x00binary")
    await peer.send_raw(octets[:40].decode())
    await peer.send_binary(octets[40:])
    text = _message(id, "süß".encode())
    await peer.send_binary(text[:-6])
    await peer.send_raw(text[-6:].decode())
    await peer.serve()


@situation(mixes_text_and_binary)
async def the_head_may_come_as_text_and_the_body_as_binary(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        assert (await subscription.get(5)).body == b"\xff\x00binary"
        assert (await subscription.get(5)).text == "süß"


async def sends_empty_ones(peer: Peer) -> None:
    id = await _subscribed(peer)
    octets = _message(id, b"x")
    await peer.send_raw("")
    await peer.send_raw(octets[:10])
    await peer.send_binary(b"")
    await peer.send_raw("")
    await peer.send_raw(octets[10:])
    await peer.send_raw("\n\r\n")
    await peer.send_raw(octets)
    await peer.serve()


@situation(sends_empty_ones)
async def an_empty_message_is_nothing_even_amid_a_frame(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        for _ in range(2):
            assert (await subscription.get(5)).text == "x"


def _sends_bad(bad: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202
    async def script(peer: Peer) -> None:
        id = await _subscribed(peer)
        if peer.number == 1:
            await peer.send_raw(_message(id, b"good") + bad + _message(id, b"behind"))
            code = await peer.until_gone()
            assert code == 4002, code
            assert len(peer.received) == 2, "nothing is sent behind a malformed frame"
            return
        await peer.send_raw(_message(id, b"again"))
        await peer.serve()

    return script


async def _survives_bad(url: str, kind: type[stomp.ProtocolError] = stomp.ProtocolError, *words: str) -> None:
    async with stomp.connect(url, reconnect=FAST, limits=stomp_limits) as client:
        states = Recorder()
        client.on_state(states)
        subscription = client.subscribe("/a")
        assert (await subscription.get(5)).text == "good"
        assert (await subscription.get(5)).text == "again"
        await until(lambda: client.state == "connected" and client.stats.reconnects == 1)
        assert isinstance(client.stats.last_error, kind), client.stats.last_error
        for word in words:
            assert word in str(client.stats.last_error)
        [reason] = [error for state, error in states.calls if state == "waiting"]
        assert isinstance(reason, kind)
        assert subscription.error is None


stomp_limits = __import__("pystomp_web").protocol.Limits(max_frame_size=2000)


@situation(_sends_bad(b"NONSENSE\n\n\0"))
async def an_unknown_command_ends_the_connection_behind_the_good_frames(url: str) -> None:
    await _survives_bad(url, stomp.ProtocolError, "NONSENSE")


@situation(_sends_bad(b"MESSAGE\nname:a\\tb\n\n\0"))
async def an_undefined_escape_too(url: str) -> None:
    await _survives_bad(url)


@situation(_sends_bad(b"RECEIPT\n\n\0"))
async def a_receipt_without_receipt_id_too(url: str) -> None:
    await _survives_bad(url)


@situation(_sends_bad(b"CONNECTED\nversion:1.2\n\n\0"))
async def a_second_connected_too(url: str) -> None:
    await _survives_bad(url)


@situation(_sends_bad(b"SEND\ndestination:/a\n\n\0"))
async def a_frame_that_only_clients_send_too(url: str) -> None:
    await _survives_bad(url)


@situation(_sends_bad(b"MESSAGE\ncontent-length:2\n\nabc\0"))
async def a_wrong_content_length_too(url: str) -> None:
    await _survives_bad(url)


@situation(_sends_bad(b"MESSAGE\ndestination:/a\ncontent-length:2000\n\n"))
async def a_frame_above_the_limit_fails_at_its_head(url: str) -> None:
    await _survives_bad(url, stomp.FrameTooLarge)


async def ends_amid_a_frame(peer: Peer) -> None:
    id = await _subscribed(peer)
    await peer.send_raw(_message(id, b"whole") + _message(id, b"half")[:-3])
    if peer.number == 1:
        await peer.close(1001)
        return
    await peer.serve()


@situation(ends_amid_a_frame)
async def half_a_frame_is_never_delivered(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        subscription = client.subscribe("/a")
        assert (await subscription.get(5)).text == "whole"
        assert (await subscription.get(5)).text == "whole"  # of the second connection
        assert isinstance(client.stats.last_error, stomp.ConnectionLost)
        assert "amid a frame" in str(client.stats.last_error)
        with raises(TimeoutError):
            await subscription.get(0.01)


async def sends_large(peer: Peer) -> None:
    id = await _subscribed(peer)
    await peer.send_raw(_message(id, bytes(range(256)) * 4096))
    await peer.send_raw(_message(id, ("aé€😀" * 100_000).encode()))
    await peer.serve()


@situation(sends_large)
async def a_large_body_arrives_whole(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        assert (await subscription.get(5)).body == bytes(range(256)) * 4096
        assert (await subscription.get(5)).text == "aé€😀" * 100_000


async def answers_and_messages_in_one(peer: Peer) -> None:
    await peer.connect()
    subscribe = await peer.expect("SUBSCRIBE", destination="/a")
    id = subscribe.headers["id"]
    send = await peer.expect("SEND")
    receipts = [
        encode(Frame("RECEIPT", {"receipt-id": frame.headers["receipt"]}), "1.2") for frame in (subscribe, send)
    ]
    error = encode(Frame("ERROR", {"message": "over", "content-length": "4"}, b"why\0"), "1.2")
    await peer.send_raw(receipts[0] + _message(id, b"1") + receipts[1] + _message(id, b"2") + error)
    await peer.until_gone()


@situation(answers_and_messages_in_one)
async def what_comes_before_an_error_in_the_same_data_is_delivered(url: str) -> None:
    client = await stomp.connect(url, reconnect=None)
    subscription = client.subscribe("/a")
    sent = asyncio.ensure_future(client.send("/b", "x", receipt=True))
    await sent
    assert [(await subscription.get(5)).text for _ in range(2)] == ["1", "2"]
    with raises(stomp.ConnectionLost) as caught:
        await subscription.get(5)
    cause = caught[0].__cause__
    assert isinstance(cause, stomp.BrokerError)
    assert cause.frame.body == b"why\0"
