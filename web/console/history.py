"""The messages that are kept: bounded, and said so."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pystomp_web import Message


class Record:
    """A message that was received.

    Attributes:
        number: counted from 1 since the last clear.
        at: when it came, in seconds since 1970.
        message: the message.
        connection: the number of the connection that it came over.
        outcome: "acked" or "nacked", as far as this page did it.
    """

    __slots__ = ("at", "connection", "message", "number", "outcome")

    def __init__(self, number: int, message: Message, connection: int) -> None:
        self.number = number
        self.at = time.time()
        self.message = message
        self.connection = connection
        self.outcome = ""

    @property
    def wants_settling(self) -> bool:
        """Whether its subscription's mode wants an ACK or NACK, and none was sent."""
        subscription = self.message.subscription
        return subscription is not None and subscription.ack != "auto" and not self.message.settled

    @property
    def clock(self) -> str:
        """The local time of day, to the millisecond."""
        return f"{time.strftime('%H:%M:%S', time.localtime(self.at))}.{int(self.at % 1 * 1000):03d}"


class History:
    """The newest messages, the newest last. Paused, it keeps what comes aside, bounded too.

    Args:
        limit: how many are kept at most.
    """

    def __init__(self, limit: int) -> None:
        self._records: deque[Record] = deque(maxlen=limit)
        self._held: deque[Record] = deque(maxlen=limit)
        self.paused = False
        #: messages since the last clear, kept or not
        self.total = 0
        #: messages that were held and had no more room
        self.lost = 0
        #: messages that were ever put into the list
        self.appended = 0

    @property
    def limit(self) -> int:
        """How many are kept at most."""
        limit = self._records.maxlen
        assert limit is not None
        return limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._records = deque(self._records, limit)
        self._held = deque(self._held, limit)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def held(self) -> int:
        """How many wait for the end of the pause."""
        return len(self._held)

    def add(self, message: Message, connection: int) -> None:
        """Keep a message; at the limit the oldest goes."""
        self.total += 1
        record = Record(self.total, message, connection)
        if self.paused:
            self.lost += len(self._held) == self._held.maxlen
            self._held.append(record)
        else:
            self.appended += 1
            self._records.append(record)

    def resume(self) -> None:
        """End the pause: show what was held."""
        self.paused = False
        self.appended += len(self._held)
        self._records.extend(self._held)
        self._held.clear()
        self.lost = 0

    def clear(self) -> None:
        """Forget them all."""
        self._records.clear()
        self._held.clear()
        self.total = self.lost = 0

    def newest(self, index: int) -> Record:
        """The record at this place, 0 being the newest."""
        return self._records[-1 - index]

    def find(self, number: int) -> Record | None:
        """The record with this number; None when it is kept no more."""
        index = self._index(number)
        return None if index is None else self.newest(index)

    def index_of(self, record: Record) -> int | None:
        """Its place, 0 being the newest; None when it is kept no more."""
        return self._index(record.number)

    def _index(self, number: int) -> int | None:
        # Numbers run on without a gap, except where a pause had no more room.
        low, high = 0, len(self._records) - 1
        while low <= high:
            middle = (low + high) // 2
            found = self.newest(middle).number
            if found == number:
                return middle
            if found > number:
                low = middle + 1
            else:
                high = middle - 1
        return None
