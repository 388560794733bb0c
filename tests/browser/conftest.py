"""What the tests of the console share: a site and one booted page for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.console import DESK, Console, Site
from tests.support.firefox import is_firefox
from tests.support.loopthread import LoopThread


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
    """The page that a module's tests share; not there when a test has left it in a state that is hard to tidy up."""
    shared: list[Console] = []
    yield shared
    for console in shared:
        console.page.close()


@pytest.fixture
def console(booted: list[Console], desk: BrowserContext, served: Site) -> Iterator[Console]:
    """The page, ready, as nobody had used it."""
    console = booted.pop() if booted else Console(desk, served.origin).open()
    console.page.bring_to_front()  # another page may have been: in Firefox only the front one has the focus
    try:
        yield console
        console.reset()
    except BaseException:
        console.page.close()
        raise
    booted.append(console)
