"""Who is blamed for the end of a connection, and who is not; with times that a real server would need seconds for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

import pystomp_web as stomp
from pystomp_web.client import subscriptions
from pystomp_web.protocol import Frame
from tests.unit.client.line import End, Line, until


def nothing(_end: End, _frame: Frame) -> None:
    """Confirm nothing."""


def _reached(line: Line, count: int, *destinations: str) -> Callable[[], bool]:
    return lambda: len(line.ends) == count and line.end.sent("SUBSCRIBE") == list(destinations)


@pytest.mark.parametrize("code", [1000, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 3000, 4000])
async def test_a_close_by_the_server_finds_the_guilty_one(code: int) -> None:
    def answer(end: End, frame: Frame) -> None:
        destinations = end.sent("SUBSCRIBE")
        if len(line.ends) == 1:
            if len(destinations) == 3:
                end.transport.cut(code, "", clean=True)
        elif frame.headers.get("destination") == "/bad":
            end.transport.cut(code, "", clean=True)
        else:
            end.receipt(frame)

    line = Line(answer)
    client = line.client()
    first, bad, last = (client.subscribe(name) for name in ("/a", "/bad", "/b"))
    async with client:
        with pytest.raises(stomp.ConnectionLost) as caught:
            await bad.get(5)
        assert caught.value.code == code
        await first.confirmed(5)
        await last.confirmed(5)
        assert [end.sent("SUBSCRIBE") for end in line.ends] == [["/a", "/bad", "/b"], ["/a", "/bad"], ["/a", "/b"]]


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013, 1014])
async def test_a_close_of_the_network_or_a_failing_server_blames_nobody(code: int) -> None:
    line = Line(nothing)
    client = line.client()
    made = [client.subscribe(name) for name in ("/a", "/b")]
    async with client:
        for count in range(1, 6):
            await until(_reached(line, count, "/a", "/b"))
            line.end.transport.cut(code, "", clean=code != 1006)
        await until(lambda: len(line.ends) == 6 and len(line.end.sent("SUBSCRIBE")) == 2)
        assert [subscription.error for subscription in made] == [None, None]
        line.answer = End.receipt


async def test_silence_blames_nobody() -> None:
    line = Line(nothing, {"version": "1.2", "server": "line", "session": "1", "heart-beat": "10,0"})
    client = line.client(heartbeat=(0, 0.01), heartbeat_tolerance=1.0)
    made = [client.subscribe(name) for name in ("/a", "/b")]
    client.start()
    await until(lambda: len(line.ends) >= 3)
    assert isinstance(client.stats.last_error, stomp.HeartbeatTimeout)
    assert all(end.sent("SUBSCRIBE") in (["/a", "/b"], []) for end in line.ends)
    assert [subscription.error for subscription in made] == [None, None]
    await client.close(0)


async def test_an_unconfirmed_suspect_that_a_second_outlived_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "CLEARED_AFTER", 0.02)

    def answer(end: End, frame: Frame) -> None:
        if len(line.ends) == 1 and len(end.sent("SUBSCRIBE")) == 3:
            end.send("ERROR", {"message": "something"})
        elif frame.headers.get("destination") == "/bad" and len(line.ends) > 1:
            end.send("ERROR", {"message": "that one"})

    line = Line(answer)
    client = line.client()
    first, bad, last = (client.subscribe(name) for name in ("/a", "/bad", "/b"))
    async with client:
        with pytest.raises(stomp.BrokerError, match="that one"):
            await bad.get(5)
        await until(lambda: client.state == "connected")
        assert [end.sent("SUBSCRIBE") for end in line.ends] == [["/a", "/bad", "/b"], ["/a", "/bad"], ["/a", "/b"]]
        assert (first.error, last.error) == (None, None)
        line.answer = End.receipt


async def test_a_trial_goes_on_after_a_blameless_end() -> None:
    def answer(end: End, frame: Frame) -> None:
        destinations = end.sent("SUBSCRIBE")
        if len(line.ends) == 1:
            if len(destinations) == 2:
                end.transport.cut(1008, clean=True)
        elif len(line.ends) == 2:
            end.transport.cut(1006)
        else:
            end.receipt(frame)

    line = Line(answer)
    client = line.client()
    made = [client.subscribe(name) for name in ("/a", "/b")]
    async with client:
        for subscription in made:
            await subscription.confirmed(5)
        assert [end.sent("SUBSCRIBE") for end in line.ends] == [["/a", "/b"], ["/a"], ["/a", "/b"]]


async def test_a_suspect_may_be_unsubscribed_and_others_made_while_it_is_on_trial() -> None:
    line = Line(nothing)
    client = line.client()
    first, last = client.subscribe("/a"), client.subscribe("/b")
    client.start()
    await until(lambda: line.ends and len(line.end.sent("SUBSCRIBE")) == 2)
    line.end.transport.cut(1008, clean=True)
    await until(lambda: len(line.ends) == 2 and line.end.sent("SUBSCRIBE") == ["/a"])
    client.subscribe("/new")
    await last.unsubscribe()
    await first.unsubscribe()
    await until(lambda: client.state == "connected")
    await until(lambda: line.end.sent("SUBSCRIBE") == ["/a", "/new"])
    await client.close(0)


async def test_five_seconds_of_connection_confirm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "CONFIRMED_AFTER", 0.02)
    line = Line(nothing)
    client = line.client()
    async with client:
        subscription = client.subscribe("/a")
        with pytest.raises(TimeoutError):
            await subscription.confirmed(0)
        await subscription.confirmed(5)
        line.answer = End.receipt


async def test_what_is_confirmed_leaves_no_deadline_to_be_checked_amid_the_messages() -> None:
    line = Line()
    client = line.client()
    await client.__aenter__()
    subscribed = [client.subscribe(f"/topic/{number}", print) for number in range(1000)]
    for subscription in subscribed:
        await subscription.confirmed()
    line.end.transport.cut()
    await until(_reached(line, 2, *(subscription.destination for subscription in subscribed)))
    for subscription in subscribed:
        await subscription.confirmed()
    waiting = [deadline for _, _, deadline in client._engine.alarm._heap if deadline.callback is not None]
    assert len(waiting) == 0
    await client.close()


async def test_ten_reconnects_still_make_one_copy() -> None:
    line = Line()
    client = line.client()
    async with client:
        subscription = client.subscribe("/a", id="x")
        for count in range(1, 11):
            await subscription.confirmed(5)
            line.end.message("x", b"%d" % count)
            assert (await subscription.get(5)).text == str(count)
            assert subscription.pending == 0
            line.end.transport.cut()
            await until(_reached(line, count + 1, "/a"))
        await subscription.confirmed(5)
        assert all(end.sent("SUBSCRIBE") == ["/a"] for end in line.ends)
        assert client.stats.reconnects == 10


async def test_what_cannot_be_said_in_the_version_that_comes_ends_that_subscription_alone() -> None:
    line = Line(connected={"server": "line"})
    client = line.client()
    told: list[object] = []
    client.on_unhandled(told.append)
    impossible = client.subscribe("/a", headers={"selector": "a\nb"})
    with_callback = client.subscribe("/b", told.append, headers={"selector": "a\nb"})
    possible = client.subscribe("/c")
    async with client:
        await possible.confirmed(5)
        for subscription in (impossible, with_callback):
            assert isinstance(subscription.error, stomp.ProtocolError)
        assert told == [impossible.error, with_callback.error]


async def test_a_receipt_of_another_connection_confirms_nothing() -> None:
    line = Line(nothing)
    client = line.client()
    async with client:
        subscription = client.subscribe("/a")
        await until(lambda: line.end.frames)
        old = line.end.frames[0].headers["receipt"]
        line.end.transport.cut()
        await until(lambda: len(line.ends) == 2 and line.end.frames)
        assert line.end.frames[0].headers["receipt"] != old
        line.end.send("RECEIPT", {"receipt-id": old})
        with pytest.raises(TimeoutError):
            await subscription.confirmed(0.01)
        line.answer = End.receipt


async def test_close_while_suspects_are_tried_ends_all_without_error() -> None:
    line = Line(nothing)
    client = line.client()
    made = [client.subscribe(name) for name in ("/a", "/b")]
    client.start()
    await until(lambda: line.ends and len(line.end.sent("SUBSCRIBE")) == 2)
    line.end.transport.cut(1008, clean=True)
    await until(lambda: len(line.ends) == 2 and line.end.sent("SUBSCRIBE") == ["/a"])
    await asyncio.wait_for(client.close(0.05), 5)
    assert [subscription.error for subscription in made] == [None, None]
