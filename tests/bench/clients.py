"""Side by side, in one page of one browser, against one server: a bare WebSocket, the JavaScript clients, and ours.

Arms take turns within each round; what counts is the median of the rounds, and its ratio to another arm's.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlencode

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.bench.broker import filled_broker
from tests.bench.flood import listen
from tests.bench.options import RESULTS, Options
from tests.bench.report import write_report
from tests.bench.unwatched import unwatched_tab
from tests.bench.works import FLOOD, FLOOD_IN_SHORT, FLOOD_WATCHED, SUBSCRIPTIONS, Work, through_rabbitmq
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
#: A promise of the mark that the page sets when its arms are there.
_READY = """new Promise((resolve) => {
  const look = () => document.documentElement?.dataset.ready && resolve();
  new MutationObserver(look).observe(document, { attributes: true, childList: true, subtree: true });
  look();
})"""


class Page(Protocol):
    """A page that has the arms."""

    def evaluate(self, expression: str, /) -> Any:
        """What an expression in JavaScript, or its promise, gives."""


#: Opens a URL, and closes it again.
Opener = Callable[[str], AbstractContextManager[Page]]


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
        given = None if work.before is None else work.before()
        spent = page.evaluate(f"((given) => within({PATIENCE}, {work.calls[column]}))({json.dumps(given)})")
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


def address(site: TestSite, origin: str, path: str, headers: Mapping[str, str]) -> str:
    """Of the page with all arms, for one server.

    Args:
        origin: ws://HOST:PORT.
        path: of its STOMP.
        headers: of CONNECT.
    """
    query = {"wheel": site.wheel_path, "coverage": 0, "server": origin, "path": path, "headers": json.dumps(headers)}
    return f"{site.origin}/bench/pages/bench.html?{urlencode(query)}"


@contextmanager
def watched(browser: Browser, url: str) -> Iterator[Page]:
    """A page of Playwright's."""
    page = browser.new_page()
    page.on("pageerror", _complain)
    page.goto(url)
    page.wait_for_selector("html[data-ready]", state="attached")
    yield page
    page.close()


@contextmanager
def unwatched(chromium: str, flags: list[str], url: str) -> Iterator[Page]:
    """A page of a Chromium of its own, whose memory can be looked at."""
    with unwatched_tab(chromium, [*flags, "--enable-precise-memory-info"]) as tab:
        tab.goto(url, _READY)
        yield tab


class Bench:
    """One run: the tables that it fills."""

    def __init__(self, loop: LoopThread, site: TestSite, rounds: int, only: str) -> None:
        self._loop = loop
        self._site = site
        self._rounds = rounds
        self._only = only
        self.tables: list[dict[str, Any]] = []

    def _wanted(self, title: str, works: list[Work]) -> list[Work]:
        return [work for work in works if self._only in f"{title}: {work.name}"]

    def fill(self, title: str, page: Page, works: list[Work]) -> None:
        """One table more, with those rows that are wanted."""
        wanted = self._wanted(title, works)
        if wanted:
            sys.stdout.write(f"-- {title}\n")
            rows = [measure(page, work, self._rounds) for work in wanted]
            self.tables.append({"title": title, "rows": rows})

    def flood(self, opener: Opener, name: str, works: list[Work], *, enduring: bool = False) -> dict[str, Any] | None:
        """What a page does with a server that is no bottleneck, and with `enduring` what it left behind."""
        tables = {f"A fast server, {name}": works}
        if works is FLOOD:
            tables[f"Subscriptions on one connection, {name}"] = SUBSCRIPTIONS
        if not any(self._wanted(*table) for table in tables.items()):
            return None
        server = self._loop.run(listen())
        origin = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with opener(address(self._site, origin, "/stomp", {})) as page:
            for title, rows in tables.items():
                self.fill(title, page, rows)
            endurance = endure(page) if enduring else None
        server.close()
        return endurance

    def rabbitmq(self, opener: Opener, name: str) -> None:
        """What a page does with a broker that people use."""
        if not self._wanted(f"RabbitMQ {installed_version()}, {name}", through_rabbitmq(lambda *_: "")):
            return
        with filled_broker(self._loop) as broker, opener(address(self._site, *broker.address)) as page:
            self.fill(f"RabbitMQ {broker.version}, {name}", page, through_rabbitmq(broker.fill))


def chromium(bench: Bench, playwright: Playwright, *, enduring: bool) -> tuple[str, dict[str, Any] | None]:
    """Everything in Chromium; its version, and what `endure` found."""
    path = find_chromium()
    assert path is not None
    opener = partial(unwatched, path, FLAGS)
    endurance = bench.flood(opener, "Chromium", FLOOD, enduring=enduring)
    if installed_version() is None:
        sys.stdout.write("RabbitMQ is missing: it is left out\n")
    else:
        bench.rabbitmq(opener, "Chromium")
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    bench.flood(partial(watched, browser), "Chromium watched by Playwright", FLOOD_WATCHED)
    browser.close()
    return browser.version, endurance


def firefox(bench: Bench, playwright: Playwright) -> str:
    """What a second browser is measured by; its version."""
    browser = launch_firefox(playwright)
    bench.flood(partial(watched, browser), "Firefox", FLOOD_IN_SHORT)
    browser.close()
    return browser.version


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
            result["browsers"]["Chromium"], result["endurance"] = chromium(bench, playwright, enduring=not only)
        if "firefox" in browsers:
            result["browsers"]["Firefox"] = firefox(bench, playwright)
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
