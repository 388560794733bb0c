"""What waits when the socket takes no more, and what becomes of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import pytest

import pystomp_web as stomp
from pystomp_web.client.sending import HIGH_WATER
from pystomp_web.protocol import Frame
from pystomp_web.transport.base import Buffer
from tests.unit.client.line import Line, until

BIG = "x" * (HIGH_WATER + 1)


def octets(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


async def stalled(line: Line, **options: int) -> stomp.Client:
    """A connected client whose socket is full."""
    client = line.client(**options)
    await client.__aenter__()
    line.end.client.stall()
    await client.send("/full", BIG)
    return client


async def test_send_waits_and_send_nowait_queues_while_the_socket_is_full() -> None:
    line = Line()
    client = await stalled(line)
    waiting = asyncio.ensure_future(client.send("/a", "1"))
    await asyncio.sleep(0)
    client.send_nowait("/a", "2")
    confirmed = asyncio.ensure_future(client.send("/a", "3", receipt=True))
    await asyncio.sleep(0.03)
    assert not waiting.done()
    assert not confirmed.done()
    line.end.client.go()
    await asyncio.gather(waiting, confirmed)
    assert line.end.sent("SEND") == [BIG, "1", "2", "3"]
    await client.close()


@pytest.mark.parametrize("destination", ["/a", "/\xe4", "/\u6f22:\n"])
@pytest.mark.parametrize("body", ["", "a", "gr\xfc\xdfe", "\u6f22", "\N{PILE OF POO}\0", {"\xe4": "\xf6"}, b"\xff\0"])
@pytest.mark.parametrize("headers", [None, {"\xe4": "\xf6"}])
async def test_the_octets_that_were_sent_are_counted(
    destination: str, body: str | bytes | dict[str, str], headers: dict[str, str] | None
) -> None:
    line = Line()
    async with line.client() as client:
        written: list[bytes] = []
        deliver = line.end.transport.on_data

        def count(data: Buffer) -> None:
            written.append(bytes(data))
            deliver(data)

        line.end.transport.on_data = count
        before = client.stats.bytes_out
        await client.send(destination, body, headers=headers)
        await until(lambda: line.end.frames)
        sent = b"".join(written)
        assert client.stats.bytes_out - before == len(sent)
        assert line.end.frames[0].headers["destination"] == destination


@pytest.mark.parametrize("headers", [None, {"priority": 4}])
async def test_a_loop_of_sends_leaves_turns_of_the_loop_to_others(headers: dict[str, int] | None) -> None:
    line = Line()
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with line.client() as client:
        beside = asyncio.ensure_future(other())
        for _ in range(20):
            await client.send("/a", "short", headers=headers)
        assert turns == 0  # nothing is waited for yet
        for _ in range(100):
            await client.send("/a", "x" * 16 * 1024, headers=headers)
        beside.cancel()
        assert turns >= 20
        assert len(line.end.sent("SEND")) == 120


async def test_the_bound_holds_for_send_nowait_while_connected_and_send_may_wait_above_it() -> None:
    line = Line()
    client = await stalled(line, outbox=2)
    client.send_nowait("/a", "1")
    client.send_nowait("/a", "2")
    with pytest.raises(stomp.OutboxFull):
        client.send_nowait("/a", "x")
    waiting = asyncio.ensure_future(client.send("/a", "3"))
    await asyncio.sleep(0)
    assert not waiting.done()
    line.end.client.go()
    await waiting
    await until(lambda: line.end.sent("SEND") == [BIG, "1", "2", "3"])
    await client.close()


async def test_a_cancelled_send_that_waits_for_room_is_taken_out() -> None:
    line = Line()
    client = await stalled(line)
    waiting = [asyncio.ensure_future(client.send("/a", str(number))) for number in range(4)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[2].cancel()
    await asyncio.wait(waiting[::2])
    line.end.client.go()
    await asyncio.gather(*waiting[1::2])
    await client.send("/a", "last", receipt=True)
    assert line.end.sent("SEND") == [BIG, "1", "3", "last"]
    await client.close()


async def test_what_waited_for_room_goes_out_on_the_next_connection_in_order() -> None:
    line = Line()
    client = await stalled(line)
    waiting = asyncio.ensure_future(client.send("/a", "1"))
    confirmed = asyncio.ensure_future(client.send("/a", "2", receipt=True))
    await asyncio.sleep(0)
    client.send_nowait("/a", "3")
    line.end.transport.cut()
    await waiting  # it is in the outbox
    await confirmed
    await client.send("/a", "4", receipt=True)
    assert line.ends[0].sent("SEND") == []
    assert line.ends[1].sent("SEND") == ["1", "2", "3", "4"]
    await client.close()


async def test_at_a_loss_the_outbox_keeps_no_more_than_its_bound_of_sends_that_nobody_awaits() -> None:
    line = Line()
    client = await stalled(line, outbox=2)
    waiting = [asyncio.ensure_future(client.send("/a", str(number))) for number in range(4)]
    await asyncio.sleep(0)
    line.end.transport.cut()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), type(None), stomp.OutboxFull, stomp.OutboxFull]
    await until(lambda: len(line.ends) == 2 and line.end.sent("SEND") == ["0", "1"])
    await client.close()


async def test_acks_that_waited_for_room_are_not_sent_on_another_connection() -> None:
    line = Line()
    client = await stalled(line)
    subscription = client.subscribe("/a", ack="client-individual")
    line.end.message(subscription.id, ack="1")
    message = await subscription.get()
    ack = asyncio.ensure_future(message.ack())
    await asyncio.sleep(0)
    assert message.settled
    line.end.transport.cut()
    with pytest.raises(stomp.ConnectionLost):
        await ack
    assert not message.settled
    with pytest.raises(stomp.StaleMessage):
        await message.ack()
    await client.send("/a", "end", receipt=True)
    assert [frame.command for frame in line.end.frames] == ["SUBSCRIBE", "SEND"]
    await client.close()


async def test_a_cancelled_ack_that_waited_for_room_settles_nothing() -> None:
    line = Line()
    client = await stalled(line)
    subscription = client.subscribe("/a", ack="client")
    for number in "12":
        line.end.message(subscription.id, ack=number)
    first, second = await subscription.get(), await subscription.get()
    ack = asyncio.ensure_future(second.ack())
    await asyncio.sleep(0)
    assert first.settled
    ack.cancel()
    await asyncio.wait([ack])
    assert [first.settled, second.settled] == [False, False]
    line.end.client.go()
    await first.ack()
    await second.nack()
    await client.send("/a", "end", receipt=True)
    assert [frame.headers["id"] for frame in line.end.frames if frame.command in {"ACK", "NACK"}] == ["1", "2"]
    await client.close()


async def test_what_turns_out_too_large_in_the_same_turn_is_raised_to_who_waits() -> None:
    line = Line(connected={"version": "1.1", "server": "Stilts/0.1", "session": "1"})
    client = line.client()
    await client.__aenter__()
    line.end.client.stall()
    link = client._engine.link
    assert link is not None
    while not link.is_full(HIGH_WATER):
        await client.send("/full", "x" * 16_000)
    with pytest.raises(stomp.OutboxFull):
        for _ in range(2000):
            client.send_nowait("/a", "x" * 20_000)
    assert client.stats.dropped == 0
    large = asyncio.ensure_future(client.send("/a", "x" * 20_000))
    await asyncio.sleep(0)
    line.end.client.go()
    with pytest.raises(stomp.FrameTooLarge):
        await large
    assert client.stats.dropped == 1001
    await client.send("/a", "fits", receipt=True)
    await client.close()


async def test_receipts_time_out_before_and_after_the_frame_was_written() -> None:
    line = Line(answer=lambda _end, _frame: None)
    client = await stalled(line)
    with pytest.raises(stomp.ReceiptTimeout, match="not sent"):
        await client.send("/a", "1", receipt=True, timeout=0.02)
    line.end.client.go()
    with pytest.raises(stomp.ReceiptTimeout, match="may have arrived"):
        await client.send("/a", "2", receipt=True, timeout=0.02)
    assert line.end.sent("SEND") == [BIG, "2"]
    await client.close(0.01)


async def test_close_lets_the_outbox_out_first_and_counts_what_could_not_go() -> None:
    line = Line()
    client = await stalled(line)
    for number in range(3):
        client.send_nowait("/a", str(number))
    waiting = asyncio.ensure_future(client.send("/a", "3"))
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(client.close())
    await asyncio.sleep(0)
    line.end.client.go()
    await asyncio.gather(waiting, closing)
    assert line.end.sent("SEND") == [BIG, *"0123"]
    assert line.end.frames[-1].command == "DISCONNECT"

    line = Line()
    client = await stalled(line)
    for number in range(3):
        client.send_nowait("/a", str(number))
    waiting = asyncio.ensure_future(client.send("/a", "3"))
    await asyncio.sleep(0)
    await client.close(0.02)
    with pytest.raises(stomp.ClientClosed):
        await waiting
    assert client.stats.dropped == 4


async def test_close_does_not_wait_for_acks_whose_connection_is_lost() -> None:
    line = Line()
    client = await stalled(line)
    subscription = client.subscribe("/a", ack="client")
    line.end.message(subscription.id, ack="1")
    (await subscription.get()).ack_nowait()
    closing = asyncio.ensure_future(client.close(60))
    await asyncio.sleep(0)
    line.end.transport.cut()
    await asyncio.wait_for(closing, 5)


async def test_many_tasks_send_whole_frames_in_the_order_of_their_calls() -> None:
    line = Line()
    client = line.client()

    async def sender(name: str) -> None:
        for number in range(50):
            await client.send("/a", f"{name}{number}")
            if number % 7 == 0:
                await asyncio.sleep(0)

    async with client:
        await asyncio.gather(*[sender(name) for name in "abc"])
        await client.send("/a", "end", receipt=True)
        got = line.end.sent("SEND")
        for name in "abc":
            assert [body for body in got if body[0] == name and body != "end"] == [f"{name}{n}" for n in range(50)]


ODD_TEXTS = ["", "x", "a:b", "a\\b", "a\nb", "a\r", "nul\0", ":", "\u00e4\U0001f600", "lone \ud800", "x" * 70_000]


LOOP: list[object] = []
LOOP.append(LOOP)
ODD_BODIES: list[object] = [*ODD_TEXTS, b"", b"octets", b"\xff", 7, None, True, {}, [], [float("nan")], {1: {2}}, LOOP]
ODD_BODIES += [{"a": 1.5, "b": ["\u00e4", None]}, {"nul\0": "lone \ud800"}, {"x": "y" * 70_000}]
CONNECTED = [
    {},
    {"version": "1.1"},
    {"version": "1.2"},
    {"version": "1.1", "server": "Stilts/0.1", "session": "1"},
    {"version": "1.1", "server": "HornetQ/2.3.25", "session": "1"},
    {"version": "1.2", "heart-beat": "0,0"},
]


@pytest.mark.parametrize("content_length", [True, False])
@pytest.mark.parametrize("connected", CONNECTED, ids=str)
async def test_a_text_that_nobody_watches_is_written_as_any_other_frame(
    connected: dict[str, str], content_length: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    frames: list[tuple[str, Frame]] = []
    for watched in (True, False):
        client = Line(connected=connected).client(max_message_size=30_000)
        await client.__aenter__()
        link = client._engine.link
        assert link is not None
        written: list[str | bytes] = []
        monkeypatch.setattr(link.transport, "send", written.append)
        frames.clear()
        if watched:
            client.on_frame(lambda way, frame: frames.append((way, frame)))
        said = []
        for destination in ODD_TEXTS:
            for body in ODD_BODIES:
                try:
                    await client.send(destination, body, content_length=content_length)
                    client.send_nowait(destination, body, content_length=content_length)
                except (stomp.StompError, ValueError, TypeError) as error:
                    said.append(repr(error))
        stats = client.stats
        assert len(frames) == (stats.frames_out - 1 if watched else 0)
        found.append((list(written), said, stats.frames_out, stats.bytes_out))
        await client.close(0.01)
    assert found[0] == found[1]
    assert found[0][0]
    assert found[0][1]


@pytest.mark.parametrize("content_length", [True, False])
@pytest.mark.parametrize("connected", CONNECTED, ids=str)
async def test_with_a_receipt_too(
    connected: dict[str, str], content_length: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of(client: stomp.Client) -> list[asyncio.Task[None]]:
        return [
            asyncio.create_task(client.send(destination, body, content_length=content_length, receipt=True))
            for destination in ODD_TEXTS
            for body in ODD_BODIES
        ]

    watched, unwatched = [await sends_that_nobody_confirms(connected, of, each, monkeypatch) for each in (True, False)]
    assert watched == unwatched
    confirms = "heart-beat" not in connected  # else it is Spring's
    assert any(b"receipt:ID" in message for message in watched[0]) == confirms


async def sends_that_nobody_confirms(
    connected: dict[str, str],
    of: Callable[[stomp.Client], list[asyncio.Task[None]]],
    watched: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[list[bytes], list[str], int, int]:
    """What was written, how each ended once the client was closed, and how many frames and other octets went out."""
    client = Line(connected=connected).client(max_message_size=30_000)
    await client.__aenter__()
    link = client._engine.link
    assert link is not None
    written: list[bytes] = []
    monkeypatch.setattr(link.transport, "send", lambda data: written.append(octets(data)))
    if watched:
        client.on_frame(lambda _way, _frame: None)
    receipts = client._engine.sender.receipts
    receipts._count = 1_000_000  # so that all ids have the same length
    sends = of(client)
    await until(lambda: len(receipts) == sum(not send.done() for send in sends) < len(sends))
    stats = client.stats
    sent = [re.sub(rb"(?<=\nreceipt:)[\da-f]{8}-\d+(?=\n)", b"ID", message) for message in written]
    others = stats.bytes_out - sum(map(len, written))
    await client.close(0.01)
    return sent, [repr(end) for end in await asyncio.gather(*sends, return_exceptions=True)], stats.frames_out, others


async def test_the_openings_that_are_kept_are_few() -> None:
    line = Line()
    client = line.client()
    await client.__aenter__()
    for number in range(1000):
        await client.send(f"/queue/{number}", "x")
        await client.send("/topic/a", "y")
    link = client._engine.link
    assert link is not None
    assert len(link.session.openings) <= 64
    await until(lambda: len(line.end.frames) == 2000)
    assert [frame.headers["destination"] for frame in line.end.frames[:4]] == [
        "/queue/0",
        "/topic/a",
        "/queue/1",
        "/topic/a",
    ]
    await client.close()
