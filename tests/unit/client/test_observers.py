"""Callbacks of the client: their order, their exceptions, and taking them back."""

from __future__ import annotations

import logging

import pytest

import pystomp_web as stomp
from tests.unit.client.line import Line, turns, until


async def test_they_run_in_order_and_an_exception_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    client = line.client()
    steps: list[str] = []

    def broken(state: stomp.State, _error: BaseException | None) -> None:
        steps.append(f"broken {state}")
        raise LookupError("mine")

    async def later(state: stomp.State, _error: BaseException | None) -> None:
        raise LookupError(f"async {state}")

    client.on_state(broken)
    client.on_state(later)
    take_back = client.on_state(lambda state, _error: steps.append(f"second {state}"))
    with caplog.at_level(logging.ERROR, "pystomp_web"):
        async with client:
            pass
    assert steps[:4] == ["broken connecting", "second connecting", "broken connected", "second connected"]
    await turns()
    assert "a callback failed" in caplog.text
    assert "async connected" in caplog.text
    take_back()
    take_back()


async def test_one_callback_may_be_registered_twice_and_is_taken_back_one_by_one() -> None:
    line = Line()
    seen: list[str] = []

    def callback(direction: str, frame: stomp.Frame) -> None:
        seen.append(f"{direction} {frame.command}")

    client = line.client()
    first, second = client.on_frame(callback), client.on_frame(callback)
    async with client:
        assert seen == ["out CONNECT", "out CONNECT", "in CONNECTED", "in CONNECTED"]
        seen.clear()
        first()
        client.send_nowait("/a")
        assert seen == ["out SEND"]
        second()
        client.send_nowait("/a")
        assert seen == ["out SEND"]
    for register in (client.on_frame, client.on_state, client.on_unhandled):
        with pytest.raises(TypeError):
            register("no function")  # type: ignore[arg-type]


async def test_without_on_unhandled_a_stray_message_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    with caplog.at_level(logging.WARNING, "pystomp_web"):
        async with line.client() as client:
            line.end.message("nobodys", b"x")
            line.end.send("RECEIPT", {"receipt-id": "nobodys"})
            await until(lambda: client.stats.frames_in == 3)
    assert caplog.text.count("nobody took") == 2


async def test_secrets_are_masked_for_on_frame() -> None:
    line = Line()
    seen: list[str] = []
    client = line.client(login="alice", passcode="secret-word")
    client.on_frame(lambda direction, frame: seen.append(repr((direction, frame, dict(frame.headers)))))
    async with client:
        await client.send("/a", headers={"Authorization": "secret-word"})
    assert "alice" in seen[0]
    assert not [text for text in seen if "secret-word" in text]
