"""The frames that went in and out, as they are on the wire, secrets masked by the client."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from . import bodies

if TYPE_CHECKING:
    from pystomp_web import Frame

KEPT = 300
_BODY = 2000


class Seen(NamedTuple):
    """A frame that went by."""

    number: int
    clock: str
    direction: str
    frame: Frame

    def words(self) -> str:
        """The frame as text."""
        frame = self.frame
        head = [frame.command, *(f"{name}:{value}" for name, value in frame.headers.multi_items())]
        return "\n".join([*head, "", _text(frame.body)]).rstrip()


class Frames:
    """The newest frames.

    Attributes:
        watching: whether they are wanted beyond those of connecting.
    """

    def __init__(self) -> None:
        self.kept: deque[Seen] = deque(maxlen=KEPT)
        self.total = 0
        self.watching = False

    def take(self, direction: str, frame: Frame) -> None:
        """A frame went by."""
        self.total += 1
        now = time.time()
        clock = f"{time.strftime('%H:%M:%S', time.localtime(now))}.{int(now % 1 * 1000):03d}"
        self.kept.append(Seen(self.total, clock, direction, frame))

    def clear(self) -> None:
        """Forget them."""
        self.kept.clear()
        self.total = 0


def _text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = bodies.as_hex(body[:_BODY])
    return text if len(text) <= _BODY else f"{text[:_BODY]}\n… {bodies.octets_in_words(len(body))} in all"
