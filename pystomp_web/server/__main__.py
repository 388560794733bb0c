"""`python -m pystomp_web.server`: pages, an embedded broker or a gateway, on one origin."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .config import ServerConfig
from .demo import DEFAULT_RATE, checked_rate
from .serving import Serving, bracketed, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSCODE_VARIABLE = "PYSTOMP_PASSCODE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM comes.

    Returns:
        The exit code: 0 when it was stopped, 1 when it could not start.
    """
    parser = _parser()
    config = _config(parser, parser.parse_args(arguments))
    try:
        asyncio.run(_serve(config))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{parser.prog}: {getattr(error, 'strerror', None) or error}\n")
        return 1
    return 0


async def _serve(config: ServerConfig) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    # Not loop.add_signal_handler: Windows has none.
    before = {
        number: signal.signal(number, lambda *_: void(loop.call_soon_threadsafe(stop.set)))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        async with serving(config) as server:
            sys.stdout.write(f"{_address_line(config, server)}\n")
            sys.stdout.flush()
            await stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _address_line(config: ServerConfig, server: Serving) -> str:
    plain = "" if server.tcp_port is None else f" and tcp://{bracketed(server.host)}:{server.tcp_port}"
    return f"serving {server.url}/ with STOMP at {server.socket_url}{plain} ({config.broker} broker)"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pystomp_web.server",
        description="Serves pages and STOMP over WebSocket on one origin. For development and tests.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=_port, default=8080, help="port; 0 is a free one (%(default)s)")
    add("--root", type=Path, default=Path("web"), help="folder of the pages (%(default)s)")
    add("--pyodide", type=Path, metavar="DIR", help="folder served at /pyodide/")
    add("--vendor", type=Path, metavar="DIR", help="folder served at /vendor/: what the pages use of others")
    add("--wheel", type=Path, metavar="FILE", help="wheel served at /wheel/ and named by /wheel.json")
    add("--broker", default="embedded", metavar="BROKER", help="tcp://HOST:PORT for the gateway (%(default)s)")
    add("--vhost", metavar="NAME", help="the gateway sets CONNECT's host to this")
    add(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="another origin whose pages may connect, such as http://example.com:8000; can be repeated",
    )
    add(
        "--connect",
        action="append",
        default=[],
        metavar="WS",
        help="a broker elsewhere that the pages may connect to, such as ws://127.0.0.1:15674; can be repeated",
    )
    add("--login", help="who may connect to the embedded broker (everybody)")
    add("--passcode", help=f"that login's passcode; better given in the environment as {PASSCODE_VARIABLE}")
    add("--tcp-port", type=_port, metavar="PORT", help="the embedded broker also takes plain TCP here")
    add(
        "--demo",
        nargs="?",
        type=_rate,
        const=DEFAULT_RATE,
        metavar="RATE",
        help=f"the embedded broker publishes prices, sensors and a log: RATE messages a second ({DEFAULT_RATE})",
    )
    return parser


def _config(parser: argparse.ArgumentParser, given: argparse.Namespace) -> ServerConfig:
    passcode = given.passcode if given.passcode is not None else os.environ.get(PASSCODE_VARIABLE)
    embedded = given.broker == "embedded"
    for wrong, message in (
        (given.login is not None and passcode is None, f"--login needs --passcode or {PASSCODE_VARIABLE}"),
        (given.login is None and given.passcode is not None, "--passcode needs --login"),
        (given.login is not None and not embedded, "--login is for the embedded broker: another one asks by itself"),
        (given.tcp_port is not None and not embedded, "--tcp-port is for the embedded broker"),
        (given.demo is not None and not embedded, "--demo is for the embedded broker"),
        (given.vhost is not None and embedded, "--vhost is for the gateway: give --broker tcp://HOST:PORT"),
    ):
        if wrong:
            parser.error(message)
    return ServerConfig(
        host=given.host,
        port=given.port,
        root=given.root,
        pyodide=given.pyodide,
        vendor=given.vendor,
        wheel=given.wheel,
        broker=given.broker,
        vhost=given.vhost,
        connect=tuple(given.connect),
        allow_origins=tuple(given.allow_origin),
        login=given.login,
        passcode=None if given.login is None else passcode,
        tcp_port=given.tcp_port,
        demo=given.demo,
    )


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return number


def _rate(text: str) -> float:
    try:
        return checked_rate(float(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no number of messages a second") from None


def void(_: object) -> None:
    """Drop a result."""


if __name__ == "__main__":
    sys.exit(main())
