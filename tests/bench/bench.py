"""Side by side: a bare WebSocket, stompjs and pystomp_web, in one page of one browser, against one server."""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench.flood import listen
from tests.support.chromium import FLAGS, find_chromium
from tests.support.loopthread import LoopThread
from tests.support.static_server import ROOT, TestSite

HERE = Path(__file__).parent
RECEIVE = {100: 20_000, 1024: 20_000, 16 * 1024: 4_000, 256 * 1024: 300}
PUBLISH = {100: 10_000, 1024: 10_000, 16 * 1024: 2_000, 256 * 1024: 150}


def compare(page: Page, title: str, call: str, arms: list[str], rounds: int, count: int) -> dict[str, float]:
    """Medians over the rounds, in microseconds a message, of each arm in turn."""
    times: dict[str, list[float]] = {arm: [] for arm in arms}
    for _ in range(rounds):
        for arm in arms:
            times[arm].append(page.evaluate(f"arms[{arm!r}].{call}") * 1000 / count)
    medians = {arm: statistics.median(values) for arm, values in times.items()}
    limit = medians[arms[0]]
    print(f"{title:24}", "  ".join(f"{arm} {value:8.1f} us ({value / limit:.2f})" for arm, value in medians.items()))
    return medians


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="receive,publish,roundtrip")
    parser.add_argument("--sizes", default="100,1024,16384,262144")
    parser.add_argument("--arms", default="bare,stompjs,callback,async for")
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    arms = given.arms.split(",")
    with LoopThread() as loop, sync_playwright() as playwright:
        server = loop.run(listen())
        port = server.sockets[0].getsockname()[1]
        mounts = {"/bench": HERE, "/npm": ROOT / "build" / "npm" / "node_modules"}
        with TestSite(loop, mounts=mounts) as site:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            page = browser.new_page()
            page.on("console", lambda message: print("console:", message.text))
            page.on("pageerror", lambda error: print("error:", error))
            query = f"wheel={site.wheel_path}&coverage=0&server=ws://127.0.0.1:{port}"
            page.goto(f"{site.origin}/bench/pages/bench.html?{query}")
            page.wait_for_selector("html[data-ready]", state="attached")
            if "receive" in given.only:
                for size in sizes:
                    call = f"receive({RECEIVE[size]}, {size}, false)"
                    compare(page, f"receive text {size}", call, arms, given.rounds, RECEIVE[size])
            if "binary" in given.only:
                for size in sizes:
                    call = f"receive({RECEIVE[size]}, {size}, true)"
                    compare(page, f"receive binary {size}", call, arms, given.rounds, RECEIVE[size])
            if "publish" in given.only:
                for size in sizes:
                    call = f"publish({PUBLISH[size]}, {size})"
                    compare(page, f"publish {size}", call, arms[:3], given.rounds, PUBLISH[size])
            if "roundtrip" in given.only:
                for name, count, gap in (("round trip hot", 300, 0), ("round trip idle", 60, 20)):
                    result = {}
                    for arm in arms:
                        times = [t for _ in range(given.rounds) for t in page.evaluate(f"arms[{arm!r}].roundTrip({count},{gap})")]
                        result[arm] = statistics.median(times) * 1000
                    print(f"{name:24}", "  ".join(f"{a} {v:8.1f} us ({v / result[arms[0]]:.2f})" for a, v in result.items()))
            browser.close()
        server.close()


if __name__ == "__main__":
    main()
