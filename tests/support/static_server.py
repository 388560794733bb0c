"""The site that browser tests open: pages, Pyodide and the built wheel on one origin, with what routes a test adds."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.support.loopthread import LoopThread

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "tests" / "browser" / "pages"
PYODIDE = ROOT / "build" / "pyodide"
OLDEST_PYODIDE = ROOT / "build" / "pyodide-oldest"

CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws://127.0.0.1:*"

# What mimetypes knows differs from system to system, and browsers insist on these two.
CONTENT_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".whl": "application/zip"}


def built_wheel() -> Path:
    """The wheel that `./build.sh wheel` built."""
    wheels = sorted((ROOT / "build" / "dist").glob("pystomp_web-*.whl"))
    if not wheels:
        raise FileNotFoundError("no wheel in build/dist: run ./build.sh wheel, or the tests through ./build.sh test")
    return wheels[-1]


class TestSite:
    """A context manager: an aiohttp site on a free port of 127.0.0.1.

    It serves tests/browser/pages at /pages/, Pyodide at /pyodide/, the wheel at /wheel/NAME.whl and `mounts` (prefix:
    folder); `routes` are aiohttp route definitions and come first. `headers` are sent with every answer, by default the
    strict Content-Security-Policy; `tls` makes it an https site.
    """

    __test__ = False

    def __init__(
        self,
        loop: LoopThread,
        routes: Iterable[web.AbstractRouteDef] = (),
        *,
        mounts: Mapping[str, Path] | None = None,
        headers: Mapping[str, str] | None = None,
        wheel: Path | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._loop = loop
        self._routes = list(routes)
        self._mounts = {"/pages": PAGES, "/pyodide": PYODIDE, **(mounts or {})}
        self._headers = {"Content-Security-Policy": CSP} if headers is None else dict(headers)
        self.wheel = wheel or built_wheel()
        self._tls = tls
        self.port = 0
        self._runner: web.AppRunner | None = None

    def __enter__(self) -> Self:
        self._loop.run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._runner is not None:
            self._loop.run(self._runner.cleanup())

    @property
    def origin(self) -> str:
        """http://127.0.0.1:PORT, or https."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def ws_origin(self) -> str:
        """ws://127.0.0.1:PORT, or wss."""
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}"

    @property
    def wheel_path(self) -> str:
        """The wheel's path on this site."""
        return f"/wheel/{self.wheel.name}"

    async def _start(self) -> None:
        app = web.Application()
        app.add_routes(self._routes)
        app.router.add_get(self.wheel_path, self._serve_wheel)
        app.router.add_get("/favicon.ico", _no_content)
        for prefix, folder in self._mounts.items():
            app.router.add_static(prefix, folder)
        app.on_response_prepare.append(self._add_headers)
        # A WebSocket that a test left open must not hold the end up.
        self._runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        server = site._server
        assert isinstance(server, asyncio.Server)
        self.port = server.sockets[0].getsockname()[1]

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(self._headers)
        if content_type := CONTENT_TYPES.get(Path(request.path).suffix):
            response.headers["Content-Type"] = content_type

    async def _serve_wheel(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(self.wheel)


async def _no_content(request: web.Request) -> web.Response:
    return web.Response(status=204)
