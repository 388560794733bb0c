"""What `./build.sh bundle` writes, served by Python's http.server below the root, with the broker elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.console import BOOT_MS, DESK, Site
from tests.support.loopthread import LoopThread
from tests.tools.bundle import write_bundle


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder, and where http.server serves it, without a slash."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        assert found is not None
        try:
            yield folder, f"http://127.0.0.1:{found[1]}"
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def broker(loop_thread: LoopThread, plain_server: tuple[Path, str]) -> Iterator[Site]:
    """A broker on another port, for the pages of the plain server; it serves no pages itself."""
    nothing = dict.fromkeys(("root", "pyodide", "vendor", "wheel"))
    with Site(loop_thread, allow_origins=(plain_server[1],), **nothing) as site:
        yield site


@pytest.fixture(scope="module")
def bundle(plain_server: tuple[Path, str], broker: Site) -> str:
    """Where the bundle is."""
    folder, origin = plain_server
    write_bundle(folder / "some" / "where", [f"ws://127.0.0.1:{broker.port}"])
    return f"{origin}/some/where"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=DESK)
    yield opened
    opened.close()


class Watched:
    """A page, and what must not happen in it: a word on the console, a request to elsewhere."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.console: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url)


def test_the_console_talks_to_a_broker_elsewhere(context: BrowserContext, bundle: str, broker: Site) -> None:
    watched = Watched(context, f"{bundle}/")
    page = watched.page
    expect(page.locator("html")).to_have_attribute("data-boot", "ready", timeout=BOOT_MS)
    page.locator("#url").fill(f"ws://127.0.0.1:{broker.port}/stomp")
    page.locator("#connect").click()
    expect(page.locator("#light")).to_contain_text("Connected")
    page.locator("#subscribe-destination").fill("/topic/bundle")
    page.locator("#subscribe").click()
    expect(page.locator("#subscriptions .condition")).to_have_text("subscribed")
    broker.publish("/topic/bundle", "it has arrived")
    expect(page.locator("#message-1")).to_contain_text("it has arrived")
    assert watched.console == []
    assert [url for url in watched.requests if not url.startswith(bundle)] == []
    # What the head asks for early is what the boot takes: nothing comes twice.
    runtime = [url for url in watched.requests if "/pyodide/" in url]
    assert len(runtime) == len(set(runtime))


def test_a_broker_that_the_bundle_does_not_name_is_blocked(context: BrowserContext, bundle: str) -> None:
    page = Watched(context, f"{bundle}/").page
    expect(page.locator("html")).to_have_attribute("data-boot", "ready", timeout=BOOT_MS)
    page.locator("#url").fill("ws://127.0.0.1:9/stomp")
    page.locator("#connect").click()
    expect(page.locator("#status")).to_contain_text("Content-Security-Policy")


@pytest.mark.parametrize("name", ["dashboard.html", "prompt.html"])
def test_the_other_pages_start(context: BrowserContext, bundle: str, name: str) -> None:
    page = Watched(context, f"{bundle}/{name}").page
    expect(page.locator("html")).to_have_attribute("data-boot", "ready", timeout=BOOT_MS)


@pytest.mark.parametrize("name", ["main", "packages"])
def test_pyscript_starts(context: BrowserContext, bundle: str, name: str) -> None:
    page = Watched(context, f"{bundle}/pyscript/{name}/").page
    expect(page.locator("#send")).to_be_enabled(timeout=BOOT_MS)
