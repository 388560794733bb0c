"""What the tests of the console share: a site and one booted page for each module."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Error

from tests.browser.console import DESK, FAILED, Console, Site, failed
from tests.support.firefox import is_firefox
from tests.support.loopthread import LoopThread


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have fixtures know whether their test has failed."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="module")
def served(loop_thread: LoopThread) -> Iterator[Site]:
    """The console's server."""
    with Site(loop_thread) as site:
        yield site


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """One for all pages at a desk: Pyodide comes out of its cache."""
    opened = browser.new_context(viewport=DESK)
    if not is_firefox(opened):  # it has no such permissions to give: a click is enough
        opened.grant_permissions(["clipboard-read", "clipboard-write"])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def booted(desk: BrowserContext, served: Site) -> Iterator[list[Console]]:
    """The page that a module's tests share; not there when a test has failed in it."""
    shared: list[Console] = []
    yield shared
    for console in shared:
        console.page.close()


@pytest.fixture
def console(
    booted: list[Console], desk: BrowserContext, served: Site, request: pytest.FixtureRequest
) -> Iterator[Console]:
    """The page, ready, as nobody had used it."""
    console = booted.pop() if booted else Console(desk, served.origin).open()
    console.page.bring_to_front()  # another page may have been: in Firefox only the front one has the focus
    try:
        yield console
        if not failed(request):
            console.reset()
    except BaseException:
        _discard(console)
        raise
    if failed(request):
        _discard(console)
    else:
        booted.append(console)


def _discard(console: Console) -> None:
    """Close the page, and what it has kept does not reach the next one."""
    with suppress(Error):  # it may have crashed
        console.page.evaluate("() => localStorage.clear()")
    console.page.close()
