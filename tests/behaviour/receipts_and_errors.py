"""RECEIPT, ERROR, and what else ends a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, turns, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)


async def answers_in_reverse(peer: Peer) -> None:
    await peer.connect()
    sends = [await peer.expect("SEND") for _ in range(3)]
    ids = [send.headers["receipt"] for send in sends]
    assert len(set(ids)) == 3
    assert all(char.isascii() and (char.isalnum() or char == "-") for id in ids for char in id)
    await peer.expect("SEND", destination="/queue/free")  # nobody was held up
    await peer.send("RECEIPT", {"receipt-id": "unknown"})
    for send in reversed(sends):
        await peer.receipt(send)
    await peer.serve()


@situation(answers_in_reverse)
async def each_receipt_completes_the_call_with_exactly_its_id(url: str) -> None:
    done: list[str] = []
    async with stomp.connect(url) as client:
        unhandled = Recorder()
        client.on_unhandled(unhandled)

        async def send(name: str) -> None:
            await client.send("/queue/a", name, receipt=True)
            done.append(name)

        tasks = [asyncio.ensure_future(send(name)) for name in "abc"]
        await turns()
        await client.send("/queue/free")
        await asyncio.gather(*tasks)
        assert done == ["c", "b", "a"]
        assert [frame.headers["receipt-id"] for frame in unhandled.calls] == ["unknown"]
        assert unhandled.calls[0].command == "RECEIPT"
        assert client.stats.round_trip is not None
        assert client.stats.round_trip > 0


async def answers_only_the_second(peer: Peer) -> None:
    await peer.connect()
    first, second = await peer.expect("SEND"), await peer.expect("SEND")
    await peer.receipt(second)
    third = await peer.expect("SEND")
    await peer.receipt(first)
    await peer.receipt(first)
    await peer.receipt(third)
    await peer.serve()


@situation(answers_only_the_second)
async def a_receipt_says_nothing_of_earlier_frames_and_a_late_one_is_ignored(url: str) -> None:
    async with stomp.connect(url, reconnect=None) as client:
        unhandled = Recorder()
        client.on_unhandled(unhandled)
        first = asyncio.ensure_future(client.send("/queue/a", "1", receipt=True, timeout=0.2))
        await turns()
        await client.send("/queue/a", "2", receipt=True)
        assert not first.done()
        with raises(stomp.ReceiptTimeout, "may have arrived") as caught:
            await first
        assert isinstance(caught[0], TimeoutError)
        await client.send("/queue/a", "3", receipt=True)
        assert unhandled.calls == []
        assert client.state == "connected"


@situation(answers_only_the_second)
async def a_cancelled_wait_leaves_nothing_and_its_receipt_is_harmless(url: str) -> None:
    async with stomp.connect(url, reconnect=None) as client:
        first = asyncio.ensure_future(client.send("/queue/a", "1", receipt=True))
        await turns()
        await client.send("/queue/a", "2", receipt=True)
        first.cancel()
        with raises(asyncio.CancelledError):
            await first
        await client.send("/queue/a", "3", receipt=True)


async def names_the_guilty(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        sends = [await peer.expect("SEND") for _ in range(3)]
        await peer.send("ERROR", {"message": "no such queue", "receipt-id": sends[1].headers["receipt"]}, "details")
        assert await peer.until_gone() == 1000
        assert [frame.command for frame in peer.received] == ["CONNECT", "SEND", "SEND", "SEND"]
        return
    await peer.serve()


@situation(names_the_guilty)
async def an_error_fails_the_call_it_names_and_ends_the_connection_for_the_others(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    states = Recorder()
    client.on_state(states)
    async with client:
        subscription_error = client.stats.last_error
        assert subscription_error is None
        calls = [asyncio.ensure_future(client.send("/queue/a", str(n), receipt=True)) for n in range(3)]
        await asyncio.wait(calls)
        errors = [call.exception() for call in calls]
        guilty = errors[1]
        assert isinstance(guilty, stomp.BrokerError)
        assert "no such queue" in str(guilty)
        assert guilty.frame.body == b"details"
        assert guilty.receipt_id == guilty.frame.headers["receipt-id"]
        for other in (errors[0], errors[2]):
            assert isinstance(other, stomp.ConnectionLost)
            assert other.__cause__ is guilty
        assert errors[0] is not errors[2]
        await until(lambda: client.state == "connected")
        await client.send("/queue/a", "goes on", receipt=True)
        assert client.stats.last_error is guilty
    assert ("waiting", guilty) in states.calls


async def names_nobody(peer: Peer) -> None:
    await peer.connect()
    if peer.number <= 3:
        await peer.expect("SEND")
        await peer.send_raw(
            {1: b"ERROR\n\n\0", 2: b"ERROR\nmessage:x\n\n\xff\xfe\0", 3: b"ERROR\nversion:1.0\nmessage:x\\cy\n\n\0"}[
                peer.number
            ]
        )
        assert await peer.until_gone() == 1000
        return
    await peer.serve()


@situation(names_nobody)
async def an_error_that_names_nobody_fails_all_who_wait_and_is_the_cause(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        causes = []
        for _ in range(3):
            with raises(stomp.ConnectionLost) as caught:
                await client.send("/queue/a", receipt=True)
            causes.append(caught[0].__cause__)
            await until(lambda: client.state == "connected")
        assert all(isinstance(cause, stomp.BrokerError) for cause in causes)
        assert [cause.frame.body for cause in causes] == [b"", b"\xff\xfe", b""]
        assert [cause.receipt_id for cause in causes] == [None, None, None]
        assert causes[2].frame.headers["message"] == "x:y"
        assert client.version == "1.2"


async def confirms_and_complains_in_one_piece(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    first, second = await peer.expect("SEND"), await peer.expect("SEND")
    id = next(iter(peer.subscriptions.values())).headers["id"]
    message = f"MESSAGE\nsubscription:{id}\nmessage-id:1\ndestination:/queue/a\n\nbefore\0\n"
    receipt = f"RECEIPT\nreceipt-id:{first.headers['receipt']}\n\n\0\n"
    error = f"ERROR\nreceipt-id:{first.headers['receipt']}\nmessage:first counts\n\n\0\n"
    await peer.send_raw(message + receipt + error + message.replace("before", "behind"))
    assert second.headers["receipt"] != first.headers["receipt"]
    assert await peer.until_gone() == 1000


@situation(confirms_and_complains_in_one_piece)
async def the_first_of_receipt_and_error_counts_and_messages_before_it_are_delivered(url: str) -> None:
    client = await stomp.connect(url, reconnect=None)
    subscription = client.subscribe("/queue/a")
    first = asyncio.ensure_future(client.send("/queue/a", "1", receipt=True))
    await turns()
    second = asyncio.ensure_future(client.send("/queue/a", "2", receipt=True))
    await first
    with raises(stomp.ConnectionLost, "first counts"):
        await second
    assert [message.text async for message in _until_error(subscription)] == ["before"]
    with raises(stomp.ConnectionLost) as caught:
        await client.wait_closed()
    assert isinstance(caught[0].__cause__, stomp.BrokerError)


async def _until_error(subscription: stomp.Subscription) -> AsyncIterator[stomp.Message]:
    try:
        async for message in subscription:
            yield message
    except stomp.ConnectionLost:
        return


async def complains_and_confirms(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        send = await peer.expect("SEND")
        id = send.headers["receipt"]
        await peer.send_raw(f"ERROR\nreceipt-id:{id}\nmessage:no\n\n\0RECEIPT\nreceipt-id:{id}\n\n\0")
        await peer.until_gone()
        return
    await peer.serve()


@situation(complains_and_confirms)
async def a_receipt_behind_the_error_changes_nothing(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        with raises(stomp.BrokerError, "no"):
            await client.send("/queue/a", receipt=True)


async def cuts_while_a_send_waits(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        send = await peer.expect("SEND")
        peer.shared["id"] = send.headers["receipt"]
        await peer.close(4242, "maintenance")
        return
    send = await peer.expect("SEND")
    assert send.body == b"2", "the first was sent again"
    assert send.headers["receipt"] != peer.shared["id"]
    await peer.receipt(send)
    await peer.serve()


@situation(cuts_while_a_send_waits)
async def a_loss_fails_the_wait_at_once_and_nothing_is_sent_again(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST, receipt_timeout=60) as client:
        with raises(stomp.ConnectionLost, "4242", "maintenance") as caught:
            await client.send("/queue/a", "1", receipt=True)
        assert (caught[0].code, caught[0].reason, caught[0].clean) == (4242, "maintenance", True)
        await client.send("/queue/a", "2", receipt=True)


async def breaks_the_protocol(peer: Peer) -> None:
    await peer.connect(version="1.1" if peer.number == 2 else "1.2")
    await peer.expect("SUBSCRIBE")
    await peer.expect("SEND")
    id = peer.subscriptions["/queue/a"].headers["id"]
    good = f"MESSAGE\nsubscription:{id}\nmessage-id:1\ndestination:/queue/a\n\ngood\0"
    bad = (
        "MESSAGE\nx:a\\tb\n\n\0",  # an undefined escape
        "MESSAGE\nx:a\\rb\n\n\0",  # one that 1.1 has not
        "SEND\ndestination:/queue/a\n\n\0",  # the wrong direction
        "RECEIPT\n\n\0",  # no receipt-id
        "MESSAGE\nno colon\n\n\0",
        "MESSAGE\ncontent-length:-1\n\n\0",
        "MESSAGE\ncontent-length:2\n\nabc\0",
        "RECEIPT\nreceipt-id:1\n\nbody\0",
        "NONSENSE\n\n\0",
        "message\n\n\0",
        f"MESSAGE\ncontent-length:{10**6}\n\n",  # above the limit
        "MESSAGE\nx:" + "y" * 3000 + "\n\n\0",
        "MESSAGE\n" + "x:y\n" * 60 + "\n\0",
    )[peer.number - 1]
    await peer.send_raw(good + bad + good)
    assert await peer.until_gone() == 4002
    assert peer.received[-1].command == "SEND", "something was sent after the protocol was broken"


BREACHES = 13


@situation(breaks_the_protocol)
async def a_malformed_frame_ends_the_connection_after_the_good_ones_before_it(url: str) -> None:
    limits = stomp.Limits(max_frame_size=100_000, max_header_size=2000, max_header_count=50)
    for _ in range(BREACHES):
        client = await stomp.connect(url, reconnect=None, limits=limits)
        subscription = client.subscribe("/queue/a")
        with raises(stomp.ConnectionLost) as caught:
            await client.send("/queue/a", receipt=True)
        assert isinstance(caught[0].__cause__, stomp.ProtocolError)
        assert (await subscription.get()).text == "good"
        with raises(stomp.ConnectionLost):
            await subscription.get()
        with raises(stomp.ConnectionLost):
            await client.wait_closed()


async def has_an_empty_receipt_id(peer: Peer) -> None:
    await peer.connect()
    await peer.send_raw("RECEIPT\nreceipt-id:\n\n\0")
    await peer.serve()


@situation(has_an_empty_receipt_id)
async def an_empty_receipt_id_is_legal(url: str) -> None:
    client = stomp.Client(url, reconnect=None)
    unhandled = Recorder()
    client.on_unhandled(unhandled)
    async with client:
        await unhandled.wait(1)
        await client.send("/queue/a", receipt=True)


async def complains_at_length(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        await peer.expect("SEND")
        await peer.error("ü" * 5000, body="é" * 5000)
        assert await peer.until_gone() == 1000
        return
    await peer.serve()


@situation(complains_at_length)
async def a_long_error_and_a_callback_that_raises_do_no_harm(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    later = Recorder()

    def fail(*_arguments: object) -> None:
        raise LookupError("on purpose")

    for register in (client.on_state, client.on_frame, client.on_unhandled):
        register(fail)
    client.on_state(later)
    async with client:
        with raises(stomp.ConnectionLost):
            await client.send("/queue/a", receipt=True)
        await client.send("/queue/a", receipt=True)
        assert isinstance(client.stats.last_error, stomp.BrokerError)
    assert [state for state, _ in later.calls][-1] == "closed"


async def answers_subscribe_late(peer: Peer) -> None:
    await peer.connect()
    subscribe = await peer.expect("SUBSCRIBE")
    await peer.message("/queue/a", "early")
    await peer.receipt(subscribe)
    await peer.serve()


@situation(answers_subscribe_late)
async def a_message_ahead_of_the_receipt_is_delivered(url: str) -> None:
    async with stomp.connect(url, reconnect=None) as client:
        subscription = client.subscribe("/queue/a")
        await subscription.confirmed()
        assert (await subscription.get()).text == "early"
