"""The pages (web/) in WebKit, each in what it is for; their details are tested in Chromium and Firefox."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.browser.console import WEB, Site
from tests.engines.browsing import BOOT_SECONDS, Browsing
from tests.support.loopthread import LoopThread
from tests.support.watched import watched
from tests.support.webkit import WebKit


@pytest.fixture(scope="module")
def site(loop_thread: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(loop_thread, root=watched(WEB, tmp_path_factory.mktemp("watched") / "web")) as served:
        yield served


@pytest.fixture
def browsing(webkit: WebKit, site: Site) -> Iterator[Browsing]:
    with Browsing(webkit, site.origin) as opened:
        yield opened


def connect(browsing: Browsing) -> None:
    browsing.click("#connect")
    browsing.says("#light", "Connected")


def subscribe(browsing: Browsing, destination: str) -> None:
    browsing.fill("#subscribe-destination", destination)
    browsing.click("#subscribe")
    browsing.says("#subscriptions .condition", "subscribed")


def test_the_console(browsing: Browsing, site: Site) -> None:
    browsing.open("").ready()
    stages = browsing.evaluate("stages")
    assert "Downloading Python" in stages
    assert stages[-1] == "Starting the page"

    connect(browsing)
    browsing.says("#light", "STOMP 1.2")
    subscribe(browsing, "/topic/webkit")
    browsing.fill("#send-destination", "/topic/webkit")
    browsing.fill("#send-body", "Grüße, 世界")
    browsing.click("#send")
    browsing.says("#message-1", "Grüße, 世界")
    browsing.click("#message-1")
    browsing.says("#detail-body", "Grüße, 世界")
    site.publish("/topic/webkit", b"\xff\x00binary", "coffee", "tea")
    browsing.count("#rows .row", 4)

    browsing.fill("#filter", "coffee")
    browsing.count("#rows .row", 1)
    browsing.says("#rows .row", "coffee")
    browsing.fill("#filter", "")
    browsing.count("#rows .row", 4)

    browsing.click("#pause")
    browsing.says("#pause", "Resume")
    site.publish("/topic/webkit", *map(str, range(400)))
    browsing.says("#held-words", "Paused: 400 messages waiting")
    browsing.count("#rows .row", 4)
    browsing.click("#pause")
    browsing.says("#tally", "404 messages")
    browsing.says("#message-404", "399")

    browsing.click("#disconnect")
    browsing.says("#light", "Not connected")


def test_the_console_over_a_cut(webkit: WebKit, loop_thread: LoopThread, site: Site) -> None:
    with Site(loop_thread, root=site.root) as own, Browsing(webkit, own.origin) as browsing:
        browsing.open("").ready()
        connect(browsing)
        subscribe(browsing, "/topic/back")
        own.stop()
        browsing.says("#activity", "The connection was lost")
        browsing.says("#activity", "The connection could not be opened")
        own.start()
        browsing.says("#light", "Connected")
        browsing.says("#subscriptions .condition", "subscribed")
        own.publish("/topic/back", "after")
        browsing.says("#rows .row", "after")


def test_the_dashboard(browsing: Browsing, site: Site) -> None:
    browsing.open("dashboard.html").ready()
    browsing.says("#light-word", "Connected")
    for id in ("prices", "heat", "log"):
        browsing.says(f"#{id}[data-state=empty]", "Nothing came on")
    browsing.until(lambda: {"/topic/prices", "/topic/sensors", "/topic/log"} <= set(site.broker.destinations))
    now = {"time": time.time()}
    site.publish(
        "/topic/prices", json.dumps({"symbol": "EURUSD", "price": 1.0842, "change": 0.25, "volume": 1000} | now)
    )
    browsing.says("#quotes-rows", "1.0842")
    browsing.wait("() => document.querySelector('#prices[data-state=data] canvas')?.width > 0")
    site.publish("/topic/sensors", json.dumps({"sensor": "boiler", "value": 71.44, "unit": "x"} | now))
    browsing.says("#boiler-value", "71.4")
    site.publish("/topic/log", json.dumps({"level": "ERROR", "source": "tests", "text": "<b>last</b>"} | now))
    browsing.says("#log-rows tr[data-level=ERROR]", "<b>last</b>")


def test_the_prompt(browsing: Browsing, site: Site) -> None:
    browsing.open("prompt.html").ready()

    def run(text: str) -> None:
        """Enter it, and wait for its end: what is entered while something runs stays in the line."""
        browsing.enter("#input", text)
        browsing.says("#output", f">>> {text}")
        browsing.says("#status", "Ready")

    run("6 * 7")
    browsing.says("#output", "42")
    run("1 / 0")
    browsing.says("#output .error", "ZeroDivisionError")
    # A plain call can't wait here, and the page says so; await can.
    browsing.says("#no-jspi", "has no JSPI")
    run("client = await stomp.connect('/stomp')")
    run("prices = client.subscribe('/topic/prompt')")
    run("await client.send('/topic/prompt', 'here', receipt=True)")
    run("(await prices.get(10)).text")
    browsing.says("#output", "'here'")
    run("await client.close()")


def test_a_page_of_pyscript(browsing: Browsing, site: Site) -> None:
    browsing.open("pyscript/main/")
    browsing.wait("() => !document.getElementById('send').disabled", seconds=BOOT_SECONDS)
    browsing.says("#state", "connected")
    browsing.click("#send")
    browsing.says("#messages pre", '{"symbol":"EURUSD","price":1.0842}')
    site.publish("/topic/pyscript", "<img src=x>")
    browsing.says("#messages", "<img src=x>")


def test_pyscript_in_a_worker_lacks_what_it_needs(browsing: Browsing) -> None:
    # Once WebKitGTK has it, as Safari does, this page is to be tested like the other.
    browsing.open("pyscript/worker/")
    assert browsing.evaluate("crossOriginIsolated") is True
    assert browsing.evaluate("typeof SharedArrayBuffer") == "undefined"
