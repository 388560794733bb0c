"""Heart-beats: what is agreed, what is sent, and when a silent peer is given up."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)


async def beat_until_gone(peer: Peer, interval: float) -> None:
    """Send beats as promised, until the client goes."""
    gone = asyncio.ensure_future(peer.serve())
    while not gone.done():
        await asyncio.wait([gone], timeout=interval)
        if not gone.done():
            await peer.send_raw("\n")


async def count_beats(peer: Peer, count: int, interval: float, since: float) -> None:
    """Take so many beats; they must come as messages of their own, and not more often than agreed.

    `since` is a time before CONNECTED was sent: whatever is late, so many intervals lie between.
    """
    for _ in range(count):
        await peer.beat()
    assert time.monotonic() - since >= count * interval * 0.99
    assert peer.messages[-1] == "\n"
    assert peer.messages.count("\n") == peer.beats


async def wants_a_beat_each_100_ms(peer: Peer) -> None:
    since = time.monotonic()
    connect = await peer.connect(heart_beat="0,100")
    assert connect.headers["heart-beat"] == "50,0"
    await count_beats(peer, 4, 0.1, since)
    await peer.serve()


@situation(wants_a_beat_each_100_ms)
async def an_idle_client_sends_a_line_end_in_each_interval_as_a_message_of_its_own(url: str) -> None:
    async with stomp.connect(url, heartbeat=(0.05, 0), reconnect=None) as client:
        assert client.heartbeat == (0.1, 0)
        before = client.stats.bytes_out
        await until(lambda: client.stats.bytes_out >= before + 4)
        assert client.stats.frames_out == 1
        subscription = client.subscribe("/queue/a")
        await client.send("/queue/a", "done")
        assert (await subscription.get(10)).text == "done"


async def wants_none(peer: Peer) -> None:
    answers = {1: "100,0", 2: "100,100", 3: "0,100"}
    await peer.connect(heart_beat=answers[peer.number])
    if peer.number == 3:
        await peer.serve()
        assert not peer.beats
        return
    subscribe = await peer.expect("SUBSCRIBE")
    for _ in range(4):
        await asyncio.sleep(0.1)
        await peer.send_raw("\n")
    await peer.message(subscribe.headers["destination"], "4 intervals")
    await peer.serve()
    assert not peer.beats, "beats that nobody had agreed to"


@situation(wants_none)
async def no_beats_are_sent_where_one_side_says_0(url: str) -> None:
    for heartbeat in ((0.1, 0.1), (0, 0.1)):
        async with stomp.connect(url, heartbeat=heartbeat, heartbeat_tolerance=50, reconnect=None) as client:
            message = await client.subscribe("/queue/a").get(10)
            assert message.text == "4 intervals"
    async with stomp.connect(url, heartbeat=(0, 0), reconnect=None) as client:
        await client.send("/queue/a", receipt=True)


async def promises_nothing(peer: Peer) -> None:
    answers = {1: "0,0", 2: None, 3: "0,50"}
    await peer.connect(heart_beat=answers[peer.number])
    await peer.expect("SUBSCRIBE")
    if peer.number == 3:
        for _ in range(6):
            await peer.beat()
    else:
        await asyncio.sleep(0.2)
        assert not peer.beats
    await peer.message("/queue/a", "still here")
    await peer.serve()


@situation(promises_nothing)
async def a_server_that_promises_no_beats_is_not_missed(url: str) -> None:
    for _ in range(3):
        async with stomp.connect(url, heartbeat=(0.05, 0.02), reconnect=None) as client:
            message = await client.subscribe("/queue/a").get(10)
            assert message.text == "still here"


async def falls_silent(peer: Peer) -> None:
    await peer.connect(heart_beat="100,0")
    if peer.number == 1:
        await peer.expect("SEND")
        for _ in range(3):
            await asyncio.sleep(0.05)
            await peer.send_raw("\n")
        await peer.until_gone()
        return
    await beat_until_gone(peer, 0.05)


@situation(falls_silent)
async def silence_ends_the_connection_fails_what_waits_and_is_followed_by_another(url: str) -> None:
    client = stomp.Client(url, heartbeat=(0, 0.1), reconnect=FAST)
    states = Recorder()
    client.on_state(states)
    async with client:
        begun = time.monotonic()
        with raises(stomp.HeartbeatTimeout) as caught:
            await client.send("/queue/a", "x", receipt=True)
        assert time.monotonic() - begun >= 0.2
        assert isinstance(caught[0], stomp.ConnectionLost)
        assert caught[0].code == 1006
        assert not caught[0].clean
        await until(lambda: client.state == "connected")
        assert isinstance(client.stats.last_error, stomp.HeartbeatTimeout)
        assert client.stats.reconnects == 1
    lost = [error for state, error in states.calls if state == "waiting"]
    assert [type(error) for error in lost] == [stomp.HeartbeatTimeout]


@situation(falls_silent)
async def without_reconnect_silence_is_the_final_error(url: str) -> None:
    client = await stomp.connect(url, heartbeat=(0, 0.1), heartbeat_tolerance=1.5, reconnect=None)
    client.send_nowait("/queue/a")
    with raises(stomp.HeartbeatTimeout):
        await client.wait_closed()


async def is_silent_from_the_first(peer: Peer) -> None:
    await peer.connect(heart_beat="50,0")
    await peer.until_gone()


@situation(is_silent_from_the_first)
async def silence_right_after_connected_counts(url: str) -> None:
    client = await stomp.connect(url, heartbeat=(0, 0.05), reconnect=None)
    with raises(stomp.HeartbeatTimeout):
        await client.wait_closed()


async def sends_everything_but_beats(peer: Peer) -> None:
    await peer.connect(heart_beat="200,0")
    subscribe = await peer.expect("SUBSCRIBE")
    head = f"MESSAGE\nsubscription:{subscribe.headers['id']}\nmessage-id:1\ndestination:/queue/a\n\n"
    for piece in (head, *"0123456789", "\0"):
        await peer.send_raw(piece)
        await asyncio.sleep(0.1)
    for count in range(8):
        await peer.send("RECEIPT", {"receipt-id": f"x-{count}"})
        await asyncio.sleep(0.1)
    await peer.message("/queue/a", "end")
    await peer.serve()


@situation(sends_everything_but_beats)
async def any_octets_show_life(url: str) -> None:
    async with stomp.connect(url, heartbeat=(0, 0.2), reconnect=None) as client:
        subscription = client.subscribe("/queue/a")
        assert [(await subscription.get(10)).text for _ in range(2)] == ["0123456789", "end"]


async def beats_for_a_while(peer: Peer) -> None:
    await peer.connect(heart_beat="40,0")
    await peer.expect("SUBSCRIBE")
    for _ in range(25):
        await asyncio.sleep(0.04)
        await peer.send_raw("\n")
    await peer.message("/queue/a", "25 beats")
    await beat_until_gone(peer, 0.04)


@situation(beats_for_a_while)
async def a_server_that_beats_is_never_given_up(url: str) -> None:
    async with stomp.connect(url, heartbeat=(0, 0.04), heartbeat_tolerance=10, reconnect=None) as client:
        assert (await client.subscribe("/queue/a").get(10)).text == "25 beats"
        assert client.stats.bytes_in > 25


async def beats_each_50_ms(peer: Peer) -> None:
    assert peer.number == 1, f"given up: connection {peer.number}"
    await peer.connect(heart_beat="200,0")
    await beat_until_gone(peer, 0.05)


@situation(beats_each_50_ms)
async def a_blocked_thread_is_no_dead_peer(url: str) -> None:
    client = stomp.Client(url, heartbeat=(0, 0.2), reconnect=FAST)
    states = Recorder()
    client.on_state(states)
    async with client:
        for blocked in (0.65, 0.45, 1.7, 0.81):
            before = client.stats.bytes_in
            time.sleep(blocked)  # noqa: ASYNC251 - that is what is tested
            await until(lambda before=before: client.stats.bytes_in >= before + 4)  # type: ignore[misc]
        assert client.state == "connected"
        assert client.stats.reconnects == 0
    assert [state for state, _ in states.calls] == ["connecting", "connected", "closing", "closed"]


async def falls_silent_when_asked(peer: Peer) -> None:
    await peer.connect(heart_beat="100,0")
    if peer.number == 1:
        await peer.expect("SEND")
        await peer.until_gone()
        return
    await beat_until_gone(peer, 0.05)


@situation(falls_silent_when_asked)
async def a_dead_peer_is_found_after_a_blocked_thread(url: str) -> None:
    async with stomp.connect(url, heartbeat=(0, 0.1), reconnect=FAST) as client:
        await client.send("/queue/a")
        time.sleep(0.5)  # noqa: ASYNC251
        await until(lambda: client.stats.reconnects == 1)
        assert isinstance(client.stats.last_error, stomp.HeartbeatTimeout)


MALFORMED = ("1", ",", ",2", "1,", "a,1", "1,b", "1,2,3", "-1,0", " 1,1", "1, 1", "1.5,1", "9" * 5000 + ",0", "")


async def has_a_malformed_heart_beat(peer: Peer) -> None:
    await peer.connect(heart_beat=MALFORMED[peer.number - 1])
    await peer.until_gone()
    assert [frame.command for frame in peer.received] == ["CONNECT"]


@situation(has_a_malformed_heart_beat)
async def a_malformed_heart_beat_header_fails_cleanly(url: str) -> None:
    for _ in MALFORMED:
        with raises(stomp.ProtocolError, "heart-beat"):
            await stomp.connect(url, reconnect=None)


async def is_1_0_with_a_heart_beat_header(peer: Peer) -> None:
    await peer.connect(version=("1.0" if peer.number == 1 else None), heart_beat="a,b" if peer.number == 1 else "30,30")
    await peer.expect("SUBSCRIBE")
    await asyncio.sleep(0.15)
    await peer.message("/queue/a", "x")
    await peer.serve()
    assert not peer.beats


@situation(is_1_0_with_a_heart_beat_header)
async def there_are_no_beats_in_1_0(url: str) -> None:
    for _ in range(2):
        async with stomp.connect(url, heartbeat=(0.03, 0.03), reconnect=None) as client:
            await client.subscribe("/queue/a").get(10)


async def has_intervals_of_a_year_and_of_a_millisecond(peer: Peer) -> None:
    await peer.connect(heart_beat={1: "31536000000,31536000000", 2: "0,1"}[peer.number])
    if peer.number == 2:
        for _ in range(10):
            await peer.beat()
    await peer.serve()


@situation(has_intervals_of_a_year_and_of_a_millisecond)
async def intervals_may_be_a_year_or_a_millisecond(url: str) -> None:
    for heartbeat in ((31_536_000, 31_536_000), (0.001, 0)):
        async with stomp.connect(url, heartbeat=heartbeat, reconnect=None) as client:
            await client.send("/queue/a", receipt=True)


async def sends_and_wants_beats(peer: Peer) -> None:
    since = time.monotonic()
    await peer.connect(heart_beat="0,100")
    await peer.expect("SUBSCRIBE")
    counted = asyncio.ensure_future(count_beats(peer, 3, 0.1, since))
    while not counted.done():
        await peer.message("/queue/a", "x")
        await asyncio.wait([counted], timeout=0.02)
    await counted
    await peer.message("/queue/a", "end")
    await peer.serve()


@situation(sends_and_wants_beats)
async def receiving_is_no_sending(url: str) -> None:
    async with stomp.connect(url, heartbeat=(0.1, 0), reconnect=None) as client:
        subscription = client.subscribe("/queue/a")
        while (await subscription.get(10)).text != "end":
            pass


async def beats_both_ways(peer: Peer) -> None:
    since = time.monotonic()
    await peer.connect(heart_beat="50,50")
    await peer.expect("SUBSCRIBE")
    await peer.message("/queue/a", "work")
    taken = asyncio.ensure_future(count_beats(peer, 5, 0.05, since))
    while not taken.done():
        await peer.send_raw("\n")
        await asyncio.wait([taken], timeout=0.02)
    await taken
    await peer.message("/queue/a", "stop")
    await beat_until_gone(peer, 0.02)


@situation(beats_both_ways)
async def beats_go_on_while_a_handler_works(url: str) -> None:
    seen: list[str] = []
    stop = asyncio.Event()

    async def handler(message: stomp.Message) -> None:
        seen.append(message.text)
        if message.text == "work":
            await stop.wait()

    async with stomp.connect(url, heartbeat=(0.05, 0.05), heartbeat_tolerance=10, reconnect=None) as client:
        subscription = client.subscribe("/queue/a", handler)
        await until(lambda: subscription.pending == 1)
        stop.set()
        await until(lambda: seen == ["work", "stop"])


async def beats_only_between_connected_and_disconnect(peer: Peer) -> None:
    connect = await peer.expect("CONNECT")
    assert connect.headers["heart-beat"] == "30,0"
    await asyncio.sleep(0.15)
    await peer.send("CONNECTED", {"version": "1.2", "heart-beat": "0,30"})
    await peer.beat()
    assert peer.messages[0] != "\n"
    assert str(peer.messages[0]).startswith("CONNECT\n")
    frame = await peer.receive()
    assert frame.command == "DISCONNECT"
    behind = len(peer.messages)
    await asyncio.sleep(0.15)
    await peer.receipt(frame)
    assert await peer.until_gone() == 1000
    assert len(peer.messages) == behind, "something came behind DISCONNECT"


@situation(beats_only_between_connected_and_disconnect)
async def there_is_no_beat_ahead_of_connected_and_none_behind_disconnect(url: str) -> None:
    async with stomp.connect(url, heartbeat=(0.03, 0), reconnect=None) as client:
        before = client.stats.bytes_out
        await until(lambda: client.stats.bytes_out > before)


async def cuts_five_times(peer: Peer) -> None:
    since = time.monotonic()
    await peer.connect(heart_beat="0,60")
    if peer.number <= 5:
        await peer.beat()
        peer.cut()
        return
    await count_beats(peer, 4, 0.06, since)
    await peer.serve()


@situation(cuts_five_times)
async def timers_end_with_their_connection(url: str) -> None:
    async with stomp.connect(url, heartbeat=(0.06, 0), reconnect=FAST) as client:
        subscription = client.subscribe("/queue/a")
        await until(lambda: client.session_id == "s-6" and client.state == "connected")
        before = client.stats.bytes_out
        await until(lambda: client.stats.bytes_out >= before + 4)
        await client.send("/queue/a", "done")
        assert (await subscription.get(10)).text == "done"
