"""Side by side, in one page of one browser, against one server: a bare WebSocket, the JavaScript clients, and ours.

Arms take turns within each round; what counts is the median of the rounds, and its ratio to another arm's.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.bench.broker import filled_broker
from tests.bench.flood import listen
from tests.bench.options import RESULTS, Options
from tests.bench.report import write_report
from tests.bench.works import FLOOD, FLOOD_IN_SHORT, SUBSCRIPTIONS, Work, through_rabbitmq
from tests.brokers.rabbitmq import installed_version
from tests.support.chromium import FLAGS, find_chromium
from tests.support.firefox import find_firefox, launch_firefox
from tests.support.loopthread import LoopThread
from tests.support.static_server import ROOT, TestSite

HERE = ROOT / "tests" / "bench"
NPM = ROOT / "build" / "bench-npm" / "node_modules"
#: A ratio that is worse than the committed one by more than this factor is a loss.
TOLERANCE = 1.25
#: Seconds that one turn of an arm may take.
PATIENCE = 120
OURS = ("callback", "async for")


def measure(page: Page, work: Work, rounds: int) -> dict[str, Any]:
    """Medians in microseconds a message, and for round trips their 99th percentile, of each column in turn."""
    columns = list(work.calls)
    times: dict[str, list[float]] = {column: [] for column in columns}
    per_round: dict[str, list[float]] = {column: [] for column in columns}
    for number in range(rounds):
        for column in columns if number % 2 == 0 else reversed(columns):
            spent = _spent(page, work, column)
            values = [value * 1000 / work.messages for value in (spent if isinstance(spent, list) else [spent])]
            times[column] += values
            per_round[column].append(statistics.median(values))
    first = columns[0]
    row: dict[str, Any] = {
        "name": work.name,
        "median": {column: statistics.median(values) for column, values in times.items()},
        # Pairs of one round met the same machine.
        "ratio": {
            column: statistics.median(a / b for a, b in zip(per_round[column], per_round[first], strict=True))
            for column in columns
        },
    }
    if work.percentile:
        row["p99"] = {column: sorted(values)[int(len(values) * 0.99)] for column, values in times.items()}
    shown = "  ".join(f"{column} {row['median'][column]:.0f} us ({row['ratio'][column]:.2f})" for column in columns)
    sys.stdout.write(f"{work.name:32} {shown}\n")
    sys.stdout.flush()
    return row


def _spent(page: Page, work: Work, column: str) -> Any:
    """Milliseconds of one column's turn, or a list of them; a turn that does not end is tried once more.

    Raises:
        TimeoutError: it did not end then either.
    """
    for _ in range(2):
        if work.before is not None:
            work.before()
        spent = page.evaluate(f"within({PATIENCE}, {work.calls[column]})")
        if spent is not None:
            return spent
        sys.stdout.write(f"{work.name}: {column} did not end within {PATIENCE} s\n")
    raise TimeoutError(f"{work.name}: {column} does not end")


def endure(page: Page) -> dict[str, Any]:
    """The longest task while 20,000 messages arrive, and what 1,000,000 leave behind."""
    longest = {
        arm: page.evaluate(f"longestTask(() => arms[{arm!r}].receive(20000, 1024))")
        for arm in ("stompjs", "callback", "async for")
    }
    before = page.evaluate("heap()")
    page.evaluate("arms['callback'].receive(1000000, 100)")
    after = page.evaluate("heap()")
    found = {"longest task, ms": longest, "heap before": before, "heap after 1,000,000 messages": after}
    sys.stdout.write(f"{json.dumps(found)}\n")
    return found


@contextmanager
def arms_page(browser: Browser, site: TestSite, origin: str, path: str, headers: Mapping[str, str]) -> Iterator[Page]:
    """The page with all arms, for one server.

    Args:
        origin: ws://HOST:PORT.
        path: of its STOMP.
        headers: of CONNECT.
    """
    page = browser.new_page()
    page.on("pageerror", _complain)
    query = {"wheel": site.wheel_path, "coverage": 0, "server": origin, "path": path, "headers": json.dumps(headers)}
    page.goto(f"{site.origin}/bench/pages/bench.html?{urlencode(query)}")
    page.wait_for_selector("html[data-ready]", state="attached")
    yield page
    page.close()


class Bench:
    """One run: the tables that it fills."""

    def __init__(self, loop: LoopThread, site: TestSite, rounds: int, only: str) -> None:
        self._loop = loop
        self._site = site
        self._rounds = rounds
        self._only = only
        self.tables: list[dict[str, Any]] = []

    def fill(self, title: str, page: Page, works: list[Work]) -> None:
        """One table more, with those rows that are wanted."""
        wanted = [work for work in works if self._only in f"{title}: {work.name}"]
        if wanted:
            sys.stdout.write(f"-- {title}\n")
            rows = [measure(page, work, self._rounds) for work in wanted]
            self.tables.append({"title": title, "rows": rows})

    def flood(
        self, browser: Browser, name: str, *, whole: bool = True, enduring: bool = False
    ) -> dict[str, Any] | None:
        """What one browser does with a server that is no bottleneck."""
        server = self._loop.run(listen())
        origin = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        endurance = None
        with arms_page(browser, self._site, origin, "/stomp", {}) as page:
            self.fill(f"A fast server, {name}", page, FLOOD if whole else FLOOD_IN_SHORT)
            if whole:
                self.fill(f"Subscriptions on one connection, {name}", page, SUBSCRIPTIONS)
            if enduring:
                endurance = endure(page)
        server.close()
        return endurance

    def rabbitmq(self, browser: Browser, name: str) -> None:
        """What one browser does with a broker that people use."""
        with filled_broker(self._loop) as broker, arms_page(browser, self._site, *broker.address) as page:
            self.fill(f"RabbitMQ {broker.version}, {name}", page, through_rabbitmq(broker.fill))


def chromium(playwright: Playwright) -> Browser:
    """Ours, whose memory can be looked at."""
    return playwright.chromium.launch(
        executable_path=find_chromium(), args=[*FLAGS, "--enable-precise-memory-info", "--js-flags=--expose-gc"]
    )


def run(rounds: int, only: str, browsers: list[str]) -> dict[str, Any]:
    """Everything, or the rows in whose "table: name" `only` is."""
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.system()} {platform.machine()}",
        "rounds": rounds,
        "browsers": {},
    }
    with (
        LoopThread() as loop,
        sync_playwright() as playwright,
        TestSite(loop, mounts={"/bench": HERE, "/npm": NPM}) as site,
    ):
        bench = Bench(loop, site, rounds, only)
        if "chromium" in browsers:
            browser = chromium(playwright)
            result["browsers"]["Chromium"] = browser.version
            result["endurance"] = bench.flood(browser, "Chromium", enduring=not only)
            if installed_version() is None:
                sys.stdout.write("RabbitMQ is missing: it is left out\n")
            else:
                bench.rabbitmq(browser, "Chromium")
            browser.close()
        if "firefox" in browsers:
            browser = launch_firefox(playwright)
            result["browsers"]["Firefox"] = browser.version
            bench.flood(browser, "Firefox", whole=False)
            browser.close()
    result["tables"] = bench.tables
    return result


def _complain(error: object) -> None:
    sys.stderr.write(f"error in the page: {error}\n")


def losses(found: dict[str, Any], committed: dict[str, Any]) -> list[str]:
    """The ratios of ours that are clearly worse than the committed ones, in words."""

    def ratios(result: dict[str, Any]) -> dict[tuple[str, str, str], float]:
        return {
            (table["title"], row["name"], column): ratio
            for table in result["tables"]
            for row in table["rows"]
            for column, ratio in row["ratio"].items()
        }

    before = ratios(committed)
    return [
        f"{title}: {name}, {column}: {ratio:.2f}, was {before[title, name, column]:.2f}"
        for (title, name, column), ratio in ratios(found).items()
        if (column in OURS or name.startswith("callback"))
        and ratio > before.get((title, name, column), ratio) * TOLERANCE
    ]


def bench(options: Options) -> list[str]:
    """Measure, write or compare; what has become worse, in words."""
    both = ["chromium", *(["firefox"] if find_firefox() else [])]
    found = run(options.rounds, options.only, [options.browser] if options.browser else both)
    if options.writes:
        write_report(found, RESULTS)
    return losses(found, json.loads((RESULTS / "results.json").read_text())) if options.check else []
