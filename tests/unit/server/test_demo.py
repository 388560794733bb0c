"""What `--demo` publishes."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from typing import Any

import pytest

from pystomp_web.server.broker import Broker
from pystomp_web.server.config import ServerConfig
from pystomp_web.server.demo import LOG, PRICES, SENSORS, Demo, Source
from pystomp_web.server.messages import Message
from pystomp_web.server.serving import serving


class Time:
    """A clock that goes on only when somebody sleeps. After `seconds` the sleeper waits for its end."""

    def __init__(self, seconds: float, *, late: dict[int, float] | None = None) -> None:
        self.now = 100.0
        self.end = self.now + seconds
        self.slept = 0
        self.over = asyncio.Event()
        self._late = late or {}

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept += 1
        self.now += seconds + self._late.get(self.slept, 0)
        if self.now >= self.end:
            self.over.set()
            await asyncio.Event().wait()


async def published(rate: float, time: Time) -> list[Message]:
    broker = Broker()
    seen: list[Message] = []
    broker.on_message(seen.append)
    demo = Demo(broker, rate, source=Source(1), clock=time.clock, sleep=time.sleep)
    demo.start()
    demo.start()  # is one all the same
    await time.over.wait()
    await demo.stop()
    await demo.stop()
    return seen


@pytest.mark.parametrize("rate", [0.5, 7, 50, 1000, 5000])
async def test_the_rate_is_that_of_all_topics_together(rate: float) -> None:
    seen = await published(rate, Time(20))
    assert len(seen) == pytest.approx(20 * rate, abs=1 + 0.03 * rate)


async def test_a_high_rate_goes_out_in_batches() -> None:
    time = Time(1)
    assert len(await published(1000, time)) >= 950
    assert time.slept <= 51


async def test_what_a_hold_up_missed_is_made_up_for_up_to_half_a_second() -> None:
    seen = await published(100, Time(40, late={3: 30.0}))
    assert len(seen) == pytest.approx(1000 + 50, abs=8)


async def test_every_message_is_json_that_says_so() -> None:
    for message in await published(100, Time(1)):
        assert dict(message.headers)["content-type"] == "application/json"
        assert json.loads(message.body)["time"] > 1_700_000_000


def bodies(count: int, seed: int | None = 1) -> list[tuple[str, dict[str, Any]]]:
    source = Source(seed)
    made = [source.next(1000.0 + number / 50) for number in range(count)]
    return [(destination, json.loads(body)) for destination, body in made]


def test_six_of_ten_are_prices_three_are_sensors_one_is_the_log() -> None:
    assert Counter(destination for destination, _ in bodies(1000)) == {PRICES: 600, SENSORS: 300, LOG: 100}


def test_prices_move_a_little_and_stay_near_where_they_began() -> None:
    walks: dict[str, list[float]] = {}
    for destination, fields in bodies(60_000):
        if destination == PRICES:
            walks.setdefault(fields["symbol"], []).append(fields["price"])
            assert fields["volume"] > 0
            assert abs(fields["change"]) < 30
    assert len(walks) == 6
    for prices in walks.values():
        assert len(set(prices)) > 20
        assert max(abs(after / before - 1) for before, after in itertools.pairwise(prices)) < 0.01


def test_sensors_swing_around_a_mean_and_name_their_unit() -> None:
    values: dict[tuple[str, str], list[float]] = {}
    for destination, fields in bodies(60_000):
        if destination == SENSORS:
            values.setdefault((fields["sensor"], fields["unit"]), []).append(fields["value"])
    assert set(values) == {("boiler", "°C"), ("hall", "°C"), ("pressure", "bar")}
    assert 60 < min(values["boiler", "°C"]) < 68
    assert 74 < max(values["boiler", "°C"]) < 82


def test_the_log_has_every_level() -> None:
    lines = [fields for destination, fields in bodies(10_000) if destination == LOG]
    assert {line["level"] for line in lines} == {"DEBUG", "INFO", "WARNING", "ERROR"}
    assert not any("{" in line["text"] for line in lines)


def test_chance_can_be_repeated() -> None:
    assert bodies(100) == bodies(100) != bodies(100, seed=2)


@pytest.mark.parametrize("rate", [0, -1, 100_001, float("nan"), float("inf")])
def test_there_is_no_such_rate(rate: float) -> None:
    with pytest.raises(ValueError, match="messages a second"):
        Demo(Broker(), rate)


async def test_what_goes_wrong_is_raised_by_stop() -> None:
    class Broken(Source):
        def next(self, now: float) -> tuple[str, str]:
            asyncio.get_running_loop().call_soon(failed.set)
            raise LookupError("on purpose")

    failed = asyncio.Event()
    demo = Demo(Broker(), source=Broken())
    demo.start()
    await failed.wait()
    with pytest.raises(LookupError, match="on purpose"):
        await demo.stop()


async def test_a_server_with_a_demo_publishes_until_it_stops() -> None:
    seen: asyncio.Queue[Message] = asyncio.Queue()
    async with serving(ServerConfig(demo=1000.0)) as server:
        assert server.broker is not None
        server.broker.on_message(seen.put_nowait)
        assert (await seen.get()).destination in {PRICES, SENSORS, LOG}
    while not seen.empty():
        seen.get_nowait()
    await asyncio.sleep(0)
    assert seen.empty()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert left == []


async def test_a_gateway_has_no_demo() -> None:
    with pytest.raises(ValueError, match="embedded broker only"):
        async with serving(ServerConfig(broker="tcp://127.0.0.1", demo=5.0)):
            pass
