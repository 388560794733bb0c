"""What a client tells of itself: states, numbers, callbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)


async def serves(peer: Peer) -> None:
    await peer.connect(version="1.2", server="RabbitLike/1.2", session="s e")
    await peer.serve()


@situation(serves)
async def the_numbers_are_right(url: str) -> None:
    client = stomp.Client(url)
    assert client.state == stomp.State.WAITING
    assert client.version is None
    assert client.server is None
    assert client.session_id is None
    assert client.url == url
    before = client.stats
    assert tuple(before) == (0, 0, 0, 0, 0, 0, 0, None, None)
    async with client:
        assert client.version is stomp.Version("1.2")
        assert client.server == "RabbitLike/1.2"
        assert client.session_id == "s e"
        subscription = client.subscribe("/queue/a")
        await subscription.confirmed()
        for _ in range(3):
            await client.send("/queue/a", "x" * 1000)
        for _ in range(3):
            await subscription.get(10)
        stats = client.stats
        assert (stats.frames_in, stats.frames_out, stats.messages) == (1 + 1 + 3, 1 + 1 + 3, 3)
        assert stats.bytes_in > 3000
        assert stats.bytes_out > 3000
        assert (stats.reconnects, stats.dropped, stats.last_error) == (0, 0, None)
        assert stats.round_trip is not None
        with raises(AttributeError):
            stats.messages = 7  # type: ignore[misc]
    assert before.frames_in == 0
    assert client.stats.bytes_out > stats.bytes_out


@situation(serves)
async def callbacks_run_in_order_each_can_be_taken_back_and_one_that_raises_harms_none(url: str) -> None:
    calls: list[str] = []
    client = stomp.Client(url, reconnect=None)

    def fail(*_arguments: object) -> None:
        calls.append("failing")
        raise LookupError("on purpose")

    async def late(state: stomp.State, error: BaseException | None) -> None:
        assert error is None
        calls.append(f"async {state}")
        raise LookupError("on purpose, later")

    client.on_state(lambda state, _error: calls.append(f"first {state}"))
    client.on_state(fail)
    take_back = client.on_state(lambda state, _error: calls.append(f"second {state}"))
    client.on_state(late)
    async with client:
        await until(lambda: "async connected" in calls)
        assert [call for call in calls if call.endswith("connected") or call == "failing"][-4:] == [
            *("first connected", "failing", "second connected", "async connected")
        ]
        take_back()
        take_back()
    assert "first closed" in calls
    assert "second closed" not in calls
    with raises(TypeError):
        client.on_state(None)  # type: ignore[arg-type]


@situation(serves)
async def a_callback_may_be_registered_twice_and_taken_back_inside_itself(url: str) -> None:
    seen = Recorder()
    client = stomp.Client(url)
    client.on_state(seen)
    take_back = client.on_state(seen)

    def once(_state: stomp.State, _error: object) -> None:
        take_back()
        take_back_once()

    take_back_once = client.on_state(once)
    async with client:
        pass
    assert [state for state, _ in seen.calls] == ["connecting", "connecting", "connected", "closing", "closed"]


async def sends_what_nobody_takes(peer: Peer) -> None:
    await peer.connect()
    await peer.send("RECEIPT", {"receipt-id": "nobody's"})
    await peer.send("MESSAGE", {"subscription": "unknown", "message-id": "1", "destination": "/queue/x"}, "stray")
    await peer.serve()
    assert {frame.command for frame in peer.received} == {"CONNECT", "DISCONNECT", "SEND"}


@situation(sends_what_nobody_takes)
async def what_nobody_takes_goes_to_on_unhandled(url: str) -> None:
    client = stomp.Client(url)
    unhandled = Recorder()
    client.on_unhandled(unhandled)
    async with client:
        frame, message = await unhandled.wait(2)
        assert isinstance(frame, stomp.Frame)
        assert frame.headers["receipt-id"] == "nobody's"
        assert isinstance(message, stomp.Message)
        assert message.text == "stray"
        assert message.subscription is None
        with raises(ValueError):
            await message.ack()
        await client.send("/queue/a", receipt=True)


@situation(sends_what_nobody_takes)
async def without_on_unhandled_it_is_only_logged(url: str) -> None:
    async with stomp.connect(url) as client:
        await until(lambda: client.stats.messages == 1)
        await client.send("/queue/a", receipt=True)
