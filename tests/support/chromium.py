"""Which Chromium the tests run in. As a script: prints its path, or exits 1."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

#: Features of Chromium, as its switch --enable-features takes them.
NO_SAMPLES = (
    "HeapProfilerReporting:stable-probability/0/nonstable-probability/0,"
    "GwpAsanMalloc:ProcessSamplingProbability/0,GwpAsanPartitionAlloc:ProcessSamplingProbability/0"
)
FLAGS = [
    "--no-sandbox",  # Chromium refuses to run as root with it, and the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--js-flags=--expose-gc",
    # In a few of its launches Chromium samples allocations, to profile or to check its heap (GWP-ASan), and then walks
    # off the end of the stack that Pyodide's loop runs on (JSPI): the tab crashes. Playwright's own switch is replaced
    # by this one: its one feature is kept.
    f"--enable-features=CDPScreenshotNewSurface,{NO_SAMPLES}",
]


def find_chromium() -> str | None:
    """The path of PYSTOMP_WEB_CHROMIUM, an installed Chromium or Chrome, or Playwright's own; None if there is none."""
    if named := os.environ.get("PYSTOMP_WEB_CHROMIUM"):
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    for place in PLACES:
        if Path(place).exists():
            return place
    # Asked last, since asking starts Playwright's driver.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


if __name__ == "__main__":
    chromium = find_chromium()
    print(chromium or "", end="")
    sys.exit(chromium is None)
