"""Believable data for pages to show: what `--demo` lets the embedded broker publish.

===================  ==============================================================================================
``/topic/prices``    ``{"symbol": "EURUSD", "price": 1.0842, "change": 0.12, "volume": 25000, "time": 1700000000.123}``:
                     the change is in per cent since the start, the time in seconds since 1970
``/topic/sensors``   ``{"sensor": "boiler", "value": 71.4, "unit": "°C", "time": ...}``
``/topic/log``       ``{"level": "WARNING", "source": "gateway", "text": "round trip 212 ms", "time": ...}``
===================  ==============================================================================================
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .broker import Broker

PRICES, SENSORS, LOG = "/topic/prices", "/topic/sensors", "/topic/log"
#: Messages a second.
DEFAULT_RATE = 50.0
MAX_RATE = 100_000.0

_TICK = 0.02  # seconds between two batches, at least
_MAX_LATE = 0.5  # seconds of messages that are made up for after a hold-up; what is older is left out


@dataclass(slots=True)
class _Instrument:
    symbol: str
    price: float
    digits: int
    drift: float  # the step's standard deviation, relative
    first: float = 0.0

    def step(self, chance: random.Random) -> dict[str, object]:
        self.first = self.first or self.price
        # A walk that is drawn back to where it began: believable for as long as the server runs.
        pull = 0.002 * math.log(self.first / self.price)
        self.price *= math.exp(chance.gauss(pull, self.drift))
        return {
            "symbol": self.symbol,
            "price": round(self.price, self.digits or None),
            "change": round(100 * (self.price / self.first - 1), 3),
            "volume": chance.choice((1, 2, 5, 10, 25)) * 1000,
        }


@dataclass(slots=True)
class _Sensor:
    name: str
    unit: str
    mean: float
    swing: float
    period: float  # seconds
    noise: float

    def read(self, now: float, chance: random.Random) -> dict[str, object]:
        wave = self.swing * math.sin(2 * math.pi * now / self.period)
        return {
            "sensor": self.name,
            "value": round(self.mean + wave + chance.gauss(0, self.noise), 2),
            "unit": self.unit,
        }


_LINES: tuple[tuple[int, str, str, str], ...] = (  # how often, level, source, text
    (30, "INFO", "orders", "order {n} accepted"),
    (20, "INFO", "orders", "order {n} shipped"),
    (12, "INFO", "auth", "user {small} signed in"),
    (12, "DEBUG", "cache", "{small} entries refreshed"),
    (6, "WARNING", "gateway", "round trip {n} ms"),
    (4, "WARNING", "boiler", "pressure at {small} % of the limit"),
    (2, "ERROR", "payments", "card of order {n} refused"),
)


class Source:
    """Makes one message after another: six of ten are prices, three sensors, one is a line of the log.

    Args:
        seed: for a sequence that can be repeated; None: chance.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - play data, no secret
        self._count = 0
        self._instruments = [
            _Instrument("EURUSD", 1.0842, 4, 0.0002),
            _Instrument("GBPUSD", 1.2716, 4, 0.0002),
            _Instrument("USDJPY", 151.36, 2, 0.0003),
            _Instrument("XAUUSD", 2341.5, 1, 0.0004),
            _Instrument("BRENT", 86.24, 2, 0.0006),
            _Instrument("BTCUSD", 64210.0, 0, 0.0009),
        ]
        self._sensors = [
            _Sensor("boiler", "°C", 71.0, 6.0, 90.0, 0.25),
            _Sensor("hall", "°C", 21.5, 1.5, 240.0, 0.08),
            _Sensor("pressure", "bar", 3.2, 0.5, 60.0, 0.02),
        ]

    def next(self, now: float) -> tuple[str, str]:
        """The next message: its destination and its body.

        Args:
            now: seconds since 1970.
        """
        turn, self._count = self._count, self._count + 1
        kind = turn % 10
        if kind == 9:
            return LOG, self._body(self._line(), now)
        if kind in {1, 4, 7}:
            return SENSORS, self._body(self._sensors[kind // 3].read(now, self._chance), now)
        return PRICES, self._body(self._instruments[turn % len(self._instruments)].step(self._chance), now)

    def _line(self) -> dict[str, object]:
        chance = self._chance
        (_, level, source, text) = chance.choices(_LINES, [line[0] for line in _LINES])[0]
        words = text.format(n=chance.randint(100, 9999), small=chance.randint(2, 99))
        return {"level": level, "source": source, "text": words}

    @staticmethod
    def _body(fields: dict[str, object], now: float) -> str:
        return json.dumps({**fields, "time": round(now, 3)}, ensure_ascii=False, separators=(",", ":"))


class Demo:
    """Publishes at a rate, in small batches, until it is stopped.

    Args:
        broker: where to.
        rate: messages a second, of all three topics together.
        source: what makes them.
        clock: seconds, never running backwards.
        sleep: waits for so many seconds.

    Raises:
        ValueError: no such rate.
    """

    def __init__(
        self,
        broker: Broker,
        rate: float = DEFAULT_RATE,
        *,
        source: Source | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._broker = broker
        self._rate = checked_rate(rate)
        self._source = source or Source()
        self._clock = clock
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the loop that runs."""
        self._task = self._task or asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End it, and wait for the end. More than once is fine."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.result()

    async def _run(self) -> None:
        due = self._clock()  # when the next message is due
        while True:
            now = self._clock()
            due = max(due, now - _MAX_LATE)
            while due <= now:
                destination, body = self._source.next(time.time())
                self._broker.publish(destination, body, {"content-type": "application/json"})
                due += 1 / self._rate
            await self._sleep(max(due - now, _TICK))


def checked_rate(rate: float) -> float:
    """The rate.

    Raises:
        ValueError: it is none.
    """
    if not 0 < rate <= MAX_RATE:
        raise ValueError(f"a rate of {rate:g} messages a second is not possible: more than 0, up to {MAX_RATE:g}")
    return rate
