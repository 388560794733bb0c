"""What all pages have in common: the way from one to the other, and no motion for who wants none."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.console import DESK, PHONE, Site

MAIN = ("", "dashboard.html", "prompt.html", "pyscript/")
PAGES = (*MAIN, "pyscript/main/", "pyscript/worker/", "pyscript/packages/")


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport=DESK)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    opened = context.new_page()
    held: list[Route] = []
    # Python is not wanted here.
    opened.route("**/*.{wasm,whl,zip}", lambda route: held.append(route))  # noqa: PLW0108 - its signature is asked for
    yield opened
    for route in held:
        route.abort()
    opened.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_leads_to_the_others(page: Page, served: Site, path: str) -> None:
    here = f"{served.origin}/{path}"
    page.goto(here, wait_until="domcontentloaded")
    links = page.locator("header .pages a")
    expect(links).to_have_text(["Console", "Dashboard", "Prompt", "PyScript"])
    targets = [urljoin(here, str(link.get_attribute("href"))) for link in links.all()]
    assert targets == [f"{served.origin}/{other}" for other in MAIN]
    for target in targets:
        assert page.request.get(target).ok
    current = page.locator("header .pages a[aria-current]")
    expect(current).to_have_count(1)
    at = urljoin(here, str(current.get_attribute("href")))
    assert (here if path in MAIN else f"{served.origin}/pyscript/") == at
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        for link in links.all():
            box = link.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            assert box["x"] + box["width"] <= size["width"]


@pytest.mark.parametrize("path", ["", "dashboard.html"])
def test_nothing_moves_for_who_wants_no_motion(page: Page, served: Site, path: str) -> None:
    page.goto(f"{served.origin}/{path}", wait_until="domcontentloaded")
    moving = "() => document.getAnimations().length"
    for motion, count in (("no-preference", 1), ("reduce", 0), ("no-preference", 1)):
        page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
        expect(page.locator("#light")).to_have_attribute("data-tone", "busy")
        assert page.evaluate(moving) == count
    page.emulate_media(reduced_motion="reduce")
    scrolling = """() => [...document.querySelectorAll("*")]
        .filter((it) => getComputedStyle(it).scrollBehavior !== "auto").map((it) => it.id)"""
    assert page.evaluate(scrolling) == []
    timed = """() => [...document.querySelectorAll("*")].filter((it) =>
        getComputedStyle(it).transitionDuration.split(", ").some((each) => parseFloat(each) > 0)).map((it) => it.id)"""
    assert page.evaluate(timed) == []
