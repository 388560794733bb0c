"""The console (web/index.html) against our server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, ViewportSize, expect

from tests.browser.console import BOOT_MS, DESK, PHONE, SOCKET_LINE, VENDOR, WEB, Console, Site, fits, shoot
from tests.support.loopthread import LoopThread
from tests.support.static_server import PYODIDE, ROOT, built_wheel

NOT_CACHED = {"cache-control": "no-store", "etag": "", "last-modified": ""}


@pytest.fixture(scope="module")
def site(served: Site) -> Site:
    return served


@pytest.fixture(scope="module")
def context(desk: BrowserContext) -> BrowserContext:
    return desk


# ------------------------------------------------------------------------------------------------ booting


def test_the_progress_is_in_sight_until_the_page_is_ready(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport=DESK)
    with Console(context, site.origin) as console:
        held: list[Route] = []
        console.page.route("**/*.whl", lambda route: held.append(route))  # noqa: PLW0108 - Playwright asks for its signature
        with console.page.expect_request("**/*.whl"):
            console.page.goto(f"{site.origin}/")
        expect(console["#boot"]).to_be_visible()
        # Everything but the wheel is here: so many real octets.
        console.says("#boot-bytes", re.compile(r"^\d\d\.\d of \d\d\.\d MB$"))
        expect(console["#light-word"]).to_have_text("Starting")
        expect(console["#connect"]).to_be_disabled()
        expect(console["#send"]).to_be_disabled()
        shoot(console, "boot")
        held[0].continue_()
        console.ready()
        expect(console["#boot"]).to_be_hidden()
        expect(console["#connect"]).to_be_focused()
        console.says("#status", "Ready")
        assert console.page.evaluate("() => shift") == []
    context.close()


def test_a_server_without_the_wheel_is_named(context: BrowserContext, loop_thread: LoopThread) -> None:
    with Site(loop_thread, wheel=None) as site, Console(context, site.origin) as console:
        console.page.goto(f"{site.origin}/")
        expect(console["html"]).to_have_attribute("data-boot", "failed", timeout=BOOT_MS)
        console.says("#boot-failed", "The server has no wheel")
        console.says("#boot-failed", "./build.sh")
        console.says("#status", "The server has no wheel")
        console.console.clear()  # the browser's line about the 404, and the error itself


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("**/pyodide.mjs", "export const version = '0.1.0';", "The server has Pyodide 0.1.0"),
        ("**/console/app.py", "raise RuntimeError('on purpose')", "RuntimeError: on purpose"),
    ],
)
def test_what_stops_the_boot_is_said(context: BrowserContext, site: Site, path: str, body: str, words: str) -> None:
    with Console(context, site.origin) as console:

        def fulfill(route: Route) -> None:
            # Not to be cached: the page is loaded again.
            route.fulfill(body=body, headers={**route.fetch().headers, **NOT_CACHED})

        console.page.route(path, fulfill)
        console.page.goto(f"{site.origin}/")
        expect(console["html"]).to_have_attribute("data-boot", "failed", timeout=BOOT_MS)
        console.says("#boot-failed", words)
        expect(console["#connect"]).to_be_disabled()
        console.page.unroute(path)
        console["#boot-again"].click()
        console.ready()
        console.console.clear()  # the error, which is there for who made the page


def test_the_pages_name_the_version_of_pyodide_that_npm_brings() -> None:
    named = [path for path in WEB.glob("*.mjs") if re.search(r"\b314\.\d+\.\d+\b", path.read_text())]
    assert named == [WEB / "boot.mjs"]
    version = re.search(r'PYODIDE = "([\d.]+)"', (WEB / "boot.mjs").read_text())
    assert version is not None
    assert f'"pyodide": "{version[1]}"' in (WEB / "package.json").read_text()


# ------------------------------------------------------------------------------------------------ the main job


def test_connect_subscribe_send_and_see_it_arrive(console: Console, site: Site) -> None:
    console.says("#say", "Not connected")
    console["#connect"].click()
    console.says("#light", re.compile(r"Connected\s+STOMP 1\.2"))
    expect(console["#light"]).to_have_attribute("data-tone", "good")
    expect(console["#fact-url"]).to_have_text(f"ws://127.0.0.1:{site.port}/stomp")
    expect(console["#fact-server"]).to_contain_text("pystomp_web")
    expect(console["#fact-session"]).to_have_text(re.compile(r"\w"))
    expect(console["#fact-beats"]).to_have_text("we send every 10 s, the server every 10 s")
    expect(console["#disconnect"]).to_be_focused()
    console.says("#say", "No subscription yet")
    entry = console.subscribe("/topic/main")
    console.says("#say", "No message yet")
    console.send("/topic/main", "Grüße, 世界", "text/plain", "shop: berlin\npriority: 4")
    row = console.row(1)
    expect(row).to_contain_text("/topic/main")
    expect(row).to_contain_text("Grüße, 世界")
    expect(row).to_contain_text(f"{len('Grüße, 世界'.encode())} B")
    expect(row.get_by_role("button", name="Ack")).to_be_hidden()
    expect(entry.locator(".counter")).to_have_text("1")
    console.says("#tally", "1 message")
    console.says("#status", "Sent to /topic/main")
    row.click()
    console.says("#detail-destination", "/topic/main")
    for header in ("shop", "berlin", "priority", "text/plain"):
        console.says("#detail-headers", header)
    expect(console["#detail-body"]).to_have_text("Grüße, 世界")
    console["#disconnect"].click()
    console.says("#light-word", "Not connected")
    console.says("#status", "Disconnected")
    expect(entry.locator(".condition")).to_have_text("when connected")
    console.connect()
    expect(entry.locator(".condition")).to_have_text("subscribed")
    site.publish("/topic/main", "again")
    expect(console.row(2)).to_contain_text("again")
    entry.get_by_role("button", name="Unsubscribe from /topic/main").click()
    expect(console["#subscriptions li"]).to_have_count(0)
    expect(console["#subscribe-destination"]).to_be_focused()


def test_buttons_of_the_empty_states_lead_on(console: Console) -> None:
    action = console["#say-action"]
    for words in ("Connect", "Subscribe to /topic/demo", "Send a test message"):
        expect(action).to_have_text(words)
        action.click()
    expect(console.row(1)).to_contain_text("Hello from Python in the browser")
    expect(console["#blank"]).to_be_hidden()


def test_a_receipt_is_waited_for(console: Console) -> None:
    console.connect()
    console["#send-receipt"].check()
    console.send("/topic/receipt", "x")
    console.says("#status", "The broker has confirmed the message to /topic/receipt")


def test_what_cannot_be_sent_is_said(console: Console) -> None:
    console.connect()
    console.send("/topic/x", "x", headers=": 1")
    console.says("#status", "A header with the value '1' has no name")
    console.send("/topic/x", "x", headers="a: 1\na: 2")
    console.says("#status", "Two headers have the same name")
    console.send("/topic/x", "x", headers="receipt: mine")
    console.says("#status", "That can't be sent")
    console.send("/topic/x", "x", headers="")
    console.says("#status", "Sent to /topic/x")


def test_sent_before_connecting(console: Console) -> None:
    console.send("/topic/x", "x")
    console.says("#status", "Not connected")
    console["#subscribe-destination"].fill("/topic/early")
    console["#subscribe"].click()
    console.says("#subscriptions .condition", "when connected")
    console.connect()
    console.says("#subscriptions .condition", "subscribed")


def test_an_address_that_is_none(console: Console) -> None:
    console["#url"].fill("ftp://example.com/")
    console["#connect"].click()
    console.says("#status", "That is no address")
    expect(console["#url"]).to_be_focused()


# ------------------------------------------------------------------------------------------------ acknowledging


def test_ack_in_the_row(console: Console, site: Site) -> None:
    console.connect()
    console.subscribe("/queue/ack", "client-individual")
    site.publish("/queue/ack", "one", "two")
    for number in (1, 2):
        console.row(number).get_by_role("button", name="Ack", exact=True).click()
        expect(console.row(number)).to_contain_text("acked")
        expect(console.row(number).get_by_role("button")).to_have_count(0)
    console.says("#status", "Message 2 acked")
    console["#disconnect"].click()
    console.connect()
    console.subscribe("/queue/ack-after")
    site.publish("/queue/ack-after", "last")
    # Nothing of the other queue came before it.
    expect(console.row(3)).to_contain_text("last")


def test_ack_of_the_mode_client_holds_for_earlier_ones(console: Console, site: Site) -> None:
    console.connect()
    console.subscribe("/queue/client", "client")
    site.publish("/queue/client", "one", "two", "three")
    console.row(2).get_by_role("button", name="Ack", exact=True).click()
    expect(console.row(1)).to_contain_text("acked")
    expect(console.row(2)).to_contain_text("acked")
    expect(console.row(3).get_by_role("button", name="Ack", exact=True)).to_be_visible()


def test_what_was_not_acknowledged_comes_again(console: Console, site: Site) -> None:
    console.connect()
    console.subscribe("/queue/again", "client-individual")
    site.publish("/queue/again", "tea")
    console.row(1).get_by_role("button", name="Nack").click()
    expect(console.row(1)).to_contain_text("nacked")
    expect(console.row(2)).to_contain_text("again: /queue/again")
    console["#disconnect"].click()
    expect(console.row(2)).to_contain_text("left")  # it can be acknowledged no more
    expect(console.row(2).get_by_role("button")).to_have_count(0)
    console.connect()
    expect(console.row(3)).to_contain_text("again: /queue/again")
    console.row(3).click()
    console.says("#detail-marks", "delivered before")
    console["#detail-ack"].click()
    console.says("#detail-marks", "acked")
    expect(console["#detail-nack"]).to_be_hidden()


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_a_wrong_passcode_is_said(context: BrowserContext, loop_thread: LoopThread) -> None:
    with Site(loop_thread, login="alice", passcode="sesame") as site, Console(context, site.origin) as console:
        console.open()
        console["#login"].fill("alice")
        console["#passcode"].fill("open barley")
        console["#connect"].click()
        console.says("#light-word", "Connection failed")
        expect(console["#light"]).to_have_attribute("data-tone", "bad")
        console.says("#status", "The broker refused the connection")
        console.says("#say", "Check login and passcode")
        expect(console["#connect"]).to_be_focused()
        assert "open barley" not in console["body"].inner_text()
        console.connect("alice", "sesame")
        assert console.page.evaluate("() => [localStorage.length, sessionStorage.length, document.cookie]") == [
            0,
            0,
            "",
        ]
        assert "sesame" not in console.page.content()


def test_the_broker_goes_and_comes_back(context: BrowserContext, loop_thread: LoopThread) -> None:
    with Site(loop_thread) as site, Console(context, site.origin) as console:
        console.open().connect()
        entry = console.subscribe("/topic/back")
        site.publish("/topic/back", "before")
        expect(console.row(1)).to_contain_text("before")
        console.sockets_fail = True
        site.stop()
        console.says("#light-word", re.compile("Waiting to reconnect|Connecting"))
        console.says("#activity", "The connection was lost")
        expect(entry.locator(".condition")).to_have_text("waits for the connection")
        expect(console["#light-version"]).to_be_hidden()
        console.send("/topic/back", "sent meanwhile")
        console.says("#status", re.compile("is kept, and sent when it is|could not be opened"))
        # An attempt that fails says why.
        console.says("#activity", "The connection could not be opened")
        site.start()
        console.says("#light-word", "Connected")
        expect(entry.locator(".condition")).to_have_text("subscribed")
        site.publish("/topic/back", "after")
        expect(console["#rows .row"].filter(has_text="after")).to_have_count(1)
        expect(console["#rows .row"].filter(has_text="sent meanwhile")).to_have_count(1)
        console.says("#fact-traffic", "1 reconnect")


def test_reconnect_now_does_not_wait(context: BrowserContext, loop_thread: LoopThread) -> None:
    with Site(loop_thread) as site, Console(context, site.origin) as console:
        console.open().connect()
        console.sockets_fail = True
        site.stop()
        console.says("#activity", "The connection could not be opened")
        expect(console["#retry"]).to_be_visible()
        site.start()
        # Not a click of the mouse: the button is gone as soon as an attempt begins by itself.
        console["#retry"].dispatch_event("click")
        console.says("#light-word", "Connected")


def test_a_foreign_origin_is_refused(context: BrowserContext, loop_thread: LoopThread, site: Site) -> None:
    # The page's own policy would block it even before that.
    asked = f"127.0.0.1:{site.port}"
    with (
        Site(loop_thread, connect=(f"ws://{asked}",)) as own,
        Console(context, own.origin, foreign=(asked,)) as console,
    ):
        console.open()
        console.sockets_fail = True
        answers: list[int] = []
        console.page.on("response", lambda response: answers.append(response.status))
        console["#url"].fill(f"ws://{asked}/stomp")
        console["#connect"].click()
        console.says("#activity", f"Content-Security-Policy does not let it ask http://{asked}")
        # Firefox tells the answer as a response, Chromium in its line.
        assert 403 in answers or any("403" in line for line in console.console)
        console["#disconnect"].click()
        console.says("#light-word", "Not connected")
        # It may open that WebSocket, but not ask by HTTP why it did not open: that, and nothing else, was blocked.
        question = f"http://{asked}/stomp"
        blocked = console.page.evaluate("() => violations.splice(0)")
        assert [violation.split()[:2] for violation in blocked] == [["connect-src:", question]]
        console.console[:] = [line for line in console.console if question not in line]


# ------------------------------------------------------------------------------------------------ many messages


def test_a_burst_leaves_the_list_bounded_and_the_page_alive(console: Console, site: Site) -> None:
    console.connect()
    entry = console.subscribe("/topic/burst")
    site.publish("/topic/burst", *(f"number {number}" for number in range(1, 2001)))
    console.says("#tally", "last 1,000 of 2,000")
    expect(entry.locator(".counter")).to_have_text("2,000")
    expect(console.row(2000)).to_contain_text("number 2000")
    assert console["#rows .row"].count() < 50
    expect(console["#grid"]).to_have_attribute("aria-rowcount", "1001")
    console["#grid"].press("End")
    expect(console.row(1001)).to_contain_text("number 1001")
    expect(console.row(1001)).to_be_in_viewport()
    console.send("/topic/burst", "still alive")
    console.says("#tally", "last 1,000 of 2,001")
    console["#keep"].select_option("10000")
    site.publish("/topic/burst", *(f"number {number}" for number in range(3000)))
    console.says("#tally", "last 4,000 of 5,001")
    console["#clear"].click()
    expect(console["#grid"]).to_be_hidden()
    console.says("#say", "No message yet")
    expect(console["#tally"]).to_have_text(re.compile(r"^(\d+ a second)?$"))


def test_the_page_paints_at_most_once_a_frame(console: Console, site: Site) -> None:
    console.connect()
    console.subscribe("/topic/frames")
    console.page.evaluate(
        """() => {
            globalThis.frames_and_changes = [0, 0];
            const count = () => { frames_and_changes[0] += 1; requestAnimationFrame(count); };
            requestAnimationFrame(count);
            new MutationObserver(() => { frames_and_changes[1] += 1; })
                .observe(document.getElementById("tally"), { childList: true, characterData: true, subtree: true });
        }"""
    )
    for _ in range(20):
        site.publish("/topic/frames", *(["x"] * 50))
    console.says("#tally", "1,000 messages")
    frames, changes = console.page.evaluate("() => frames_and_changes")
    assert 0 < changes <= frames + 1


def test_a_pause_holds_what_comes(console: Console, site: Site) -> None:
    console.connect()
    console.subscribe("/topic/pause")
    site.publish("/topic/pause", "before")
    expect(console.row(1)).to_be_visible()
    console["#pause"].click()
    expect(console["#pause"]).to_have_text("Resume")
    expect(console["#pause"]).to_have_attribute("aria-pressed", "true")
    site.publish("/topic/pause", *map(str, range(400)))
    console.says("#held-words", "Paused: 400 messages waiting, room for 1,000")
    assert console["#held-fill"].evaluate("bar => bar.value") == 0.4
    expect(console["#rows .row"]).to_have_count(1)
    site.publish("/topic/pause", *map(str, range(800)))
    console.says("#held-words", "200 older ones had no room and are lost")
    console["#pause"].click()
    expect(console["#held"]).to_be_hidden()
    console.says("#tally", "last 1,000 of 1,201")
    expect(console.row(1201)).to_be_visible()


def test_what_is_read_stays_where_it_is(console: Console, site: Site) -> None:
    console.connect()
    console.subscribe("/topic/reading")
    site.publish("/topic/reading", *map(str, range(100)))
    expect(console.row(100)).to_be_visible()
    console["#grid"].evaluate("grid => { grid.scrollTop = 2000 }")
    row = console.row(50)
    expect(row).to_be_in_viewport()
    before = row.bounding_box()
    site.publish("/topic/reading", *map(str, range(10)))
    expect(console["#newest"]).to_have_text("↑ 10 new")
    assert row.bounding_box() == before
    console["#newest"].click()
    expect(console.row(110)).to_be_in_viewport()
    expect(console["#newest"]).to_be_hidden()


# ------------------------------------------------------------------------------------------------ what messages hold


def test_what_a_broker_sends_is_text_and_never_markup(console: Console, site: Site) -> None:
    console.connect()
    name = "/topic/<img src=x onerror=alert(1)>"
    entry = console.subscribe(name)
    site.publish(name, "<script>alert(1)</script>", **{"<b>": "<i>"})
    expect(console.row(1)).to_contain_text("<script>alert(1)</script>")
    expect(entry).to_contain_text(name)
    console.row(1).click()
    console.says("#detail-headers", "<b>")
    console.says("#detail-body", "<script>alert(1)</script>")
    assert console["main img, main b:not(.counter), main i, main script"].count() == 0


def test_views_of_a_body(console: Console, site: Site) -> None:
    console.connect()
    console.subscribe("/topic/views")
    site.publish("/topic/views", b"\x00\xff\x10binary", **{"content-type": "application/octet-stream"})
    expect(console.row(1)).to_contain_text("hex 00 ff 10 62 69 6e")
    console.row(1).click()
    expect(console["#detail-view"]).to_have_value("hex")
    console.says("#detail-body", "00000000  00 ff 10 62 69 6e 61 72  79")
    site.publish("/topic/views", '{"a":[1,2]}', **{"content-type": "application/json"})
    console.row(2).click()
    expect(console["#detail-view"]).to_have_value("json")
    assert console["#detail-body"].inner_text() == '{\n  "a": [\n    1,\n    2\n  ]\n}'
    console["#detail-view"].select_option("text")
    expect(console["#detail-body"]).to_have_text('{"a":[1,2]}')
    console["#detail-edit"].click()
    expect(console["#send-body"]).to_have_value('{"a":[1,2]}')
    expect(console["#send-type"]).to_have_value("application/json")
    expect(console["#send-body"]).to_be_focused()


# ------------------------------------------------------------------------------------------------ keyboard, phone


def test_the_keyboard_is_enough(console: Console, site: Site) -> None:
    page = console.page
    console["#connect"].focus()
    page.keyboard.press("Enter")
    console.says("#light-word", "Connected")
    console["#subscribe-destination"].focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("/queue/keys")
    page.keyboard.press("Tab")
    for _ in range(2):  # not its first letters: a list forgets those after a second
        page.keyboard.press("ArrowDown")
    expect(console["#subscribe-ack"]).to_have_value("client-individual")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    console.says("#subscriptions .condition", "subscribed")
    console["#send-destination"].fill("/queue/keys")
    console["#send-body"].focus()
    for _ in range(3):
        page.keyboard.press("Control+Enter")
    expect(console.row(3)).to_be_visible()
    console["#grid"].focus()
    page.keyboard.press("ArrowDown")
    expect(console.row(3)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(console["#grid"]).to_have_attribute("aria-activedescendant", "message-2")
    page.keyboard.press("a")
    expect(console.row(2)).to_contain_text("acked")
    page.keyboard.press("End")
    page.keyboard.press("n")
    expect(console.row(1)).to_contain_text("nacked")
    page.keyboard.press("Enter")
    expect(console["#detail-close"]).to_be_focused()
    page.keyboard.press("Escape")
    expect(console["#detail"]).to_be_hidden()
    expect(console["#grid"]).to_be_focused()
    site.publish("/queue/keys", "x")


def test_everything_has_a_name_and_the_list_is_no_live_region(console: Console) -> None:
    unnamed = console.page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, textarea, progress")]
            .filter((it) => !(it.labels?.length || it.textContent.trim() || it.ariaLabel))
            .filter((it) => !it.hasAttribute("aria-labelledby"))
            .map((it) => it.id)"""
    )
    assert set(unnamed) <= {"newest", "say-action"}  # whose words come with the occasion
    assert console["[role=status], [aria-live], [role=log]"].count() == 1
    expect(console["#status"]).to_have_attribute("role", "status")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_at_a_desk_and_on_a_phone_light_and_dark(
    browser: Browser, loop_thread: LoopThread, size: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    phone = size == PHONE
    name = f"{'phone' if phone else 'desk'}-{scheme}"
    context = browser.new_context(viewport=size, color_scheme=scheme, has_touch=phone)
    with Site(loop_thread) as site, Console(context, site.origin) as console:
        console.open()
        fits(console)
        shoot(console, f"console-{name}-start")
        console.connect()
        console.subscribe("/topic/prices")
        console.subscribe("/queue/orders", "client-individual")
        _shop(site)
        console.says("#tally", "8 messages")
        orders = console["#rows .row"].filter(has_text="/queue/orders")
        orders.nth(1).get_by_role("button", name="Ack", exact=True).click()
        console.says("#status", "acked")
        console["#disconnect"].focus()
        console["#messages-title"].scroll_into_view_if_needed()
        fits(console)
        if phone:
            console["#messages-title"].evaluate("title => title.closest('section').scrollIntoView()")
            shoot(console, f"console-{name}")
        orders.nth(2).locator(".destination").click()
        expect(console["#detail"]).to_be_visible()
        fits(console)
        shoot(console, f"console-{name}{'-message' if phone else ''}")
        console["#detail-ack"].click()
        console["#detail-close"].click()
    context.close()


def _shop(site: Site) -> None:
    """What the screenshots show."""
    for eur, chf in ((1.0812, 0.9411), (1.0815, 0.9409), (1.0809, 0.9415)):
        site.publish("/topic/prices", f'{{"EUR/USD": {eur}, "EUR/CHF": {chf}}}', **{"content-type": "application/json"})
    for number, item in enumerate(("green tea", "coffee", "oat milk", "lemon cake", "espresso cups")):
        order = f'{{"order": {4711 + number}, "item": "{item}", "quantity": {number % 3 + 1}, "gift": false}}'
        site.publish("/queue/orders", order, **{"content-type": "application/json", "shop": "berlin", "priority": "4"})


# ------------------------------------------------------------------------------------------------ the real process


def test_the_page_of_the_real_process(context: BrowserContext) -> None:
    command = [sys.executable, "-m", "pystomp_web.server", "--port", "0", "--root", str(WEB), "--pyodide", str(PYODIDE)]
    command += ["--wheel", str(built_wheel()), "--vendor", str(VENDOR), "--login", "alice"]
    environment = {**os.environ, "PYSTOMP_PASSCODE": "sesame"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"(http://[^/]+)/", process.stdout.readline())
            assert found is not None
            with Console(context, found[1]) as console:
                console.open().connect("alice", "sesame")
                console.subscribe("/queue/real", "client-individual")
                console.send("/queue/real", "from the page")
                console.row(1).get_by_role("button", name="Ack", exact=True).click()
                expect(console.row(1)).to_contain_text("acked")
                console.sockets_fail = True
                process.terminate()
                console.says("#light-word", re.compile("Waiting to reconnect|Connecting"))
                assert process.wait(30) == 0
        finally:
            process.kill()


def test_the_line_about_a_socket_is_known() -> None:
    assert SOCKET_LINE.search("error: WebSocket connection to 'ws://127.0.0.1:1/stomp' failed: Error during handshake")
    assert SOCKET_LINE.search("error: Failed to load resource: net::ERR_CONNECTION_REFUSED http://127.0.0.1:1/stomp")
    assert not SOCKET_LINE.search(
        "error: Failed to load resource: net::ERR_CONNECTION_REFUSED http://127.0.0.1:1/style.css"
    )
