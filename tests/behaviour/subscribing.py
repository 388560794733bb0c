"""SUBSCRIBE and UNSUBSCRIBE, ids, confirmation, and what becomes of a subscription across connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0, jitter=0)


async def expects_one_with_everything(peer: Peer) -> None:
    await peer.connect()
    frame = await peer.expect(
        "SUBSCRIBE", destination="/queue/a", id="mine", ack="client-individual", selector="x > 1", prefetch_count="5"
    )
    receipt = frame.headers["receipt"]
    assert all(char.isalnum() or char == "-" for char in receipt)
    await peer.receipt(frame)
    await peer.expect("SUBSCRIBE", destination="/topic/b", ack="auto")
    await peer.serve()


@situation(expects_one_with_everything)
async def what_subscribe_was_given_is_written(url: str) -> None:
    headers = {"selector": "x > 1", "prefetch-count": 5}
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/queue/a", id="mine", ack="client-individual", headers=headers)
        assert (subscription.id, subscription.destination, subscription.error) == ("mine", "/queue/a", None)
        assert (subscription.pending, subscription.dropped) == (0, 0)
        client.subscribe("/topic/b")
        await subscription.confirmed(5)
        assert headers == {"selector": "x > 1", "prefetch-count": 5}


async def collects_ids(peer: Peer) -> None:
    await peer.connect()
    ids = []
    for _ in range(4):
        frame = await peer.expect("SUBSCRIBE")
        ids.append(frame.headers["id"])
        await peer.receipt(frame)
    assert len(set(ids)) == 4, ids
    assert ids[0] == "sub-2"
    await peer.serve()


@situation(collects_ids)
async def generated_ids_never_clash_with_given_ones(url: str) -> None:
    async with stomp.connect(url) as client:
        subscriptions = [client.subscribe("/a", id="sub-2"), *[client.subscribe("/a") for _ in range(3)]]
        assert len({subscription.id for subscription in subscriptions}) == 4
        for subscription in subscriptions:
            await subscription.confirmed(5)


async def sees_one_id_used_again(peer: Peer) -> None:
    await peer.connect()
    await peer.receipt(await peer.expect("SUBSCRIBE", id="x", destination="/a", ack="auto"))
    await peer.receipt(await peer.expect("SUBSCRIBE", id="y"))
    await peer.expect("UNSUBSCRIBE", id="x")
    await peer.receipt(await peer.expect("SUBSCRIBE", id="x", destination="/b", ack="client"))
    await peer.serve()


@situation(sees_one_id_used_again)
async def an_id_in_use_is_refused_and_free_again_after_unsubscribe(url: str) -> None:
    async with stomp.connect(url) as client:
        first = client.subscribe("/a", id="x")
        with raises(ValueError, "x"):
            client.subscribe("/b", id="x")
        await client.subscribe("/c", id="y").confirmed(5)
        await first.unsubscribe()
        again = client.subscribe("/b", id="x", ack="client")
        await again.confirmed(5)


async def expects_nothing_but_the_end(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_nothing_but_the_end)
async def wrong_arguments_are_refused_in_the_call(url: str) -> None:
    async with stomp.connect(url) as client:
        for wrong in (
            {"ack": "individual"},
            {"ack": ""},
            {"overflow": "block"},
            {"overflow": "drop-oldest", "ack": "client"},
            {"overflow": "drop-newest", "ack": "client-individual"},
            {"maxsize": 0},
            {"concurrency": 0},
            {"id": ""},
            {"headers": {"id": "7"}},
            {"headers": {"destination": "/b"}},
            {"headers": {"receipt": "r"}},
        ):
            with raises(ValueError):
                client.subscribe("/a", **wrong)
        with raises(ValueError):
            client.subscribe("")
        with raises(TypeError):
            client.subscribe("/a", "no function")  # type: ignore[arg-type]
        with raises(stomp.ProtocolError):
            client.subscribe("/a\0b")
        await client.send("/end")


async def has_two_of_one_destination(peer: Peer) -> None:
    await peer.connect()
    ids = [(await peer.expect("SUBSCRIBE", destination="/a")).headers["id"] for _ in range(2)]
    for number, id in enumerate(reversed(ids)):
        headers = {"subscription": id, "message-id": f"{number}", "destination": "/a"}
        await peer.send("MESSAGE", headers, f"for {id}")
    await peer.serve()


@situation(has_two_of_one_destination)
async def two_subscriptions_to_one_destination_get_their_own_copies(url: str) -> None:
    async with stomp.connect(url) as client:
        first, second = client.subscribe("/a"), client.subscribe("/a")
        for subscription in (first, second):
            message = await subscription.get(5)
            assert message.text == f"for {subscription.id}"
            assert message.subscription is subscription


async def echoes_an_odd_id(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", id="a:b\\c\nd")
    await peer.message("/a", "found")
    await peer.serve()


@situation(echoes_an_odd_id)
async def an_id_of_special_characters_is_matched_after_unescaping(url: str) -> None:
    async with stomp.connect(url) as client:
        assert (await client.subscribe("/a", id="a:b\\c\nd").get(5)).text == "found"


async def is_1_0_and_names_no_subscription(peer: Peer) -> None:
    await peer.connect(version=None)
    await peer.expect("SUBSCRIBE", destination="/a")
    await peer.expect("SUBSCRIBE", destination="/b")
    for destination in ("/b", "/a", "/nobodys"):
        await peer.send("MESSAGE", {"destination": destination, "message-id": "1"}, f"of {destination}")
    await peer.serve()


@situation(is_1_0_and_names_no_subscription)
async def a_message_of_1_0_is_matched_by_destination(url: str) -> None:
    async with stomp.connect(url) as client:
        stray = Recorder()
        client.on_unhandled(stray)
        first, second = client.subscribe("/a"), client.subscribe("/b")
        assert (await first.get(5)).text == "of /a"
        assert (await second.get(5)).text == "of /b"
        [message] = await stray.wait(1)
        assert isinstance(message, stomp.Message)
        assert message.destination == "/nobodys"


async def sends_for_an_unknown_subscription(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    headers = {"subscription": "who", "message-id": "1", "destination": "/a", "ack": "1"}
    await peer.send("MESSAGE", headers, "lost")
    await peer.message("/a", "found")
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(sends_for_an_unknown_subscription)
async def a_message_for_an_unknown_subscription_goes_to_on_unhandled(url: str) -> None:
    async with stomp.connect(url) as client:
        stray = Recorder()
        client.on_unhandled(stray)
        subscription = client.subscribe("/a", ack="client")
        assert (await subscription.get(5)).text == "found"
        [message] = stray.calls
        assert isinstance(message, stomp.Message)
        assert (message.text, message.subscription) == ("lost", None)
        with raises(ValueError):
            await message.ack()
        await client.send("/end")


# Unsubscribing.


async def sends_on_after_unsubscribe(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    for number in range(3):
        await peer.message("/a", str(number))
    await peer.expect("UNSUBSCRIBE", id=peer.subscriptions["/a"].headers["id"])
    await peer.message("/a", "late")
    await peer.expect("SUBSCRIBE", destination="/b")
    await peer.message("/b", "other")
    await peer.expect("SEND", destination="/end")  # no second UNSUBSCRIBE
    await peer.serve()


@situation(sends_on_after_unsubscribe)
async def after_unsubscribe_the_pending_messages_come_and_then_the_end(url: str) -> None:
    async with stomp.connect(url) as client:
        stray = Recorder()
        client.on_unhandled(stray)
        subscription = client.subscribe("/a")
        await until(lambda: subscription.pending == 3)
        await subscription.unsubscribe()
        other = client.subscribe("/b")
        assert (await other.get(5)).text == "other"
        assert subscription.pending == 3
        assert (await subscription.get()).text == "0"
        assert [message.text async for message in subscription] == ["1", "2"]
        assert [message.text async for message in subscription] == []
        with raises(stomp.ClientClosed):
            await subscription.get()
        await subscription.unsubscribe()
        subscription.unsubscribe_nowait()
        assert subscription.error is None
        assert stray.calls == []
        await client.send("/end")


async def expects_a_block(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    await peer.message("/a", "1")
    await peer.expect("SEND", destination="/still-there")
    await peer.message("/a", "2")
    await peer.expect("UNSUBSCRIBE")
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_a_block)
async def leaving_a_loop_keeps_the_subscription_and_leaving_the_block_ends_it(url: str) -> None:
    async with stomp.connect(url) as client:
        async with client.subscribe("/a") as subscription:
            async for message in subscription:
                assert message.text == "1"
                break
            await client.send("/still-there")
            async for message in subscription:
                assert message.text == "2"
                break
        await client.send("/end")


@situation(expects_nothing_but_the_end)
async def unsubscribe_before_subscribe_was_written_sends_nothing(url: str) -> None:
    client = stomp.Client(url)
    subscription = client.subscribe("/a")
    await subscription.unsubscribe()
    gone = client.subscribe("/b")
    gone.unsubscribe_nowait()
    async with client:
        await client.send("/end")
        assert [message async for message in subscription] == []
        with raises(stomp.ClientClosed):
            await gone.confirmed()


async def expects_a_waiting_consumer_to_end(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    await peer.expect("UNSUBSCRIBE")
    await peer.serve()


@situation(expects_a_waiting_consumer_to_end)
async def a_consumer_that_waits_is_woken_by_unsubscribe(url: str) -> None:
    import asyncio

    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        get = asyncio.ensure_future(subscription.get())
        following = asyncio.ensure_future(anext(subscription, None))
        await asyncio.sleep(0)
        await subscription.unsubscribe()
        with raises(stomp.ClientClosed):
            await get
        assert await following is None


# The end of the client.


async def sends_two(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    await peer.message("/a", "1")
    await peer.message("/a", "2")
    await peer.serve()


@situation(sends_two)
async def after_close_the_pending_messages_come_and_then_the_end(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        await until(lambda: subscription.pending == 2)
    assert [message.text async for message in subscription] == ["1", "2"]
    with raises(stomp.ClientClosed):
        await subscription.get()
    with raises(stomp.ClientClosed):
        client.subscribe("/b")


@situation(sends_two)
async def close_ends_a_subscription_that_is_not_restored_without_error(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a", restore=False)
        await until(lambda: subscription.pending == 2)
    assert subscription.error is None
    assert len([message async for message in subscription]) == 2


async def closes_in_answer_to_disconnect(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    await peer.expect("SUBSCRIBE")
    await peer.expect("DISCONNECT")
    await peer.close(1000)


@situation(closes_in_answer_to_disconnect)
async def a_close_in_answer_to_disconnect_ends_the_iteration_without_error(url: str) -> None:
    async with stomp.connect(url) as client:
        subscriptions = [client.subscribe("/a", restore=restore) for restore in (True, False)]
    for subscription in subscriptions:
        assert subscription.error is None
        assert [message async for message in subscription] == []


async def ends_for_good(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    await peer.message("/a", "1")
    await peer.message("/a", "2")
    await peer.expect("SEND", destination="/go")
    await peer.close(1001)


@situation(ends_for_good)
async def after_a_final_failure_the_pending_messages_come_and_then_that_error(url: str) -> None:
    client = await stomp.connect(url, reconnect=None)
    subscription = client.subscribe("/a")
    await until(lambda: subscription.pending == 2)
    await client.send("/go")
    with raises(stomp.ConnectionLost) as caught:
        await client.wait_closed()
    assert caught[0].code == 1001
    assert (await subscription.get()).text == "1"
    got = []
    with raises(stomp.ConnectionLost):
        async for message in subscription:
            got.append(message.text)  # noqa: PERF401
    assert got == ["2"]
    with raises(stomp.ConnectionLost):
        await subscription.get()
    assert isinstance(subscription.error, stomp.ConnectionLost)


# Across connections.


async def ends_the_first(peer: Peer) -> None:
    await peer.connect()
    await peer.receipt(await peer.expect("SUBSCRIBE", destination="/a", id="mine", ack="client", selector="x"))
    assert peer.number == 1 or len(peer.received) == 2
    await peer.message("/a", f"of {peer.number}")
    if peer.number < 3:
        await peer.expect("SEND", destination="/next")
        await peer.close(1001)
    else:
        await peer.serve()


@situation(ends_the_first)
async def a_subscription_goes_on_across_reconnects_as_it_was_made(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        subscription = client.subscribe("/a", id="mine", ack="client", headers={"selector": "x"})
        seen = []
        async for message in subscription:
            seen.append(message.text)
            if len(seen) == 3:
                break
            await client.send("/next")
        assert seen == ["of 1", "of 2", "of 3"]
        assert client.stats.reconnects == 2


async def keeps_one_of_three(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        for _ in range(3):
            await peer.receipt(await peer.expect("SUBSCRIBE"))
        await peer.expect("SEND", destination="/go")
        peer.cut()
        return
    await peer.receipt(await peer.expect("SUBSCRIBE", destination="/kept"))
    await peer.receipt(await peer.expect("SEND", destination="/end"))
    await peer.serve()


@situation(keeps_one_of_three)
async def what_is_not_to_be_restored_or_was_unsubscribed_meanwhile_is_not_subscribed_again(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        kept = client.subscribe("/kept")
        once = client.subscribe("/once", restore=False)
        given_up = client.subscribe("/given-up")
        for each in (kept, once, given_up):
            await each.confirmed(5)
        client.on_state(lambda state, _error: given_up.unsubscribe_nowait() if state == "waiting" else None)
        await client.send("/go")
        with raises(stomp.ConnectionLost):
            await once.get(5)
        assert isinstance(once.error, stomp.ConnectionLost)
        with raises(stomp.ClientClosed):
            await given_up.get(5)
        await kept.confirmed(5)
        await client.send("/end", receipt=True)


async def expects_subscriptions_first(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/a")
    await peer.expect("SUBSCRIBE", destination="/b")
    await peer.expect("SEND", destination="/a")
    await peer.message("/a", "x")
    await peer.serve()


@situation(expects_subscriptions_first)
async def subscriptions_are_written_before_what_waits_in_the_outbox(url: str) -> None:
    client = stomp.Client(url)
    client.send_nowait("/a", "x")
    first = client.subscribe("/a")
    client.subscribe("/b")
    async with client:
        assert (await first.get(5)).text == "x"


# Confirmation.


async def confirms_one_by_message_and_one_never(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/by-message")
    await peer.expect("SUBSCRIBE", destination="/never")
    await peer.message("/by-message", "x")
    await peer.serve()


@situation(confirms_one_by_message_and_one_never)
async def a_message_confirms_and_silence_is_a_timeout_but_no_failure(url: str) -> None:
    async with stomp.connect(url) as client:
        first, second = client.subscribe("/by-message"), client.subscribe("/never")
        await first.confirmed(5)
        with raises(TimeoutError):
            await second.confirmed(0.02)
        assert second.error is None
        assert client.state == "connected"


async def refuses_one(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        await peer.error("not for you", await peer.expect("SUBSCRIBE", destination="/secret"))
        await peer.until_gone()
    else:
        await peer.serve()


@situation(refuses_one)
async def confirmed_raises_the_error_with_which_the_broker_refused(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        secret = client.subscribe("/secret")
        with raises(stomp.BrokerError, "not for you") as caught:
            await secret.confirmed(5)
        assert caught[0].frame.command == "ERROR"
        assert caught[0].receipt_id
        with raises(stomp.BrokerError):
            await secret.get()
        with raises(stomp.BrokerError):
            await anext(secret)


async def is_spring(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send("CONNECTED", {"version": "1.2", "heart-beat": "0,0"})
    frame = await peer.expect("SUBSCRIBE", destination="/a")
    assert "receipt" not in frame.headers
    await peer.message("/a", "x")
    await peer.serve()


@situation(is_spring)
async def no_receipt_is_asked_of_a_broker_that_sends_none(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/a")
        await subscription.confirmed(5)
        assert (await subscription.get()).text == "x"
