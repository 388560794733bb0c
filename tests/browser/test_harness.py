"""The harness itself: Pyodide in a page and in a worker, the built wheel, async tests beside the browser."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from playwright.sync_api import Browser
from pytest_pyodide import run_in_pyodide

from tests.support.harness import RemoteError
from tests.support.loopthread import LoopThread
from tests.support.pyodide_page import PyodidePage
from tests.support.static_server import CSP, TestSite

SCENARIO = Path(__file__).with_name("harness_scenario.py")


@pytest.fixture(params=["main", "worker"])
def page(request: pytest.FixtureRequest) -> PyodidePage:
    shared: PyodidePage = request.getfixturevalue(f"pyodide_{request.param}")
    return shared


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


def test_the_built_wheel_is_imported(page: PyodidePage) -> None:
    where = page.run(SCENARIO, "where")
    assert where["platform"] == "emscripten"
    assert "/site-packages/pystomp_web/" in where["file"]
    assert where["document"] is (page.where == "main")


def test_arguments_and_results_travel(page: PyodidePage) -> None:
    assert page.run(SCENARIO, "add", 40, 2) == 42


def test_an_unchanged_module_keeps_its_state(page: PyodidePage) -> None:
    before = page.run(SCENARIO, "remember", "one")
    assert page.run(SCENARIO, "remember", "two") == [*before, "two"]


def test_an_exception_comes_back_with_its_traceback(page: PyodidePage) -> None:
    with pytest.raises(
        RemoteError, match=r'(?s)harness_scenario\.py", line \d+, in fail.*LookupError: on purpose'
    ) as caught:
        page.run(SCENARIO, "fail")
    assert caught.value.type_name == "LookupError"


def test_calls_run_side_by_side_and_time_out(page: PyodidePage) -> None:
    stuck = page.start(SCENARIO, "forever")
    assert page.run(SCENARIO, "add", 1, 1) == 2
    with pytest.raises(TimeoutError, match=r"harness_scenario\.forever"):
        stuck.result(timeout=0.01)


@pytest.mark.parametrize("where", ["main", "worker"])
def test_a_page_of_its_own_with_a_websocket_under_the_strict_policy(
    browser: Browser, loop_thread: LoopThread, where: Any
) -> None:
    with TestSite(loop_thread, [web.get("/echo", echo)]) as site, PyodidePage(browser, site, where) as page:
        assert page.run(SCENARIO, "echo", f"{site.ws_origin}/echo", "grüße") == "grüße"
        assert page.console == []
        assert [url for url in page.requests if not url.startswith((site.origin, site.ws_origin))] == []
        assert any(url.endswith(site.wheel_path) for url in page.requests)


def test_console_and_page_evaluate(pyodide_main: PyodidePage) -> None:
    pyodide_main.clear()
    assert pyodide_main.evaluate("() => { console.log('seen'); return 6 * 7 }") == 42
    assert pyodide_main.console == ["log: seen"]


async def test_an_async_test_runs_beside_the_browser(site: TestSite, pyodide_main: PyodidePage) -> None:
    # Playwright's loop is running in the main thread by now.
    async with asyncio.timeout(10), ClientSession() as session, session.get(site.origin + "/pages/main.html") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Security-Policy"] == CSP


@run_in_pyodide(packages=["pystomp-web"])  # type: ignore[untyped-decorator]
async def test_pytest_pyodide_in_the_page(selenium: Any) -> None:
    import asyncio

    import pystomp_web

    await asyncio.sleep(0)
    assert "site-packages" in pystomp_web.__file__


@run_in_pyodide(packages=["pystomp-web"])  # type: ignore[untyped-decorator]
def test_pytest_pyodide_in_a_worker(selenium_worker: Any) -> None:
    import js

    import pystomp_web

    assert not hasattr(js, "document")
    assert pystomp_web.__name__ == "pystomp_web"
