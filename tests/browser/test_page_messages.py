"""The console: finding and reading messages, and subscriptions."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console import Console, Site

JSON = {"content-type": "application/json"}


def test_the_filter_looks_at_destination_body_and_headers(console: Console, served: Site) -> None:
    console.connect()
    console.subscribe("/topic/tea")
    console.subscribe("/topic/coffee")
    served.publish("/topic/tea", '{"order": {"quantity": 3}}', priority="4", **JSON)
    served.publish("/topic/tea", "green tea, Berlin", priority="9")
    served.publish("/topic/coffee", "espresso")
    console.says("#tally", "3 messages")
    rows = console["#rows .row"]
    for text, numbers in (
        ("berlin green", [2]),
        ("destination:tea", [2, 1]),
        ("priority>4", [2]),
        (".order.quantity>=3", [1]),
        ("espresso OR berlin", [3, 2]),
        ("-tea", [3]),
        ("/green.*lin/", [2]),
    ):
        console["#filter"].fill(text)
        expect(rows.locator(".number")).to_have_text([str(number) for number in numbers])
        console.says("#tally", f"{len(numbers)} of 3 messages")
    console["#filter"].fill("espresso")
    served.publish("/topic/coffee", "another espresso", "filter coffee")
    console.says("#tally", "2 of 5 messages")
    expect(console.page).to_have_url(re.compile("filter=espresso"))
    console["#filter"].fill("nothing of this kind")
    console.says("#say", "Nothing passes the filter")
    console["#say-action"].click()
    console.says("#tally", re.compile("^5 messages"))


def test_a_filter_that_is_none_says_why(console: Console, served: Site) -> None:
    console["#filter"].fill('"open')
    console.says("#filter-error", 'a quotation mark " is open')
    expect(console["#filter"]).to_have_attribute("aria-invalid", "true")
    console["#filter"].fill("size>big")
    console.says("#filter-error", "compares with a number")
    console["#filter"].press("Escape")
    expect(console["#filter-error"]).to_be_hidden()
    console.page.get_by_role("button", name="How to write a filter").click()
    expect(console["#filter-help"]).to_be_visible()
    console.page.keyboard.press("Escape")
    expect(console["#filter-help"]).to_be_hidden()


def test_a_filter_over_many_messages(console: Console, served: Site) -> None:
    console.connect()
    console["#keep"].select_option("100000")
    console.subscribe("/topic/many")
    served.publish("/topic/many", *(f"number {number}" for number in range(5000)))
    console.says("#tally", "5,000 messages")
    console["#filter"].fill("77")
    count = sum("77" in str(number) for number in range(5000))
    console.says("#tally", re.compile(f"^{count} of 5,000 messages(, .* a second)?$"))
    assert console["#rows .row"].count() < 50
    console["#pause"].click()
    served.publish("/topic/many", "77 held")
    console.says("#held-words", "1 message waiting")
    console["#pause"].click()
    console.says("#tally", f"{count + 1} of 5,001 messages")


def test_what_has_changed_since_the_message_before(console: Console, served: Site) -> None:
    console.connect()
    console.subscribe("/topic/changes")
    console.subscribe("/topic/other")
    served.publish("/topic/changes", '{"eur": 1.08, "chf": 0.94}', **JSON)
    served.publish("/topic/other", "between")
    served.publish("/topic/changes", '{"eur": 1.09, "chf": 0.94}', **JSON)
    console.row(3).click()
    console["#detail-view"].select_option("what has changed")
    expect(console["#detail-difference .removed"]).to_have_text(re.compile("1.08"))
    expect(console["#detail-difference .added"]).to_have_text(re.compile("1.09"))
    console.says("#detail-size", "to message 1")
    console.says("#detail-marks", "after the one before")
    console.row(1).click()
    expect(console["#detail-view option[value=difference]"]).to_be_disabled()


def test_base64_and_a_binary_body_that_is_sent_again(console: Console, served: Site) -> None:
    console.connect()
    console.subscribe("/topic/octets")
    served.publish("/topic/octets", b"\x00\xff\x10", **{"content-type": "application/octet-stream", "shop": "berlin"})
    console.row(1).click()
    console["#detail-view"].select_option("base64")
    expect(console["#detail-body"]).to_have_text("AP8Q")
    console["#detail-edit"].click()
    expect(console["#send-form-of"]).to_have_value("base64")
    expect(console["#send-headers input"].first).to_have_value("shop")
    console["#send-form-of"].select_option("hex")
    console["#send-body"].fill("00 fe")
    console["#send"].click()
    expect(console.row(2)).to_contain_text("hex 00 fe")
    console["#send-body"].fill("no hex")
    console["#send"].click()
    console.says("#status", "The body is no hex")


def test_time_between_and_round_trip_are_in_the_list(console: Console, served: Site) -> None:
    console.connect()
    console.subscribe("/topic/times")
    console.send("/topic/times", "mine")
    expect(console.row(1).locator(".trip")).to_have_text(re.compile(r"⇄ [\d.]+ (ms|s)"))
    expect(console.row(1).locator(".since")).to_have_text("")
    served.publish("/topic/times", "another's")
    expect(console.row(2).locator(".since")).to_have_text(re.compile(r"\+[\d.]+ (ms|s)"))
    expect(console.row(2).locator(".trip")).to_have_text("")


def test_a_subscription_is_switched_off_and_kept(console: Console, served: Site) -> None:
    console.connect()
    entry = console.subscribe("/topic/switch")
    entry.locator("[data-switch]").click()
    expect(entry.locator(".condition")).to_have_text("off, kept")
    console.subscribe("/topic/other")
    served.publish("/topic/switch", "unheard")
    served.publish("/topic/other", "heard")
    expect(console["#rows .row"]).to_have_count(1)
    entry.locator("[data-switch]").click()
    expect(entry.locator(".condition")).to_have_text("subscribed")
    served.publish("/topic/switch", "heard again")
    expect(console["#rows .row"]).to_have_count(2)
    console["#stop"].click()
    expect(console["#subscriptions .condition"]).to_have_text(["off, kept", "off, kept"])
    console["#disconnect"].click()
    console.connect()
    expect(entry.locator(".condition")).to_have_text("off, kept")
    expect(console["#stop"]).to_have_text("Start")
    console["#stop"].click()
    expect(console["#subscriptions .condition"]).to_have_text(["subscribed", "subscribed"])


def test_a_subscription_has_a_colour(console: Console, served: Site) -> None:
    console.connect()
    entry = console.subscribe("/topic/colour")
    served.publish("/topic/colour", "x")
    swatch = entry.locator(".swatch")

    def colours() -> list[str]:
        return [
            swatch.evaluate("it => getComputedStyle(it).backgroundColor"),
            console.row(1).evaluate("it => getComputedStyle(it).borderLeftColor"),
        ]

    before = colours()
    assert before[0] == before[1]
    entry.get_by_role("button", name="Another colour for /topic/colour").click()
    expect(swatch).not_to_have_css("background-color", before[0])
    expect(console.row(1)).not_to_have_css("border-left-color", before[1])


@pytest.mark.parametrize("text", ["shop: berlin\npriority: 4"])
def test_lines_that_are_pasted_become_header_rows(console: Console, text: str) -> None:
    console["#add-header"].click()
    console.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    console.page.keyboard.press("ControlOrMeta+V")
    rows = console["#send-headers li"]
    expect(rows).to_have_count(2)
    expect(rows.nth(1).locator("input").first).to_have_value("priority")
    rows.nth(0).get_by_role("button", name="Remove the header").click()
    expect(rows).to_have_count(1)
