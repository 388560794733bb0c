"""What is to be sent and cannot be written yet: in order, and bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

from ..errors import OutboxFull
from ..protocol import Frame
from .receipts import Receipt


class Entry:
    """One frame on its way.

    Attributes:
        frame: what to write.
        content_length: for `encode`.
        receipt: the RECEIPT that is awaited for it, or None.
        epoch: the only connection it may be written on, or None for any.
        written: a future for whoever waits until it is with the transport; None when nobody does.
        error: why it was not written when its turn came, or None.
        kept: whether it is in the outbox.
        sent: whether it was written.
    """

    __slots__ = ("content_length", "epoch", "error", "frame", "kept", "receipt", "sent", "written")

    def __init__(
        self, frame: Frame, *, content_length: bool = True, receipt: Receipt | None = None, epoch: int | None = None
    ) -> None:
        self.frame = frame
        self.content_length = content_length
        self.receipt = receipt
        self.epoch = epoch
        self.written: asyncio.Future[None] | None = None
        self.error: BaseException | None = None
        self.kept = False
        self.sent = False


class Outbox:
    """Entries in the order of the calls.

    Args:
        bound: how many may wait; 0 refuses all.

    Attributes:
        waiting: how many do; its length, quicker to read.
    """

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self._entries: deque[Entry] = deque()
        self.waiting = 0

    def __len__(self) -> int:
        return self.waiting

    def __iter__(self) -> Iterator[Entry]:
        return iter([entry for entry in self._entries if entry.kept])

    @property
    def full(self) -> bool:
        """Whether another entry is above the bound."""
        return self.waiting >= self.bound

    def check_room(self) -> None:
        """Refuse another entry where there is no room.

        Raises:
            OutboxFull: what can be done about it stands in its text.
        """
        if not self.full:
            return
        if self.bound == 0:
            raise OutboxFull("not connected, and outbox=0 keeps nothing: wait for the connection, or set outbox=")
        raise OutboxFull(
            f"{self.waiting} frames wait in the outbox, which is full: send less, wait until connected, or set outbox="
        )

    def append(self, entry: Entry) -> None:
        """Put an entry last, above the bound too."""
        entry.kept = True
        self._entries.append(entry)
        self.waiting += 1

    def first(self) -> Entry | None:
        """The next to be written, or None."""
        while self._entries and not self._entries[0].kept:
            self._entries.popleft()
        return self._entries[0] if self._entries else None

    def remove(self, entry: Entry) -> bool:
        """Take an entry out. Whether it was still there."""
        if not entry.kept:
            return False
        entry.kept = False
        self.waiting -= 1
        self.first()
        return True
