"""The fixture `stomp_page` on a page with Pyodide, and what it says where something is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pystomp_web.testing import StompPage
from pystomp_web.testing.page import Missing, locate
from tests.support.static_server import PYODIDE, ROOT, built_wheel

WHEEL = "build/dist/pystomp_web-*.whl"


@pytest.mark.stomp_page(root="tests/unit/testing/web", pyodide="build/pyodide", wheel=WHEEL)
def test_a_page_with_python(stomp_page: StompPage) -> None:
    price, broker = stomp_page.page.locator("#price"), stomp_page.broker
    stomp_page.goto("/")
    broker.wait_subscribed("/topic/prices", timeout=60)
    broker.publish("/topic/prices", {"eur": 1.08})
    expect(price).to_have_text("1.08")
    broker.cut()
    broker.wait_subscribed("/topic/prices")
    broker.publish("/topic/prices", {"eur": 1.09})
    expect(price).to_have_text("1.09")
    assert [shown.json() for shown in broker.received("/queue/shown", count=2)] == [{"eur": 1.08}, {"eur": 1.09}]
    assert broker.url == f"{stomp_page.url}/stomp".replace("http", "ws")
    assert [line for line in stomp_page.console if "error" in line] == []


@pytest.mark.stomp_page(root="tests/browser/pages", pyodide=None, wheel=None, csp=None)
def test_a_page_without_python(stomp_page: StompPage) -> None:
    page = stomp_page.page
    with page.expect_console_message():
        stomp_page.goto("/../plain.html")  # there is none
    assert any(line.startswith("error:") and "404" in line for line in stomp_page.console)
    with page.expect_event("pageerror"):
        page.evaluate("() => void setTimeout(() => { throw new Error('on purpose') })")
    assert stomp_page.console[-1] == "pageerror: on purpose"


def test_what_is_served() -> None:
    assert locate(ROOT, "web", "build/pyodide", WHEEL) == {
        "root": ROOT / "web",
        "pyodide": PYODIDE,
        "wheel": built_wheel(),
    }
    assert locate(ROOT, None, None, None) == {"root": None, "pyodide": None, "wheel": None}


def test_the_newest_wheel_that_fits(tmp_path: Path) -> None:
    for name, time in (("a-2.whl", 2), ("a-10.whl", 3), ("a-1.whl", 1)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    assert locate(tmp_path, None, None, "a-*.whl")["wheel"] == tmp_path / "a-10.whl"
    assert locate(ROOT, None, None, str(tmp_path / "a-1.whl"))["wheel"] == tmp_path / "a-1.whl"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("root", "there is no {0}/nothing. Get it (make it), or say where it is: stomp_root in pytest's ini file"),
        ("pyodide", "there is no {0}/nothing/pyodide.mjs. Get it (`npm install pyodide`), or"),
        ("wheel", "there is no {0}/nothing. Get it (`pip download --no-deps -d {0} pystomp-web`), or"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, name: str, words: str) -> None:
    options = {"root": None, "pyodide": None, "wheel": None, name: "nothing"}
    with pytest.raises(Missing) as raised:
        locate(tmp_path, **options)
    assert words.format(tmp_path) in str(raised.value)
    assert f"@pytest.mark.stomp_page({name}=...)" in str(raised.value)
