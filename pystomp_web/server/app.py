"""The aiohttp application: pages, wheel, Pyodide and the WebSocket endpoint, all on one origin.

====================  ===================================================================
``/``                 the pages
``/pyodide/``         Pyodide
``/vendor/``          scripts and styles of others that the pages use: uPlot, PyScript
``/wheel/NAME``       the wheel
``/wheel.json``       ``{"name": ..., "url": ...}``: where the wheel is
``/stomp``            the WebSocket
====================  ===================================================================
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from .broker import Broker
from .gateway import Gateway
from .origins import Gatekeeper
from .pages import Folder, file_response, security_headers, socket_source
from .sessions import Sessions
from .websocket import BrokerEndpoint, open_socket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .config import ServerConfig
    from .sessions import Endpoint

STOMP_PATH = "/stomp"
DEFAULT_STOMP_PORT = 61613
_TCP_URL = re.compile(r"tcp://(\[[0-9a-f:.]+\]|[^\s/:@\[\]]+)(?::([0-9]{1,5}))?/?", re.IGNORECASE)

#: The embedded broker; not there behind a gateway.
BROKER: web.AppKey[Broker] = web.AppKey("broker", Broker)


def create_app(config: ServerConfig, *, broker: Broker | None = None) -> web.Application:
    """The application.

    Args:
        config: what to serve.
        broker: the embedded broker to serve, where the caller has one already.

    Raises:
        ValueError: the configuration makes no sense; the text says why.
    """
    gatekeeper = Gatekeeper(config.host, config.allow_origins)
    app = web.Application(middlewares=[_host_check(gatekeeper)])
    endpoint: Endpoint
    if config.broker == "embedded":
        app[BROKER] = broker = broker or Broker(
            login=config.login, passcode=config.passcode, heartbeat=config.heartbeat, limits=config.limits
        )
        endpoint = BrokerEndpoint(broker)
    else:
        host, port = parse_tcp_url(config.broker)
        endpoint = Gateway(host, port, vhost=config.vhost, limits=config.limits)
    sessions = Sessions(endpoint)
    app.router.add_get(STOMP_PATH, _stomp_handler(endpoint, sessions, gatekeeper))
    _add_wheel(app, config)
    if config.pyodide is not None:
        app.router.add_get("/pyodide/{path:.*}", _folder(config, "pyodide").serve)
    if config.vendor is not None:
        app.router.add_get("/vendor/{path:.*}", _folder(config, "vendor", hashed=True).serve)
    if config.root is not None:
        pages = _folder(config, "root")
        app.router.add_get("/{path:favicon\\.ico}", _quiet(pages.serve))
        app.router.add_get("/{path:.*}", pages.serve)
    sockets = [socket_source(target) for target in config.connect]

    async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
        if response.status != 101:
            host = request.headers.get("Host", "")
            # A host that was refused does not get into a header.
            host = host if response.status != 403 else "localhost"
            response.headers.update(security_headers(host, request.path, sockets))

    app.on_response_prepare.append(add_security_headers)

    async def end_sessions(_: web.Application) -> None:
        await sessions.end()

    app.on_shutdown.append(end_sessions)
    return app


def parse_tcp_url(url: str) -> tuple[str, int]:
    """Host and port of a tcp:// URL; the port is 61613 where none is given.

    Raises:
        ValueError: it is none.
    """
    found = _TCP_URL.fullmatch(url)
    port = int(found[2] or DEFAULT_STOMP_PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise ValueError(f"{url!r} is no broker: give 'embedded' or tcp://HOST:PORT")
    return found[1].strip("[]"), port


def _folder(config: ServerConfig, name: str, *, hashed: bool = False) -> Folder:
    path = getattr(config, name)
    if not path.is_dir():
        raise ValueError(f"the {name} folder {str(path)!r} does not exist")
    return Folder(path, hashed=hashed)


def _quiet(
    serve: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Browsers ask for an icon unasked; that there is none is no error for the page's console."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await serve(request)
        except web.HTTPNotFound:
            return web.Response(status=204)

    return handle


def _add_wheel(app: web.Application, config: ServerConfig) -> None:
    wheel = config.wheel
    if wheel is not None and not wheel.is_file():
        raise ValueError(f"the wheel {str(wheel)!r} does not exist")

    async def where(_: web.Request) -> web.Response:
        if wheel is None:
            return web.json_response({"error": "the server was started without --wheel"}, status=404)
        where = {"name": wheel.name, "url": f"/wheel/{wheel.name}"}
        return web.json_response(where, headers={"Cache-Control": "no-cache"})

    async def serve(request: web.Request) -> web.StreamResponse:
        if wheel is None or request.match_info["name"] != wheel.name:
            raise web.HTTPNotFound(text=f"there is no {request.path}\n")
        return file_response(wheel)

    app.router.add_get("/wheel.json", where)
    app.router.add_get("/wheel/{name:[^/]*}", serve)


def _host_check(gatekeeper: Gatekeeper) -> Callable[..., Awaitable[web.StreamResponse]]:
    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not gatekeeper.knows_host(request.headers.get("Host", "")):
            return web.Response(status=403, text="this server does not know that host: see --allow-origin\n")
        return await handler(request)

    return check


def _stomp_handler(
    endpoint: Endpoint, sessions: Sessions, gatekeeper: Gatekeeper
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        headers = request.headers
        if not gatekeeper.admits_origin(headers.get("Origin"), headers.get("Host", "")):
            raise web.HTTPForbidden(text="pages of that origin may not use this server: see --allow-origin\n")
        if headers.get("Upgrade", "").lower() != "websocket":
            raise web.HTTPUpgradeRequired(
                text="this is a STOMP end point: open it as a WebSocket\n", headers={"Upgrade": "websocket"}
            )
        asked = headers.get("Sec-WebSocket-Protocol", "")
        socket = open_socket(asked, endpoint.max_frame_size, endpoint.close_timeout)
        transport = request.transport
        await socket.prepare(request)
        if transport is not None:
            await sessions.run(socket, transport)
        return socket

    return handle
