"""SEND: bodies, headers, text or binary, pieces, and what is refused in the call."""

from __future__ import annotations

import array
import math
from typing import TYPE_CHECKING, Any

from situation import MAIN, WORKER, raises, situation

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer


def _expects(*bodies: tuple[bytes, str | None]) -> Any:
    async def script(peer: Peer) -> None:
        await peer.connect()
        for body, content_type in bodies:
            frame = await peer.expect("SEND", destination="/a")
            assert frame.headers.get("content-type") == content_type, frame
            assert frame.body == body, frame
            assert frame.headers.get("content-length") == (str(len(body)) if body else None)
        await peer.expect("SEND", destination="/end")
        await peer.serve()

    return script


_JSON = "application/json"
_BINARY = "application/octet-stream"
_LONG = "\ufeffsüß \N{PILE OF POO} 漢" * 20_000


@situation(
    _expects(
        (b"", None),
        ("süß".encode(), None),
        (_LONG.encode(), None),
        (b"bytes", None),
        (b"\0\xff", _BINARY),
        (b"\xfe", _BINARY),
        (b"view", None),
        (b"\x01\x00\x02\x00", None),
        ('{"eur":1.08,"name":"Zürich"}'.encode(), _JSON),
        (b"[1,[2,null]]", _JSON),
        (b"null", _JSON),
        (b"true", _JSON),
        (b"7", _JSON),
        (b"1.5", _JSON),
    )
)
async def a_body_is_text_octets_or_json(url: str) -> None:
    async with stomp.connect(url) as client:
        await client.send("/a")
        for body in (
            "süß",
            _LONG,
            b"bytes",
            b"\0\xff",
            bytearray(b"\xfe"),
            memoryview(b"xviewx")[1:5],
            array.array("H", [1, 2]),
            {"eur": 1.08, "name": "Zürich"},
            [1, (2, None)],
            None,
            True,
            7,
            1.5,
        ):
            await client.send("/a", body)
        await client.send("/end")


@situation(_expects())
async def what_is_no_body_is_refused_in_the_call(url: str) -> None:
    async with stomp.connect(url) as client:
        for wrong in (object(), {1, 2}, {"x": object()}, lambda: None):
            with raises(TypeError):
                await client.send("/a", wrong)
            with raises(TypeError):
                client.send_nowait("/a", wrong)
        for number in (math.nan, math.inf, [math.nan]):
            with raises(ValueError):
                await client.send("/a", number)
        with raises(stomp.ProtocolError):
            await client.send("/a", "\ud800")
        await client.send("/end")


_CHOSEN = ((b"x", "text/csv"), (b"{}", "application/vnd.x+json"), (b"{}", "text/plain"), (b"\xff", ""))


@situation(_expects((b"a\0b", None), *_CHOSEN))
async def content_type_is_given_once(url: str) -> None:
    async with stomp.connect(url) as client:
        await client.send("/a", "a\0b")
        await client.send("/a", "x", content_type="text/csv")
        await client.send("/a", {}, headers={"content-type": "application/vnd.x+json"})
        await client.send("/a", {}, content_type="text/plain")
        await client.send("/a", b"\xff", content_type="")
        with raises(TypeError):
            await client.send("/a", "x", content_type=7)  # type: ignore[arg-type]
        with raises(ValueError, "content"):
            await client.send("/a", {}, headers={"content-type": "a/b"}, content_type="a/b")
        await client.send("/end")


