"""What all tests share: async tests, one browser, booted Pyodides, and pytest-pyodide on that same browser."""

from __future__ import annotations

import functools
import inspect
import os
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright
from pytest_pyodide import fixture as pyodide_fixture
from pytest_pyodide import get_global_config
from pytest_pyodide import runner as pyodide_runner
from pytest_pyodide.server import DefaultHandler

from tests.support.asynctests import run_async
from tests.support.chromium import FLAGS, find_chromium
from tests.support.firefox import find_firefox, launch_firefox
from tests.support.loopthread import LoopThread
from tests.support.missing import missing
from tests.support.pyodide_page import PyodidePage
from tests.support.scripted import ScriptedServer
from tests.support.static_server import TestSite

#: These need no browser. They come first: a fault is told sooner, and the main thread has no loop yet, which
#: Playwright leaves running there.
_WITHOUT_BROWSER = tuple(Path(__file__).parent / name for name in ("unit", "property"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests without a browser first, and else keep the order."""
    items.sort(key=lambda item: not any(folder in item.path.parents for folder in _WITHOUT_BROWSER))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def test_*`; its fixtures are ordinary ones."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    run_async(pyfuncitem.obj, {name: pyfuncitem.funcargs[name] for name in names})
    return True


@pytest.fixture(scope="session")
def loop_thread() -> Iterator[LoopThread]:
    """A loop in a thread of its own, for servers."""
    with LoopThread() as thread:
        yield thread


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's synchronous interface: there can be one in a process."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium."""
    executable = find_chromium()
    if executable is None:
        pytest.fail("no Chromium found: ./build.sh test installs one, PYSTOMP_WEB_CHROMIUM names one")
    launched = playwright.chromium.launch(executable_path=executable, args=FLAGS)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    """Firefox."""
    if find_firefox() is None:
        missing("no Firefox found: ./build.sh test installs one (Debian: firefox-esr), PYSTOMP_WEB_FIREFOX names one")
    launched = launch_firefox(playwright)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Browser:
    """The usual browser of the run: Chromium, or what PYSTOMP_BROWSER says."""
    found: Browser = request.getfixturevalue(os.environ.get("PYSTOMP_BROWSER", "chromium"))
    return found


@pytest.fixture(scope="session")
def site(loop_thread: LoopThread) -> Iterator[TestSite]:
    """The site of the shared Pyodides; a test with routes of its own makes its own `TestSite`."""
    with TestSite(loop_thread) as served:
        yield served


@pytest.fixture(scope="session")
def pyodide_main(browser: Browser, site: TestSite) -> Iterator[PyodidePage]:
    """The shared Pyodide on a page's main thread."""
    with PyodidePage(browser, site, "main") as page:
        yield page


@pytest.fixture(scope="session")
def pyodide_worker(browser: Browser, site: TestSite) -> Iterator[PyodidePage]:
    """The shared Pyodide in a worker."""
    with PyodidePage(browser, site, "worker") as page:
        yield page


@pytest.fixture(scope="session")
def scripted(loop_thread: LoopThread) -> Iterator[ScriptedServer]:
    """The server's side of the situations."""
    server = ScriptedServer()
    loop_thread.run(server.start())
    yield server
    loop_thread.run(server.stop())


# ----------------------------------------------------------------------------------------------- pytest-pyodide
# Its own fixtures start a second Playwright (which fails in one thread), want a browser that Playwright installed, and
# fork a server out of a process that has threads.

get_global_config().set_flags("chrome", FLAGS)


class _WorkerRunner(pyodide_runner._BrowserWorkerRunnerMixin, pyodide_runner.PlaywrightChromeRunner):  # type: ignore[misc]
    """`selenium_worker` over Playwright, which pytest-pyodide lacks."""


pyodide_fixture._runner_map()["playwright", "chrome", "worker"] = _WorkerRunner


@pytest.fixture(scope="session")
def playwright_browsers(browser: Browser) -> dict[str, Browser]:
    """pytest-pyodide's browsers: the one that there is."""
    return {"chrome": browser}


@pytest.fixture(scope="session")
def web_server_main(request: pytest.FixtureRequest) -> Iterator[tuple[str, int, None]]:
    """pytest-pyodide's server for its dist folder, in a thread."""
    handler: Any = functools.partial(_QuietHandler, directory=str(request.config.getoption("dist_dir")))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="pytest-pyodide-server", daemon=True)
        thread.start()
        yield "127.0.0.1", server.server_port, None
        server.shutdown()
        thread.join()


class _QuietHandler(DefaultHandler):  # type: ignore[misc]
    def log_message(self, *args: object) -> None:
        """Say nothing."""
