"""Requests and their replies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from situation import Recorder, raises, situation, told, turns

import pystomp_web as stomp

if TYPE_CHECKING:
    from pystomp_web.protocol import Frame
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0, jitter=0)


async def _replies(peer: Peer, request: Frame, body: str, **more: str) -> None:
    destination = request.headers["reply-to"]
    correlation = {"correlation-id": request.headers["correlation-id"]}
    await peer.send(
        "MESSAGE",
        {
            "subscription": peer.subscriptions[destination].headers["id"],
            "message-id": "1",
            "destination": destination,
            **correlation,
            **more,
        },
        body,
    )


async def replies_in_reverse(peer: Peer) -> None:
    await peer.connect()
    subscribe = await peer.expect("SUBSCRIBE")
    destination = subscribe.headers["destination"]
    assert destination.startswith("/temp-queue/")
    assert len(destination) > 20
    requests = [await peer.expect("SEND", destination="/ask", reply_to=destination) for _ in range(3)]
    assert len({request.headers["correlation-id"] for request in requests}) == 3
    assert requests[0].headers["content-type"] == "application/json"
    assert requests[0].headers["colour"] == "red"
    for request in reversed(requests):
        await _replies(peer, request, f"to {request.body.decode()}")
    await peer.serve()


@situation(replies_in_reverse)
async def each_request_gets_its_own_reply_over_one_subscription(url: str) -> None:
    async with stomp.connect(url) as client:
        replies = await asyncio.gather(*[client.request("/ask", [n], headers={"colour": "red"}) for n in range(3)])
        assert all(isinstance(reply, stomp.Message) for reply in replies)
        assert [reply.text for reply in replies] == [f"to [{n}]" for n in range(3)]


async def replies_late(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    first = await peer.expect("SEND", destination="/ask")
    await peer.expect("SEND", destination="/now")
    await _replies(peer, first, "late")
    second = await peer.expect("SEND", destination="/ask")
    await _replies(peer, second, "in time")
    await peer.serve()


@situation(replies_late)
async def a_request_times_out_and_its_late_reply_goes_to_on_unhandled(url: str) -> None:
    async with stomp.connect(url) as client:
        stray = Recorder()
        client.on_unhandled(stray)
        with raises(stomp.ReceiptTimeout):
            await client.request("/ask", "x", timeout=0.02)
        await client.send("/now")
        [late] = await stray.wait(1)
        assert isinstance(late, stomp.Message)
        assert late.text == "late"
        assert (await client.request("/ask", "y", content_type="text/plain", timeout=5)).text == "in time"


async def is_rabbitmq(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send("CONNECTED", {"version": "1.2", "server": "RabbitMQ/3.12.1", "session": "x", "heart-beat": "0,0"})
    for _ in range(2):
        request = await peer.expect("SEND", destination="/queue/ask")
        reply_to = request.headers["reply-to"]
        assert reply_to.startswith("/temp-queue/")
        headers = {
            "subscription": reply_to,
            "destination": "/reply-queue/amq.gen-x",
            "message-id": "1",
            "correlation-id": request.headers["correlation-id"],
        }
        await peer.send("MESSAGE", headers, "reply")
    await peer.serve()


@situation(is_rabbitmq)
async def rabbitmq_is_asked_without_subscribing(url: str) -> None:
    async with stomp.connect(url) as client:
        for _ in range(2):
            reply = await client.request("/queue/ask", "x", timeout=5)
            assert reply.text == "reply"


async def is_stilts(peer: Peer) -> None:
    await peer.connect("1.1", server="Stilts/0.1")
    await peer.expect("SUBSCRIBE", destination="/my/replies")
    await _replies(peer, await peer.expect("SEND", destination="/ask", reply_to="/my/replies"), "reply")
    await peer.serve()


@situation(is_stilts)
async def where_there_are_no_temporary_destinations_one_must_be_given(url: str) -> None:
    async with stomp.connect(url) as client:
        with raises(ValueError, "reply_to"):
            await client.request("/ask", "x")
        assert (await client.request("/ask", "x", reply_to="/my/replies")).text == "reply"


async def loses_a_request(peer: Peer) -> None:
    await peer.connect()
    await peer.receipt(await peer.expect("SUBSCRIBE"))
    request = await peer.expect("SEND", destination="/ask")
    if peer.number == 1:
        assert request.body == b"lost"
        await peer.close(1012, "restart")
        return
    assert request.body == b"again"
    await _replies(peer, request, "reply")
    await peer.serve()


@situation(loses_a_request)
async def a_loss_fails_a_request_and_the_reply_subscription_is_restored(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        with raises(stomp.ConnectionLost) as caught:
            await client.request("/ask", "lost", timeout=5)
        assert caught[0].code == told(1012)
        assert (await client.request("/ask", "again", timeout=5)).text == "reply"


async def refuses_the_subscription(peer: Peer) -> None:
    await peer.connect()
    subscribe = await peer.expect("SUBSCRIBE")
    if peer.number == 1:
        await peer.error("no temporary queues today", subscribe)
        await peer.until_gone()
        return
    await _replies(peer, await peer.expect("SEND"), "reply")
    await peer.serve()


@situation(refuses_the_subscription)
async def a_refused_reply_subscription_fails_the_request_and_is_tried_anew(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        with raises(stomp.BrokerError, "no temporary queues today"):
            await client.request("/ask", "x", timeout=5)
        assert (await client.request("/ask", "y", timeout=5)).text == "reply"


async def takes_a_request_and_says_nothing(peer: Peer) -> None:
    await peer.connect()
    await peer.receipt(await peer.expect("SUBSCRIBE"))
    await peer.expect("SEND")
    await peer.serve()


@situation(takes_a_request_and_says_nothing)
async def close_fails_a_request(url: str) -> None:
    client = await stomp.connect(url)
    asking = asyncio.ensure_future(client.request("/ask", "x"))
    while client.stats.frames_out < 3:
        await turns()
    await client.close()
    with raises(stomp.ClientClosed):
        await asking
    with raises(stomp.ClientClosed):
        await client.request("/ask", "x")


async def greets_after_a_while(peer: Peer) -> None:
    await peer.open()
    await asyncio.sleep(0.05)
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    await _replies(peer, await peer.expect("SEND"), "reply")
    await peer.serve()


@situation(greets_after_a_while)
async def a_request_before_connected_waits(url: str) -> None:
    client = stomp.Client(url)
    client.start()
    assert (await client.request("/ask", "x", timeout=5)).text == "reply"
    for wrong in ({"reply-to": "/x"}, {"correlation-id": "1"}, {"receipt": "1"}):
        headers: Any = wrong
        with raises(ValueError):
            await client.request("/ask", "x", headers=headers)
    await client.close()


async def refuses_the_request(peer: Peer) -> None:
    await peer.connect()
    await peer.receipt(await peer.expect("SUBSCRIBE"))
    await peer.expect("SEND")
    await peer.error("no such destination")
    await peer.until_gone()


@situation(refuses_the_request)
async def an_error_fails_a_request_with_the_cause(url: str) -> None:
    client = await stomp.connect(url, reconnect=None)
    with raises(stomp.ConnectionLost) as caught:
        await client.request("/ask", "x", timeout=5)
    assert isinstance(caught[0].__cause__, stomp.BrokerError)
    await client.close()
