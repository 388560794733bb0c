"""connect() and Client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..protocol import Frame, Limits, Version
from ..transport.base import Transport
from .backoff import Backoff
from .compose import send_frame
from .state import State, Stats

if TYPE_CHECKING:
    from .message import Message
    from .subscription import Subscription
    from .transaction import Transaction

_BACKOFF = Backoff()
_LIMITS = Limits()


class Client:
    """A STOMP client that reconnects by itself and is usable at once, connected or not.

    `start()` it and go on; or use `connect()`, which waits until it is connected.

    Args:
        url: `ws://` or `wss://`; in a page also relative or http(s), resolved against the page; or several, tried in
            turn.
        login, passcode, headers: for CONNECT.
        host: for CONNECT; None: the URL's host name, or none where the broker knows no such virtual host.
        broker: a name in `pystomp_web.brokers`, when it must be known before CONNECTED; None: it is recognised.
        credentials: async (attempt) -> dict of url, login, passcode, headers to use; asked before every WebSocket.
        versions: of STOMP, to offer.
        subprotocols: to ask for in the handshake; () asks for none; None: v12.stomp, v11.stomp, v10.stomp, and where
            these do not open v11.stomp alone.
        heartbeat: seconds: (we send, we want); 0 is off.
        heartbeat_tolerance: the peer is dead after this many of its intervals in silence.
        connect_timeout: seconds for one attempt, from open to CONNECTED.
        receipt_timeout: seconds, where a call that waits for a receipt or a reply gives none.
        reconnect: the delays between attempts; None: do not reconnect.
        outbox: how many sends are kept while they cannot be written; 0 refuses them.
        max_message_size: split a frame over WebSocket messages of at most this many octets; None: by the broker.
        limits: of what is received.
        transport: (url, subprotocols) -> Transport; None: the platform's.

    Raises:
        ValueError, TypeError: an option is not what it must be.
    """

    def __init__(
        self,
        url: str | Sequence[str],
        *,
        login: str | None = None,
        passcode: str | None = None,
        headers: Mapping[str, Any] | None = None,
        host: str | None = None,
        broker: str | None = None,
        credentials: Callable[[int], Awaitable[Mapping[str, Any]]] | None = None,
        versions: Sequence[str] = ("1.2", "1.1", "1.0"),
        subprotocols: Sequence[str] | None = None,
        heartbeat: tuple[float, float] = (10.0, 10.0),
        heartbeat_tolerance: float = 2.0,
        connect_timeout: float = 10.0,
        receipt_timeout: float = 30.0,
        reconnect: Backoff | None = _BACKOFF,
        outbox: int = 1000,
        max_message_size: int | None = None,
        limits: Limits = _LIMITS,
        transport: Callable[[str, Sequence[str]], Transport] | None = None,
    ) -> None:
        # Imported when the first client is made: a page that imports the package has its first words sooner.
        from .. import brokers
        from . import platform
        from .engine import Engine
        from .reconnect import Settings, connect_headers
        from .url import resolve

        urls = [resolve(each) for each in ([url] if isinstance(url, str) else url)]
        if not urls:
            raise ValueError("give at least one URL")
        connect_headers(login, passcode, headers, host)
        offered = tuple(sorted({Version(version) for version in versions}))
        if not offered:
            raise ValueError("versions= is empty: offer at least one of '1.0', '1.1' and '1.2'")
        _check_numbers(heartbeat, heartbeat_tolerance, connect_timeout, receipt_timeout, outbox, max_message_size)
        settings = Settings(
            login=login,
            passcode=passcode,
            headers=None if headers is None else dict(headers),
            host=host,
            broker=None if broker is None else brokers.named(broker),
            credentials=credentials,
            versions=offered,
            subprotocols=None if subprotocols is None else tuple(subprotocols),
            heartbeats=(float(heartbeat[0]), float(heartbeat[1])),
            tolerance=heartbeat_tolerance,
            timeout=connect_timeout,
            max_message=max_message_size,
            limits=limits,
            transport=transport or platform.transport,
        )
        self._engine = Engine(urls, settings, backoff=reconnect, outbox=outbox, receipt_timeout=receipt_timeout)
        self._write_text = self._engine.sender.write_text  # looked up once, for each send

    def start(self) -> None:
        """Begin to connect, and keep at it; returns at once. More than once is fine.

        Raises:
            ClientClosed: it was closed: make another.
        """
        self._engine.start()

    async def close(self, timeout: float = 5.0) -> None:
        """Send what waits, say DISCONNECT, and end; never raises, and more than once is fine ("DISCONNECT").

        Args:
            timeout: seconds for all of it. What could not be delivered by then is counted in `stats.dropped` and
                logged.
        """
        await self._engine.close(timeout)

    async def wait_closed(self) -> None:
        """Until the client is closed.

        Raises:
            StompError: the final error, when it was not `close()` that ended it.
        """
        await self._engine.wait_closed()

    def reconnect_now(self) -> None:
        """Make the next attempt at once; a connection that seems open is given up first: you know that it is dead."""
        self._engine.reconnect_now()

    async def __aenter__(self) -> Self:
        await self._engine.start_and_wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # Receiving.

    def subscribe(
        self,
        destination: str,
        callback: Callable[[Message], Any] | None = None,
        *,
        id: str | None = None,
        ack: str = "auto",
        headers: Mapping[str, Any] | None = None,
        maxsize: int = 10_000,
        overflow: str = "error",
        concurrency: int = 1,
        restore: bool = True,
    ) -> Subscription:
        """Subscribe now, or as soon as connected; returns at once ("SUBSCRIBE").

        Args:
            destination: as the broker names it.
            callback: takes each Message, in order: a plain, async or JavaScript function. None: iterate the
                Subscription.
            id: of the subscription; None: one is made.
            ack: "auto", "client" (an ACK holds for all earlier ones too) or "client-individual".
            headers: more headers for SUBSCRIBE, such as a selector.
            maxsize: messages that may wait to be taken.
            overflow: what happens when more come: "error" (SlowConsumer, once, where they are missing), "drop-oldest"
                or "drop-newest", both for ack="auto" only.
            concurrency: how many calls of an async callback may run at a time.
            restore: whether it is subscribed again after a reconnect; otherwise it ends with the connection.

        Raises:
            ValueError, TypeError: an argument is not what it must be, or the id is in use.
            ProtocolError: no version that is offered can say that.
            ClientClosed: the client is closed.
        """
        return self._engine.subscribe(
            destination,
            callback,
            id=id,
            ack=ack,
            headers=headers,
            maxsize=maxsize,
            overflow=overflow,
            concurrency=concurrency,
            restore=restore,
        )

    # Sending.

    async def send(
        self,
        destination: str,
        body: Any = b"",
        *,
        headers: Mapping[str, Any] | None = None,
        content_type: str | None = None,
        content_length: bool = True,
        receipt: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Send a message ("SEND").

        Without `receipt` it returns once the frame is with the transport or, while not connected, in the outbox; with
        it when the broker's RECEIPT came. It waits while the outbox drains or the socket takes no more, and after each
        64 KiB for a turn of the loop. A cancelled call takes the frame back if it was not yet written.

        Args:
            destination: as the broker names it.
            body: str, bytes-like, a JavaScript value, or anything that JSON takes, which is sent as application/json.
            headers: more headers; numbers and booleans are written as text.
            content_type: None: application/json for JSON, application/octet-stream for bytes that are not UTF-8.
            content_length: whether to send content-length; ActiveMQ makes a text message of one without.
            receipt: wait for the broker to confirm.
            timeout: seconds to wait for that; None: the client's receipt_timeout.

        Raises:
            ValueError, TypeError: an argument is not what it must be.
            ProtocolError, FrameTooLarge: it can't be said, or this broker can't take it.
            OutboxFull: not connected, and the outbox has no room.
            ConnectionLost: with `receipt`: the connection ended, and the message may have arrived.
            BrokerError, ReceiptTimeout: with `receipt`.
            ClientClosed: the client is closed.
        """
        engine = self._engine
        sender = engine.sender
        short = headers is None is content_type and (
            await sender.write_text_and_wait(destination, body, content_length, timeout)
            if receipt
            else self._write_text(destination, body, content_length)
        )
        if not short:
            frame = send_frame(destination, body, headers, content_type)
            if receipt or engine.closing or not sender.write_at_once(frame, content_length=content_length):
                await engine.write(frame, content_length=content_length, receipt=receipt, timeout=timeout)
                return
        if sender.connection is not None and sender.connection.unasked <= 0:
            await asyncio.sleep(0)  # a loop of sends leaves room for others, the socket's own work among them

    def send_nowait(
        self,
        destination: str,
        body: Any = b"",
        *,
        headers: Mapping[str, Any] | None = None,
        content_type: str | None = None,
        content_length: bool = True,
    ) -> None:
        """`send` from a plain function, such as an event handler: what cannot be written now is kept in the outbox.

        Raises:
            OutboxFull: the outbox has no room.
            ValueError, TypeError, ProtocolError, ClientClosed: as `send`.
        """
        if headers is None is content_type and self._write_text(destination, body, content_length):
            return
        engine = self._engine
        frame = send_frame(destination, body, headers, content_type)
        if engine.closing or not engine.sender.write_at_once(frame, content_length=content_length):
            engine.write_nowait(frame, content_length=content_length)

    def transaction(self, *, receipt: bool = False, timeout: float | None = None) -> Transaction:
        """`async with client.transaction() as tx:` - sends and acknowledgements that happen together ("BEGIN").

        Args:
            receipt: whether the COMMIT waits for the broker's RECEIPT.
            timeout: seconds to wait for it; None: the client's receipt_timeout.
        """
        from .transaction import Transaction

        return Transaction(self._engine, self._engine.new_id("tx"), receipt=receipt, timeout=timeout)

    async def request(
        self,
        destination: str,
        body: Any = b"",
        *,
        reply_to: str | None = None,
        headers: Mapping[str, Any] | None = None,
        content_type: str | None = None,
        timeout: float | None = None,
    ) -> Message:
        """Send a message and wait for the one that answers it.

        The request carries `reply-to` and `correlation-id`; who answers sends to the first and gives the second back.

        Args:
            reply_to: where the answer goes; None: a temporary destination, by the broker.
            timeout: seconds; None: the client's receipt_timeout.

        Raises:
            ReceiptTimeout: no reply in time.
            ConnectionLost: the connection ended before the reply came.
            ValueError: this broker has no temporary destinations: give reply_to.
        """
        seconds = self._engine.receipt_timeout if timeout is None else timeout
        return await self._engine.requests.request(
            destination, body, reply_to=reply_to, headers=headers, content_type=content_type, timeout=seconds
        )

    # What it tells.

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._engine.state

    @property
    def version(self) -> Version | None:
        """The negotiated version; None while there is no connection."""
        link = self._engine.link
        return link.session.version if link is not None else None

    @property
    def heartbeat(self) -> tuple[float, float]:
        """The agreed beats, in seconds: (we send every, the broker sends every); 0 is none, or no connection."""
        link = self._engine.link
        return (0.0, 0.0) if link is None else (link.session.heartbeat.send_every, link.session.heartbeat.expect_every)

    @property
    def server(self) -> str | None:
        """CONNECTED's `server`, of the newest connection."""
        latest = self._engine.latest
        return latest.session.server if latest is not None else None

    @property
    def session_id(self) -> str | None:
        """CONNECTED's `session`, of the newest connection."""
        latest = self._engine.latest
        return latest.session.session_id if latest is not None else None

    @property
    def url(self) -> str:
        """The URL in use, or being tried."""
        return self._engine.url

    @property
    def stats(self) -> Stats:
        """A snapshot of the counters."""
        engine = self._engine
        return Stats(
            frames_in=engine.frames_in,
            frames_out=engine.frames_out + engine.sender.texts,
            bytes_in=engine.bytes_in,
            bytes_out=engine.bytes_out,
            messages=engine.messages,
            reconnects=max(0, engine.connections - 1),
            dropped=engine.dropped_messages + engine.sender.dropped,
            last_error=engine.last_error,
            round_trip=engine.sender.receipts.round_trip,
        )

    def on_state(self, callback: Callable[[State, BaseException | None], Any]) -> Callable[[], None]:
        """Be told of each new state and, where one led to it, the error. Returns a function that takes it back."""
        return self._engine.observers.states.add(callback)

    def on_frame(self, callback: Callable[[str, Frame], Any]) -> Callable[[], None]:
        """See each frame once: ("in" or "out", the frame, secrets masked). Returns a function that takes it back."""
        return self._engine.observers.frames.add(callback)

    def on_unhandled(self, callback: Callable[[Any], Any]) -> Callable[[], None]:
        """Take what nobody else does: a Frame, a Message, or an exception. Returns a function that takes it back."""
        return self._engine.observers.unhandled.add(callback)

    def __repr__(self) -> str:
        count = len(self._engine.subscriptions)
        return f"<Client {self.url.partition('?')[0]} {self.state}, {count} subscription{'' if count == 1 else 's'}>"


