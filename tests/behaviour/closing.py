"""close(): clean, bounded, from anywhere, and never raising."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, turns, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)


async def closes_well(peer: Peer) -> None:
    await peer.connect()
    frame = await peer.expect("DISCONNECT")
    await peer.send("RECEIPT", {"receipt-id": "another"})
    await peer.receipt(frame)
    assert await peer.until_gone() == 1000
    assert peer.received[-1].command == "DISCONNECT"


@situation(closes_well)
async def closing_says_disconnect_waits_for_its_receipt_and_closes_the_socket(url: str) -> None:
    client = stomp.Client(url)
    states = Recorder()
    client.on_state(states)
    async with client:
        pass
    assert [call[0] for call in states.calls] == ["connecting", "connected", "closing", "closed"]
    assert [call[1] for call in states.calls] == [None] * 4
    await client.wait_closed()
    await client.close()
    assert client.stats.last_error is None
    assert client.stats.dropped == 0


async def never_confirms(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("DISCONNECT")
    await peer.send("RECEIPT", {"receipt-id": "another"})
    await peer.until_gone()
    assert [frame.command for frame in peer.received] == ["CONNECT", "DISCONNECT"]


@situation(never_confirms)
async def without_receipt_closing_takes_no_longer_than_its_timeout(url: str) -> None:
    client = await stomp.connect(url)
    begun = time.monotonic()
    await client.close(timeout=0.2)
    assert time.monotonic() - begun >= 0.2
    assert client.state == "closed"
    await client.wait_closed()
    client = await stomp.connect(url)
    await client.close(timeout=0)
    assert client.state == "closed"


async def ends_instead_of_confirming(peer: Peer) -> None:
    assert peer.number <= 4
    await peer.connect()
    await peer.expect("DISCONNECT")
    if peer.number == 1:
        await peer.close(1000)
    elif peer.number == 2:
        await peer.close(1002, "STOMP died")
    elif peer.number == 3:
        peer.cut()
    else:
        await peer.error("I do not like that")
        await peer.until_gone()


@situation(ends_instead_of_confirming)
async def a_server_that_just_ends_counts_as_a_clean_end(url: str) -> None:
    for _ in range(4):
        client = await stomp.connect(url, reconnect=FAST)
        await client.close(timeout=30)
        assert client.state == "closed"
        await client.wait_closed()


async def answers_no_close_frame(peer: Peer) -> None:
    await peer.connect()
    frame = await peer.expect("DISCONNECT")
    await peer.receipt(frame)
    peer.shared["closed"] = asyncio.Event()
    await asyncio.sleep(0.3)


@situation(answers_no_close_frame)
async def the_servers_close_frame_is_not_waited_for(url: str) -> None:
    client = await stomp.connect(url)
    await client.close(timeout=30)
    assert client.state == "closed"


async def serves(peer: Peer) -> None:
    await peer.connect()
    await peer.serve()
    commands = [frame.command for frame in peer.received]
    assert commands.count("DISCONNECT") == 1
    assert commands[-1] == "DISCONNECT"


@situation(serves)
async def closing_twice_at_once_and_again_is_fine(url: str) -> None:
    client = await stomp.connect(url)
    await asyncio.gather(client.close(), client.close(), client.close(0))
    await client.close()
    await asyncio.gather(client.wait_closed(), client.wait_closed())


@situation(serves)
async def what_waits_in_the_outbox_goes_out_before_disconnect(url: str) -> None:
    client = stomp.Client(url)
    client.start()
    for count in range(20):
        client.send_nowait("/queue/a", str(count))
    sent = Recorder()
    client.on_frame(lambda direction, frame: sent(frame) if direction == "out" else None)
    await client.close()
    assert [frame.body for frame in sent.calls if frame.command == "SEND"] == [b"%d" % count for count in range(20)]
    assert client.stats.dropped == 0


@situation(serves)
async def after_close_every_call_says_that_it_is_closed(url: str) -> None:
    client = await stomp.connect(url)
    subscription = client.subscribe("/queue/a", ack="client")
    await client.send("/queue/a", "1")
    await client.send("/queue/a", "2", receipt=True)
    first = await subscription.get()
    await client.close()
    with raises(stomp.ClientClosed):
        await client.send("/queue/a")
    with raises(stomp.ClientClosed):
        client.send_nowait("/queue/a")
    with raises(stomp.ClientClosed):
        client.subscribe("/queue/b")
    with raises(stomp.ClientClosed):
        async with client.transaction():
            pass
    with raises(stomp.ClientClosed):
        await client.request("/queue/a", timeout=1)
    with raises(stomp.ClientClosed):
        client.start()
    with raises(stomp.ClientClosed):
        await first.ack()
    with raises(stomp.ClientClosed):
        await client.__aenter__()
    assert (await subscription.get()).text == "2"
    with raises(stomp.ClientClosed):
        await subscription.get()
    assert [message async for message in subscription] == []
    await subscription.unsubscribe()
    client.reconnect_now()
    assert client.state == "closed"


async def is_slow_to_confirm(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    await peer.message("/queue/a", "1")
    await peer.expect("SEND")
    frame = await peer.expect("DISCONNECT")
    await peer.message("/queue/a", "2")
    await asyncio.sleep(0.05)
    await peer.receipt(frame)
    await peer.until_gone()
    assert peer.received[-1].command == "DISCONNECT"


@situation(is_slow_to_confirm)
async def nothing_is_sent_behind_disconnect_and_waiting_calls_fail(url: str) -> None:
    client = await stomp.connect(url)
    subscription = client.subscribe("/queue/a", ack="client-individual")
    message = await subscription.get(10)
    waiting = asyncio.ensure_future(client.send("/queue/a", receipt=True))
    await turns()
    sent = Recorder()
    client.on_frame(lambda direction, frame: sent(frame) if direction == "out" else None)
    closing = asyncio.ensure_future(client.close())
    await sent.wait(1)
    with raises(stomp.ClientClosed):
        await message.ack()
    with raises(stomp.ClientClosed):
        client.send_nowait("/queue/a")
    await subscription.unsubscribe()
    await closing
    with raises(stomp.ClientClosed):
        await waiting
    assert [frame.command for frame in sent.calls] == ["DISCONNECT"]


async def accepts_and_waits(peer: Peer) -> None:
    assert peer.number == 1
    await peer.expect("CONNECT")
    await peer.until_gone()
    assert [frame.command for frame in peer.received] == ["CONNECT"]


@situation(accepts_and_waits)
async def closing_while_connecting_ends_it(url: str) -> None:
    client = stomp.Client(url)
    states, frames = Recorder(), Recorder()
    client.on_state(states)
    client.on_frame(frames)
    connecting = asyncio.ensure_future(client.__aenter__())
    await frames.wait(1)
    subscription = client.subscribe("/queue/a")
    await client.close(timeout=30)
    with raises(stomp.ClientClosed):
        await connecting
    with raises(stomp.ClientClosed):
        await subscription.get()
    await client.wait_closed()
    assert [state for state, _ in states.calls] == ["connecting", "closing", "closed"]


async def never_answers(peer: Peer) -> None:
    while peer.request.transport is not None and not peer.request.transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    peer.refuse(400)


@situation(never_answers)
async def closing_at_any_moment_of_opening_ends_it(url: str) -> None:
    for count in range(8):
        client = stomp.Client(url)
        client.start()
        await turns(count * 2)
        await client.close(timeout=30)
        assert client.state == "closed"
        await client.wait_closed()


async def is_not_reached(peer: Peer) -> None:
    raise AssertionError("a WebSocket was opened")


@situation(is_not_reached)
async def closing_before_it_was_started_is_fine(url: str) -> None:
    client = stomp.Client(url)
    subscription = client.subscribe("/queue/a")
    await client.close()
    assert client.state == "closed"
    await client.wait_closed()
    with raises(stomp.ClientClosed):
        await subscription.get()
    with raises(stomp.ClientClosed):
        client.start()


@situation(is_not_reached)
async def what_was_kept_by_a_client_never_started_is_counted(url: str) -> None:
    client = stomp.Client(url)
    for _ in range(3):
        client.send_nowait("/queue/a")
    await client.close()
    assert client.stats.dropped == 3


async def goes_for_good(peer: Peer) -> None:
    if peer.number > 1:
        peer.refuse(503)
        return
    await peer.connect()
    await peer.expect("SEND")
    await peer.close(1000)


@situation(goes_for_good)
async def closing_between_attempts_makes_no_other(url: str) -> None:
    client = stomp.Client(url, reconnect=stomp.Backoff(initial=60, jitter=0))
    states = Recorder()
    client.on_state(states)
    async with client:
        await client.send("/queue/a")
        await until(lambda: client.state == "waiting")
        begun = Recorder()
        client.on_state(begun)
    assert [state for state, _ in begun.calls] == ["closing", "closed"]


@situation(goes_for_good)
async def closing_with_a_full_outbox_after_a_loss_tries_until_its_timeout(url: str) -> None:
    client = await stomp.connect(url, reconnect=FAST)
    await client.send("/queue/a")
    await until(lambda: client.state != "connected")
    client.send_nowait("/queue/b")
    waiting = asyncio.ensure_future(client.send("/queue/c", receipt=True))
    await turns()
    begun = time.monotonic()
    await client.close(timeout=0.3)
    assert time.monotonic() - begun >= 0.3
    assert client.stats.dropped == 2
    with raises(stomp.ClientClosed):
        await waiting
    await client.wait_closed()


async def comes_back(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        await peer.expect("SEND")
        peer.cut()
        return
    await peer.expect("SEND", destination="/queue/b")
    disconnect = await peer.expect("DISCONNECT")
    await peer.receipt(disconnect)
    await peer.until_gone()


@situation(comes_back)
async def closing_with_a_full_outbox_after_a_loss_delivers_it_where_that_works(url: str) -> None:
    client = await stomp.connect(url, reconnect=FAST)
    states = Recorder()
    await client.send("/queue/a")
    await until(lambda: client.state != "connected")
    client.on_state(states)
    client.send_nowait("/queue/b")
    await client.close(timeout=10)
    assert client.stats.dropped == 0
    assert [state for state, _ in states.calls][-2:] == ["closing", "closed"]


@situation(serves)
async def closing_inside_a_callback_does_not_wait_for_it(url: str) -> None:
    for kind in ("message", "async message", "state", "frame"):
        client = stomp.Client(url)
        finished = asyncio.Event()

        async def close(*_arguments: object, client: stomp.Client = client, finished: asyncio.Event = finished) -> None:
            await client.close()
            finished.set()

        def close_later(*_arguments: object, close=close) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            asyncio.ensure_future(close())  # noqa: RUF006

        async def on_state(state: stomp.State, _error: object, close=close) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            if state == "connected":
                await close()

        async def on_frame(_direction: str, frame: stomp.Frame, close=close) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            if frame.command == "MESSAGE":
                await close()

        if kind == "state":
            client.on_state(on_state)
        if kind == "frame":
            client.on_frame(on_frame)
        client.start()
        if kind != "state":
            client.subscribe(
                "/queue/a", {"message": close_later, "async message": close}.get(kind, lambda _message: None)
            )
            client.send_nowait("/queue/a")
        await finished.wait()
        await client.wait_closed()
        assert client.state == "closed"


async def asks_for_work(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    await peer.message("/queue/a", "work")
    await peer.serve()


@situation(asks_for_work)
async def an_exception_in_the_block_closes_and_is_kept(url: str) -> None:
    with raises(LookupError, "mine"):
        async with stomp.connect(url) as client:
            await client.subscribe("/queue/a").get(10)
            raise LookupError("mine")
    assert client.state == "closed"


@situation(asks_for_work)
async def a_cancelled_close_goes_on(url: str) -> None:
    client = await stomp.connect(url)
    await client.subscribe("/queue/a").get(10)
    closing = asyncio.ensure_future(client.close())
    await turns(2)
    closing.cancel()
    with raises(asyncio.CancelledError):
        await closing
    await client.wait_closed()
    assert client.state == "closed"


@situation(serves)
async def clients_one_after_another_do_not_disturb_each_other(url: str) -> None:
    first = await stomp.connect(url)
    closing = asyncio.ensure_future(first.close())
    async with stomp.connect(url) as second:
        await second.send("/queue/a", receipt=True)
        await closing
        await second.send("/queue/a", receipt=True)
    assert first.session_id != second.session_id
