"""Side by side, in one page of one browser, against one server: a bare WebSocket, the JavaScript clients, and ours.

Arms take turns within each round; what counts is the median of the rounds, and its ratio to another arm's. `--check`
compares the ratios with those in docs/benchmarks/results.json and fails on a clear loss.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, sync_playwright

from tests.bench.flood import listen
from tests.bench.report import write_report
from tests.support.chromium import FLAGS, find_chromium
from tests.support.loopthread import LoopThread
from tests.support.static_server import ROOT, TestSite

HERE = Path(__file__).parent
NPM = ROOT / "build" / "bench-npm" / "node_modules"
RESULTS = ROOT / "docs" / "benchmarks"
KB = 1024
RECEIVED = {100: 20_000, KB: 20_000, 16 * KB: 4_000, 256 * KB: 300}
PUBLISHED = {100: 10_000, KB: 10_000, 16 * KB: 2_000, 256 * KB: 150}
JAVASCRIPT = ("bare", "stompjs", "rx-stomp", "webstomp-client")
OURS = ("callback", "async for")
#: A ratio that is worse than the committed one by more than this factor is a loss.
TOLERANCE = 1.25


class Work(NamedTuple):
    """One row of the result.

    Attributes:
        name: what is done.
        call: of an arm, in JavaScript; it gives milliseconds, or a list of them.
        messages: how many.
        arms: who takes part.
    """

    name: str
    call: str
    messages: int
    arms: Sequence[str]


def works() -> list[Work]:
    """All rows."""
    rows: list[Work] = []
    for size, count in RECEIVED.items():
        rows.append(Work(f"receive {label(size)} text", f"receive({count}, {size})", count, (*JAVASCRIPT, *OURS)))
    for size, count in RECEIVED.items():
        arms = ("bare", "stompjs", "rx-stomp", *OURS)  # webstomp-client reads no binary frames
        rows.append(Work(f"receive {label(size)} binary", f"receive({count}, {size}, true)", count, arms))
    for size, count in PUBLISHED.items():
        rows.append(Work(f"publish {label(size)}", f"publish({count}, {size})", count, (*JAVASCRIPT, "callback")))
    confirming = ("stompjs", "rx-stomp", "callback")
    rows.append(Work("publish 1 KiB with receipts", f"publish(2000, {KB}, true)", 2000, confirming))
    rows.extend(
        Work(
            f"receive 1 KiB, {count} subscriptions",
            f"receive(20000, {KB}, false, {count})",
            20_000,
            ("stompjs", "callback"),
        )
        for count in (100, 10_000)
    )
    rows.append(Work("round trip, busy", "roundTrip(300, 0)", 1, (*JAVASCRIPT, *OURS)))
    rows.append(Work("round trip, idle", "roundTrip(50, 20)", 1, (*JAVASCRIPT, *OURS)))
    return rows


def label(size: int) -> str:
    """A size in words."""
    return f"{size} B" if size < KB else f"{size // KB} KiB"


def measure(page: Page, work: Work, rounds: int) -> dict[str, Any]:
    """Medians in microseconds a message, and for round trips their 99th percentile, of each arm in turn."""
    times: dict[str, list[float]] = {arm: [] for arm in work.arms}
    per_round: dict[str, list[float]] = {arm: [] for arm in work.arms}
    for number in range(rounds):
        for arm in work.arms if number % 2 == 0 else reversed(work.arms):
            spent = page.evaluate(f"arms[{arm!r}].{work.call}")
            values = [value * 1000 / work.messages for value in (spent if isinstance(spent, list) else [spent])]
            times[arm] += values
            per_round[arm].append(statistics.median(values))
    row: dict[str, Any] = {"name": work.name, "median": {arm: statistics.median(v) for arm, v in times.items()}}
    if "roundTrip" in work.call:
        row["p99"] = {arm: sorted(v)[int(len(v) * 0.99)] for arm, v in times.items()}
    # Pairs of one round met the same machine.
    first = work.arms[0]
    row["ratio"] = {
        arm: statistics.median(a / b for a, b in zip(per_round[arm], per_round[first], strict=True))
        for arm in work.arms
    }
    row["stompjs"] = {
        arm: statistics.median(a / b for a, b in zip(per_round[arm], per_round["stompjs"], strict=True))
        for arm in work.arms
    }
    shown = "  ".join(f"{arm} {row['median'][arm]:.0f} us ({row['ratio'][arm]:.2f})" for arm in work.arms)
    sys.stdout.write(f"{work.name:32} {shown}\n")
    sys.stdout.flush()
    return row


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


def run(rounds: int, only: str, *, enduring: bool) -> dict[str, Any]:
    """Everything, or the rows whose name holds `only`."""
    with LoopThread() as loop, sync_playwright() as playwright:
        server = loop.run(listen())
        port = server.sockets[0].getsockname()[1]
        with TestSite(loop, mounts={"/bench": HERE, "/npm": NPM}) as site:
            flags = [*FLAGS, "--enable-precise-memory-info"]
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=flags)
            page = browser.new_page()
            page.on("pageerror", _complain)
            query = f"wheel={site.wheel_path}&coverage=0&server=ws://127.0.0.1:{port}"
            page.goto(f"{site.origin}/bench/pages/bench.html?{query}")
            page.wait_for_selector("html[data-ready]", state="attached")
            rows = [measure(page, work, rounds) for work in works() if only in work.name]
            result: dict[str, Any] = {
                "date": time.strftime("%Y-%m-%d"),
                "browser": f"Chromium {browser.version}",
                "machine": f"{platform.system()} {platform.machine()}",
                "rounds": rounds,
                "rows": rows,
            }
            if enduring:
                result["endurance"] = endure(page)
            browser.close()
        server.close()
    return result


def _complain(error: object) -> None:
    sys.stderr.write(f"error in the page: {error}\n")


def losses(found: dict[str, Any], committed: dict[str, Any]) -> list[str]:
    """The ratios of ours that are clearly worse than the committed ones, in words."""
    before = {row["name"]: row["ratio"] for row in committed["rows"]}
    return [
        f"{row['name']}, {arm}: {ratio:.2f} times {next(iter(row['ratio']))}, was {before[row['name']][arm]:.2f}"
        for row in found["rows"]
        for arm, ratio in row["ratio"].items()
        if arm in OURS and row["name"] in before and ratio > before[row["name"]].get(arm, ratio) * TOLERANCE
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="rows whose name holds this")
    parser.add_argument("--check", action="store_true", help="compare with the committed ratios, write nothing")
    given = parser.parse_args()
    found = run(given.rounds, given.only, enduring=not given.only and not given.check)
    if given.check:
        worse = losses(found, json.loads((RESULTS / "results.json").read_text()))
        sys.stdout.write("".join(f"LOSS {line}\n" for line in worse) or "no clear loss\n")
        return 1 if worse else 0
    if not given.only:
        write_report(found, RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
