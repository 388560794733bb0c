"""The console: profiles, links, Python, several connections, keys and colours."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.console import DESK, PHONE, Console, Site
from tests.support.loopthread import LoopThread


def test_presets_for_every_broker(console: Console) -> None:
    presets = console["#profile optgroup[label=Presets] option"]
    for name, url in (
        ("RabbitMQ", "ws://localhost:15674/ws"),
        ("ActiveMQ", "ws://localhost:61614"),
        ("Artemis", "ws://localhost:61614"),
        ("HornetQ", "ws://localhost:61614/stomp"),
        ("Apollo", "ws://localhost:61623"),
        ("Stilts, TorqueBox", "ws://localhost:8675/"),
        ("Spring", "ws://localhost:8080/ws"),
        ("CoilMQ, by the gateway", "/stomp"),
        ("Embedded server", "/stomp"),
    ):
        console["#profile"].select_option(label=name)
        expect(console["#url"]).to_have_value(url)
        expect(console["#profile-note"]).not_to_be_empty()
    expect(presets).to_have_count(9)
    expect(console["#profile-delete"]).to_be_disabled()


def test_a_profile_is_saved_duplicated_exported_and_imported_without_its_passcode(
    console: Console, tmp_path: Path
) -> None:
    console["#login"].fill("alice")
    console["#passcode"].fill("open sesame")
    console["#subscribe-destination"].fill("/topic/profile")
    console["#subscribe"].click()
    console["#more-options summary"].click()
    console["#profile-save"].click()
    console["#prompt-value"].fill("home")
    console.page.keyboard.press("Enter")
    console.says("#status", "Saved the profile home, without the passcode")
    console["#profile-duplicate"].click()
    expect(console["#profile optgroup[label=Yours] option"]).to_have_text(["home", "home 2"])
    name, octets = console.saved("#profile-export")
    file = tmp_path / name
    file.write_bytes(octets)
    text = octets.decode()
    assert "sesame" not in text + console.page.evaluate("() => JSON.stringify(localStorage)")
    assert [profile["login"] for profile in json.loads(text)["pystomp_web profiles"]] == ["alice", "alice"]
    for name in ("home", "home 2"):
        console["#profile"].select_option(label=name)
        console["#profile-delete"].click()
    assert console.page.evaluate("() => localStorage.length") == 0
    console["[data-unsubscribe]"].click()
    console["#login"].fill("")
    console["#profile-file"].set_input_files(file)
    console.says("#status", "Imported 2 profiles")
    console["#profile"].select_option(label="home")
    expect(console["#login"]).to_have_value("alice")
    expect(console["#passcode"]).to_have_value("")
    expect(console["#subscriptions .name"]).to_have_text(["/topic/profile"])
    wrong = tmp_path / "wrong.json"
    wrong.write_text("[]")
    console["#profile-file"].set_input_files(wrong)
    console.says("#status", "That file holds no profiles")
    for name in ("home", "home 2"):
        console["#profile"].select_option(label=name)
        console["#profile-delete"].click()


def test_a_link_opens_connects_and_subscribes(console: Console, served: Site) -> None:
    console.connect()
    console.subscribe("/queue/link", "client-individual")
    console["#filter"].fill("tea")
    console["#menu-button"].click()
    console["#copy-link"].click()
    console.says("#status", "Copied the link")
    link = console.page.evaluate("() => navigator.clipboard.readText()")
    assert link.endswith("#url=/stomp&sub.client-individual=/queue/link&filter=tea&connect")
    expect(console.page).to_have_url(link)
    with Console(console.page.context, served.origin) as other:
        other.page.goto(link)
        other.ready()
        other.says("#light-word", "Connected")
        other.says("#subscriptions .condition", "subscribed")
        other.says("#subscriptions .mode", "client-individual")
        expect(other["#filter"]).to_have_value("tea")
        other.page.evaluate("() => { location.hash = 'filter=coffee&sub=/topic/pasted' }")
        expect(other["#filter"]).to_have_value("coffee")
        expect(other["#subscriptions .name"]).to_have_text(["/queue/link", "/topic/pasted"])


def test_a_link_with_a_login_asks_for_the_passcode_and_never_holds_it(console: Console, served: Site) -> None:
    console.connect("alice", "open sesame")
    expect(console.page).to_have_url(re.compile("login=alice"))
    assert "sesame" not in console.page.url
    with Console(console.page.context, served.origin) as other:
        other.page.goto(console.page.url)
        other.ready()
        expect(other["#login"]).to_have_value("alice")
        expect(other["#passcode"]).to_be_focused()
        other.says("#light-word", "Not connected")


def test_the_page_as_python(console: Console) -> None:
    console.connect()
    console.subscribe("/queue/python", "client")
    console["#send-destination"].fill("/queue/python")
    console["#login"].evaluate("it => { it.value = 'alice' }")
    console["#menu-button"].click()
    console["#show-python"].click()
    console["#copy-python"].click()
    console.says("#status", "Copied the Python")
    code = console.page.evaluate("() => navigator.clipboard.readText()")
    compile(code, "copied", "exec")
    for part in ("import pystomp_web as stomp", "'/queue/python', ack='client'", "login='alice', passcode=getpass("):
        assert part in code
    console.page.keyboard.press("Escape")
    expect(console["#python"]).to_be_hidden()


def test_several_connections_side_by_side(console: Console, served: Site, loop_thread: LoopThread) -> None:
    console.connect()
    console.subscribe("/topic/first")
    console["#send-body"].fill("of the first")
    console["#new-session"].click()
    console.says("#light-word", "Not connected")
    expect(console["#subscriptions li"]).to_have_count(0)
    expect(console["#send-body"]).to_have_value("Hello from Python in the browser")
    tabs = console["#sessions .session-tab"]
    expect(tabs).to_have_count(2)
    console.connect()
    console.subscribe("/topic/second")
    served.publish("/topic/first", "for the first", "once more")
    served.publish("/topic/second", "for the second")
    expect(console["#rows .row"]).to_have_count(1)
    expect(console.row(1)).to_contain_text("for the second")
    expect(tabs.nth(0).locator(".count")).to_have_text("2")
    tabs.nth(1).press("ArrowLeft")
    expect(tabs.nth(0)).to_have_attribute("aria-current", "true")
    expect(console["#rows .row"]).to_have_count(2)
    expect(console["#send-body"]).to_have_value("of the first")
    expect(console["#subscriptions .name"]).to_have_text(["/topic/first"])
    console["#disconnect"].click()
    expect(tabs.nth(0)).to_contain_text("Not connected")
    expect(tabs.nth(1)).to_contain_text("Connected")
    console["#sessions [data-close]"].nth(1).click()
    expect(console["#sessions"]).to_be_hidden()


def test_connections_are_side_by_side_on_a_wide_screen(console: Console, served: Site, loop_thread: LoopThread) -> None:
    console.connect()
    console.subscribe("/queue/first", "client-individual")
    console["#new-session"].click()
    console.connect()
    console.subscribe("/topic/second")
    columns, tabs = console["#columns > .column:visible"], console["#sessions .session-tab"]
    expect(columns).to_have_count(1)
    console["#side-by-side"].click()
    expect(columns).to_have_count(2)
    first, second = columns.nth(0), columns.nth(1)
    expect(first).to_contain_text("No message yet")
    served.publish("/queue/first", "one", "two")
    served.publish("/topic/second", *map(str, range(200)))
    for column, figures in ((first, "1 subscription, 2 messages"), (second, "1 subscription, 200 messages")):
        expect(column.locator(".word")).to_have_text("Connected")
        expect(column.locator(".figures")).to_contain_text(figures)
        expect(column.locator(".rows .row").first).to_be_visible()
    # What is done in the other's row does not take the page away from the connection that it works with.
    first.get_by_role("button", name="Ack", exact=True).first.click()
    expect(first.locator(".rows .row").first).to_contain_text("acked")
    expect(tabs.nth(1)).to_have_attribute("aria-current", "true")
    console["#grid"].evaluate("it => { it.scrollTop = 3000 }")
    expect(console.row(150)).to_be_visible()
    # A message that is looked at brings its connection along; the lists stay where they are.
    first.locator(".rows .row").nth(1).locator(".destination").click()
    expect(tabs.nth(0)).to_have_attribute("aria-current", "true")
    console.says("#detail-destination", "/queue/first")
    expect(console["#subscriptions .name"]).to_have_text(["/queue/first"])
    console["#detail-close"].click()
    expect(console["#grid"]).to_be_focused()
    assert second.locator(".grid").evaluate("it => it.scrollTop") == 3000
    expect(columns.nth(0)).to_have_attribute("id", "column")
    row = second.locator(".rows .row").nth(5)
    number = row.get_attribute("data-number")
    second.locator(".grid").focus()
    # Not a click of the mouse: in Firefox Playwright first brings to the middle what it clicks.
    row.locator(".destination").dispatch_event("click")
    expect(console[f"#message-{number}"]).to_have_attribute("aria-selected", "true")
    assert console["#grid"].evaluate("it => it.scrollTop") == 3000
    console["#detail-close"].click()
    columns.nth(0).locator(".grid").press("ArrowDown")
    expect(tabs.nth(0)).to_have_attribute("aria-current", "true")
    expect(console["#grid"]).to_be_focused()
    expect(console.row(2)).to_have_attribute("aria-selected", "true")
    console["#detail-close"].click()
    columns.nth(1).locator(".column-head").click()
    expect(tabs.nth(1)).to_have_attribute("aria-current", "true")
    console.page.set_viewport_size(PHONE)
    expect(columns).to_have_count(1)
    expect(console["#side-by-side"]).to_be_hidden()
    tabs.nth(0).press("Enter")
    tabs.nth(0).press("ArrowRight")
    expect(tabs.nth(1)).to_be_in_viewport()
    console.page.set_viewport_size(DESK)
    expect(columns).to_have_count(2)
    console["#sessions [data-close]"].nth(0).click()
    expect(columns).to_have_count(1)
    expect(console.row(200)).to_be_attached()
    console["#side-by-side"].dispatch_event("click")


def test_keys(console: Console) -> None:
    page = console.page
    console["#menu-button"].focus()
    page.keyboard.press("?")
    expect(console["#keys"]).to_be_visible()
    page.keyboard.press("Escape")
    expect(console["#keys"]).to_be_hidden()
    for key, id in (("/", "filter"), ("s", "subscribe-destination"), ("m", "send-body")):
        page.evaluate("() => document.activeElement.blur()")
        page.keyboard.press(key)
        expect(console[f"#{id}"]).to_be_focused()
    page.keyboard.press("p")  # in a field it is a letter
    expect(console["#pause"]).to_have_text("Pause")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("p")
    expect(console["#pause"]).to_have_text("Resume")
    console["#show-messages"].focus()
    page.keyboard.press("ArrowRight")
    expect(console["#show-charts"]).to_be_focused()
    expect(console["#view-charts"]).to_be_visible()
    page.keyboard.press("End")
    expect(console["#view-recording"]).to_be_visible()


PAPER = "() => getComputedStyle(document.documentElement).backgroundColor"


def test_colours_by_choice(console: Console) -> None:
    page = console.page
    light = page.evaluate(PAPER)
    console["#menu-button"].click()
    console["#theme"].select_option("dark")
    dark = page.evaluate(PAPER)
    assert dark != light
    page.reload()
    console.ready()
    assert page.evaluate(PAPER) == dark
    console["#menu-button"].click()
    console["#theme"].select_option("")
    assert page.evaluate(PAPER) == light
    assert page.evaluate("() => localStorage.length") == 0
    page.keyboard.press("Escape")


def test_colours_by_the_system(console: Console) -> None:
    if console.is_firefox:
        pytest.skip("Playwright can't change the system's colours for Firefox")
    page = console.page
    console["#menu-button"].click()
    papers = {}
    schemes: list[Literal["light", "dark"]] = ["light", "dark"]
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        console["#theme"].select_option("")
        papers[scheme] = page.evaluate(PAPER)
        console["#theme"].select_option(scheme)
        assert page.evaluate(PAPER) == papers[scheme]
    assert papers["light"] != papers["dark"]
    console["#theme"].select_option("")
    page.keyboard.press("Escape")
    page.emulate_media(color_scheme=None)
