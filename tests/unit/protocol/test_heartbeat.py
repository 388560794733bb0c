from __future__ import annotations

import math
from typing import Any

import pytest

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol.heartbeat import BEAT, Heartbeat, negotiate, parse


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, (0, 0)),
        ("0,0", (0, 0)),
        ("1,2", (1, 2)),
        ("1000,0", (1000, 0)),
        ("0,30000", (0, 30000)),
        ("00,007", (0, 7)),
        ("31536000000,31536000000", (31536000000, 31536000000)),
        ("999999999999999999,1", (999999999999999999, 1)),
    ],
)
def test_parse(value: str | None, expected: tuple[int, int]) -> None:
    assert parse(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "", "1", ",", ",2", "1,", "a,1", "1,b", "1,2,3", "-1,0", "0,-1", " 1,1", "1, 1", "1 ,1", "1,1 ",
        "+1,1", "1.5,1", "1;1", "1e3,1", "\u0663,1", "\xb2,1", "1,1\r", "1,1\n", "\0,1", "9" * 5000 + ",1",
        "1," + "9" * 19, "0x1,1", "1_0,1",
    ],
)  # fmt: skip
def test_parse_refuses(value: str) -> None:
    with pytest.raises(ProtocolError, match="heart-beat") as raised:
        parse(value)
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((0, 0), (0, 0), (0, 0)),
        ((10000, 10000), (0, 0), (0, 0)),
        ((0, 0), (1000, 1000), (0, 0)),
        ((1, 2), (3, 4), (4, 3)),
        ((0, 1), (0, 1), (0, 0)),
        ((1, 0), (1, 0), (0, 0)),
        ((1, 0), (0, 1), (1, 0)),
        ((0, 1), (1, 0), (0, 1)),
        ((3000, 5000), (6000, 2000), (3000, 6000)),
        ((3000, 5000), (10000, 0), (0, 10000)),
        ((3000, 5000), (0, 10000), (10000, 0)),
        ((3000, 5000), (0, 0), (0, 0)),
        ((0, 0), (0, 30000), (0, 0)),
        ((0, 0), (6000, 2000), (0, 0)),
        ((10.0, 10.0), (0.1, 10.0), (10.0, 10.0)),
        ((1, 31536000), (31536000, 1), (1, 31536000)),
    ],
)
def test_negotiate(ours: Any, theirs: Any, expected: tuple[float, float]) -> None:
    assert negotiate(ours, theirs) == expected
    # Seen from the other side it is the same.
    assert negotiate(theirs, ours) == expected[::-1]


def test_nothing_agreed() -> None:
    beats = Heartbeat(0, 0, now=5)
    assert beats.next_send(5) == math.inf
    assert beats.dead_at(5) == math.inf
    beats.sent(100)
    beats.received(100)
    assert beats.next_send(1000) == math.inf
    assert beats.dead_at(1000) == math.inf


def test_what_is_sent_puts_the_next_beat_off() -> None:
    beats = Heartbeat(10, 0, now=100)
    assert beats.next_send(100) == 110
    assert beats.next_send(200) == 110  # overdue
    beats.received(105)  # reading is no sending
    assert beats.next_send(105) == 110
    beats.sent(107)
    assert beats.next_send(107) == 117
    assert beats.dead_at(107) == math.inf


def test_what_comes_puts_death_off() -> None:
    beats = Heartbeat(0, 10, now=100)
    assert beats.dead_at(100) == 120
    beats.sent(115)
    assert beats.dead_at(115) == 120
    beats.received(119)
    assert beats.dead_at(119) == 139
    assert beats.next_send(119) == math.inf


@pytest.mark.parametrize(("tolerance", "dead_at"), [(1, 10), (2.0, 20), (3.5, 35)])
def test_tolerance(tolerance: float, dead_at: float) -> None:
    assert Heartbeat(0, 10, now=0, tolerance=tolerance).dead_at(0) == dead_at


def test_a_beat_is_one_eol() -> None:
    assert BEAT == b"\n"
