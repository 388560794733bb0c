"""Which URLs a client takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from situation import MAIN, NATIVE, WORKER, raises, situation

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

IN_PAGE = (MAIN, WORKER)


async def is_not_reached(peer: Peer) -> None:
    raise AssertionError("a WebSocket was opened")


@situation(is_not_reached)
async def what_cannot_be_a_websockets_url_is_refused_at_once(url: str) -> None:
    for bad, word in (
        ("", "empty"),
        ("   ", "empty"),
        ("ws://", "host"),
        ("ws:///stomp", "host"),
        ("wss://?x", ""),
        ("ftp://host/", "ws://"),
        ("file:///stomp", "ws://"),
        ("data:text/plain,x", ""),
        ("javascript:alert(1)", ""),
        ("ws://user:word@host/", "login="),
        ("ws://user@host/", "login="),
        ("wss://:word@host/", "login="),
        ("ws://host/#top", "fragment"),
        ("ws://host/#", "fragment"),
        ("ws://host:99999/", ""),
        ("ws://host:x/", ""),
        ("ws://[::1/", ""),
    ):
        for given in (bad, [url, bad]):
            with raises(ValueError, word) as caught:
                stomp.Client(given)
            assert ":word" not in str(caught[0])
            with raises(ValueError):
                stomp.connect(given)
    for wrong in (None, 7, b"ws://host/"):
        with raises(TypeError):
            stomp.Client(wrong)  # type: ignore[arg-type]


@situation(is_not_reached, where=(NATIVE,))
async def outside_a_page_a_url_is_absolute(url: str) -> None:
    for bad in (
        "/stomp",
        "stomp",
        "//host/stomp",
        "http://host/",
        "https://host/",
        "ws:host",
        "ws://host\n/",
        "ws://ho st/",
    ):
        with raises(ValueError):
            stomp.Client(bad)
    for good in (
        "ws://host",
        "WSS://host:443/a?b=c",
        "ws://[::1]:80/",
        " ws://host/ ",
        "ws://host/@x",
        "ws://host?a@b",
    ):
        assert stomp.Client(good).url == good.strip()


@situation(is_not_reached, where=IN_PAGE)
async def in_a_page_a_url_may_be_relative_or_http(url: str) -> None:
    import js

    host = js.location.host
    for given, absolute in (
        ("/stomp", f"ws://{host}/stomp"),
        ("stomp?x=1", f"ws://{host}/pages/stomp?x=1"),
        (f"http://{host}/a", f"ws://{host}/a"),
        ("https://example.org/a", "wss://example.org/a"),
        ("//example.org/a", "ws://example.org/a"),
        ("wss://example.org", "wss://example.org/"),
    ):
        assert stomp.Client(given).url == absolute


async def serves(peer: Peer) -> None:
    await peer.connect()
    await peer.serve()


@situation(serves, where=IN_PAGE)
async def an_http_url_connects(url: str) -> None:
    async with stomp.connect(url.replace("ws://", "http://")) as client:
        assert client.url == url
        await client.send("/queue/a", receipt=True)
