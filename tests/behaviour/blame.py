"""Whose SUBSCRIBE the broker did not like: found without innocents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from situation import Recorder, raises, situation, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0, jitter=0)


async def _proves_alive(client: stomp.Client, *subscriptions: stomp.Subscription) -> None:
    for subscription in subscriptions:
        await client.send(subscription.destination, "alive")
        assert (await subscription.get(5)).text == "alive"
        assert subscription.error is None


async def refuses_one_by_receipt_id(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        await peer.expect("SUBSCRIBE", destination="/a")
        secret = await peer.expect("SUBSCRIBE", destination="/secret")
        await peer.expect("SUBSCRIBE", destination="/b")
        await peer.error("not for you", secret)
        assert await peer.until_gone() in {1000, 1005}
        assert len(peer.received) == 4, "nothing is sent after an ERROR"
        return
    await peer.expect("SUBSCRIBE", destination="/a")
    await peer.expect("SUBSCRIBE", destination="/b")
    await peer.serve()
    assert all(frame.headers.get("destination") != "/secret" for frame in peer.received)


@situation(refuses_one_by_receipt_id)
async def an_error_with_the_receipt_id_of_a_subscribe_fails_that_one_alone(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    first, secret, second = client.subscribe("/a"), client.subscribe("/secret"), client.subscribe("/b")
    async with client:
        with raises(stomp.BrokerError, "not for you"):
            await secret.get(5)
        assert isinstance(secret.error, stomp.BrokerError)
        await _proves_alive(client, first, second)
        assert client.stats.reconnects == 1


async def refuses_without_a_name(peer: Peer) -> None:
    await peer.connect()
    await peer.receipt(await peer.expect("SUBSCRIBE", destination="/a"))
    if peer.number == 1:
        await peer.expect("SUBSCRIBE", destination="/secret")
        await peer.error("not for you")
        await peer.until_gone()
        return
    await peer.serve()


@situation(refuses_without_a_name)
async def any_error_fails_the_only_unconfirmed_subscribe(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        first = client.subscribe("/a")
        await first.confirmed(5)
        secret = client.subscribe("/secret")
        with raises(stomp.BrokerError, "not for you"):
            await secret.confirmed(5)
        with raises(stomp.BrokerError):
            await secret.get()
        await _proves_alive(client, first)
        assert client.stats.reconnects == 1


async def refuses_a_send(peer: Peer) -> None:
    await peer.connect()
    await peer.receipt(await peer.expect("SUBSCRIBE", destination="/a"))
    if peer.number == 1:
        await peer.error("no such destination", await peer.expect("SEND", destination="/x"))
        await peer.until_gone()
        return
    await peer.serve()


@situation(refuses_a_send)
async def an_error_that_is_about_something_else_fails_no_confirmed_subscription(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        subscription = client.subscribe("/a")
        await subscription.confirmed(5)
        with raises(stomp.BrokerError, "no such destination"):
            await client.send("/x", receipt=True)
        await _proves_alive(client, subscription)


def _ends_because_of_bad(end: Callable[[Peer], Awaitable[Any]]) -> Callable[[Peer], Awaitable[None]]:
    """Whenever /bad was subscribed to, all end unconfirmed."""

    async def script(peer: Peer) -> None:
        await peer.connect()
        if peer.number == 1:
            for destination in ("/a", "/bad", "/b"):
                await peer.expect("SUBSCRIBE", destination=destination)
            await end(peer)
            return
        if peer.number == 2:
            await peer.receipt(await peer.expect("SUBSCRIBE", destination="/a"))
            await peer.expect("SUBSCRIBE", destination="/bad")
            await end(peer)
            return
        await peer.receipt(await peer.expect("SUBSCRIBE", destination="/a"))
        await peer.receipt(await peer.expect("SUBSCRIBE", destination="/b"))
        await peer.serve()
        assert all(frame.headers.get("destination") != "/bad" for frame in peer.received)

    return script


async def _by_error(peer: Peer) -> None:
    await peer.error("something is wrong")
    await peer.until_gone()


async def _by_1008(peer: Peer) -> None:
    await peer.close(1008, "policy")


async def _by_1000(peer: Peer) -> None:
    await peer.close(1000, "STOMP died")


async def _find_the_guilty(url: str, kind: type[stomp.StompError]) -> None:
    client = stomp.Client(url, reconnect=FAST)
    frames = Recorder()
    client.on_frame(frames)
    first, bad, second = client.subscribe("/a"), client.subscribe("/bad"), client.subscribe("/b")
    async with client:
        with raises(kind):
            await bad.get(5)
        assert type(bad.error) is kind
        await first.confirmed(5)
        await second.confirmed(5)
        await _proves_alive(client, first, second)
    # On the second connection: each after the one before was confirmed.
    walk = [(direction, frame.command, frame.headers.get("destination")) for direction, frame in frames.calls]
    connected = [place for place, step in enumerate(walk) if step[1] == "CONNECTED"]
    assert walk[connected[1] + 1 : connected[1] + 4] == [
        ("out", "SUBSCRIBE", "/a"),
        ("in", "RECEIPT", None),
        ("out", "SUBSCRIBE", "/bad"),
    ]


@situation(_ends_because_of_bad(_by_error))
async def after_an_error_with_several_unconfirmed_they_are_tried_one_at_a_time(url: str) -> None:
    await _find_the_guilty(url, stomp.BrokerError)


@situation(_ends_because_of_bad(_by_1008))
async def after_a_close_with_several_unconfirmed_too(url: str) -> None:
    await _find_the_guilty(url, stomp.ConnectionLost)


@situation(_ends_because_of_bad(_by_1000))
async def after_a_close_1000_too(url: str) -> None:
    await _find_the_guilty(url, stomp.ConnectionLost)


def _ends_blamelessly(end: Callable[[Peer], Awaitable[Any]]) -> Callable[[Peer], Awaitable[None]]:
    async def script(peer: Peer) -> None:
        await peer.connect()
        await peer.expect("SUBSCRIBE", destination="/a")
        await peer.expect("SUBSCRIBE", destination="/b")  # at once: no one at a time
        if peer.number <= 3:
            await end(peer)
            return
        await peer.serve()

    return script


async def _by_cut(peer: Peer) -> None:
    peer.cut()


async def _by_1001(peer: Peer) -> None:
    await peer.close(1001)


async def _by_1012(peer: Peer) -> None:
    await peer.close(1012)


async def _nobody_is_blamed(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    first, second = client.subscribe("/a"), client.subscribe("/b")
    async with client:
        await until(lambda: client.stats.reconnects == 3)
        await _proves_alive(client, first, second)


@situation(_ends_blamelessly(_by_cut))
async def a_cut_blames_nobody(url: str) -> None:
    await _nobody_is_blamed(url)


@situation(_ends_blamelessly(_by_1001))
async def close_1001_blames_nobody(url: str) -> None:
    await _nobody_is_blamed(url)


@situation(_ends_blamelessly(_by_1012))
async def close_1012_blames_nobody(url: str) -> None:
    await _nobody_is_blamed(url)


async def dislikes_two(peer: Peer) -> None:
    """/bad and /worse end each connection on which they are subscribed to, wherever they stand."""
    await peer.connect()
    while True:
        frame = await peer.receive()
        destination = frame.headers.get("destination")
        if frame.command == "SUBSCRIBE":
            peer.subscriptions[destination or ""] = frame
            if destination in {"/bad", "/worse"}:
                await peer.close(1002)
                return
            if peer.number > 1:
                await peer.receipt(frame)
        elif frame.command == "SEND":
            await peer.message(destination or "", frame.body)
        elif frame.command == "DISCONNECT":
            await peer.receipt(frame)
            await peer.until_gone()
            return


@situation(dislikes_two)
async def two_guilty_ones_are_both_found_and_the_others_live_on(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    made = {name: client.subscribe(name) for name in ("/a", "/bad", "/b", "/worse", "/c")}
    async with client:
        for name in ("/bad", "/worse"):
            with raises(stomp.ConnectionLost) as caught:
                await made[name].get(10)
            assert caught[0].code == 1002
        await _proves_alive(client, made["/a"], made["/b"], made["/c"])


async def wants_to_be_alone(peer: Peer) -> None:
    await peer.connect()
    if peer.number <= 2:
        await peer.expect("SUBSCRIBE", destination="/a")
        await peer.close(1008)
        return
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(wants_to_be_alone)
async def one_that_is_closed_upon_twice_alone_is_given_up(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    subscription = client.subscribe("/a")
    async with client:
        with raises(stomp.ConnectionLost):
            await subscription.get(5)
        await client.send("/end")
        await until(lambda: client.state == "connected")


async def errs_and_goes_on(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send("CONNECTED", {"version": "1.2", "server": "ActiveMQ/5.18", "heart-beat": "0,0", "session": "x"})
    frame = await peer.expect("SUBSCRIBE", destination="/secret")
    await peer.error("not for you", frame)
    await peer.expect("SEND", destination="/same-connection")
    await peer.serve()


@situation(errs_and_goes_on)
async def where_an_error_does_not_end_the_connection_only_the_subscription_fails(url: str) -> None:
    async with stomp.connect(url) as client:
        secret = client.subscribe("/secret")
        with raises(stomp.BrokerError, "not for you"):
            await secret.get(5)
        await client.send("/same-connection")
        assert client.stats.reconnects == 0


@situation(errs_and_goes_on)
async def the_failure_of_one_with_a_callback_is_told(url: str) -> None:
    async with stomp.connect(url) as client:
        stray = Recorder()
        client.on_unhandled(stray)
        secret = client.subscribe("/secret", print)
        [error] = await stray.wait(1)
        assert error is secret.error
        assert isinstance(error, stomp.BrokerError)
        await client.send("/same-connection")
