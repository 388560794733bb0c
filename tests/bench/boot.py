"""From navigation to the first message: stock Pyodide, PyScript, and web/boot.mjs, cold and warm, in turn.

Cold is a fresh profile: nothing in the HTTP cache, no compiled code kept. Warm is the fourth load in that profile: by
then the browser keeps what it compiled. All arms load the same Python file from one server.
"""

from __future__ import annotations

import json
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.bench.options import RESULTS, Options
from tests.browser.console import VENDOR, WEB, Site
from tests.support.chromium import FLAGS, find_chromium
from tests.support.loopthread import LoopThread
from tests.support.static_server import ROOT, built_wheel
from tests.tools.pyodide_dist import lay

PAGES = Path(__file__).parent / "boot_pages"
RUNTIME = ROOT / "build" / "npm" / "node_modules" / "pyodide"
WHEELS = ROOT / "build" / "bench-wheels"
STOCK, PYSCRIPT, OURS = "stock Pyodide", "PyScript", "web/boot.mjs"
ARMS = {STOCK: "bench/stock.html", PYSCRIPT: "pyscript/bench/pyscript.html", OURS: "bench/ours.html"}
LOADS = ("cold", "second", "third", "warm")  # the browser keeps compiled code from the third load on
#: Ours over stock Pyodide's, cold, at most.
LIMIT = 0.6
WAIT_MS = 60_000


def lay_site(folder: Path) -> dict[str, Any]:
    """Put the pages of all arms into a folder; the server's settings for it."""
    root, vendor = folder / "web", folder / "vendor"
    shutil.copytree(WEB, root)
    shutil.copytree(VENDOR, vendor)
    for name in ("bench", "pyscript/bench"):
        shutil.copytree(PAGES, root / name)
    wheel = built_wheel()
    stock = "/vendor/pyodide/pyodide.mjs"
    config = {"interpreter": stock, "packages": [f"/wheel/{wheel.name}"], "files": {"./first.py": ""}}
    (root / "pyscript" / "bench" / "pyscript.json").write_text(json.dumps(config))
    lay(RUNTIME, RUNTIME / "python_stdlib.zip", vendor / "pyodide", sorted(WHEELS.glob("micropip-*.whl")))
    return {"root": root, "vendor": vendor}


def load(context: BrowserContext, url: str) -> float:
    """Milliseconds from the navigation's start to the first message."""
    page = context.new_page()
    try:
        page.on("pageerror", lambda error: print(f"error in {url}: {error}", file=sys.stderr))  # noqa: T201
        page.goto(url, wait_until="commit")
        page.wait_for_selector("html[data-first]", state="attached", timeout=WAIT_MS)
        return float(page.locator("html").get_attribute("data-first") or "nan")
    finally:
        page.close()


def measure(browser: Browser, origin: str, rounds: int, arms: Iterable[str] = tuple(ARMS)) -> dict[str, Any]:
    """Medians in milliseconds, and the median of the rounds' ratios to stock Pyodide, of each kind of load."""
    times: dict[str, dict[str, list[float]]] = {kind: {arm: [] for arm in arms} for kind in LOADS}
    for number in range(rounds):
        for arm in list(arms) if number % 2 == 0 else reversed(list(arms)):
            context = browser.new_context()
            for kind in LOADS:
                times[kind][arm].append(load(context, f"{origin}/{ARMS[arm]}"))
            context.close()
            sys.stdout.write(f"{number + 1:2} {arm:14} {'  '.join(f'{times[k][arm][-1]:5.0f}' for k in LOADS)} ms\n")
            sys.stdout.flush()
    return {
        kind: {
            arm: {
                "ms": round(statistics.median(found)),
                "ratio": round(statistics.median(a / b for a, b in zip(found, times[kind][STOCK], strict=True)), 3),
            }
            for arm, found in times[kind].items()
        }
        for kind in ("cold", "warm")
    }


def table(found: dict[str, Any]) -> str:
    """Markdown: milliseconds, and in brackets the ratio to stock Pyodide."""
    lines = [
        f"Measured on {found['date']} with {found['browser']} on {found['machine']}: medians of {found['rounds']}",
        "rounds in milliseconds, and the median ratio to stock Pyodide of the same round.",
        "",
        f"| | {' | '.join(ARMS)} |",
        f"|---|{'---|' * len(ARMS)}",
    ]
    for kind in ("cold", "warm"):
        cells = [f"{found[kind][arm]['ms']} ({found[kind][arm]['ratio']:.2f})" for arm in ARMS]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def run(rounds: int) -> dict[str, Any]:
    """All arms in one browser, from one server."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LoopThread() as loop,
        Site(loop, **lay_site(Path(folder))) as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        measured = measure(browser, site.origin, rounds)
        result = {
            "date": time.strftime("%Y-%m-%d"),
            "browser": f"Chromium {browser.version}",
            "machine": f"{platform.system()} {platform.machine()}",
            "rounds": rounds,
            **measured,
        }
        browser.close()
    return result


def bench(options: Options) -> list[str]:
    """Measure, write or compare; what has become worse, in words."""
    found = run(options.rounds)
    sys.stdout.write(table(found))
    if options.writes:
        (RESULTS / "boot.json").write_text(json.dumps(found, indent=1) + "\n")
        (RESULTS / "boot.txt").write_text(table(found))
    ratio = found["cold"][OURS]["ratio"]
    if options.check and ratio > LIMIT:
        return [f"cold: {ratio:.2f} times stock Pyodide's time, and {LIMIT} is the most"]
    return []
