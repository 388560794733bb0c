"""The other engines: WebKit's screen, and Pyodides in each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.pages import Pages
from tests.support.loopthread import LoopThread
from tests.support.missing import missing
from tests.support.static_server import OLDEST_PYODIDE, PAGES, TestSite
from tests.support.watched import watched
from tests.support.webkit import WebKit, missing_packages


@pytest.fixture(scope="session")
def webkit() -> Iterator[WebKit]:
    """WebKit's screen."""
    if absent := missing_packages():
        missing(f"no WebKit: ./build.sh test installs it on Debian, {' and '.join(absent)} could not be had here")
    with WebKit() as started:
        yield started


@pytest.fixture(scope="session")
def watched_site(loop_thread: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    """The harness's site for WebKit."""
    pages = watched(PAGES, tmp_path_factory.mktemp("watched") / "pages")
    with TestSite(loop_thread, mounts={"/pages": pages}) as served:
        yield served


@pytest.fixture(scope="session")
def oldest_site(loop_thread: LoopThread) -> Iterator[TestSite]:
    """The harness's site with the oldest Pyodide."""
    with TestSite(loop_thread, mounts={"/pyodide": OLDEST_PYODIDE}) as served:
        yield served


@pytest.fixture(scope="module")
def pages(request: pytest.FixtureRequest) -> Iterator[Pages]:
    """Pyodides in the engines."""
    opened = Pages(request)
    yield opened
    opened.close()