async def expects_headers(peer: Peer) -> None:
    await peer.connect()
    for _ in range(2):
        frame = await peer.expect("SEND", destination="/a", colour="r:e\nd\\", persistent="true", priority="4")
        assert set(frame.headers) == {"destination", "colour", "persistent", "priority"}
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_headers)
async def the_callers_headers_are_sent_and_not_changed(url: str) -> None:
    async with stomp.connect(url) as client:
        headers = {"colour": "r:e\nd\\", "persistent": True, "priority": 4}
        before = dict(headers)
        await client.send("/a", headers=headers)
        client.send_nowait("/a", headers=headers)
        assert headers == before
        for name in "destination receipt transaction content-length ack message-id subscription".split():
            with raises(ValueError, name):
                await client.send("/a", "x", headers={name: "1"})
            with raises(ValueError, name):
                client.send_nowait("/a", "x", headers={name: "1"})
        with raises(TypeError):
            await client.send("/a", headers={"x": None})
        for wrong in ("", None, 7):
            with raises((ValueError, TypeError)):  # type: ignore[arg-type]
                await client.send(wrong)  # type: ignore[arg-type]
        for name, value in (("a\0", "b"), ("a", "b\0"), ("", "b"), ("a", "\ud800")):
            with raises(stomp.ProtocolError):
                await client.send("/a", headers={name: value})
            with raises(stomp.ProtocolError):
                client.send_nowait("/a", headers={name: value})
        await client.send("/end")


async def expects_no_length(peer: Peer) -> None:
    await peer.connect()
    assert "content-length" not in (await peer.expect("SEND")).headers
    assert "content-length" not in (await peer.expect("SEND")).headers
    assert (await peer.expect("SEND", content_length="3")).body == b"a\0b"
    await peer.serve()


@situation(expects_no_length)
async def content_length_can_be_left_out_but_not_where_the_body_holds_nul(url: str) -> None:
    async with stomp.connect(url) as client:
        await client.send("/a", "text", content_length=False)
        client.send_nowait("/a", "text", content_length=False)
        await client.send("/a", "a\0b", content_length=False)


async def speaks_1_0(peer: Peer) -> None:
    await peer.connect(version=None)
    frame = await peer.expect("SEND", destination="/a:b\\c")
    await peer.expect("SEND", destination="/end")
    assert frame.headers["destination"] == "/a:b\\c"
    await peer.serve()


@situation(speaks_1_0)
async def what_1_0_cannot_say_is_refused_in_the_call(url: str) -> None:
    async with stomp.connect(url) as client:
        for name, value in (("x", "a\nb"), ("x:y", "a"), ("x", "a\r")):
            with raises(stomp.ProtocolError):
                await client.send("/a", headers={name: value})
            with raises(stomp.ProtocolError):
                client.send_nowait("/a", headers={name: value})
        await client.send("/a:b\\c")
        await client.send("/end")


@situation(speaks_1_0)
async def also_before_connected_where_only_1_0_is_offered(url: str) -> None:
    client = stomp.Client(url, versions=["1.0"])
    with raises(stomp.ProtocolError):
        await client.send("/a", headers={"x": "a\nb"})
    with raises(stomp.ProtocolError):
        client.send_nowait("/a\n")
    await client.send("/a:b\\c")
    async with client:
        await client.send("/end")


async def looks_at_messages(peer: Peer) -> None:
    await peer.connect()
    while (await peer.receive()).headers["destination"] != "/end":
        pass
    kinds = [type(message) for message in peer.messages[1:]]
    assert kinds == [str, str, str, bytes, str], peer.messages
    await peer.serve()


@situation(looks_at_messages)
async def a_frame_of_utf_8_is_a_text_message_and_any_other_a_binary_one(url: str) -> None:
    async with stomp.connect(url) as client:
        await client.send("/a", "süß")
        await client.send("/a", "süß".encode())
        await client.send("/a", _LONG)
        await client.send("/a", b"\xff")
        await client.send("/end")


