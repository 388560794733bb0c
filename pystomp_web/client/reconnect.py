"""How to connect: one attempt, with its fall-backs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..brokers import Broker
from ..errors import ConnectError, ConnectRejected, ConnectTimeout, StompError
from ..protocol import Limits
from ..protocol.version import RULES
from ..transport.base import Transport
from .alarm import Alarm
from .compose import headers_of
from .connection import Connection
from .url import host_of, resolve

if TYPE_CHECKING:
    from ..protocol import Version
    from .connection import Owner

#: What Stilts and TorqueBox, which take no list, open with; all others do too.
SINGLE_SUBPROTOCOL = ("v11.stomp",)
SUBPROTOCOLS = ("v12.stomp", "v11.stomp", "v10.stomp")
#: A refused CONNECT that is followed by one of these within a second is a gateway's whose broker is away.
GATEWAY_CODES = range(1011, 1015)
GATEWAY_WAIT = 1.0


class Settings(NamedTuple):
    """What one attempt goes by, checked.

    Attributes:
        login, passcode, headers: for CONNECT.
        host: for CONNECT; None: the URL's.
        broker: the row that was named, or None.
        credentials: asked before every WebSocket that is opened, or None.
        versions, subprotocols, heartbeats, tolerance, timeout, max_message, limits: as in connect().
        subprotocols: None: the usual ones, and one alone where these do not open.
        transport: makes the Transport.
    """

    login: str | None
    passcode: str | None
    headers: Mapping[str, Any] | None
    host: str | None
    broker: Broker | None
    credentials: Callable[[int], Awaitable[Mapping[str, Any]]] | None
    versions: tuple[Version, ...]
    subprotocols: tuple[str, ...] | None
    heartbeats: tuple[float, float]
    tolerance: float
    timeout: float
    max_message: int | None
    limits: Limits
    transport: Callable[[str, Sequence[str]], Transport]

    def __repr__(self) -> str:
        return "<Settings>"  # they hold secrets


class _Way(NamedTuple):
    """How a URL is tried."""

    subprotocols: tuple[str, ...]
    with_host: bool


class Connector:
    """Makes attempts. What worked is remembered per URL.

    Attributes:
        target: the URL that was tried last: `credentials` may name another than the one that was asked for.
    """

    def __init__(self, settings: Settings, owner: Owner, alarm: Alarm) -> None:
        self._settings = settings
        self._owner = owner
        self._alarm = alarm
        self._ways: dict[str, _Way] = {}
        self._secrets: tuple[str, ...] = ()
        self.target = ""

    async def attempt(self, url: str, number: int, *, limit: float) -> Connection:
        """One attempt: one URL, with its fall-backs, within connect_timeout.

        Args:
            url: absolute.
            number: counts from 1, for `credentials`.
            limit: seconds, where less than connect_timeout is left.

        Raises:
            ConnectTimeout: it took too long.
            StompError: of the last WebSocket that was tried.
        """
        timeout = min(self._settings.timeout, limit)
        started = time.monotonic()
        self.target = url
        connecting: list[Connection] = []
        try:
            async with self._alarm.timeout(timeout):
                return await self._try_ways(url, number, connecting)
        except ConnectRejected as rejection:
            self._ways.pop(url, None)
            code = await connecting[-1].close_code_within(GATEWAY_WAIT)
            raise _explained(rejection, code, self._secrets) from None
        except TimeoutError as error:
            if isinstance(error, StompError):
                raise
            opened = bool(connecting) and connecting[-1].opened
            stage = "the WebSocket opened, but no CONNECTED came" if opened else "the WebSocket did not open"
            timed_out = ConnectTimeout(f"{stage} within {time.monotonic() - started:.1f} s")
            timed_out.unopened = not opened
            raise timed_out from None

    async def _try_ways(self, url: str, number: int, connecting: list[Connection]) -> Connection:
        settings = self._settings
        usual = settings.subprotocols is None
        first = settings.subprotocols if settings.subprotocols is not None else self._usual_subprotocols()
        way = self._ways.get(url, _Way(first, True))
        while True:
            target, headers = await self._login(url, number)
            self.target = target
            host = (settings.host if settings.host is not None else host_of(target)) if way.with_host else None
            connection = Connection(
                settings.transport(target, way.subprotocols),
                self._owner,
                self._alarm,
                versions=settings.versions,
                heartbeats=settings.heartbeats,
                tolerance=settings.tolerance,
                limits=settings.limits,
                broker=settings.broker,
                max_message=settings.max_message,
            )
            connecting.append(connection)
            if settings.broker is not None and settings.broker.connect_escaped:
                headers = [(name, _escaped(value)) for name, value in headers]
            try:
                await connection.open(headers, host)
            except ConnectRejected as rejection:
                if settings.host is None and host is not None and _names_host(rejection, host):
                    connection.drop()
                    way = way._replace(with_host=False)
                    continue
                raise
            except ConnectError as error:
                error.unopened = not connection.opened
                if error.unopened and usual and way.subprotocols != SINGLE_SUBPROTOCOL:
                    way = way._replace(subprotocols=SINGLE_SUBPROTOCOL)
                    continue
                raise
            self._ways[url] = way
            return connection

    def _usual_subprotocols(self) -> tuple[str, ...]:
        broker = self._settings.broker
        return broker.subprotocols if broker is not None and broker.subprotocols is not None else SUBPROTOCOLS

    async def _login(self, url: str, number: int) -> tuple[str, list[tuple[str, str]]]:
        """The URL and CONNECT's own headers for one WebSocket."""
        settings = self._settings
        login, passcode, headers = settings.login, settings.passcode, settings.headers
        if settings.credentials is not None:
            try:
                given = await _ask(settings.credentials, number)
            except (asyncio.CancelledError, StompError):
                raise
            except Exception as error:
                raise ConnectError(f"credentials() failed: {type(error).__name__}") from error
            unknown = set(given) - {"url", "login", "passcode", "headers"}
            if unknown:
                raise ValueError(f"credentials() may give url, login, passcode and headers, not {sorted(unknown)}")
            url = resolve(given["url"]) if "url" in given else url
            login, passcode = given.get("login", login), given.get("passcode", passcode)
            headers = given.get("headers", headers)
        pairs = connect_headers(login, passcode, headers)
        self._secrets = tuple(value for value in (login, passcode) if value)
        return url, pairs


