"""What cannot be written yet: kept in order, bounded, and never lost in silence."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, told, turns

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0, jitter=0)


async def expects_numbers(peer: Peer) -> None:
    await peer.connect()
    for number in range(20):
        assert (await peer.expect("SEND", destination="/a")).body == str(number).encode()
    await peer.serve()


@situation(expects_numbers)
async def sends_before_connected_go_out_in_the_order_of_the_calls(url: str) -> None:
    client = stomp.Client(url)
    await client.send("/a", "0")
    for number in range(1, 6):
        client.send_nowait("/a", str(number))
    client.start()
    for number in range(6, 10):
        await client.send("/a", str(number))
    confirmed = [asyncio.ensure_future(client.send("/a", str(number), receipt=True)) for number in range(10, 14)]
    await turns(1)
    for number in range(14, 20):
        client.send_nowait("/a", str(number))
    async with client:
        confirmed[0].cancel()  # it is written: that changes nothing for the others
    results = await asyncio.gather(*confirmed, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert [type(result) for result in results[1:]] == [stomp.ClientClosed] * 3


async def takes_some_and_the_rest_later(peer: Peer) -> None:
    numbers = peer.shared.setdefault("numbers", [])
    await peer.connect()
    if peer.number == 1:
        numbers.append((await peer.expect("SEND")).body)
        await peer.close(1012)
        return
    for _ in range(4):
        numbers.append((await peer.expect("SEND")).body)
    assert numbers == [b"0", b"1", b"2", b"3", b"4"], numbers
    await peer.serve()


@situation(takes_some_and_the_rest_later)
async def over_a_reconnect_the_order_is_kept_and_nothing_is_sent_twice(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        lost = asyncio.Event()
        client.on_state(lambda state, _error: lost.set() if state == "waiting" else None)
        await client.send("/a", "0")
        await lost.wait()
        client.send_nowait("/a", "1")
        await client.send("/a", "2")
        confirmed = asyncio.ensure_future(client.send("/a", "3", receipt=True))
        await turns(1)
        client.send_nowait("/a", "4")
    with raises(stomp.ClientClosed):
        await confirmed


async def expects_three(peer: Peer) -> None:
    await peer.connect()
    for body in (b"1", b"2", b"3"):
        frame = await peer.expect("SEND")
        assert frame.body == body
        if "receipt" in frame.headers:
            await peer.receipt(frame)
    await peer.serve()


@situation(expects_three)
async def the_bound_refuses_what_is_above_it(url: str) -> None:
    client = stomp.Client(url, outbox=2)
    client.send_nowait("/a", "1")
    await client.send("/a", "2")
    with raises(stomp.OutboxFull):
        client.send_nowait("/a", "x")
    with raises(stomp.OutboxFull):
        await client.send("/a", "x")
    with raises(stomp.OutboxFull):
        await client.send("/a", "x", receipt=True)
    async with client:
        await client.send("/a", "3")
        assert client.stats.dropped == 0


@situation(expects_three)
async def an_outbox_of_0_keeps_nothing(url: str) -> None:
    client = stomp.Client(url, outbox=0)
    with raises(stomp.OutboxFull):
        client.send_nowait("/a", "x")
    with raises(stomp.OutboxFull):
        await client.send("/a", "x", receipt=True)
    async with client:
        for body in "123":
            client.send_nowait("/a", body)


@situation(expects_three)
async def a_cancelled_send_that_was_not_written_is_taken_out(url: str) -> None:
    client = stomp.Client(url, outbox=3)
    client.send_nowait("/a", "1")
    taken_back = asyncio.ensure_future(client.send("/a", "x", receipt=True))
    timed_out = asyncio.ensure_future(client.send("/a", "y", receipt=True, timeout=0.01))
    await turns(2)
    with raises(stomp.OutboxFull):
        client.send_nowait("/a", "z")
    taken_back.cancel()
    with raises(asyncio.CancelledError):
        await taken_back
    client.send_nowait("/a", "2")
    with raises(stomp.ReceiptTimeout):
        await timed_out
    third = asyncio.ensure_future(client.send("/a", "3", receipt=True))
    async with client:
        await third


async def loses_one_and_confirms_the_other(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        await peer.expect("SEND", destination="/written")
        await peer.close(1012, "restart")
        return
    await peer.receipt(await peer.expect("SEND", destination="/kept"))
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(loses_one_and_confirms_the_other)
async def written_without_receipt_fails_at_the_loss_and_not_yet_written_waits_on(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        kept: list[asyncio.Future[None]] = []

        def on_state(state: str, _error: BaseException | None) -> None:
            if state == "waiting":
                kept.append(asyncio.ensure_future(client.send("/kept", "x", receipt=True)))

        client.on_state(on_state)
        with raises(stomp.ConnectionLost) as caught:
            await client.send("/written", "x", receipt=True)
        clean = told(1012) == 1012
        assert (caught[0].code, caught[0].clean) == (told(1012), clean)
        assert ("restart" in str(caught[0])) is clean
        await kept[0]
        await client.send("/end")


async def speaks_1_0(peer: Peer) -> None:
    await peer.connect(version=None)
    for body in (b"1", b"2"):
        assert (await peer.expect("SEND")).body == body
    await peer.receipt(await peer.expect("SEND", destination="/end"))
    await peer.serve()


@situation(speaks_1_0)
async def what_turns_out_impossible_is_counted_and_told_and_the_rest_goes_on(url: str) -> None:
    client = stomp.Client(url)
    stray = Recorder()
    client.on_unhandled(stray)
    client.send_nowait("/a", "1")
    client.send_nowait("/a", "x", headers={"colour": "r\ned"})
    waiting = asyncio.ensure_future(client.send("/a", "y", headers={"x:y": "z"}, receipt=True))
    await turns(1)
    client.send_nowait("/a", "2")
    async with client:
        with raises(stomp.ProtocolError):
            await waiting
        await client.send("/end", receipt=True)
        assert client.stats.dropped == 2
        assert [type(error) for error in stray.calls] == [stomp.ProtocolError] * 2


async def takes_text_only(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send("CONNECTED", {"version": "1.1", "session": "x", "server": "Stilts/0.1"})
    peer.version = peer._decoder.version = "1.1"
    assert (await peer.expect("SEND")).body == b"fits"
    await peer.receipt(await peer.expect("SEND", destination="/end"))
    await peer.serve()


@situation(takes_text_only)
async def also_what_the_broker_turns_out_not_to_take(url: str) -> None:
    client = stomp.Client(url)
    stray = Recorder()
    client.on_unhandled(stray)
    client.send_nowait("/a", b"\xff")
    client.send_nowait("/a", "x" * 20_000)
    client.send_nowait("/a", "fits")
    async with client:
        await client.send("/end", receipt=True)
        assert client.stats.dropped == 2
        assert [type(error) for error in stray.calls] == [stomp.ProtocolError, stomp.FrameTooLarge]


async def reads_nothing_for_a_while(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SEND", destination="/full")
    await asyncio.sleep(0.2)
    bodies = [len((await peer.expect("SEND")).body) for _ in range(20)]
    assert bodies == [1_000_000] * 20
    assert (await peer.expect("SEND")).body == b"behind"
    await peer.expect("SEND", destination="/end")
    await peer.serve()


@situation(reads_nothing_for_a_while)
async def sends_wait_while_the_socket_does_not_take_them_and_nothing_overtakes(url: str) -> None:
    async with stomp.connect(url, outbox=30) as client:
        await client.send("/full")
        large = [asyncio.ensure_future(client.send("/a", "x" * 1_000_000)) for _ in range(20)]
        await turns(2)
        client.send_nowait("/a", "behind")
        await asyncio.gather(*large)
        await client.send("/end")
