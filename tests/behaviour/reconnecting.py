"""What happens when a connection ends: another one, with everything that was there before."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, told, turns, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)


async def takes_all_back(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        for destination in ("/queue/a", "/queue/b", "/queue/a"):
            await peer.expect("SUBSCRIBE", destination=destination)
        peer.shared["ids"] = [frame.headers["id"] for frame in peer.received[1:]]
        await peer.expect("SEND", destination="/queue/cut")
        peer.cut()
        return
    first = await peer.expect("SUBSCRIBE", destination="/queue/a", ack="client", selector="x = 1")
    second = await peer.expect("SUBSCRIBE", destination="/queue/b", ack="auto", id="mine")
    third = await peer.expect("SUBSCRIBE", destination="/queue/a", ack="auto")
    assert [frame.headers["id"] for frame in (first, second, third)] == peer.shared["ids"]
    for count in range(3):
        send = await peer.expect("SEND", destination="/queue/kept")
        assert send.body == b"%d" % count
    await peer.message("/queue/b", "after")
    await peer.serve()


@situation(takes_all_back)
async def subscriptions_are_restored_in_order_and_ahead_of_what_was_kept(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    states = Recorder()
    client.on_state(states)
    async with client:
        client.subscribe("/queue/a", ack="client", headers={"selector": "x = 1"})
        second = client.subscribe("/queue/b", id="mine")
        client.subscribe("/queue/a")
        await client.send("/queue/cut")
        await until(lambda: client.state == "waiting")
        assert client.version is None
        for count in range(3):
            await client.send("/queue/kept", str(count))
        assert (await second.get(10)).text == "after"
        assert client.stats.reconnects == 1
        assert client.stats.dropped == 0
    assert [state for state, _ in states.calls] == [
        *("connecting", "connected", "waiting", "connecting", "connected", "closing", "closed")
    ]
    errors = [error for _, error in states.calls]
    assert [index for index, error in enumerate(errors) if error is not None] == [2]
    assert isinstance(errors[2], stomp.ConnectionLost)
    assert errors[2].code == 1006


async def is_connected_only_once_restored(peer: Peer) -> None:
    await peer.connect()
    await peer.receipt(await peer.expect("SUBSCRIBE"))
    if peer.number == 1:
        await peer.expect("SEND")
        await peer.close(1000)
        return
    await peer.serve()


@situation(is_connected_only_once_restored)
async def connected_is_told_when_the_subscribes_are_written(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    events: list[str] = []
    client.on_state(lambda state, _error: events.append(str(state)))
    client.on_frame(lambda direction, frame: events.append(frame.command) if direction == "out" else None)
    client.subscribe("/queue/a")
    async with client:
        await client.send("/queue/a")
        await until(lambda: client.stats.reconnects == 1 and client.state == "connected")
    assert events == [
        *("connecting", "CONNECT", "SUBSCRIBE", "connected", "SEND", "waiting"),
        *("connecting", "CONNECT", "SUBSCRIBE", "connected", "closing", "DISCONNECT", "closed"),
    ]


async def ends_in_every_way(peer: Peer) -> None:
    await peer.connect()
    ways = (1000, 1001, 1011, 1012, 4999, 0)
    if peer.number <= len(ways):
        await peer.expect("SEND")
        code = ways[peer.number - 1]
        if code:
            await peer.close(code, "bye")
        else:
            peer.cut()
        return
    await peer.serve()


@situation(ends_in_every_way)
async def every_end_that_close_did_not_ask_for_is_followed_by_another_connection(url: str) -> None:
    codes = []
    client = stomp.Client(url, reconnect=FAST)
    client.on_state(lambda _state, error: codes.append(error.code) if isinstance(error, stomp.ConnectionLost) else None)
    async with client:
        for count in range(6):
            await client.send("/queue/a")
            await until(lambda count=count: client.stats.reconnects == count + 1 and client.state == "connected")  # type: ignore[misc]
        await client.send("/queue/a", receipt=True)
    assert codes == [1000, 1001, 1011, told(1012), 4999, 1006]


async def says_bye(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    await peer.expect("SUBSCRIBE")
    await peer.expect("SEND")
    await peer.close(1000, "bye")


@situation(says_bye)
async def without_reconnect_the_end_of_the_connection_is_the_clients(url: str) -> None:
    client = await stomp.connect(url, reconnect=None)
    states = Recorder()
    client.on_state(states)
    subscription = client.subscribe("/queue/b")
    client.subscribe("/queue/c")
    await client.send("/queue/a")
    with raises(stomp.ConnectionLost, "1000", "bye") as caught:
        await client.wait_closed()
    assert (caught[0].code, caught[0].reason, caught[0].clean) == (1000, "bye", True)
    with raises(stomp.ConnectionLost):
        await subscription.get()
    assert isinstance(subscription.error, stomp.ConnectionLost)
    with raises(stomp.ClientClosed):
        await client.send("/queue/a")
    assert [state for state, _ in states.calls] == ["closed"]
    assert states.calls[0][1] is caught[0]
    await client.close()
    with raises(stomp.ConnectionLost):
        await client.wait_closed()


async def cuts_ten_times(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    await peer.message("/queue/a", str(peer.number))
    if peer.number <= 10:
        await peer.expect("SEND")
        peer.cut()
        return
    await peer.serve()
    assert [frame.command for frame in peer.received].count("SUBSCRIBE") == 1


@situation(cuts_ten_times)
async def ten_losses_double_nothing(url: str) -> None:
    async with stomp.connect(url, reconnect=stomp.Backoff(initial=0.01, factor=1, jitter=0)) as client:
        subscription = client.subscribe("/queue/a")
        for count in range(1, 12):
            assert (await subscription.get(10)).text == str(count)
            if count <= 10:
                client.send_nowait("/queue/b")
        assert subscription.pending == 0
        assert client.stats.reconnects == 10
        assert client.stats.messages == 11


async def writes_down_when(peer: Peer) -> None:
    peer.shared.setdefault("times", []).append(time.monotonic())
    if peer.number in {1, 6}:
        await peer.connect()
        if peer.number == 6:
            gaps = [later - earlier for earlier, later in pairwise(peer.shared["times"][1:])]
            # The first delay, 0.05, follows the loss, of which the server knows no time.
            assert all(gap >= least * 0.9 for gap, least in zip(gaps, (0.1, 0.2, 0.3, 0.3), strict=True)), gaps
            await peer.serve()
            return
        await peer.expect("SEND")
        peer.cut()
        return
    peer.refuse(503)


@situation(writes_down_when)
async def the_delays_grow_to_their_maximum_and_the_first_retry_waits_too(url: str) -> None:
    backoff = stomp.Backoff(initial=0.05, factor=2, maximum=0.3, jitter=0)
    async with stomp.connect(url, reconnect=backoff, subprotocols=["v12.stomp"]) as client:
        times: list[float] = []
        client.on_state(lambda state, _error: times.append(time.monotonic()) if state != "connected" else None)
        await client.send("/queue/a")
        await until(lambda: client.stats.reconnects == 1 and client.state == "connected")
        waits = [later - earlier for earlier, later in zip(times[::2], times[1::2], strict=False)]
        assert len(waits) == 5
        assert all(wait >= least * 0.9 for wait, least in zip(waits, (0.05, 0.1, 0.2, 0.3, 0.3), strict=True)), waits


async def is_gone(peer: Peer) -> None:
    if peer.number == 1:
        await peer.connect()
        await peer.expect("SUBSCRIBE")
        await peer.expect("SEND")
        peer.cut()
        return
    assert peer.number <= 4
    peer.refuse(503)


@situation(is_gone)
async def attempts_used_up_are_final_and_wake_whoever_waits(url: str) -> None:
    client = await stomp.connect(
        url, reconnect=stomp.Backoff(initial=0.01, jitter=0, attempts=3), subprotocols=["v12.stomp"]
    )
    subscription = client.subscribe("/queue/b")
    await client.send("/queue/a")
    await until(lambda: client.state != "connected")
    kept = asyncio.ensure_future(client.send("/queue/c", receipt=True))
    got = asyncio.ensure_future(subscription.get())
    with raises(stomp.ConnectError):
        await client.wait_closed()
    for waiting in (kept, got):
        with raises(stomp.StompError):
            await waiting
    assert isinstance(got.exception(), stomp.ConnectError)
    assert isinstance(kept.exception(), stomp.ClientClosed)
    assert client.state == "closed"
    assert client.stats.dropped == 1


async def comes_back_when_called(peer: Peer) -> None:
    await peer.connect()
    if peer.number == 1:
        await peer.expect("SEND")
        await peer.close(1012)
        return
    if peer.number == 2:
        await peer.until_gone()
        return
    await peer.serve()


@situation(comes_back_when_called)
async def reconnect_now_does_not_wait(url: str) -> None:
    async with stomp.connect(url, reconnect=stomp.Backoff(initial=300, maximum=300, jitter=0)) as client:
        await client.send("/queue/a")
        await until(lambda: client.state == "waiting")
        await turns()
        client.reconnect_now()
        await until(lambda: client.session_id == "s-2" and client.state == "connected")
        # A connection that seems open is given up.
        waiting = asyncio.ensure_future(client.send("/queue/a", receipt=True))
        await turns()
        client.reconnect_now()
        with raises(stomp.ConnectionLost):
            await waiting
        await until(lambda: client.session_id == "s-3" and client.state == "connected")
        assert client.stats.reconnects == 2


@situation(comes_back_when_called)
async def reconnect_now_works_right_inside_the_loss_and_without_reconnect(url: str) -> None:
    client = await stomp.connect(url, reconnect=stomp.Backoff(initial=300, maximum=300, jitter=0))
    client.on_state(lambda state, _error: client.reconnect_now() if state == "waiting" else None)
    await client.send("/queue/a")
    await until(lambda: client.session_id == "s-2" and client.state == "connected")
    await client.close(0)
    client = await stomp.connect(url, reconnect=None)
    client.reconnect_now()
    await until(lambda: client.session_id == "s-4" and client.state == "connected")
    await client.close()


async def refuses_three_times(peer: Peer) -> None:
    if peer.number <= 3:
        peer.refuse(503)
        return
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    await peer.expect("SEND", destination="/queue/early")
    await peer.serve()


@situation(refuses_three_times)
async def a_started_client_is_usable_at_once_and_keeps_trying(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    states = Recorder()
    client.on_state(states)
    assert client.state == "waiting"
    client.start()
    subscription = client.subscribe("/queue/a")
    client.send_nowait("/queue/early", "1")
    client.send_nowait("/queue/a", "2")
    assert (await subscription.get(10)).text == "2"
    assert client.stats.reconnects == 0
    await client.close()
    waits = [error for state, error in states.calls if state == "waiting"]
    assert waits
    assert all(isinstance(error, stomp.ConnectError) for error in waits)


async def lets_half_a_frame_through(peer: Peer) -> None:
    await peer.connect()
    await peer.expect("SUBSCRIBE")
    id = peer.subscriptions["/queue/a"].headers["id"]
    if peer.number == 1:
        await peer.send_raw(f"MESSAGE\nsubscription:{id}\nmessage-id:1\ndestination:/queue/a\n\nhal")
        await peer.close(1001)
        return
    await peer.message("/queue/a", "whole")
    await peer.serve()


@situation(lets_half_a_frame_through)
async def half_a_frame_is_of_no_consequence_on_the_next_connection(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        states = Recorder()
        client.on_state(states)
        assert (await client.subscribe("/queue/a").get(10)).text == "whole"
        assert "amid a frame" in str(states.calls[0][1])


async def chooses_another_version_each_time(peer: Peer) -> None:
    await peer.connect(version={1: "1.2", 2: None, 3: "1.1"}[peer.number])
    if peer.number < 3:
        await peer.expect("SEND")
        peer.cut()
        return
    await peer.serve()


@situation(chooses_another_version_each_time)
async def each_connection_has_the_version_that_it_was_given(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        seen = []
        for count in range(1, 4):
            await until(lambda count=count: client.session_id == f"s-{count}" and client.state == "connected")  # type: ignore[misc]
            seen.append(client.version)
            if count < 3:
                client.send_nowait("/queue/a")
        assert seen == ["1.2", "1.0", "1.1"]


async def names_1_3_the_second_time(peer: Peer) -> None:
    if peer.number == 1:
        await peer.connect()
        await peer.expect("SEND")
        peer.cut()
        return
    assert peer.number == 2
    await peer.expect("CONNECT")
    await peer.send("CONNECTED", {"version": "1.3"})
    await peer.until_gone()


@situation(names_1_3_the_second_time)
async def a_version_mismatch_is_final_later_too(url: str) -> None:
    client = await stomp.connect(url, reconnect=FAST)
    await client.send("/queue/a")
    with raises(stomp.VersionMismatch):
        await client.wait_closed()
