"""A page under test, its server and the browser that it is opened in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from .broker import StompBroker

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Chromium that samples its allocations, as a few of its launches do, crashes where it does so while Python runs on a
# stack of its own. The first feature is what Playwright's own switch names, which this one replaces.
SWITCH = (
    "--enable-features=CDPScreenshotNewSurface,HeapProfilerReporting:stable-probability/0/nonstable-probability/0,"
    "GwpAsanMalloc:ProcessSamplingProbability/0,GwpAsanPartitionAlloc:ProcessSamplingProbability/0"
)


class Missing(Exception):
    """Something that a page needs is not there; the text says how to get it."""


class StompPage:
    """A page and the broker behind it; what the fixture `stomp_page` gives.

    Args:
        page: Playwright's.
        broker: which serves the page's folder.

    Attributes:
        console: what the browser's console said so far, each "type: text"; what nobody caught is "pageerror: ...".
    """

    def __init__(self, page: Page, broker: StompBroker) -> None:
        self.page = page
        self.broker = broker
        self.console: list[str] = []
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))

    @property
    def url(self) -> str:
        """Where the folder is served, without a slash at the end; STOMP is at /stomp there."""
        return self.broker.origin

    def goto(self, path: str = "/") -> None:
        """Open a page of the folder and wait for its load event; Python in it starts later: wait for what it shows."""
        self.page.goto(f"{self.url}{path}")


def locate(base: Path, root: str | None, pyodide: str | None, wheel: str | None) -> dict[str, Path | None]:
    """The folders and the wheel to be served.

    Args:
        base: what paths are relative to.
        root: the folder of the pages; None, here and below: is not served.
        pyodide: Pyodide's folder.
        wheel: the wheel, or a pattern: the newest that fits is taken.

    Raises:
        Missing: one of them is not there.
    """
    found = {}
    for name, path, cure in (
        ("root", root, "make it"),
        ("pyodide", pyodide, "`npm install pyodide`"),
        ("wheel", wheel, "`pip download --no-deps -d {} pystomp-web`"),
    ):
        where = base / (path or "")
        mark = where / "pyodide.mjs" if name == "pyodide" else where
        fitting = sorted(mark.parent.glob(mark.name), key=lambda each: each.stat().st_mtime)
        if path is not None and not fitting:
            raise Missing(
                f"stomp_page: there is no {mark}. Get it ({cure.format(where.parent)}), or say where it is: "
                f"stomp_{name} in pytest's ini file, or @pytest.mark.stomp_page({name}=...)"
            )
        found[name] = None if path is None else fitting[-1] if name == "wheel" else where
    return found


@contextmanager
def launched() -> Iterator[Page]:
    """A page in a Chromium of its own: PYSTOMP_WEB_CHROMIUM, the one on PATH, or Playwright's.

    Raises:
        Missing: Playwright or Chromium is not there.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise Missing("stomp_page: Playwright is not installed. `pip install 'pystomp-web[testing]'`") from None
    found = os.environ.get("PYSTOMP_WEB_CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=[SWITCH])
        except Error as error:
            cure = "Get one by `playwright install chromium`, or name one: PYSTOMP_WEB_CHROMIUM=/path/to/chromium"
            raise Missing(f"stomp_page: {found or 'Chromium'} does not start: {error}\n{cure}") from error
        with browser:
            yield browser.new_page()
