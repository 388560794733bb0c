"""The dashboard (web/dashboard.html) in Chromium, against our server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, ViewportSize, expect

from tests.browser.console import Console, Site, accessible, shoot
from tests.support.loopthread import LoopThread


class Dashboard(Console):
    """The dashboard's page."""

    def open(self) -> Dashboard:
        self.page.goto(f"{self.origin}/dashboard.html")
        self.ready()
        return self

    def connected(self, site: Site) -> None:
        """Wait until it is connected and the broker knows its subscriptions: what is published then arrives."""
        self.says("#light-word", "Connected")
        self.subscribed(site, "/topic/prices", "/topic/sensors", "/topic/log")

    def panel(self, id: str, state: str) -> Locator:
        """The panel, once it is in this state."""
        panel = self[f"#{id}"]
        expect(panel).to_have_attribute("data-state", state)
        return panel

    def quotes(self, symbol: str, *figures: str) -> None:
        """Wait until the row of this symbol has these figures."""
        row = self["#quotes-rows tr"].filter(has_text=symbol)
        for number, figure in enumerate(figures, 1):
            expect(row.locator("td").nth(number)).to_have_text(figure)


def price(symbol: str, value: float, change: float = 0.0) -> str:
    return json.dumps({"symbol": symbol, "price": value, "change": change, "volume": 1000, "time": time.time()})


def reading(sensor: str, value: float) -> str:
    return json.dumps({"sensor": sensor, "value": value, "unit": "x", "time": time.time()})


def line(text: str, level: str = "INFO") -> str:
    return json.dumps({"level": level, "source": "tests", "text": text, "time": time.time()})


@pytest.fixture
def site(loop_thread: LoopThread) -> Iterator[Site]:
    with Site(loop_thread) as served:
        yield served


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=ViewportSize(width=1280, height=900))
    yield opened
    opened.close()


@pytest.fixture
def dashboard(context: BrowserContext, site: Site) -> Iterator[Dashboard]:
    """The page, connected, without a message."""
    with Dashboard(context, site.origin) as dashboard:
        dashboard.open()
        dashboard.connected(site)
        yield dashboard


def test_a_panel_says_that_nothing_came_until_something_does(dashboard: Dashboard, site: Site) -> None:
    for id, topic in (("prices", "/topic/prices"), ("heat", "/topic/sensors"), ("log", "/topic/log")):
        panel = dashboard.panel(id, "empty")
        expect(panel.locator(".say")).to_contain_text(f"Nothing came on {topic}")
        expect(panel.locator(".data")).to_be_hidden()
    dashboard.says("#age", "none yet")

    site.publish("/topic/prices", price("EURUSD", 1.0842, 0.25), price("BTCUSD", 64210, -1.5))
    dashboard.panel("prices", "data")
    dashboard.panel("quotes", "data")
    dashboard.panel("log", "empty")
    dashboard.quotes("EURUSD", "1.0842", "▲ 0.25", "1,000")
    dashboard.quotes("BTCUSD", "64,210.00", "▼ 1.50")

    site.publish("/topic/sensors", reading("boiler", 71.44), reading("pressure", 3.25))
    dashboard.panel("heat", "data")
    expect(dashboard["#boiler-value"]).to_have_text("71.4")
    expect(dashboard["#pressure-value"]).to_have_text("3.2")
    dashboard.says("#age", "s ago")


def test_the_log_shows_the_newest_lines_as_text(dashboard: Dashboard, site: Site) -> None:
    site.publish("/topic/log", *(line(f"line {number}") for number in range(50)), line("<b>last</b>", "ERROR"))
    rows = dashboard["#log-rows tr:visible"]
    expect(rows).to_have_count(30)
    expect(rows.first).to_contain_text("<b>last</b>")
    expect(rows.first).to_have_attribute("data-level", "ERROR")
    expect(rows.last).to_contain_text("line 21")


# The columns of a chart that hold pixels of its first line, from left to right, one entry a pixel.
LINE = """(id) => {
    const canvas = document.querySelector(`#${id} canvas`);
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data, width } = copy.getImageData(0, 0, canvas.width, canvas.height);
    const columns = [];
    for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 200 && data[at + 2] - data[at] > 100) columns.push((at / 4) % width);
    return columns;
}"""


def test_charts_draw_what_comes(dashboard: Dashboard, site: Site) -> None:
    for topic, id, body in (
        ("/topic/prices", "prices-chart", price("EURUSD", 1.0, 0.5)),
        ("/topic/sensors", "heat-chart", reading("boiler", 70)),
        ("/topic/sensors", "pressure-chart", reading("pressure", 3)),
        ("/topic/log", "rates-chart", line("x")),
    ):
        site.publish(topic, body)
        expect(dashboard[f"#{id} canvas"]).to_be_visible()
        for count in (1, 8):  # and it goes on
            dashboard.page.wait_for_function(f"([id, count]) => ({LINE})(id).length > count", arg=[id, count])


IMAGE = "id => document.querySelector(`#${id} canvas`).toDataURL()"
DARK = "() => matchMedia('(prefers-color-scheme: dark)').matches"
CHANGED = "([id, before]) => document.querySelector(`#${id} canvas`).toDataURL() !== before"


