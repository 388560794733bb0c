"""States and errors in words, and what to do about them."""

from __future__ import annotations

from typing import NamedTuple

import pystomp_web as stomp
from pystomp_web import State


class Light(NamedTuple):
    """What the state light shows: a tone, which is its icon too, and a word."""

    tone: str
    word: str


class Trouble(NamedTuple):
    """What went wrong: in a few words, what was said, and what to do."""

    title: str
    words: str
    advice: str

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.title}:", sentence(self.words), self.advice) if part)


LIGHTS = {
    State.WAITING: Light("wait", "Waiting to reconnect"),
    State.CONNECTING: Light("busy", "Connecting"),
    State.CONNECTED: Light("good", "Connected"),
    State.CLOSING: Light("busy", "Disconnecting"),
    State.CLOSED: Light("idle", "Not connected"),
}
FAILED = Light("bad", "Connection failed")
IDLE = LIGHTS[State.CLOSED]

#: The first that fits counts.
_TROUBLES: tuple[tuple[type[BaseException], str, str], ...] = (
    (stomp.ConnectRejected, "The broker refused the connection", "Check login and passcode, then connect again."),
    (stomp.VersionMismatch, "No common version", "The broker speaks no version of STOMP that this page does."),
    (stomp.ConnectTimeout, "The broker did not answer in time", "Is this the address of a STOMP WebSocket?"),
    (stomp.ConnectError, "The connection could not be opened", "Is the broker running, and is the address right?"),
    (stomp.HeartbeatTimeout, "The broker fell silent", "A new connection is tried by itself."),
    (stomp.ConnectionLost, "The connection was lost", "A new one is tried by itself."),
    (stomp.BrokerError, "The broker sent an error", ""),
    (stomp.ReceiptTimeout, "No receipt came in time", "The message may have arrived all the same."),
    (stomp.OutboxFull, "Too many messages wait for the connection", "Send again when it is connected."),
    (
        stomp.SlowConsumer,
        "Messages came faster than the page takes them",
        "Some were dropped: subscribe to less.",
    ),
    (stomp.StaleMessage, "That message came over an earlier connection", "The broker delivers it again."),
    (stomp.ClientClosed, "Not connected", "Connect first."),
    (stomp.FrameTooLarge, "The message is too large", ""),
    (stomp.ProtocolError, "That is not STOMP", ""),
    (OSError, "The file could not be written", ""),
    (ValueError, "That can't be sent", ""),
    (TypeError, "That can't be sent", ""),
)


def trouble(error: BaseException) -> Trouble:
    """An error in words."""
    for kind, title, advice in _TROUBLES:
        if isinstance(error, kind):
            # The title says that it was refused, and a diagnosis what to do.
            said = str(error).removeprefix("the broker refused CONNECT: ")
            return Trouble(title, said, "" if getattr(error, "diagnosis", "") else advice)
    return Trouble(
        "Something went wrong in this page", f"{type(error).__name__}: {error}", "This is a bug of the page."
    )


def sentence(text: str) -> str:
    """The text with a full stop."""
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."


def number(value: int) -> str:
    """With separators: 12,345."""
    return f"{value:,}"


def many(count: int, noun: str) -> str:
    """ "1 message", "2 messages"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """A short time: "3.1 ms", "2.4 s", "3 min"."""
    if seconds < 1:
        ms = seconds * 1000
        return f"{ms:.1f} ms" if ms < 10 else f"{ms:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.0f} h"


def heartbeats(asked: str | None, granted: str | None) -> str:
    """What two heart-beat headers, CONNECT's and CONNECTED's, come to ("Heart-beating")."""
    ours, theirs = _beats(asked), _beats(granted)
    sends = max(ours[0], theirs[1]) if ours[0] and theirs[1] else 0
    gets = max(ours[1], theirs[0]) if ours[1] and theirs[0] else 0
    if not sends and not gets:
        return "none"
    return f"we send {_every(sends)}, the server {_every(gets)}"


def _beats(header: str | None) -> tuple[int, int]:
    try:
        first, second = (int(part) for part in (header or "0,0").split(","))
    except ValueError:
        return 0, 0
    return first, second


def _every(ms: int) -> str:
    return f"every {ms / 1000:g} s" if ms else "none"
