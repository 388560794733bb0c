"""Several URLs, in turn."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from situation import raises, situation, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)
NOBODY = "ws://127.0.0.1:1/nobody"


async def serves(peer: Peer) -> None:
    await peer.connect()
    await peer.serve()


@situation(serves)
async def a_url_that_does_not_answer_is_followed_by_the_next(url: str) -> None:
    async with stomp.connect([NOBODY, url], reconnect=FAST) as client:
        assert client.url == url
    async with stomp.connect([NOBODY, url], reconnect=None) as client:
        assert client.url == url
    async with stomp.connect((url, NOBODY)) as client:
        assert client.url == url


async def tells_by_its_query(peer: Peer) -> None:
    name = peer.request.query["name"]
    tried = peer.shared.setdefault("tried", [])
    tried.append(name)
    if tried == ["a"]:
        peer.refuse(503)
        return
    if name == "a" or len(tried) == 3:
        await peer.expect("CONNECT")
        await peer.close(1013)
        return
    await peer.connect()
    if len(tried) == 2:
        await peer.expect("SEND")
        peer.cut()
        return
    assert tried == ["a", "b", "c", "a", "b"]
    await peer.serve()


@situation(tells_by_its_query)
async def urls_are_tried_in_turn_and_the_first_again_after_the_last(url: str) -> None:
    urls = [f"{url}?name={name}" for name in "abc"]
    async with stomp.connect(urls, reconnect=FAST, subprotocols=["v12.stomp"]) as client:
        assert client.url == urls[1]
        await client.send("/queue/a")
        await until(lambda: client.stats.reconnects == 1 and client.state == "connected")
        assert client.url == urls[1]


async def rejects(peer: Peer) -> None:
    assert peer.number == 1
    await peer.expect("CONNECT")
    await peer.error("no")
    await peer.close(1008)


@situation(rejects)
async def a_rejection_is_final_though_there_are_others(url: str) -> None:
    with raises(stomp.ConnectRejected):
        await stomp.connect([url, url, url], reconnect=FAST)


async def is_silent(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.until_gone()


@situation(is_silent)
async def each_url_has_its_time(url: str) -> None:
    begun = time.monotonic()
    with raises(stomp.ConnectTimeout):
        await stomp.connect([url, url], reconnect=None, connect_timeout=0.2)
    assert time.monotonic() - begun >= 0.4
    begun = time.monotonic()
    with raises(stomp.ConnectTimeout):
        await stomp.connect([url, url], reconnect=FAST, connect_timeout=0.2)
    assert time.monotonic() - begun >= 0.4


async def is_the_second_of_two(peer: Peer) -> None:
    assert peer.number <= 2
    await peer.expect("CONNECT")
    await peer.close(4000 + peer.number)


@situation(is_the_second_of_two)
async def without_reconnect_each_url_is_tried_once_and_the_last_error_is_raised(url: str) -> None:
    with raises(stomp.ConnectError, "4002"):
        await stomp.connect([url, url], reconnect=None)


async def is_not_reached(peer: Peer) -> None:
    raise AssertionError("a WebSocket was opened")


@situation(is_not_reached)
async def every_url_is_checked_at_once(url: str) -> None:
    with raises(ValueError):
        stomp.Client([])
    with raises(ValueError, "fragment"):
        stomp.Client([url, f"{url}#x"])
    with raises(TypeError):
        stomp.Client([url, 7])  # type: ignore[list-item]
