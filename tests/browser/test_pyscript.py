"""The PyScript pages (web/pyscript/) in Chromium, against our server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, ViewportSize, expect

from tests.browser.console import BOOT_MS, WEB, Console, Site, accessible, shoot
from tests.support.loopthread import LoopThread
from tests.support.static_server import ROOT, built_wheel

EXAMPLES = WEB / "pyscript"
STRICT = "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
PYSCRIPT = "script-src 'self' 'unsafe-eval'; worker-src 'self' blob:; connect-src 'self' blob:"
NAMES = ("main", "worker", "packages")


class Example(Console):
    """An example's page."""

    def visit(self, name: str) -> Example:
        self.page.goto(f"{self.origin}/pyscript/{name}")
        return self

    def started(self) -> Example:
        """Wait until PyScript and the client are there."""
        expect(self["#send"]).to_be_enabled(timeout=BOOT_MS)
        self.says("#state", "connected" if "packages" not in self.page.url else "")
        return self

    def check(self) -> None:
        """As for every page, but for the policy: that of PyScript's pages is their own."""
        self._policies = [(policy or "").replace(PYSCRIPT, STRICT) for policy in self._policies]
        self.requests = [url for url in self.requests if not url.startswith(f"blob:{self.origin}/")]
        super().check()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type != "debug":  # PyScript says that it is ready
            super()._on_console(message)


@pytest.fixture(scope="module")
def site(loop_thread: LoopThread) -> Iterator[Site]:
    with Site(loop_thread, vendor=ROOT / "build" / "vendor") as served:
        yield served


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=ViewportSize(width=1280, height=800))
    yield opened
    opened.close()


@pytest.fixture
def example(context: BrowserContext, site: Site) -> Iterator[Example]:
    with Example(context, site.origin) as opened:
        yield opened


@pytest.mark.parametrize("name", ["main", "worker"])
def test_what_the_button_sends_comes_back_and_is_displayed(example: Example, name: str) -> None:
    example.visit(f"{name}/").started()
    example["#send"].click()
    expect(example["#messages pre"]).to_have_text('{"symbol":"EURUSD","price":1.0842}')
    expect(example["#messages table"]).to_contain_text("/topic/pyscript")
    assert len(example.page.workers) == (1 if name == "worker" else 0)


def test_a_message_of_others_is_displayed_as_text(example: Example, site: Site) -> None:
    example.visit("main/").started()
    example.subscribed(site, "/topic/pyscript")
    site.publish("/topic/pyscript", "<img src=x onerror=alert(1)>")
    expect(example["#messages pre"]).to_have_text("<img src=x onerror=alert(1)>")
    expect(example["#messages img"]).to_have_count(0)


def test_a_message_is_an_event(example: Example) -> None:
    example.visit("packages/").started()
    for _ in range(2):
        example["#send"].click()
        expect(example["#messages"]).to_have_text("1.0842")
        example.says("#state", "to /topic/pyscript: confirmed, 0 pending")


def test_the_list_leads_to_each(example: Example) -> None:
    example.visit("")
    for name in NAMES:
        link = example[f".list a[href='{name}/']"]
        expect(link).to_be_visible()
    link.click()
    example.started()


@pytest.mark.parametrize("name", NAMES)
def test_the_files_of_an_example(name: str) -> None:
    folder = EXAMPLES / name
    config = json.loads((folder / "pyscript.json").read_text(encoding="utf-8"))
    assert config["interpreter"] == "../../pyodide/pyodide.mjs"
    wheel = f"../../wheel/{built_wheel().name}"
    assert config["packages"] == (["pystomp-web"] if name == "packages" else [wheel])
    lines = [text for text in (folder / "main.py").read_text(encoding="utf-8").splitlines() if text.strip()]
    assert len(lines) <= 20
    info = (folder / "info.md").read_text(encoding="utf-8")
    assert "'unsafe-eval'" in info
    assert PYSCRIPT in info
    for text in ("Run the app", "View the code", "## What it demonstrates", "## Files", "## How it works"):
        assert text in info


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_screenshots(browser: Browser, site: Site, scheme: Any, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    with Example(context, site.origin) as example:
        example.visit("main/").started()
        example["#send"].click()
        expect(example["#messages pre"]).to_be_visible()
        shoot(example, f"pyscript-{'desk' if width > 400 else 'phone'}-{scheme}")
        assert example.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        accessible(example)
    context.close()
