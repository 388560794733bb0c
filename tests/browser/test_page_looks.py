"""The console at a desk and on a phone, light and dark: every part of it fits, and axe-core finds nothing serious."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.console import DESK, PHONE, Console, Site, accessible, fits, shoot
from tests.support.loopthread import LoopThread

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_part(
    browser: Browser, loop_thread: LoopThread, size: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    phone = size == PHONE
    of = f"{'phone' if phone else 'desk'}-{scheme}"
    context = browser.new_context(viewport=size, color_scheme=scheme, has_touch=phone, reduced_motion="reduce")
    with Site(loop_thread) as site, Console(context, site.origin) as console:

        def look(name: str, at: str = "") -> None:
            if at:
                console[at].evaluate("it => it.scrollIntoView()")
            fits(console)
            accessible(console)
            shoot(console, f"{name}-{of}")

        console.open()
        if console.is_firefox:  # Playwright can't tell it the system's colours
            console["#menu-button"].click()
            console["#theme"].select_option(scheme)
            console.page.keyboard.press("Escape")
        look("start")
        console["#more-options summary"].click()
        look("profiles")
        console.connect()
        console.subscribe("/topic/prices")
        console.subscribe("/queue/orders", "client-individual")
        console["#show-frames"].click()
        console["#frames-watch"].check()
        prices = [f'{{"EUR/USD": {1.08 + 0.004 * (number * 7 % 11):.4f}}}' for number in range(40)]
        site.publish("/topic/prices", *prices, **JSON)
        for number in range(3):
            console.send("/queue/orders", f'{{"order": {4711 + number}, "gift": false}}', "application/json")
        expect(console["#rows .row"].first).to_have_attribute("data-number", "43")
        look("frames", ".messages" if phone else "")
        console["#show-charts"].click()
        console["#plot-field"].select_option(label="EUR/USD of /topic/prices")
        console["#plot-add"].click()
        expect(console["#plots .plot canvas"]).to_have_count(3)
        look("charts", ".messages" if phone else "")
        console["#show-recording"].click()
        look("recording", ".messages" if phone else "")
        console["#show-messages"].click()
        console["#filter"].fill("prices")
        console.says("#tally", "40 of 43 messages")
        console["#rows .row"].first.click()
        console["#detail-view"].select_option("what has changed")
        look("difference")
        console["#detail-close"].click()
        console.write_headers(("priority", "4"), ("shop", "berlin"))
        console["#begin"].click()
        expect(console["#commit"]).to_be_visible()
        look("compose", ".compose" if phone else "")
        console["#abort"].click()
        console["#save-message"].click()
        look("prompt")
        console["#prompt-value"].fill("an order for tea")
        console.page.keyboard.press("Enter")
        console["#show-saved"].click()
        look("saved", ".compose" if phone else "")
        console["#show-repeat"].click()
        console["#repeat-what"].select_option("script")
        look("repeat", ".compose" if phone else "")
        console["#show-replies"].click()
        console["#reply-pattern"].fill("/queue/orders.*")
        console["#reply-to"].fill("/topic/answers")
        console["#reply-add"].click()
        look("replies", ".compose" if phone else "")
        console["#new-session"].click()
        expect(console["#sessions .session-tab"]).to_have_count(2)
        console.page.evaluate("() => scrollTo(0, 0)")
        look("sessions")
        if not phone:
            console["#side-by-side"].click()
            expect(console["#columns > .column:visible"]).to_have_count(2)
            look("columns")
        console["#menu-button"].click()
        look("menu")
        console["#show-keys"].click()
        look("keys")
        console.page.keyboard.press("Escape")
    context.close()