async def takes_text_only(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send("CONNECTED", {"version": "1.2", "server": "ActiveMQ/6.1", "session": "1"})
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(takes_text_only)
async def a_binary_body_is_refused_where_the_broker_takes_text_only(url: str) -> None:
    async with stomp.connect(url) as client:
        with raises(stomp.ProtocolError, "text"):
            await client.send("/a", b"\xff\0")
        with raises(stomp.ProtocolError, "text"):
            client.send_nowait("/a", b"\xff\0")
        await client.send("/end")


# Pieces.


async def joins_pieces(peer: Peer) -> None:
    await peer.connect()
    body = (await peer.expect("SEND", destination="/a")).body.decode()
    text = peer.messages[1:]
    assert all(isinstance(piece, str) for piece in text)
    assert all(len(piece.encode()) <= 100 for piece in text if isinstance(piece, str))
    assert len(text) > 20
    assert body == "aé€😀" * 250
    before = len(peer.messages)
    assert (await peer.expect("SEND", destination="/a")).body == bytes(range(256)) * 4
    octets = peer.messages[before:]
    assert all(isinstance(piece, bytes) and len(piece) <= 100 for piece in octets)
    before = len(peer.messages)
    await peer.expect("SEND", destination="/small")
    assert len(peer.messages) == before + 1
    await peer.serve()


@situation(joins_pieces)
async def a_large_frame_is_split_where_max_message_size_says(url: str) -> None:
    async with stomp.connect(url, max_message_size=100) as client:
        await client.send("/a", "aé€😀" * 250)
        await client.send("/a", bytes(range(256)) * 4)
        await client.send("/small", "x")


async def sees_what_fits_exactly(peer: Peer) -> None:
    await peer.connect()
    for _ in range(2):
        await peer.receive()
    first, *rest = peer.messages[1:]
    assert isinstance(first, str)
    assert len(first.encode()) == 200
    assert len(rest) == 2
    assert isinstance(rest[0], str)
    assert len(rest[0].encode()) == 200
    await peer.serve()


@situation(sees_what_fits_exactly)
async def a_frame_that_just_fits_is_not_split(url: str) -> None:
    async with stomp.connect(url, max_message_size=200, heartbeat=(0, 0)) as client:
        head = len("SEND\ndestination:/a\ncontent-length:165\n\n")
        await client.send("/a", "x" * (200 - head - 1))
        await client.send("/a", "x" * (200 - head))


async def does_not_join(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send("CONNECTED", {"version": "1.1", "session": "x", "server": "Stilts/0.1"})
    peer.version = peer._decoder.version = "1.1"
    frame = await peer.expect("SEND", destination="/a")
    assert len(frame.body) == 16_000
    assert len(peer.messages) == 2
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(does_not_join)
async def a_frame_too_large_for_a_broker_that_joins_none_is_refused(url: str) -> None:
    async with stomp.connect(url, broker="stilts") as client:
        await client.send("/a", "x" * 16_000)
        with raises(stomp.FrameTooLarge, "16384"):
            await client.send("/a", "x" * 16_400)
        with raises(stomp.FrameTooLarge):
            client.send_nowait("/a", "x" * 16_400)
        with raises(stomp.FrameTooLarge):
            await client.send("/a", "x" * 16_400, receipt=True)
        await client.send("/end")


# JavaScript's values.


@situation(
    _expects(
        (b"\x01\x02\xff", _BINARY),
        (b"\x01\x02\xff", _BINARY),
        (b"\x02\xff", _BINARY),
        (b"\x00\x00\xc0?", _BINARY),
        (b'{"a":null,"b":[1,"x",true,1.5]}', _JSON),
        (b"[]", _JSON),
        (b"null", _JSON),
        (b"text", None),
        (b"7", _JSON),
    ),
    where=(MAIN, WORKER),
)
async def a_body_may_be_a_value_of_javascript(url: str) -> None:
    import js

    async with stomp.connect(url) as client:
        octets = js.Uint8Array.new([1, 2, 255])
        await client.send("/a", octets)
        await client.send("/a", octets.buffer)
        await client.send("/a", octets.subarray(1))
        await client.send("/a", js.Float32Array.of(1.5))
        await client.send("/a", js.JSON.parse('{"a": null, "b": [1, "x", true, 1.5]}'))
        client.send_nowait("/a", js.Array.new())
        await client.send("/a", js.JSON.parse("null"))
        await client.send("/a", js.String.new("text").toString())
        await client.send("/a", js.JSON.parse("7"))
        for wrong in (js.Promise.resolve, js.Symbol.iterator):
            with raises(TypeError):
                await client.send("/a", wrong)
        await client.send("/end")
