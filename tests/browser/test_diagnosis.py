"""ConnectError.diagnosis in Chromium, on pages of every kind that the contract names."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import web
from playwright.sync_api import Browser

from tests.support.loopthread import LoopThread
from tests.support.pyodide_page import PyodidePage
from tests.support.static_server import TestSite

SCENARIO = Path(__file__).with_name("diagnosis_scenario.py")


async def _refuse(request: web.Request) -> web.Response:
    return web.Response(status=403)


@pytest.fixture(scope="module")
def open_site(loop_thread: LoopThread) -> Iterator[TestSite]:
    """A site without a Content-Security-Policy."""
    with TestSite(loop_thread, [web.get("/refuse", _refuse)], headers={}) as served:
        yield served


@pytest.fixture(scope="module", params=["main", "worker"])
def page(request: pytest.FixtureRequest, browser: Browser, open_site: TestSite) -> Iterator[PyodidePage]:
    with PyodidePage(browser, open_site, request.param) as opened:
        yield opened


@pytest.fixture
def silent_port(loop_thread: LoopThread) -> Iterator[int]:
    """A TCP port that takes connections and says nothing, like a STOMP port that waits for a whole frame."""
    connected: list[asyncio.StreamWriter] = []

    async def keep(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(writer)

    async def start() -> asyncio.Server:
        return await asyncio.start_server(keep, "127.0.0.1", 0)

    async def stop() -> None:
        server.close()
        for writer in connected:
            writer.transport.abort()

    server = loop_thread.run(start())
    yield server.sockets[0].getsockname()[1]
    loop_thread.run(stop())


@pytest.fixture
def stomp_port(loop_thread: LoopThread) -> Iterator[int]:
    """A TCP port that answers whatever comes with an ERROR frame."""

    async def complain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"ERROR\nmessage:bad command\n\n\0")
        await writer.drain()
        writer.close()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(complain, "127.0.0.1", 0)

    async def stop() -> None:
        server.close()

    server = loop_thread.run(start())
    yield server.sockets[0].getsockname()[1]
    loop_thread.run(stop())


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


def test_an_http_server_that_refuses(page: PyodidePage) -> None:
    page.clear()
    diagnosis = page.run(SCENARIO, "explain", f"{page.site.ws_origin}/refuse?token=hidden")
    assert "an HTTP server" in diagnosis
    assert all(word in diagnosis for word in ("path", "subprotocol", "Origin"))
    assert "hidden" not in diagnosis
    # One probe, though two WebSockets were tried.
    assert len([url for url in page.requests if url.startswith("http") and "/refuse" in url]) == 1


def test_one_probe_for_many_attempts(page: PyodidePage) -> None:
    page.clear()
    diagnosis = page.run(SCENARIO, "explain_after", f"{page.site.ws_origin}/refuse", 4)
    assert "an HTTP server" in diagnosis
    assert len([url for url in page.requests if url.startswith("http") and "/refuse" in url]) == 1
    if page.where == "main":  # a worker's WebSockets are not reported
        assert len([url for url in page.requests if url.startswith("ws") and "/refuse" in url]) == 4


def test_nothing_listens(page: PyodidePage, closed_port: int) -> None:
    diagnosis = page.run(SCENARIO, "explain", f"ws://127.0.0.1:{closed_port}/stomp")
    assert "nothing that speaks HTTP" in diagnosis
    assert all(word in diagnosis for word in ("nothing listens", "TLS", "61613", "gateway"))


def test_a_plain_port_that_answers_nothing(page: PyodidePage, silent_port: int) -> None:
    diagnosis = page.run(SCENARIO, "explain", f"ws://127.0.0.1:{silent_port}/", 0.5)
    assert "61613" in diagnosis
    assert "gateway" in diagnosis


def test_a_plain_stomp_port_that_complains(page: PyodidePage, stomp_port: int) -> None:
    diagnosis = page.run(SCENARIO, "explain", f"ws://127.0.0.1:{stomp_port}/")
    assert "61613" in diagnosis
    assert "gateway" in diagnosis


def test_a_wss_address_that_speaks_no_tls(page: PyodidePage) -> None:
    diagnosis = page.run(SCENARIO, "explain", f"wss://127.0.0.1:{page.site.port}/refuse")
    assert "TLS" in diagnosis


@pytest.mark.parametrize("where", ["main", "worker"])
def test_offline(browser: Browser, open_site: TestSite, where: Literal["main", "worker"]) -> None:
    context = browser.new_context()
    try:
        with PyodidePage(browser, open_site, where, context=context, measure=False) as page:
            context.set_offline(True)
            if page.run(SCENARIO, "online"):
                pytest.skip("this Chromium does not tell a worker that it is offline")
            assert "offline" in page.run(SCENARIO, "explain", f"{open_site.ws_origin}/refuse", 3)
    finally:
        context.close()


@pytest.fixture(scope="module")
def secure_site(loop_thread: LoopThread, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    """The same files over https, with a certificate of our own."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with TestSite(loop_thread, headers={}, tls=context) as served:
        yield served


@pytest.mark.parametrize("where", ["main", "worker"])
def test_mixed_content(browser: Browser, secure_site: TestSite, where: Literal["main", "worker"]) -> None:
    context = browser.new_context(ignore_https_errors=True)
    try:
        with PyodidePage(browser, secure_site, where, context=context) as page:
            diagnosis = page.run(SCENARIO, "explain", "ws://example.org/stomp", 3)
            assert "mixed content" in diagnosis
            assert "wss://" in diagnosis
            # Browsers trust their own machine without TLS: nothing listens there.
            assert "mixed" not in page.run(SCENARIO, "explain", "ws://127.0.0.1:9/", 3)
    finally:
        context.close()
