"""Backoff, and the headers of CONNECT."""

from __future__ import annotations

import pytest

import pystomp_web as stomp
from pystomp_web.client.reconnect import connect_headers


def test_without_jitter_the_delays_are_exact() -> None:
    backoff = stomp.Backoff(initial=0.5, factor=2, maximum=5, jitter=0)
    assert [backoff.delay(n) for n in range(1, 8)] == [0.5, 1, 2, 4, 5, 5, 5]
    assert stomp.Backoff(initial=2, factor=1, jitter=0).delay(99) == 2
    assert stomp.Backoff(initial=0, jitter=0).delay(3) == 0


def test_jitter_only_takes_away() -> None:
    backoff = stomp.Backoff(initial=1, factor=3, maximum=20, jitter=0.25)
    for n, whole in ((1, 1), (2, 3), (3, 9), (4, 20)):
        delays = [backoff.delay(n) for _ in range(200)]
        assert all(0.75 * whole <= delay <= whole for delay in delays)
        assert max(delays) - min(delays) > 0.1 * whole
    assert all(0 <= stomp.Backoff(jitter=1).delay(1) <= 0.5 for _ in range(50))


def test_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.5)
    assert stomp.Backoff().delay(3) == min(30, 0.5 * 2**2) * (1 - 0.5 * 0.5)


def test_the_thousandth_delay_is_the_maximum() -> None:
    assert stomp.Backoff(jitter=0).delay(10_000) == 30
    assert stomp.Backoff(jitter=0, factor=1e300).delay(5) == 30


def test_defaults() -> None:
    assert stomp.Backoff() == stomp.Backoff(initial=0.5, factor=2, maximum=30, jitter=0.5, attempts=None)
    assert stomp.Backoff() != stomp.Backoff(attempts=3)
    assert stomp.Backoff() != 7
    assert eval(repr(stomp.Backoff(attempts=3)), {"Backoff": stomp.Backoff}) == stomp.Backoff(attempts=3)


@pytest.mark.parametrize(
    "options",
    [
        *({"initial": -1}, {"initial": float("nan")}, {"factor": 0.5}, {"maximum": -1}),
        *({"jitter": 1.1}, {"jitter": -0.1}, {"attempts": 0}),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        stomp.Backoff(**options)  # type: ignore[arg-type]


def test_connect_headers() -> None:
    assert connect_headers("l", "p", {"n": 1, "b": True}, "h") == [
        *(("login", "l"), ("passcode", "p"), ("n", "1"), ("b", "true"))
    ]
    assert connect_headers(None, None, None) == []
    assert connect_headers("", "", None) == [("login", ""), ("passcode", "")]


@pytest.mark.parametrize("bad", ["a\rb", "a\nb", "a\0b"])
def test_connect_headers_that_cannot_be_said(bad: str) -> None:
    for arguments in ((bad, None, None), (None, bad, None), (None, None, {"x": bad}), (None, None, {bad: "x"})):
        with pytest.raises(ValueError) as caught:
            connect_headers(*arguments)
        assert "hidden" not in str(caught.value)
    with pytest.raises(ValueError):
        connect_headers(None, None, None, bad)
    with pytest.raises(TypeError):
        connect_headers(7, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {"heartbeat": (-1, 0)},
        {"heartbeat_tolerance": 0.5},
        {"connect_timeout": 0},
        {"receipt_timeout": -1},
        {"outbox": -1},
        {"max_message_size": 3},
        {"versions": []},
        {"versions": ["1.3"]},
        {"broker": "nonesuch"},
    ],
)
def test_options_that_make_no_sense(options: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        stomp.Client("ws://host/", **options)  # type: ignore[arg-type]