def test_charts_follow_the_size_and_the_colours_of_the_page(dashboard: Dashboard, site: Site) -> None:
    page = dashboard.page
    site.publish("/topic/prices", price("EURUSD", 1.0, 0.5))
    expect(dashboard["#prices-chart canvas"]).to_be_visible()
    dashboard["#pause"].click()  # from here on nothing is drawn but for the size and the colours
    for scheme in ("dark", "light"):
        before, dark = page.evaluate(IMAGE, "prices-chart"), page.evaluate(DARK)
        page.emulate_media(color_scheme=scheme)
        if page.evaluate(DARK) != dark:  # Playwright can't change it in Firefox
            page.wait_for_function(CHANGED, arg=["prices-chart", before])
    page.set_viewport_size({"width": 700, "height": 900})
    fits = "['#prices canvas', '#prices .chart'].map((name) => document.querySelector(name).clientWidth)"
    page.wait_for_function(f"() => new Set({fits}).size === 1")


# Whether the first line of a chart has so many pieces.
PIECES = f"""([id, wanted]) => {{
    const columns = new Set(({LINE})(id));
    return [...columns].filter((column) => !columns.has(column + 1)).length === wanted;
}}"""
# The clock that charts go by: at another pace, and so many seconds ahead.
CLOCK = """([pace, ahead]) => {
    globalThis.began ??= Date.now();
    globalThis.realNow ??= Date.now;
    Date.now = () => began + pace * (realNow() - began) + 1000 * ahead;
}"""


def test_a_line_is_broken_where_nothing_was_painted_for_long(dashboard: Dashboard, site: Site) -> None:
    page = dashboard.page
    site.publish("/topic/sensors", reading("pressure", 3))
    expect(dashboard["#pressure-chart canvas"]).to_be_visible()
    for ahead, pieces in ((0, 1), (30, 2)):
        page.evaluate(CLOCK, [0.25, ahead])  # slow, so that a busy machine breaks no line
        page.wait_for_function(PIECES, arg=["pressure-chart", pieces])


def test_reconnects_are_in_sight(dashboard: Dashboard, site: Site) -> None:
    dashboard.sockets_fail = True
    site.publish("/topic/prices", price("EURUSD", 1.5))
    dashboard.quotes("EURUSD", "1.5000")
    site.stop()
    expect(dashboard["main"]).to_have_attribute("data-live", "false")
    dashboard.says("#light-word", "Waiting to reconnect")
    expect(dashboard["#light"]).to_have_attribute("data-tone", "wait")
    dashboard.says("#status", "Waiting to reconnect: ")
    expect(dashboard["#quotes-rows tr"].first).to_be_visible()  # what was there stays
    dashboard.panel("log", "error")
    dashboard.says("#log .say", "Nothing from /topic/log")

    # Not a click of the mouse: the button is gone as soon as an attempt begins by itself.
    dashboard["#retry"].dispatch_event("click")
    site.start()
    dashboard.connected(site)
    expect(dashboard["#retry"]).to_be_hidden()
    dashboard.says("#reconnects", "1")
    dashboard.panel("log", "empty")
    site.publish("/topic/prices", price("EURUSD", 1.75))
    dashboard.quotes("EURUSD", "1.7500")


def test_pause_holds_the_panels_still_and_the_head_goes_on(dashboard: Dashboard, site: Site) -> None:
    site.publish("/topic/prices", price("EURUSD", 1.5))
    dashboard.quotes("EURUSD", "1.5000")
    dashboard["#pause"].click()
    expect(dashboard["#pause"]).to_have_attribute("aria-pressed", "true")
    site.publish("/topic/prices", *(price("EURUSD", number) for number in range(500)))
    dashboard.page.wait_for_function("() => parseInt(document.getElementById('rate').textContent) > 0")
    dashboard.quotes("EURUSD", "1.5000")
    dashboard["#pause"].click()
    dashboard.quotes("EURUSD", "499.00")


def test_a_body_that_is_no_json_spoils_nothing(dashboard: Dashboard, site: Site) -> None:
    site.publish("/topic/prices", "no json", price("EURUSD", 1.25))
    dashboard.quotes("EURUSD", "1.2500")
    assert dashboard.console[0] == "warning: the callback of '/topic/prices' failed"
    dashboard.console.clear()


def test_a_thousand_messages_a_second(context: BrowserContext, loop_thread: LoopThread) -> None:
    with (
        Site(loop_thread, demo=1000.0) as site,
        Dashboard(context, site.origin) as dashboard,
    ):
        dashboard.open()
        for id in ("prices", "quotes", "heat", "pressure", "log", "rates"):
            dashboard.panel(id, "data")
        expect(dashboard["#log-rows tr:visible"]).to_have_count(30)
        dashboard.says("#rate", re.compile(r"^[1-9]\d\d$|^1,\d\d\d$"))


# Whether the first line of a chart begins in its left fifth.
FULL = f"id => Math.min(...({LINE})(id)) < document.querySelector(`#${{id}} canvas`).width / 5"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_screenshots(browser: Browser, loop_thread: LoopThread, scheme: Any, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    with (
        Site(loop_thread, demo=400.0) as site,
        Dashboard(context, site.origin) as dashboard,
    ):
        dashboard.open()
        expect(dashboard["#log-rows tr:visible"]).to_have_count(30)
        dashboard.page.evaluate(CLOCK, [6, 0])  # a minute passes in ten seconds
        dashboard.page.wait_for_function(FULL, arg="prices-chart")
        name = f"dashboard-{'desk' if width > 400 else 'phone'}-{scheme}"
        shoot(dashboard, name)
        assert dashboard.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        accessible(dashboard)
    context.close()
