"""BrowserTransport in Chromium, on the main thread and in a worker, under the strict Content-Security-Policy."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.transport_server import ROUTES
from tests.support.loopthread import LoopThread
from tests.support.pyodide_page import PyodidePage
from tests.support.static_server import TestSite

SCENARIO = Path(__file__).with_name("transport_scenario.py")


@pytest.fixture(params=["main", "worker"])
def page(request: pytest.FixtureRequest) -> PyodidePage:
    shared: PyodidePage = request.getfixturevalue(f"pyodide_{request.param}")
    shared.clear()
    return shared


@pytest.fixture(scope="module")
def origin(loop_thread: LoopThread) -> Iterator[str]:
    with TestSite(loop_thread, ROUTES) as server:
        yield server.ws_origin


@pytest.fixture
def closed_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


def test_text_and_binary_there_and_back(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "echo", origin)
    assert page.console == []


def test_long_text_goes_out_as_it_is(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "echo_long", origin)
    assert page.console == []


@pytest.mark.parametrize(("count", "size"), [(20_000, 8), (3000, 1024), (500, 16_384), (100, 65_536), (60, 131_072)])
def test_messages_keep_their_order(page: PyodidePage, origin: str, count: int, size: int) -> None:
    page.run(SCENARIO, "order", origin, count, size)


@pytest.mark.parametrize("joined", [True, False])
def test_text_and_binary_mixed_keep_their_order(page: PyodidePage, origin: str, joined: bool) -> None:
    page.run(SCENARIO, "mixed", origin, 3000, joined)


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("every", [1, 3, 1000])
def test_long_messages_keep_their_order(page: PyodidePage, origin: str, joined: bool, every: int) -> None:
    page.run(SCENARIO, "long", origin, 60, joined, every)


def test_each_message_by_itself(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "whole", origin, 2000)


@pytest.mark.parametrize("joined", [True, False])
def test_messages_larger_than_the_buffer(page: PyodidePage, origin: str, joined: bool) -> None:
    page.run(SCENARIO, "large", origin, joined)


def test_a_batch_larger_than_the_buffer(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "burst", origin, 600, 20_000)


def test_memory_that_grows_amid_messages(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "growth", origin)


def test_a_batch_longer_than_a_string_may_be(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "long_strings", origin)


def test_close_does_not_overtake_messages(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "close_at_once", origin, 10)


def test_connections_that_break(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "broken", origin)


def test_pause_and_resume(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "pause_and_resume", origin)
    assert page.console == []


@pytest.mark.parametrize("joined", [True, False])
def test_pause_amid_a_batch(page: PyodidePage, origin: str, joined: bool) -> None:
    page.run(SCENARIO, "pause_amid_batches", origin, joined)
    assert page.console == []


@pytest.mark.parametrize("joined", [True, False])
def test_what_waits_comes_together(page: PyodidePage, origin: str, joined: bool) -> None:
    page.run(SCENARIO, "together", origin, joined)


def test_a_batch_that_fills(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "gathered", origin)
    assert page.console == []


def test_drain(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "drain", origin)


def test_drain_inside_another_connections_delivery(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "drain_within", origin)


def test_close_inside_a_delivery(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "close_within", origin)
    assert page.console == []


def test_an_exception_of_the_consumer_stops_nothing(page: PyodidePage, origin: str) -> None:
    assert page.run(SCENARIO, "failing_consumer", origin) == 6
    assert page.console == []


def test_what_is_not_yet_sent(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "buffered", origin)


def test_nothing_listens(page: PyodidePage, closed_port: int) -> None:
    url = f"ws://127.0.0.1:{closed_port}/x"
    assert page.run(SCENARIO, "refused", f"{url}?token=secret") == [f"no WebSocket connection to {url}", ""]


def test_the_server_refuses(page: PyodidePage, origin: str) -> None:
    assert page.run(SCENARIO, "refused", f"{origin}/refuse") == [f"no WebSocket connection to {origin}/refuse", ""]


def test_the_server_does_not_take_the_subprotocol(page: PyodidePage, origin: str) -> None:
    assert page.run(SCENARIO, "refused", f"{origin}/script?steps=[]", "v10.stomp")[1] == ""


def test_blocked_by_the_content_security_policy(page: PyodidePage, origin: str) -> None:
    # It fires error, but never close.
    page.run(SCENARIO, "refused", origin.replace("127.0.0.1", "localhost"))
    if page.where == "main":  # a worker's report does not reach the console
        assert any("Content Security Policy" in message for message in page.console)


@pytest.mark.parametrize(
    ("path", "subprotocols", "words"),
    [
        ("/x", ["no token"], "SyntaxError"),
        ("/x", ["twice", "twice"], "SyntaxError"),
        ("/x?token=secret#fragment", [], "SyntaxError"),
    ],
)
def test_what_the_browser_does_not_even_try(
    page: PyodidePage, origin: str, path: str, subprotocols: list[str], words: str
) -> None:
    text, diagnosis = page.run(SCENARIO, "refused", origin + path, *subprotocols)
    assert words in diagnosis
    assert "secret" not in text


def test_open_is_cancelled(page: PyodidePage, origin: str) -> None:
    page.run(SCENARIO, "cancelled", origin)


def test_nothing_is_left_behind(page: PyodidePage, origin: str, closed_port: int) -> None:
    page.run(SCENARIO, "leaks", origin, f"ws://127.0.0.1:{closed_port}/", 50)


def test_urls(page: PyodidePage) -> None:
    http, ws = page.site.origin, page.site.ws_origin
    assert page.run(SCENARIO, "urls", http) == {
        "/stomp": f"{ws}/stomp",
        "x?a=b": f"{ws}/pages/x?a=b",
        f"{http}/stomp": f"{ws}/stomp",
        "wss://host:1/x": "wss://host:1/x",
        "https://host": "wss://host/",
        "//host/x": "ws://host/x",
        "ftp://host/": "ftp://host/",
        "ws://[": None,
        " /x ": f"{ws}/x",
    }


def test_events_of_the_page(page: PyodidePage) -> None:
    page.run(SCENARIO, "events", page.where == "main")
