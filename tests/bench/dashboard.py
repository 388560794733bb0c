"""The dashboard under a thousand messages a second for a minute: its longest task, and the frames it did not get.

The server runs in a process of its own, as `./build.sh --demo 1000` starts it. A task's time is given twice: on the
clock, where whatever else the machine does counts too, and as time on the processor, which is what the page needs.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.options import RESULTS, Options
from tests.browser.console import VENDOR, WEB
from tests.support.chromium import FLAGS, find_chromium
from tests.support.static_server import PYODIDE, ROOT, built_wheel

FRAME_MS = 1000 / 60
LONG_TASK_MS = 50  # what browsers call long
RATE = 1000
WARMED_MS = 3000  # from the first message on: what is done once is done

# In the page: when each frame came, and what the page says of its messages, once a second.
WATCH = """() => {
    globalThis.watched = { frames: [], rates: [], longTasks: [] };
    const rate = document.getElementById("rate");
    let next = performance.now() + 1000;
    const step = (now) => {
        watched.frames.push(now);
        if (now >= next) {
            watched.rates.push(Number(rate.textContent.replaceAll(",", "")));
            next += 1000;
        }
        requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
    new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) watched.longTasks.push(duration);
    }).observe({ type: "longtask" });
}"""


@contextmanager
def demo_server() -> Iterator[str]:
    """Our server, publishing: the address of its pages."""
    places = {"--root": WEB, "--pyodide": PYODIDE, "--vendor": VENDOR, "--wheel": built_wheel()}
    command = [sys.executable, "-m", "pystomp_web.server", "--port", "0", "--demo", str(RATE)]
    command += [str(word) for place in places.items() for word in place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.search(r"http://\S+/", line)
            if found is None:
                raise RuntimeError(f"the server says {line!r}")
            yield found[0]
        finally:
            server.terminate()


def tasks(trace: bytes) -> list[tuple[float, float]]:
    """Milliseconds on the clock and on the processor of each task of the page's main thread."""
    events = json.loads(trace)["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        (event["dur"] / 1000, event["tdur"] / 1000)
        for event in events
        if event["name"].endswith("::RunTask") and (event["pid"], event["tid"]) in threads and "tdur" in event
    ]


def measure(page: Page, url: str, seconds: float) -> dict[str, Any]:
    """What happens in so many seconds."""
    page.goto(f"{url}dashboard.html")
    page.wait_for_selector("#log[data-state=data]", timeout=60_000)
    page.wait_for_timeout(WARMED_MS)
    browser = page.context.browser
    assert browser is not None
    load = os.getloadavg()[0]
    browser.start_tracing(page=page, categories=["toplevel"])
    page.evaluate(WATCH)
    page.wait_for_timeout(seconds * 1000)
    watched = page.evaluate("watched")
    done = tasks(browser.stop_tracing())
    frames = watched["frames"]
    gaps = Counter(round((after - before) / FRAME_MS) for before, after in pairwise(frames))
    return {
        "date": time.strftime("%Y-%m-%d"),
        "browser": f"Chromium {browser.version}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "load of the machine before": load,
        "seconds": seconds,
        "messages a second": statistics.mean(watched["rates"]),
        "tasks": len(done),
        "longest task, ms": max(clock for clock, _ in done),
        "longest task, ms on the processor": max(processor for _, processor in done),
        "tasks of more than 50 ms, as the page is told": len(watched["longTasks"]),
        "processor, %": sum(processor for _, processor in done) / seconds / 10,
        "frames": len(frames),
        "gaps between frames, in frames": {str(gap): gaps[gap] for gap in sorted(gaps)},
    }


def words(found: Mapping[str, Any]) -> str:
    """The same as a piece of Markdown."""
    gaps = {int(gap): count for gap, count in found["gaps between frames, in frames"].items()}
    late = sum(count for gap, count in gaps.items() if gap > 1)
    lines = [
        f"Measured on {found['date']} with {found['browser']} on {found['machine']}, which had a load of",
        f"{found['load of the machine before']:.1f} before it began: {found['seconds']:.0f} seconds.",
        "",
        "| | |",
        "|---|---|",
        f"| messages a second, as the page counts them | {found['messages a second']:,.0f} |",
        f"| longest task, of {found['tasks']:,} | {found['longest task, ms']:.0f} ms |",
        f"| longest task, time on the processor | {found['longest task, ms on the processor']:.0f} ms |",
        f"| tasks of more than 50 ms | {found['tasks of more than 50 ms, as the page is told']} |",
        f"| frames | {found['frames']:,}, {late} of them late |",
        f"| longest time between two frames | {max(gaps)} sixtieths of a second |",
        f"| time that the page's thread works | {found['processor, %']:.0f} % |",
    ]
    return "\n".join(lines) + "\n"


def complain(error: object) -> None:
    """Say what the page did not catch."""
    sys.stderr.write(f"error in the page: {error}\n")


def bench(options: Options) -> list[str]:
    """Measure, write or compare; what has become worse, in words."""
    with demo_server() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("pageerror", complain)
        found = measure(page, url, options.seconds)
        browser.close()
    sys.stdout.write(f"dashboard: {json.dumps(found, indent=1)}\n")
    if options.writes:
        (RESULTS / "dashboard.json").write_text(json.dumps(found, indent=1) + "\n")
        (RESULTS / "dashboard.txt").write_text(words(found))
    longest = found["longest task, ms on the processor"]
    return [f"a task of {longest:.0f} ms on the processor"] if options.check and longest > LONG_TASK_MS else []