class _Connecting:
    """What connect() returns: await it for a connected Client, or use it as an async context manager."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __await__(self) -> Generator[Any, None, Client]:
        return self._client.__aenter__().__await__()

    async def __aenter__(self) -> Client:
        return await self._client.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()


def connect(url: str | Sequence[str], **options: Any) -> _Connecting:
    """Connect and wait for it: await what this returns, or use it in `async with`, which also closes the client.

    See `Client` for the options.

    Raises:
        ValueError, TypeError: at once: an option is not what it must be.
        ConnectRejected, VersionMismatch: when awaited: the broker does not want this login, or these versions.
        ConnectError, ProtocolError: when awaited: nothing came of it for connect_timeout times the number of URLs.
    """
    return _Connecting(Client(url, **options))


def _check_numbers(  # noqa: PLR0917 - in the order of the options
    heartbeat: tuple[float, float],
    tolerance: float,
    connect_timeout: float,
    receipt_timeout: float,
    outbox: int,
    max_message_size: int | None,
) -> None:
    send, want = heartbeat
    if not (send >= 0 and want >= 0 and tolerance >= 1):
        raise ValueError("heartbeat= is two numbers of seconds, 0 being off, and heartbeat_tolerance= is at least 1")
    if connect_timeout <= 0 or receipt_timeout <= 0:
        raise ValueError("connect_timeout= and receipt_timeout= are more than 0 seconds")
    if outbox < 0 or (max_message_size is not None and max_message_size < 4):
        raise ValueError("outbox= is at least 0, and max_message_size= at least 4 octets")
