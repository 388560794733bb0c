"""The messages that are kept: bounded, and said so."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .steps import STEP

if TYPE_CHECKING:
    from pystomp_web import Message

    from .link import Entry

_DESTINATIONS = 10_000  # of which it is known when the last message came


class Record:
    """A message that was received.

    Attributes:
        number: counted from 1 since the last clear.
        at: when it came, in seconds since 1970.
        message: the message.
        connection: the number of the connection that it came over.
        outcome: "acked" or "nacked", as far as this page did it.
        since: seconds since the message before it of the same destination; None for the first.
        before: the number of that message.
        round_trip: seconds since this page sent it; None when it did not.
        entry: the subscription of the page that it came for, if any.
    """

    __slots__ = ("at", "before", "connection", "entry", "message", "number", "outcome", "round_trip", "since")

    def __init__(self, number: int, message: Message, connection: int, round_trip: float | None) -> None:
        self.number = number
        self.at = time.time()
        self.message = message
        self.connection = connection
        self.outcome = ""
        self.since: float | None = None
        self.before: int | None = None
        self.round_trip = round_trip
        self.entry: Entry | None = None

    @property
    def wants_settling(self) -> bool:
        """Whether its subscription's mode wants an ACK or NACK, and none was sent."""
        subscription = self.message.subscription
        return subscription is not None and subscription.ack != "auto" and not self.message.settled

    @property
    def clock(self) -> str:
        """The local time of day, to the millisecond."""
        return f"{time.strftime('%H:%M:%S', time.localtime(self.at))}.{int(self.at % 1 * 1000):03d}"


class Listing:
    """Records in the order in which they came, at most so many; their numbers rise.

    Attributes:
        appended: how many were ever put in.
    """

    def __init__(self, limit: int) -> None:
        self._records: deque[Record] = deque(maxlen=limit)
        self.appended = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

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


class History(Listing):
    """The newest messages. Paused, it keeps what comes aside, bounded too.

    Args:
        limit: how many are kept at most.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._held: deque[Record] = deque(maxlen=limit)
        self._last: dict[str, tuple[float, int]] = {}  # destination: when its last message came, and its number
        self.paused = False
        #: messages since the last clear, kept or not
        self.total = 0
        #: messages that were held and had no more room
        self.lost = 0

    @property
    def limit(self) -> int:
        """How many are kept at most."""
        limit = self._records.maxlen
        assert limit is not None
        return limit

    def resize(self, limit: int) -> list[deque[Record]]:
        """Keep so many at most; what was there before is returned, to be let go of in steps."""
        before = [self._records, self._held]
        self._records = deque(self._records, limit)
        self._held = deque(self._held, limit)
        return before

    @property
    def held(self) -> int:
        """How many wait for the end of the pause."""
        return len(self._held)

    def add(self, message: Message, connection: int, round_trip: float | None = None) -> Record:
        """Keep a message; at the limit the oldest goes."""
        self.total += 1
        record = Record(self.total, message, connection, round_trip)
        destination = message.destination
        last = self._last.get(destination)
        if last is not None:
            record.since, record.before = record.at - last[0], last[1]
        if last is not None or len(self._last) < _DESTINATIONS:
            self._last[destination] = record.at, record.number
        if self.paused:
            self.lost += len(self._held) == self._held.maxlen
            self._held.append(record)
        else:
            self.appended += 1
            self._records.append(record)
        return record

    def resume(self) -> list[Record]:
        """End the pause: show what was held, which is returned."""
        self.paused = False
        held = list(self._held)
        self.appended += len(held)
        self._records.extend(held)
        self._held.clear()
        self.lost = 0
        return held

    def clear(self) -> list[deque[Record]]:
        """Forget them all; they are returned, to be let go of in steps."""
        limit = self.limit
        before = [self._records, self._held]
        self._records, self._held = deque(maxlen=limit), deque(maxlen=limit)
        self._last.clear()
        self.total = self.lost = 0
        return before

    def previous(self, record: Record) -> Record | None:
        """The kept message before this one of the same destination."""
        return None if record.before is None else self.find(record.before)


class Filtered(Listing):
    """Those of a history that a test lets through. Without a test it is not used.

    `begin()` with another test, then `work()` until it is done: a hundred thousand messages are more than a frame's
    work. What comes meanwhile is taken in its turn.
    """

    def __init__(self, history: History) -> None:
        super().__init__(history.limit)
        self._history = history
        self._test: Callable[[Message], bool] | None = None
        self._rest: Iterator[Record] | None = None

    @property
    def busy(self) -> bool:
        """Whether older messages still have to be looked at."""
        return self._rest is not None

    def begin(self, test: Callable[[Message], bool] | None) -> None:
        """Start over with another test, from the newest message back."""
        self._records = deque(maxlen=self._history.limit)
        self._test = test
        self._rest = None if test is None else reversed(list(self._history))

    def work(self, seconds: float = STEP) -> bool:
        """Look at older messages for so long; False when there are no more."""
        if self._rest is None or self._test is None:
            return False
        ends = time.perf_counter() + seconds
        for record in self._rest:
            if self._passes(record) and len(self._records) < self._history.limit:
                self._records.appendleft(record)
            if time.perf_counter() > ends:
                return True
        self._rest = None
        return False

    def add(self, record: Record) -> None:
        """Take a message that has just come into the history."""
        if self._test is not None and self._passes(record):
            self._records.append(record)
            self.appended += 1

    def trim(self) -> None:
        """Let go of what the history does not keep any more."""
        oldest = self._history.newest(len(self._history) - 1).number if len(self._history) else None
        while self._records and (oldest is None or self._records[0].number < oldest):
            self._records.popleft()

    def _passes(self, record: Record) -> bool:
        assert self._test is not None
        try:
            return self._test(record.message)
        except Exception:
            return False
