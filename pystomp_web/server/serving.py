"""The server as a context: what `python -m pystomp_web.server` and tests start."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from .app import BROKER, STOMP_PATH, create_app
from .demo import Demo
from .tcp import TcpListener
from .words import why

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .broker import Broker
    from .config import ServerConfig


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that listens.

    Attributes:
        host: as configured.
        port: the port in use.
        tcp_port: the port for plain TCP, or None.
        broker: the embedded broker, or None behind a gateway.
    """

    host: str
    port: int
    tcp_port: int | None
    broker: Broker | None

    @property
    def url(self) -> str:
        """Where the pages are, without a slash at the end."""
        return f"http://{bracketed(self.host)}:{self.port}"

    @property
    def socket_url(self) -> str:
        """Where the WebSocket is."""
        return f"ws://{bracketed(self.host)}:{self.port}{STOMP_PATH}"


@asynccontextmanager
async def serving(config: ServerConfig, *, broker: Broker | None = None) -> AsyncIterator[Serving]:
    """Serve for as long as the context lasts; on leaving, open sockets are closed with 1001.

    Raises:
        ValueError: the configuration makes no sense.
        OSError: the address can't be listened on; its `strerror` says which, and why.
    """
    app = create_app(config, broker=broker)
    embedded = app.get(BROKER)
    if config.tcp_port is not None and embedded is None:
        raise ValueError("a TCP port is for the embedded broker only")
    if config.demo is not None and embedded is None:
        raise ValueError("the demo is for the embedded broker only")
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=config.limits.close_timeout + 1)
    await runner.setup()
    listener: TcpListener | None = None
    demo = None if config.demo is None or embedded is None else Demo(embedded, config.demo)
    try:
        with _in_words(config.host, config.port):
            await web.TCPSite(runner, config.host, config.port).start()
        if config.tcp_port is not None and embedded is not None:
            listener = TcpListener(embedded)
            with _in_words(config.host, config.tcp_port):
                await listener.listen(config.host, config.tcp_port)
        if demo is not None:
            demo.start()
        port = runner.addresses[0][1]
        yield Serving(config.host, port, None if listener is None else listener.port, embedded)
    finally:
        if demo is not None:
            await demo.stop()
        if listener is not None:
            await listener.close()
        await runner.cleanup()


@contextmanager
def _in_words(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, f"can't listen on {bracketed(host)}:{port}: {why(error)}") from error


def bracketed(host: str) -> str:
    """The host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
