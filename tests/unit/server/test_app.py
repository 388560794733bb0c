"""The application over real sockets: what is served, and to whom."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSMsgType
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pystomp_web.server.app import create_app, parse_tcp_url
from pystomp_web.server.broker import Broker
from pystomp_web.server.config import ServerConfig
from pystomp_web.server.serving import Serving, serving


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    root, pyodide = tmp_path / "web", tmp_path / "pyodide"
    (root / "sub").mkdir(parents=True)
    pyodide.mkdir()
    (root / "index.html").write_text("<p>page")
    (root / "sub" / "index.html").write_text("<p>sub")
    (tmp_path / "secret").write_text("secret")
    (pyodide / "pyodide.asm.wasm").write_bytes(b"\0asm")
    (pyodide / "pyodide.mjs").write_text("export {}")
    wheel = tmp_path / "p-1-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    return ServerConfig(root=root, pyodide=pyodide, wheel=wheel, allow_origins=("http://good.example",))


@asynccontextmanager
async def visiting(config: ServerConfig) -> AsyncIterator[tuple[Serving, ClientSession]]:
    async with serving(config) as server, ClientSession(server.url) as session:
        yield server, session


async def test_what_is_served(config: ServerConfig) -> None:
    async with visiting(config) as (_, session):
        for path, kind, body in (
            ("/", "text/html; charset=utf-8", b"<p>page"),
            ("/index.html", "text/html; charset=utf-8", b"<p>page"),
            ("/sub/", "text/html; charset=utf-8", b"<p>sub"),
            ("/pyodide/pyodide.asm.wasm", "application/wasm", b"\0asm"),
            ("/pyodide/pyodide.mjs", "text/javascript; charset=utf-8", b"export {}"),
            ("/wheel/p-1-py3-none-any.whl", "application/zip", b"PK"),
        ):
            async with session.get(path) as answer:
                assert (path, answer.status, answer.headers["Content-Type"]) == (path, 200, kind)
                assert answer.headers["Cache-Control"] == "no-cache"
                assert await answer.read() == body
                etag = answer.headers["ETag"]
            async with session.get(path, headers={"If-None-Match": etag}) as answer:
                assert answer.status == 304
        async with session.get("/wheel.json") as answer:
            name = "p-1-py3-none-any.whl"
            assert await answer.json() == {"name": name, "url": f"/wheel/{name}"}
        async with session.head("/") as answer:
            assert answer.status == 200
        async with session.get("/favicon.ico") as answer:
            assert answer.status == 204
        assert config.root is not None
        (config.root / "favicon.ico").write_bytes(b"icon")
        async with session.get("/favicon.ico") as answer:
            assert (answer.status, await answer.read()) == (200, b"icon")
        async with session.get("/sub", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (301, "/sub/")


async def test_what_browsers_may_keep(config: ServerConfig, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    hashed = ("core-C9KDLldu.js", "py-Dl-y4L1b.js", "lang-python-r-dBg-Wd.css")
    others = ("core.js", "service-worker.js", "uPlot.iife.min.js", "a-C9KDLldu.html")
    for name in (*hashed, *others):
        (vendor / name).write_text("x")
        (vendor.parent / "pyodide" / name).write_text("x")
    async with visiting(replace(config, vendor=vendor)) as (_, session):
        for name in (*hashed, *others):
            async with session.get(f"/vendor/{name}") as answer:
                wanted = "public, max-age=31536000, immutable" if name in hashed else "no-cache"
                assert (name, answer.headers["Cache-Control"]) == (name, wanted)
            async with session.get(f"/pyodide/{name}") as answer:
                assert answer.headers["Cache-Control"] == "no-cache"


async def test_a_compressed_file_beside_it_is_sent_to_whom_takes_it(config: ServerConfig) -> None:
    assert config.root is not None
    (config.root / "index.html.gz").write_bytes(gzip.compress(b"<p>compressed"))
    async with visiting(config) as (_, session):
        for accepted, body in (("gzip", b"<p>compressed"), ("identity", b"<p>page")):
            async with session.get("/", headers={"Accept-Encoding": accepted}) as answer:
                assert await answer.read() == body
                assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
                assert answer.headers.get("Content-Encoding") == ("gzip" if accepted == "gzip" else None)


async def test_what_is_not(config: ServerConfig) -> None:
    async with visiting(config) as (server, session):
        for path in ("/none", "/pyodide/", "/pyodide/none", "/wheel/", "/wheel/other.whl", "/wheel/..%2fsecret"):
            async with session.get(path) as answer:
                assert (path, answer.status) == (path, 404)
                assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        async with session.post("/") as answer:
            assert answer.status == 405
        for path in (
            "/../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/pyodide/../../secret",
            "//secret",
            "/sub/..//../secret",
        ):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer_octets = await reader.read()
            assert b" 404 " in answer_octets.partition(b"\r\n")[0]
            writer.close()


async def test_security_headers(config: ServerConfig) -> None:
    async with visiting(config) as (server, session):
        host = f"127.0.0.1:{server.port}"
        for path in ("/", "/pyodide/pyodide.mjs", "/none", "/stomp"):
            async with session.get(path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert f"connect-src 'self' ws://{host} wss://{host};" in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_nothing_configured() -> None:
    async with visiting(ServerConfig()) as (_, session):
        for path in ("/", "/pyodide/a", "/wheel.json", "/wheel/a"):
            async with session.get(path) as answer:
                assert (path, answer.status) == (path, 404)


async def test_a_foreign_host_is_refused(config: ServerConfig) -> None:
    async with visiting(config) as (_, session):
        for host, status in (
            ("evil.example", 403),
            ("a;script-src *", 403),
            ("localhost:1", 200),
            ("good.example", 200),
        ):
            async with session.get("/", headers={"Host": host}) as answer:
                assert (host, answer.status) == (host, status)
                assert "evil" not in answer.headers["Content-Security-Policy"]
        async with session.get("/stomp", headers={"Host": "evil.example", "Origin": "http://evil.example"}) as answer:
            assert answer.status == 403


async def test_a_plain_get_of_the_end_point(config: ServerConfig) -> None:
    async with visiting(config) as (_, session), session.get("/stomp") as answer:
        assert answer.status == 426
        assert "WebSocket" in await answer.text()


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (["v10.stomp", "v11.stomp", "v12.stomp"], "v12.stomp"),
        (["v11.stomp", "v10.stomp"], "v11.stomp"),
        (["v10.stomp"], "v10.stomp"),
        (["other", "v11.stomp"], "v11.stomp"),
        (["stomp", "other"], None),
        ([], None),
    ],
)
async def test_the_best_subprotocol(config: ServerConfig, asked: list[str], answered: str | None) -> None:
    async with (
        visiting(config) as (_, session),
        session.ws_connect("/stomp", protocols=asked, compress=15) as socket,
    ):
        assert socket.protocol == answered
        assert socket.compress == 0
        await socket.send_str("CONNECT\naccept-version:1.1\nhost:h\n\n\0")
        assert (await socket.receive_str()).startswith("CONNECTED\nversion:1.1\n")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("same", 101),
        ("http://good.example", 101),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1", 403),
    ],
)
async def test_the_origin_of_a_handshake(config: ServerConfig, origin: str | None, status: int) -> None:
    async with serving(config) as server:
        given = server.url if origin == "same" else origin
        try:
            async with connect(server.socket_url, origin=given, proxy=None):  # type: ignore[arg-type]
                got = 101
        except InvalidStatus as error:
            got = error.response.status_code
        assert got == status


async def test_an_incomplete_handshake(config: ServerConfig) -> None:
    async with visiting(config) as (_, session), session.get("/stomp", headers={"Upgrade": "websocket"}) as answer:
        assert answer.status == 400


async def test_sockets_are_closed_with_1001_on_leaving(config: ServerConfig) -> None:
    async with ClientSession() as session:
        async with serving(config) as server:
            socket = await session.ws_connect(server.socket_url)
            idle = await session.ws_connect(server.socket_url)
            await socket.send_str("CONNECT\naccept-version:1.2\nhost:h\n\n\0")
            await socket.receive_str()
            seen = asyncio.gather(socket.receive(), idle.receive())
        for message in await seen:
            assert message.type is WSMsgType.CLOSE
            assert (message.data, message.extra) == (1001, "the server is stopping")
        assert server.broker is not None
        assert server.broker.connections == ()


async def test_a_broker_of_the_callers(config: ServerConfig) -> None:
    broker = Broker()
    async with serving(config, broker=broker) as server:
        assert server.broker is broker


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("tcp://a:1", ("a", 1)),
        ("tcp://a", ("a", 61613)),
        ("tcp://a/", ("a", 61613)),
        ("tcp://127.0.0.1:61613", ("127.0.0.1", 61613)),
        ("TCP://[::1]:2", ("::1", 2)),
    ],
)
def test_parse_tcp_url(url: str, expected: tuple[str, int]) -> None:
    assert parse_tcp_url(url) == expected


@pytest.mark.parametrize(
    "url", ["", "a:1", "http://a", "tcp://", "tcp://a:0", "tcp://a:65536", "tcp://a:b", "tcp://u:p@a:1", "tcp://a:1/b"]
)
def test_what_is_no_broker(url: str) -> None:
    with pytest.raises(ValueError, match="is no broker"):
        create_app(ServerConfig(broker=url))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (ServerConfig(root=Path("/none/web")), "root folder '/none/web' does not exist"),
        (ServerConfig(pyodide=Path("/none")), "pyodide folder '/none' does not exist"),
        (ServerConfig(wheel=Path("/none.whl")), "wheel '/none.whl' does not exist"),
        (ServerConfig(allow_origins=("x",)), "is no origin"),
        (ServerConfig(connect=("x",)), "is no WebSocket's origin"),
    ],
)
def test_configurations_that_make_no_sense(config: ServerConfig, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        create_app(config)


async def test_a_tcp_port_is_for_the_embedded_broker() -> None:
    with pytest.raises(ValueError, match="embedded broker only"):
        async with serving(ServerConfig(broker="tcp://127.0.0.1:1", tcp_port=0)):
            pass


def test_the_passcode_is_not_shown() -> None:
    assert "geheim" not in repr(ServerConfig(login="al", passcode="geheim"))


def test_urls_of_an_ipv6_server() -> None:
    server = Serving("::1", 80, None, None)
    assert (server.url, server.socket_url) == ("http://[::1]:80", "ws://[::1]:80/stomp")
