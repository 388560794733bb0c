"""ACK and NACK."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from situation import raises, situation, turns

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0, jitter=0)


async def _sends(peer: Peer, count: int, version: str | None = "1.2") -> None:
    await peer.connect(version=version)
    await peer.expect("SUBSCRIBE", destination="/q")
    for number in range(count):
        await peer.message("/q", str(number))


async def expects_settling_in_1_2(peer: Peer) -> None:
    await _sends(peer, 2)
    for command, number in (("ACK", 1), ("NACK", 2)):
        frame = await peer.expect(command, id=f"a-1-{number}", requeue="false")
        assert set(frame.headers) == {"id", "requeue"}
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_settling_in_1_2)
async def in_1_2_a_message_is_settled_by_its_ack_header(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/q", ack="client-individual")
        await (await subscription.get(5)).ack(headers={"requeue": False})
        await (await subscription.get(5)).nack(headers={"requeue": "false"})
        await client.send("/end")


async def expects_settling_in_1_1(peer: Peer) -> None:
    await _sends(peer, 2, "1.1")
    id = peer.subscriptions["/q"].headers["id"]
    for command, number in (("ACK", 1), ("NACK", 2)):
        frame = await peer.expect(command, message_id=f"m-1-{number}", subscription=id)
        assert set(frame.headers) == {"message-id", "subscription"}
    await peer.serve()


@situation(expects_settling_in_1_1)
async def in_1_1_by_message_id_and_subscription(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/q", ack="client-individual")
        (await subscription.get(5)).ack_nowait()
        (await subscription.get(5)).nack_nowait()


async def expects_settling_in_1_0(peer: Peer) -> None:
    await _sends(peer, 2, None)
    frame = await peer.expect("ACK", message_id="m-1-1")
    assert set(frame.headers) == {"message-id"}
    frame = await peer.expect("ACK", message_id="m-1-2")
    await peer.serve()


@situation(expects_settling_in_1_0)
async def in_1_0_by_message_id_and_there_is_no_nack(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/q", ack="client")
        await (await subscription.get(5)).ack()
        message = await subscription.get(5)
        with raises(stomp.ProtocolError, "NACK"):
            await message.nack()
        with raises(stomp.ProtocolError, "NACK"):
            message.nack_nowait()
        with raises(LookupError):
            async with message.process():
                raise LookupError
        await message.ack()


async def expects_one_ack_only(peer: Peer) -> None:
    await _sends(peer, 2)
    await peer.expect("ACK", id="a-1-1")
    await peer.expect("NACK", id="a-1-2")
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_one_ack_only)
async def settling_twice_is_refused_and_nothing_is_sent(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/q", ack="client-individual")
        first, second = await subscription.get(5), await subscription.get(5)
        await first.ack()
        for again in (first.ack, first.nack):
            with raises(ValueError):
                await again()
        with raises(ValueError):
            first.ack_nowait()
        await second.nack()
        with raises(ValueError):
            second.nack_nowait()
        await client.send("/end")


async def expects_no_ack(peer: Peer) -> None:
    await _sends(peer, 1)
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_no_ack)
async def in_auto_mode_nothing_is_settled(url: str) -> None:
    async with stomp.connect(url) as client:
        message = await client.subscribe("/q").get(5)
        for settle in (message.ack, message.nack):
            with raises(ValueError):
                await settle()
        for settle_now in (message.ack_nowait, message.nack_nowait):
            with raises(ValueError):
                settle_now()
        await client.send("/end")


async def expects_cumulative_acks(peer: Peer) -> None:
    await _sends(peer, 5)
    await peer.expect("ACK", id="a-1-3")
    await peer.expect("ACK", id="a-1-5")
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_cumulative_acks)
async def in_client_mode_an_ack_settles_every_earlier_message(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/q", ack="client")
        messages = [await subscription.get(5) for _ in range(5)]
        await messages[2].ack()
        for message in messages[:3]:
            with raises(ValueError):
                await message.ack()
        await messages[4].ack()
        with raises(ValueError):
            await messages[3].nack()
        await client.send("/end")


async def lacks_the_ack_header(peer: Peer) -> None:
    await peer.connect()
    frame = await peer.expect("SUBSCRIBE", destination="/q")
    headers = {"subscription": frame.headers["id"], "message-id": "1", "destination": "/q"}
    await peer.send("MESSAGE", headers, "without")
    await peer.send("MESSAGE", headers | {"ack": ""}, "empty")
    await peer.expect("ACK", id="")
    await peer.serve()


@situation(lacks_the_ack_header)
async def a_message_without_ack_header_is_delivered_and_only_ack_raises(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/q", ack="client-individual")
        message = await subscription.get(5)
        assert message.text == "without"
        with raises(stomp.ProtocolError, "ack"):
            await message.ack()
        await (await subscription.get(5)).ack()


async def expects_what_process_sends(peer: Peer) -> None:
    await _sends(peer, 5)
    await peer.expect("ACK", id="a-1-1")
    await peer.expect("NACK", id="a-1-2")
    await peer.expect("NACK", id="a-1-3")  # by hand, within the block
    await peer.expect("SEND", destination="/cancelled")
    await peer.expect("ACK", id="a-1-5")
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_what_process_sends)
async def process_acks_on_leaving_and_nacks_when_it_raises(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/q", ack="client-individual")
        async with (await subscription.get(5)).process():
            pass
        with raises(LookupError, "mine"):
            async with (await subscription.get(5)).process():
                raise LookupError("mine")
        message = await subscription.get(5)
        async with message.process():
            await message.nack()

        entered = asyncio.Event()

        async def works() -> None:
            async with (await subscription.get(5)).process():
                entered.set()
                await asyncio.sleep(60)

        task = asyncio.ensure_future(works())
        await entered.wait()
        task.cancel()
        with raises(asyncio.CancelledError):
            await task
        await client.send("/cancelled")
        async with (await subscription.get(5)).process():
            pass
        await client.send("/end")


async def ends_before_it_was_settled(peer: Peer) -> None:
    await _sends(peer, 3)
    if peer.number == 1:
        await peer.expect("SEND", destination="/go")
        peer.cut()
        return
    await peer.expect("ACK", id="a-2-1")
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(ends_before_it_was_settled)
async def a_message_of_an_earlier_connection_is_stale_and_nothing_is_sent(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        subscription = client.subscribe("/q", ack="client")
        old = [await subscription.get(5) for _ in range(3)]
        lost = asyncio.Event()
        client.on_state(lambda state, _error: lost.set() if state == "waiting" else None)
        async with old[0].process():
            await client.send("/go")
            await lost.wait()
            with raises(stomp.StaleMessage):  # while there is no connection, and
                old[1].ack_nowait()
            new = await subscription.get(5)
            with raises(stomp.StaleMessage):  # on another one
                await old[1].ack()
            with raises(stomp.StaleMessage):
                await old[1].nack(receipt=True)
        with raises(LookupError):
            async with old[2].process():
                raise LookupError
        await new.ack()
        await client.send("/end")


async def confirms_some(peer: Peer) -> None:
    await _sends(peer, 4)
    for number in (1, 2):
        frame = await peer.receive()
        assert frame.headers["id"] == f"a-1-{number}"
        await peer.receipt(frame)
    frame = await peer.expect("ACK", id="a-1-3")
    assert "receipt" in frame.headers
    frame = await peer.expect("ACK", id="a-1-4")
    await peer.error("no such message", frame)
    await peer.until_gone()


@situation(confirms_some)
async def with_receipt_settling_waits_and_fails(url: str) -> None:
    client = await stomp.connect(url, reconnect=None)
    subscription = client.subscribe("/q", ack="client-individual")
    await (await subscription.get(5)).ack(receipt=True)
    await (await subscription.get(5)).nack(receipt=True, timeout=5)
    with raises(stomp.ReceiptTimeout):
        await (await subscription.get(5)).ack(receipt=True, timeout=0.02)
    with raises(stomp.BrokerError, "no such message"):
        await (await subscription.get(5)).ack(receipt=True)
    await client.close()


async def expects_a_right_one_after_a_wrong_one(peer: Peer) -> None:
    await _sends(peer, 1)
    await peer.expect("ACK", id="a-1-1", colour="red")
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_a_right_one_after_a_wrong_one)
async def a_refused_ack_settles_nothing(url: str) -> None:
    async with stomp.connect(url) as client:
        message = await client.subscribe("/q", ack="client").get(5)
        with raises(ValueError):
            await message.ack(headers={"id": "other"})
        with raises(stomp.ProtocolError):
            await message.ack(headers={"colour": "re\0d"})
        with raises(stomp.ProtocolError):
            message.ack_nowait(headers={"colour": "re\0d"})
        await message.ack(headers={"colour": "red"})
        await client.send("/end")


@situation(expects_a_right_one_after_a_wrong_one)
async def a_message_can_be_settled_after_unsubscribe(url: str) -> None:
    async with stomp.connect(url) as client:
        message = await client.subscribe("/q", ack="client").get(5)
        message.ack_nowait(headers={"colour": "red"})
        await client.send("/end")


async def disconnects_while_acks_come(peer: Peer) -> None:
    await _sends(peer, 2)
    await peer.expect("ACK", id="a-1-1")
    frame = await peer.expect("DISCONNECT")
    await peer.message("/q", "during")
    await peer.receipt(frame)
    await peer.until_gone()
    assert len(peer.received) == 4, peer.received


@situation(disconnects_while_acks_come)
async def behind_disconnect_nothing_is_settled(url: str) -> None:
    client = await stomp.connect(url)
    subscription = client.subscribe("/q", ack="client-individual")
    first, second = await subscription.get(5), await subscription.get(5)
    await first.ack()
    closing = asyncio.ensure_future(client.close())
    await turns(2)
    with raises(stomp.ClientClosed):
        await second.ack()
    await closing
    with raises(stomp.ClientClosed):
        second.nack_nowait()
    async with second.process():
        pass
