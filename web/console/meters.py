"""Numbers over time, for the plots: rates, round trips, and fields of JSON bodies. Bounded."""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .steps import in_steps

if TYPE_CHECKING:
    from .history import Record

POINTS = 3600
_DESTINATIONS = 200
_TRIES = 5  # messages of a destination that are looked at for numbers


class Series:
    """Points of time, and one or more values at each."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.times: deque[float] = deque(maxlen=POINTS)
        self.values: tuple[deque[float], ...] = tuple(deque(maxlen=POINTS) for _ in names)
        self.changes = 0

    def add(self, at: float, *values: float) -> None:
        """One more point; the oldest goes."""
        self.changes += 1
        self.times.append(at)
        for column, value in zip(self.values, values, strict=True):
            column.append(value)

    def add_before(self, at: float, value: float) -> None:
        """One more point, older than all others; there must be room."""
        self.changes += 1
        self.times.appendleft(at)
        self.values[0].appendleft(value)

    def clear(self) -> None:
        """Forget the points."""
        self.changes += 1
        for column in (self.times, *self.values):
            column.clear()


class Meters:
    """What is measured of one connection.

    Attributes:
        rates: messages a second, in and out.
        round_trips: milliseconds.
        fields: plotted ones: (destination, path) -> their points.
        seen: numeric fields that the last messages had: destination -> paths.
    """

    def __init__(self) -> None:
        self.rates = Series("in", "out")
        self.round_trips = Series("round trip")
        self.fields: dict[tuple[str, str], Series] = {}
        self.seen: dict[str, list[str]] = {}
        self._tries: dict[str, int] = {}

    def take(self, record: Record) -> None:
        """A message came."""
        if record.round_trip is not None:
            self.round_trips.add(record.at, record.round_trip * 1000)
        destination = record.message.destination
        wanted = [(path, series) for (of, path), series in self.fields.items() if of == destination]
        looks = destination not in self.seen and self._look(destination)
        if not wanted and not looks:
            return
        found = dict(numbers(record.message.body))
        if found and looks:
            self.seen[destination] = list(found)
        for path, series in wanted:
            if path in found:
                series.add(record.at, found[path])

    def _look(self, destination: str) -> bool:
        """Whether to look for numbers: not for ever where there are none."""
        tries = self._tries.get(destination, 0)
        if tries >= _TRIES or (not tries and len(self._tries) >= _DESTINATIONS):
            return False
        self._tries[destination] = tries + 1
        return True

    async def plot(self, destination: str, path: str, past: Iterable[Record]) -> Series:
        """Plot a field from now on, and as far back as messages are kept and a plot has room.

        Args:
            destination: of the messages.
            path: the field: "price.eur".
            past: the messages that came before, the newest first.
        """
        series = self.fields.setdefault((destination, path), Series(path))
        series.clear()
        async for record in in_steps(past):
            if len(series.times) == POINTS:
                break
            if record.message.destination == destination:
                value = dict(numbers(record.message.body)).get(path)
                if value is not None:
                    series.add_before(record.at, value)
        return series


def numbers(body: bytes) -> Iterator[tuple[str, float]]:
    """The numeric fields of a JSON body: ("price.eur", 1.08)."""
    if not body[:1] or body[:1] not in b'{[-0123456789 \n\t"':
        return
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return
    yield from _walk(data, "", 0)


def _walk(data: Any, path: str, depth: int) -> Iterator[tuple[str, float]]:
    if isinstance(data, bool):
        return
    if isinstance(data, (int, float)):
        if math.isfinite(data):
            yield path or "value", float(data)
    elif depth < 6 and isinstance(data, (dict, list)):
        pairs = data.items() if isinstance(data, dict) else enumerate(data[:20])
        for key, value in pairs:
            yield from _walk(value, f"{path}.{key}" if path else str(key), depth + 1)