async def _ask(credentials: Callable[[int], Any], number: int) -> Mapping[str, Any]:
    """What the caller's function gives; it may be a JavaScript one."""
    given = credentials(number)
    if hasattr(given, "__await__"):
        given = await given
    if hasattr(given, "to_py"):
        given = given.to_py()
    return given or {}


def connect_headers(
    login: str | None, passcode: str | None, headers: Mapping[str, Any] | None, host: str | None = None
) -> list[tuple[str, str]]:
    """CONNECT's own headers, checked before a socket is used; `host`, where one is given, is only checked.

    Raises:
        TypeError, ValueError: not a str, a header that the client sets, or one that CONNECT, which has no escapes,
            can't say.
    """
    pairs = []
    for name, value in (("host", host), ("login", login), ("passcode", passcode)):
        if value is not None:
            if not isinstance(value, str):
                raise TypeError(f"{name} is a str, not {type(value).__name__}")
            pairs.append((name, value))
    pairs += headers_of("CONNECT", headers)
    for name, value in pairs:
        if any(char in name + value for char in "\r\n\0") or ":" in name or not name:
            raise ValueError(
                f"the CONNECT header {name[:64]!r} holds CR, LF, NUL or, in its name, a colon: CONNECT can't say that"
            )
    return pairs if host is None else pairs[1:]


def _names_host(rejection: ConnectRejected, host: str) -> bool:
    frame = rejection.frame
    text = f"{frame.headers.get('message', '')} {frame.body.decode('utf-8', 'replace')}".lower()
    return host.lower() in text or "virtual host" in text


def _escaped(value: str) -> str:
    return "".join([RULES["1.2"].escapes.get(char, char) for char in value])


def _explained(rejection: ConnectRejected, code: int | None, secrets: tuple[str, ...]) -> ConnectRejected:
    """The rejection with what may help, and whether it may pass."""
    text = rejection.args[0]
    if any("\\" in value for value in secrets):
        text += (
            "; the login or passcode holds a backslash, which RabbitMQ and ActiveMQ take for an escape in CONNECT, "
            "against the specification: name the broker with broker='rabbitmq' or broker='activemq'"
        )
    error = ConnectRejected(text, rejection.frame)
    error.transient = code in GATEWAY_CODES
    return error
