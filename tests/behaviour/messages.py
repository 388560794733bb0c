"""What a message tells, and how it is taken: iterating, get, several consumers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from situation import raises, situation, turns, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer


async def sends_one_with_headers(peer: Peer) -> None:
    await peer.connect()
    subscription = await peer.expect("SUBSCRIBE", destination="/topic/*")
    headers = [
        ("subscription", subscription.headers["id"]),
        ("message-id", "m:1"),
        ("destination", "/topic/a"),
        ("content-type", "application/json;charset=utf-8"),
        ("redelivered", "true"),
        ("colour", "red"),
        ("colour", "blue"),
    ]
    await peer.send("MESSAGE", headers, '{"eur": 1.08, "name": "Zürich"}')
    await peer.send("MESSAGE", headers[:1], b"\xff\x00")
    await peer.serve()


@situation(sends_one_with_headers)
async def a_message_tells_what_came_with_it(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/topic/*")
        message = await subscription.get(5)
        assert message.body == '{"eur": 1.08, "name": "Zürich"}'.encode()
        assert message.text == '{"eur": 1.08, "name": "Zürich"}'
        assert message.json() == {"eur": 1.08, "name": "Zürich"}
        assert message.destination == "/topic/a"
        assert message.id == "m:1"
        assert message.content_type == "application/json;charset=utf-8"
        assert message.redelivered is True
        assert message.damaged is False
        assert message.subscription is subscription
        assert isinstance(message.headers, stomp.Headers)
        assert message.headers["colour"] == "red"
        assert [value for name, value in message.headers.multi_items() if name == "colour"] == ["red", "blue"]
        bare = await subscription.get(5)
        assert bare.body == b"\xff\x00"
        assert (bare.content_type, bare.redelivered, bare.damaged) == (None, False, False)
        with raises(UnicodeDecodeError):
            bare.text  # noqa: B018
        with raises(ValueError):
            bare.json()


async def sends_charsets(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    for content_type, body in (
        ("text/plain;charset=iso-8859-1", "süß".encode("iso-8859-1")),
        ('text/plain; charset="UTF-16LE"', "süß".encode("utf-16-le")),
        ("text/plain", "süß".encode()),
        ("text/plain;charset=utf-8", b"s\xfc\xdf"),
        ("text/plain;charset=klingon", b"nuqneH"),
    ):
        await peer.message("/a", body, content_type=content_type)
    await peer.serve()


@situation(sends_charsets)
async def text_goes_by_the_charset_of_content_type_else_utf_8_and_is_strict(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        for _ in range(3):
            assert (await subscription.get(5)).text == "süß"
        wrong = await subscription.get(5)
        with raises(UnicodeDecodeError):
            wrong.text  # noqa: B018
        unknown = await subscription.get(5)
        with raises(LookupError):
            unknown.text  # noqa: B018
        assert unknown.body == b"nuqneH"


LONG = ("0123456789" * 4_000, "süße Äpfel" * 4_000, '{"a": "' + "b" * 40_000 + '"}')


async def sends_long_ones(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    for text in LONG * 2:
        await peer.message("/a", text, content_type="application/json")
        await peer.message("/a", text.encode("utf-16-le"), content_type="text/plain;charset=utf-16-le")
    await peer.serve()


@situation(sends_long_ones)
async def what_is_long_reads_as_what_is_short(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        for text in LONG * 2:
            plain, wide = await subscription.get(5), await subscription.get(5)
            assert plain.text == text
            assert plain.body == text.encode()
            assert plain.text == text
            if text.startswith("{"):
                assert plain.json() == {"a": "b" * 40_000}
            assert f"... {len(text)} characters" in repr(plain)
            assert wide.text == text
            assert wide.body == text.encode("utf-16-le")


async def sends_when_told(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    count = 0
    while True:
        await peer.expect("SEND", destination="/go")
        for _ in range(int(peer.received[-1].body)):
            await peer.message("/a", str(count))
            count += 1
        if not int(peer.received[-1].body):
            break
    await peer.serve()


@situation(sends_when_told)
async def a_get_that_times_out_or_is_cancelled_loses_nothing(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        with raises(TimeoutError):
            await subscription.get(timeout=0.01)
        with raises(TimeoutError):
            await subscription.get(0)
        waiting = asyncio.ensure_future(subscription.get())
        await turns()
        waiting.cancel()
        with raises(asyncio.CancelledError):
            await waiting
        with raises(TimeoutError):
            await asyncio.wait_for(subscription.get(), 0.01)
        # Cancelled in the very turn in which the message came.
        waiting = asyncio.ensure_future(subscription.get())
        await turns()
        await client.send("/go", "2")
        await until(lambda: subscription.pending == 2 or waiting.done())
        if not waiting.done():
            waiting.cancel()
            await asyncio.wait([waiting])
        first = waiting.result() if not waiting.cancelled() else await subscription.get(5)
        assert first.text == "0"
        assert (await subscription.get(5)).text == "1"
        assert subscription.pending == 0
        await client.send("/go", "0")


@situation(sends_when_told)
async def several_consumers_of_one_subscription_share_its_messages(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        gets = [asyncio.ensure_future(subscription.get(5)) for _ in range(3)]
        await turns()
        gets[0].cancel()
        await client.send("/go", "4")
        taken = sorted([(await gets[1]).text, (await gets[2]).text])
        assert taken == ["0", "1"]
        await until(lambda: subscription.pending == 2)
        assert [(await subscription.get()).text, (await anext(subscription)).text] == ["2", "3"]
        await client.send("/go", "0")


@situation(sends_when_told)
async def messages_before_the_first_iteration_are_kept_in_order(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        await client.send("/go", "200")
        await until(lambda: subscription.pending == 200)
        got = []
        async for message in subscription:
            got.append(int(message.text))
            if len(got) == 200:
                break
        assert got == list(range(200))
        assert client.stats.messages == 200
        await client.send("/go", "0")
