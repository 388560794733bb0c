"""What the docs say of the pages in web/: it is so there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.console import BOOT_MS, DOCS, WEB, Site, in_the_docs
from tests.support.loopthread import LoopThread

SNIPPETS = DOCS / "snippets"
MOST_OCTETS = 1_500_000  # of all pictures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WEB, tmp_path / "board", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_first_change(folder: Path, page: Page, loop_thread: LoopThread) -> None:
    """A changed line is seen with the next load, and what is wrong in it is said."""
    dashboard = folder / "dashboard.py"
    source = dashboard.read_text(encoding="utf-8")
    [old] = [line for line in source.splitlines() if line.lstrip().startswith("arrow =")]
    new = old[: -len(old.lstrip())] + (SNIPPETS / "dashboard" / "change.py").read_text(encoding="utf-8").rstrip()
    with Site(loop_thread, root=folder, demo=50.0) as site:
        page.goto(f"{site.origin}/dashboard.html")
        change = page.locator("#quotes-rows td:nth-child(3)").first
        expect(change).to_have_text(re.compile(r"^[▲▼=] \d"), timeout=BOOT_MS)
        dashboard.write_text(source.replace(old, new), encoding="utf-8")
        page.reload()
        expect(change).to_have_text(re.compile(r"^(up|down|same) \d"), timeout=BOOT_MS)
        dashboard.write_text(source.replace(old, new.strip()), encoding="utf-8")
        page.reload()
        expect(page.locator("#boot-failed")).to_be_visible(timeout=BOOT_MS)
        expect(page.locator("#boot-failed pre")).to_contain_text(re.compile(r"dashboard\.py.*, line \d+"))


def test_every_picture_is_shown_and_all_are_small() -> None:
    pictures = {path.stem: path.stat().st_size for path in (DOCS / "images").glob("*.png")}
    assert set(pictures) == in_the_docs()
    assert sum(pictures.values()) < MOST_OCTETS


def test_the_keys_are_those_of_the_console() -> None:
    page = (WEB / "index.html").read_text(encoding="utf-8")
    sheet = re.findall(r"<dt>(.*?)</dt>", page[page.index('id="keys-title"') :].partition("</dl>")[0])
    keys = {key for entry in sheet for key in re.findall(r"<kbd>(.)</kbd>", entry)}
    table = (DOCS / "console.md").read_text(encoding="utf-8").partition("## Keys")[2]
    assert {key for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) for key in re.findall("`(.)`", row)} == keys
