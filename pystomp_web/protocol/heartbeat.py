"""Heart-beats ("Heart-beating"): what was agreed, when the next one is due, and when the peer is dead.

There is no clock here: `now` is an argument, in seconds of any monotonic clock.
"""

from __future__ import annotations

import math

from ..errors import ProtocolError

BEAT = b"\n"


def parse(value: str | None) -> tuple[int, int]:
    """The two numbers, in milliseconds, of a heart-beat header; a missing one is (0, 0).

    Raises:
        ProtocolError: it is not two numbers.
    """
    if value is None:
        return 0, 0
    first, comma, second = value.partition(",")
    if not (comma and all(part.isascii() and part.isdigit() and len(part) <= 18 for part in (first, second))):
        raise ProtocolError(f"heart-beat is not two numbers of milliseconds: {value[:32]!r}")
    return int(first), int(second)


def negotiate(ours: tuple[float, float], theirs: tuple[float, float]) -> tuple[float, float]:
    """What holds of what two sides said, each as (what I can send, what I want), 0 being none, in any one unit.

    Returns:
        (how often we send, how often the peer sends): MAX of what one can and the other wants, 0 where either is 0.
    """
    (can, want), (peer_can, peer_wants) = ours, theirs
    return (max(can, peer_wants) if can and peer_wants else 0, max(want, peer_can) if want and peer_can else 0)


class Heartbeat:
    """The beats of one connection.

    Args:
        send_every: seconds; 0 is never.
        expect_every: seconds; 0 is never.
        now: when the connection was made.
        tolerance: the peer is dead after this many of its intervals in silence.
    """

    __slots__ = ("expect_every", "received_at", "send_every", "sent_at", "tolerance")

    def __init__(self, send_every: float, expect_every: float, *, now: float, tolerance: float = 2.0) -> None:
        self.send_every = send_every
        self.expect_every = expect_every
        self.tolerance = tolerance
        self.sent_at = now
        self.received_at = now

    def sent(self, now: float) -> None:
        """Something was written, whatever it was."""
        self.sent_at = now

    def received(self, now: float) -> None:
        """Octets came, whatever they were."""
        self.received_at = now

    def next_send(self, now: float) -> float:  # noqa: ARG002 - asked as of now, whatever the answer rests on
        """When a beat is due, if nothing else is written before; infinity: never. May be before `now`."""
        return self.sent_at + self.send_every if self.send_every else math.inf

    def dead_at(self, now: float) -> float:  # noqa: ARG002
        """When the peer counts as dead, if nothing comes before; infinity: never. May be before `now`."""
        return self.received_at + self.expect_every * self.tolerance if self.expect_every else math.inf
