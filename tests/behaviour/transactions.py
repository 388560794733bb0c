"""Transactions: together or not at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from situation import raises, situation, turns

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0, jitter=0)


async def expects_a_commit(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/q")
    await peer.message("/q", "1")
    await peer.message("/q", "2")
    id = (await peer.expect("BEGIN")).headers["transaction"]
    frame = await peer.expect("SEND", destination="/a", transaction=id, colour="red")
    assert (frame.body, frame.headers["content-type"]) == (b'{"x":1}', "application/json")
    frame = await peer.expect("SEND", destination="/b")
    assert "transaction" not in frame.headers
    await peer.expect("ACK", id="a-1-1", transaction=id)
    await peer.expect("NACK", id="a-1-2", transaction=id)
    assert "receipt" not in (await peer.expect("COMMIT", transaction=id)).headers
    other = (await peer.expect("BEGIN")).headers["transaction"]
    assert other != id
    await peer.receipt(await peer.expect("COMMIT", transaction=other))
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_a_commit)
async def leaving_the_block_commits(url: str) -> None:
    async with stomp.connect(url) as client:
        subscription = client.subscribe("/q", ack="client-individual")
        first, second = await subscription.get(5), await subscription.get(5)
        async with client.transaction() as tx:
            await tx.send("/a", {"x": 1}, headers={"colour": "red"})
            await client.send("/b", "outside")
            await tx.ack(first)
            await tx.nack(second)
            with raises(ValueError):
                await first.ack()
        for late in (tx.send("/a"), tx.commit(), tx.abort()):
            with raises(ValueError):
                await late
        async with client.transaction(receipt=True):
            pass
        await client.send("/end")


async def expects_an_abort(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE", destination="/q")
    await peer.message("/q", "1")
    id = (await peer.expect("BEGIN")).headers["transaction"]
    await peer.expect("SEND", transaction=id)
    await peer.expect("ACK", transaction=id)
    await peer.expect("ABORT", transaction=id)
    frame = await peer.expect("ACK", id="a-1-1")
    assert "transaction" not in frame.headers
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(expects_an_abort)
async def an_exception_aborts_and_goes_on(url: str) -> None:
    async with stomp.connect(url) as client:
        message = await client.subscribe("/q", ack="client-individual").get(5)
        with raises(LookupError, "mine"):
            async with client.transaction() as tx:
                await tx.send("/a", "x")
                await tx.ack(message)
                raise LookupError("mine")
        await message.ack()
        await client.send("/end")


async def loses_the_first(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        await peer.expect("BEGIN")
        await peer.expect("SEND", destination="/a")
        peer.cut()
        return
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(loses_the_first)
async def after_a_loss_every_call_and_the_commit_fail_and_nothing_is_sent_again(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        lost, back = asyncio.Event(), asyncio.Event()
        events = {"waiting": lost, "connected": back}
        client.on_state(lambda state, _error: events[state].set() if state in events else None)
        with raises(stomp.ConnectionLost):
            async with client.transaction() as tx:
                await tx.send("/a", "1")
                await lost.wait()
                with raises(stomp.ConnectionLost):
                    await tx.send("/a", "2")
                await back.wait()
                with raises(stomp.ConnectionLost):
                    await tx.send("/a", "3")
        await client.send("/end", "x")


@situation(loses_the_first)
async def an_exception_after_a_loss_comes_out_as_it_is(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        back = asyncio.Event()
        client.on_state(lambda state, _error: back.set() if state == "connected" else None)
        with raises(LookupError):
            async with client.transaction() as tx:
                await tx.send("/a", "1")
                await back.wait()
                raise LookupError
        await client.send("/end", "x")


async def loses_the_commit(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        await peer.expect("BEGIN")
        await peer.expect("COMMIT")
        peer.cut()
        return
    await peer.expect("BEGIN")
    await peer.error("no such transaction", await peer.expect("COMMIT"))
    await peer.until_gone()


@situation(loses_the_commit)
async def a_confirmed_commit_fails_as_a_receipt_does(url: str) -> None:
    client = await stomp.connect(url, reconnect=stomp.Backoff(initial=0, jitter=0, attempts=2))
    with raises(stomp.ConnectionLost):
        async with client.transaction(receipt=True):
            pass
    with raises(stomp.BrokerError, "no such transaction"):
        async with client.transaction(receipt=True, timeout=5):
            pass
    await client.close()


async def is_slow_to_greet(peer: Peer) -> None:
    await peer.open()
    await asyncio.sleep(0.05)
    await peer.connect()
    await peer.expect("BEGIN")
    await peer.expect("SEND", destination="/a")
    await peer.expect("COMMIT")
    await peer.serve()


@situation(is_slow_to_greet)
async def entering_waits_until_connected(url: str) -> None:
    client = stomp.Client(url)
    client.start()
    async with client.transaction() as tx:
        assert client.state == "connected"
        await tx.send("/a", "x")
    await client.close()


@situation(is_slow_to_greet)
async def entering_before_start_waits_for_it(url: str) -> None:
    client = stomp.Client(url)

    async def works() -> None:
        async with client.transaction() as tx:
            await tx.send("/a", "x")

    task = asyncio.ensure_future(works())
    await turns()
    client.start()
    await task
    await client.close()


async def expects_a_begin_and_the_end(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("BEGIN")
    await peer.serve()


@situation(expects_a_begin_and_the_end)
async def a_closed_client_fails_a_transaction_and_keeps_the_exception(url: str) -> None:
    client = await stomp.connect(url)
    with raises(LookupError):
        async with client.transaction():
            await client.close()
            raise LookupError
    with raises(stomp.ClientClosed):
        async with client.transaction():
            pass


async def refuses_nothing(peer: Peer) -> None:
    await peer.connect()
    id = (await peer.expect("BEGIN")).headers["transaction"]
    await peer.expect("SEND", transaction=id, destination="/a")
    await peer.expect("COMMIT", transaction=id)
    await peer.serve()


@situation(refuses_nothing)
async def a_refused_call_leaves_the_transaction_open(url: str) -> None:
    async with stomp.connect(url) as client, client.transaction() as tx:
        with raises(ValueError):
            await tx.send("/a", headers={"transaction": "other"})
        with raises(stomp.ProtocolError):
            await tx.send("/a\0")
        await tx.send("/a", "x")
