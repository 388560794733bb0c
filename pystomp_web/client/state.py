"""What a client tells of itself: State and Stats."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where a client stands.

    WAITING before start and between attempts; CONNECTED once the SUBSCRIBEs are written; CLOSED for good.
    """

    WAITING = "waiting"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSING = "closing"
    CLOSED = "closed"


class Stats(NamedTuple):
    """A snapshot of a client's counters.

    Attributes:
        frames_in, frames_out: frames, without heart-beats.
        bytes_in, bytes_out: octets of frames and beats, without what WebSocket adds.
        messages: MESSAGE frames.
        reconnects: connections re-established.
        dropped: messages lost to overflow, and sends that could not be delivered.
        last_error: the newest failure, or None.
        round_trip: seconds between the last frame that was written with a receipt and its RECEIPT; None before one.
    """

    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    messages: int
    reconnects: int
    dropped: int
    last_error: BaseException | None
    round_trip: float | None
