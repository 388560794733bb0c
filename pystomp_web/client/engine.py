"""A client's inner works: one connection after another, and what of a client outlives them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ..brokers import SPECIFICATION, Broker
from ..errors import (
    BrokerError,
    ClientClosed,
    ConnectionLost,
    StaleMessage,
    StompError,
)
from ..protocol import Frame
from ..protocol.frame import subscription_of
from . import platform
from .alarm import Alarm
from .attempts import Attempts
from .backoff import Backoff
from .compose import ACK_MODES, check_sayable, destination_of, headers_of
from .connection import Connection, error_text
from .message import Message, mark_settled, settling_frame, unmark_settled
from .observers import Observers
from .outbox import Entry
from .reconnect import Settings
from .requests import Requests
from .sending import Sender
from .state import State
from .subscription import OVERFLOWS, Subscription
from .subscriptions import Subscriptions

logger = logging.getLogger("pystomp_web")


class Engine:
    """Connects and reconnects, hands out what comes in, and ends.

    Args:
        urls: absolute; failover in turn.
        settings: of each attempt.
        backoff: the delays; None: no reconnecting.
        outbox: its bound.
        receipt_timeout: seconds.

    Attributes:
        link: the connection that is open, its subscriptions restored or not; None.
        latest: the newest that was open.
        state: where the client stands.
        closing: whether close() was called.
        finished: whether it is closed.
        final_error: why, when it was not by close().
    """

    def __init__(
        self, urls: list[str], settings: Settings, *, backoff: Backoff | None, outbox: int, receipt_timeout: float
    ) -> None:
        self.alarm = Alarm(platform.timer())
        self.observers = Observers()
        self.sender = Sender(
            self.alarm,
            bound=outbox,
            versions=settings.versions,
            receipt_timeout=receipt_timeout,
            on_undeliverable=self.observers.nobody,
            watchers=self.observers.frames.registered,
        )
        self.subscriptions = Subscriptions(self)
        self.requests = Requests(self)
        self.receipt_timeout = receipt_timeout
        self.link: Connection | None = None
        self.latest: Connection | None = None
        self.state = State.WAITING
        self.closing = False
        self.finished = False
        self.final_error: BaseException | None = None
        self.last_error: BaseException | None = None
        self.frames_in = self.frames_out = self.messages = 0
        self.connections = 0
        self.to_wake: list[Callable[[], None]] = []  # each wakes whoever waits for what came in this batch
        self.dropped_messages = 0
        self._bytes_in = self._bytes_out = 0  # of connections that have ended
        self._settings = settings
        self._backoff = backoff
        self._attempts = Attempts(self, urls, settings, backoff)
        # Of the way of each message: looked up once.
        self._by_id = self.subscriptions.by_id
        self._frame_callbacks = self.observers.frames.registered
        self._runner: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._lost: asyncio.Future[ConnectionLost] | None = None
        self._connected_waiters: list[asyncio.Future[None]] = []
        self._closed_waiters: list[asyncio.Future[None]] = []
        self._ids = 0
        self._forget_page: Callable[[], None] | None = None

    # Connecting, and connecting again.

    def start(self) -> None:
        """Begin; more than once is fine.

        Raises:
            ClientClosed: it has ended.
        """
        if self.finished or self.closing:
            raise ClientClosed("a closed client is not started again: make another")
        if self._runner is None:
            self._forget_page = platform.watch_page(self.check)
            self._runner = self._attempts.start()

    async def start_and_wait(self) -> None:
        """Begin, and wait until connected; where that fails for connect_timeout times the number of URLs, end.

        Raises:
            StompError: the last failure.
        """
        if self.link is None:
            self._attempts.limit()
        self.start()
        try:
            await self.until_connected()
        except BaseException:
            await self.close(0)
            raise

    async def live(self, connection: Connection) -> ConnectionLost:
        """Use a connection until it ends; why it did."""
        self.link = self.latest = connection
        lost = self._lost = asyncio.get_running_loop().create_future()
        epoch = self.sender.begin()
        broker = connection.broker
        if broker.idle_kill is not None and not connection.session.heartbeat.send_every:
            logger.warning(
                "%s ends a connection on which the client is silent for %g s, and no beats of ours are agreed: "
                "set heartbeat=(10, 10)",
                broker.name,
                broker.idle_kill,
            )
        await self.subscriptions.restore(connection, epoch, lost)
        if not connection.over:
            self.connections += 1
            self.sender.ready(connection)
            self.set_state(State.CONNECTED)
            for waiter in self._connected_waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._connected_waiters.clear()
        reason: ConnectionLost = await lost
        return reason

    def reconnect_now(self) -> None:
        """As `Client.reconnect_now`."""
        if self.link is not None and not self.closing:
            self.link.end(ConnectionLost("reconnect_now() was called", code=1000))
        self._attempts.hurry()

    def check(self) -> None:
        """The page is seen again, or the network is back: look at once for what is due."""
        self.alarm.check()
        if self.link is not None:
            self.link.beat_now()  # shows a dead socket to the network
        else:
            self._attempts.hurry()

    async def until_connected(self) -> None:
        """Until frames can be written.

        Raises:
            StompError: the final failure, or ClientClosed: that will not be.
        """
        if self.closing or self.finished:
            raise self.final_error or ClientClosed("the client is closed")
        if self.sender.connection is None:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._connected_waiters.append(waiter)
            await waiter

    # What a connection reports.

    def _on_frame(self, frame: Frame) -> bool:
        self.frames_in += 1
        if self._frame_callbacks:
            self.observers.frame("in", frame)
        if frame.command == "MESSAGE":
            self.messages += 1
            subscription = self._by_id.get(frame._subscription or subscription_of(frame))
            if subscription is None:
                return self._on_stray(frame)
            return subscription._deliver(frame, self.sender.epoch)
        if frame.command == "RECEIPT":
            id = frame.headers.get("receipt-id", "")
            receipt = self.sender.receipts.received(id)
            if receipt is not None:
                self.to_wake.append(receipt.future.wake)
            elif not self.sender.receipts.is_ours(id):
                self.observers.nobody(frame)
        else:
            self._on_error(frame)
        return False

    def _on_batch(self) -> None:
        if self.to_wake:
            waking, self.to_wake = self.to_wake, []
            for wake in waking:
                wake()

    def _on_stray(self, frame: Frame) -> bool:
        """A MESSAGE whose `subscription` is none of ours."""
        id = frame.headers.get("subscription")
        if id is None:
            subscription = self.subscriptions.by_destination(frame.headers.get("destination"))
            if subscription is not None:
                return subscription._deliver(frame, self.sender.epoch)
        if not self.requests.take(frame) and not self.subscriptions.is_gone(id):
            self.observers.nobody(Message(frame, None, self.sender.epoch, 0))
        return False

    def _on_error(self, frame: Frame) -> None:
        error = BrokerError(f"the broker sent ERROR: {error_text(frame)}", frame)
        self.last_error = error
        receipts = self.sender.receipts
        named = receipts.get(error.receipt_id) is not None
        if named:
            receipts.fail(error.receipt_id or "", error)
        blamed = named or self.subscriptions.blame_for(error, self.sender.epoch)
        link = self.link
        if link is not None and link.broker.error_ends:
            lost = ConnectionLost(f"the connection was given up after an ERROR: {error_text(frame)}", code=1000)
            lost.__cause__ = error
            lost._blamed = blamed
            link.end(lost)
        elif not blamed:
            logger.error("%s", error)
            self.observers.nobody(error)

    def _on_traffic(self, direction: str, frame: Frame) -> None:
        if direction == "out":
            self.frames_out += 1
        else:
            self.frames_in += 1
        if self._frame_callbacks:
            self.observers.frame(direction, frame)

    def _on_end(self, connection: Connection, error: ConnectionLost) -> None:
        if connection is not self.link:
            return
        self._forget_link()
        cause = error.__cause__ or error
        if not self.closing:
            self.last_error = cause
            self.subscriptions.blame(error, self.sender.epoch)

        def lost() -> ConnectionLost:
            # Each call gets its own: an exception that is raised twice would mix the tracebacks.
            copy = type(error)(str(error), code=error.code, reason=error.reason, clean=error.clean)
            copy.__cause__ = error.__cause__
            return copy

        self.sender.lost(lost)
        self.requests.fail(lost)
        if not self.closing:
            self.subscriptions.end_with_connection(error)
        if self._backoff is not None:
            self.set_state(State.WAITING, cause)
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(error)

    def _forget_link(self) -> None:
        link, self.link = self.link, None
        if link is not None:
            self._bytes_in += link.bytes_in
            self._bytes_out += link.bytes_out

    # What a client asks for.

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
        """As `Client.subscribe`."""
        self._check_open()
        if callback is not None and not callable(callback):
            raise TypeError(f"the callback can't be called: {callback!r}")
        if ack not in ACK_MODES:
            raise ValueError(f"ack is one of {', '.join(ACK_MODES)}, not {ack!r}")
        if overflow not in OVERFLOWS:
            raise ValueError(f"overflow is one of {', '.join(OVERFLOWS)}, not {overflow!r}")
        if overflow != "error" and ack != "auto":
            raise ValueError(f"overflow={overflow!r} would lose messages that ack={ack!r} is to settle: use 'error'")
        if maxsize < 1 or concurrency < 1:
            raise ValueError("maxsize and concurrency are at least 1")
        if id is None:
            id = self.new_id("sub")
            while id in self._by_id:
                id = self.new_id("sub")
        elif not isinstance(id, str) or not id:
            raise ValueError("id is a str that is not empty")
        elif id in self._by_id:
            raise ValueError(f"the subscription id {id!r} is in use")
        subscription = Subscription(
            self,
            destination_of(destination),
            callback,
            id=id,
            ack=ack,
            headers=tuple(headers_of("SUBSCRIBE", headers)),
            maxsize=maxsize,
            overflow=overflow,
            concurrency=concurrency,
            restore=restore,
        )
        version = self.link.session.version if self.link is not None else None
        check_sayable(subscription._frame("receipt"), self._settings.versions if version is None else (version,))
        self.subscriptions.add(subscription)
        return subscription

    def new_id(self, kind: str) -> str:
        """An id that this client did not make before."""
        self._ids += 1
        return f"{kind}-{self._ids}"

    def _check_open(self) -> None:
        if self.closing or self.finished:
            raise ClientClosed("the client is closed") from self.final_error

    def write_nowait(self, frame: Frame, *, content_length: bool = True) -> None:
        """Write a frame, or keep it in the outbox."""
        self._check_open()
        self.sender.submit(Entry(frame, content_length=content_length), nowait=True)

    async def write(
        self,
        frame: Frame,
        *,
        content_length: bool = True,
        receipt: bool = False,
        timeout: float | None = None,
        epoch: int | None = None,
    ) -> None:
        """Write a frame, or keep it in the outbox; with `receipt` wait for it. `epoch`: on that connection only."""
        self._check_open()
        entry = Entry(frame, content_length=content_length, epoch=epoch)
        await self.sender.submit_and_wait(entry, receipt=receipt, timeout=timeout)

    def settling(
        self, message: Message, command: str, headers: Mapping[str, Any] | None, transaction: str | None = None
    ) -> Frame:
        """The frame that settles a message on the present connection.

        Raises:
            ValueError: the mode is "auto", or it is settled already.
            StaleMessage: it came over an earlier connection.
            ProtocolError: the version has no NACK.
        """
        subscription = message.subscription
        if subscription is None or subscription.ack == "auto":
            raise ValueError("messages of ack='auto' are not settled: subscribe with ack='client-individual'")
        if message.settled:
            raise ValueError("the message is settled already")
        if message._epoch != self.sender.epoch or not self.sender.live or self.link is None:
            self._check_open()
            raise StaleMessage("the message came over an earlier connection: the broker redelivers it")
        return settling_frame(
            message,
            command,
            headers,
            rules=self.link.session.rules,
            broker=self.link.broker,
            transaction=transaction,
        )

    def settle(self, message: Message, command: str, headers: Mapping[str, Any] | None) -> None:
        """ACK or NACK a message; returns once the frame is on its way."""
        frame = self.settling(message, command, headers)
        if not self.sender.write_at_once(frame, content_length=True):
            self.sender.submit(Entry(frame, epoch=self.sender.epoch), nowait=True)
        mark_settled(message)

    async def settle_and_wait(
        self,
        message: Message,
        command: str,
        headers: Mapping[str, Any] | None,
        *,
        receipt: bool = False,
        timeout: float | None = None,
        transaction: str | None = None,
    ) -> int:
        """ACK or NACK a message; with `receipt` wait for the RECEIPT. What `unmark_settled` wants to know."""
        frame = self.settling(message, command, headers, transaction)
        entry = Entry(frame, epoch=self.sender.epoch)
        before = mark_settled(message)
        try:
            if receipt or not self.sender.write_at_once(frame, content_length=True):
                await self.sender.submit_and_wait(entry, receipt=receipt, timeout=timeout)
        except BaseException:
            if not entry.sent:
                unmark_settled(message, before)
            raise
        return before

    @property
    def url(self) -> str:
        """The URL in use, or being tried."""
        return self._attempts.url

    @property
    def broker(self) -> Broker:
        """The row in force."""
        return self.link.broker if self.link is not None else SPECIFICATION

    @property
    def bytes_in(self) -> int:
        """Octets received, on all connections."""
        return self._bytes_in + (self.link.bytes_in if self.link is not None else 0)

    @property
    def bytes_out(self) -> int:
        """Octets written, on all connections."""
        return self._bytes_out + (self.link.bytes_out if self.link is not None else 0)

    # Ending.

    async def close(self, timeout: float) -> None:
        """As `Client.close`."""
        if self._closer is None:
            self._closer = asyncio.get_running_loop().create_task(self._close(timeout))
        await asyncio.shield(self._closer)

    async def _close(self, timeout: float) -> None:
        if self.finished:
            return
        self.closing = self.sender.closing = True
        self.set_state(State.CLOSING)
        for waiter in self._connected_waiters:
            if not waiter.done():
                waiter.set_exception(ClientClosed("the client was closed before it was connected"))
        self._connected_waiters.clear()
        try:
            async with self.alarm.timeout(timeout):
                if self._runner is not None and (self.link is not None or len(self.sender.outbox)):
                    await self.sender.until_empty()
                    await self._disconnect()
        except TimeoutError:
            pass
        except Exception:
            logger.exception("close() met an error")
        self.finish(None)

    async def _disconnect(self) -> None:
        """DISCONNECT with a receipt, then its RECEIPT or the server's close: a clean end too ("DISCONNECT")."""
        link = self.link
        if link is None or link.over:
            return
        receipt = self.sender.receipts.expect("DISCONNECT")
        try:
            link.send(Frame("DISCONNECT", [("receipt", receipt.id)]))
            self.sender.stop()
            self.sender.receipts.wrote(receipt)
            await receipt.future
        except StompError as error:
            logger.debug("closing: %s", error)

    def finish(self, error: BaseException | None) -> None:
        """The end: asked for, or by a final error."""
        if self.finished:
            return
        self.finished = True
        self.final_error = error
        link = self.link
        self._forget_link()
        if link is not None:
            link.drop()
        if error is not None:
            self.last_error = error
            logger.error("the client gives up: %s", error)

        def ended() -> StompError:
            closed = ClientClosed("the client was closed" if error is None else f"the client has given up: {error}")
            closed.__cause__ = error
            return closed

        left = self.sender.close(ended)
        if left:
            first = left[0].headers.get("destination")
            logger.error("%d messages were not delivered, the first to %r", len(left), first)
        self.requests.fail(ended)
        self.subscriptions.end_all(error)
        if self._runner is not None and self._runner is not asyncio.current_task():
            self._runner.cancel()
        for waiter in self._connected_waiters:
            if not waiter.done():
                waiter.set_exception(error or ended())
        for waiter in self._closed_waiters:
            if not waiter.done():
                if error is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(error)
        self._connected_waiters.clear()
        self._closed_waiters.clear()
        self.alarm.close()
        if self._forget_page is not None:
            self._forget_page()
            self._forget_page = None
        self._attempts.close()
        self.set_state(State.CLOSED, error)

    async def wait_closed(self) -> None:
        """As `Client.wait_closed`."""
        if not self.finished:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._closed_waiters.append(waiter)
            await waiter
        elif self.final_error is not None:
            raise self.final_error

    def set_state(self, state: State, error: BaseException | None = None) -> None:
        """A new state, and the error that led to it; once it is closing only the end is one."""
        if self.closing and state not in (State.CLOSING, State.CLOSED):
            return
        if state is not self.state:
            self.state = state
            self.observers.state(state, error)
