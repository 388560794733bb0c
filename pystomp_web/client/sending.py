"""The way out: what may be written is written at once, the rest waits in the outbox, and nothing overtakes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import ClientClosed, ConnectionLost, OutboxFull, ReceiptTimeout, StompError
from ..protocol import Frame, Version
from .alarm import Alarm, Deadline
from .compose import check_sayable, json_of, with_header
from .connection import Connection
from .outbox import Entry, Outbox
from .receipts import Receipt, Receipts

logger = logging.getLogger("pystomp_web")

#: Above this many octets that the socket has not taken yet, sends wait.
HIGH_WATER = 4 * 1024 * 1024
#: So many seconds the SENDs to a destination wait for the receipt of the first one, where a broker needs that.
_FIRST_SEND = 2.0
#: A browser tells nobody that the socket has taken octets: look again after this many seconds.
_LOOK_AGAIN = 0.01


class Sender:
    """Writes a client's frames, in the order of the calls.

    Args:
        alarm: for waiting.
        bound: of the outbox.
        versions: that are offered, ascending.
        receipt_timeout: seconds, where a call names none.
        on_undeliverable: told of a frame that turned out impossible when its turn came.
        watchers: who sees each frame; while there are any, each is made.

    Attributes:
        connection: what is written on; None while there is none, or its subscriptions are not yet restored.
        epoch: counts the connections; what is bound to one is never written on another.
        closing: whether what is asked for now comes too late.
        dropped: frames that could not be delivered.
        texts: SENDs that `write_text` wrote.
    """

    def __init__(
        self,
        alarm: Alarm,
        *,
        bound: int,
        versions: tuple[Version, ...],
        receipt_timeout: float,
        on_undeliverable: Callable[[BaseException], None],
        watchers: Sequence[object],
    ) -> None:
        self.outbox = Outbox(bound)
        self.receipts = Receipts(alarm)
        self.connection: Connection | None = None
        self.epoch = 0
        self.live = False  # whether `epoch` is of a connection that is open
        self.closed: BaseException | None = None
        self.closing = False
        self.dropped = self.texts = 0
        self._watchers = watchers
        self._alarm = alarm
        self._versions = versions
        self._receipt_timeout = receipt_timeout
        self._on_undeliverable = on_undeliverable
        self._look: Deadline | None = None
        self._empty: asyncio.Future[None] | None = None
        self._first_sends: dict[str, bool] = {}  # destination -> whether the first SEND of this connection arrived

    # What happens to the connection.

    def begin(self) -> int:
        """A connection is open; its epoch."""
        self.epoch += 1
        self.live = True
        self._first_sends.clear()
        return self.epoch

    def ready(self, connection: Connection) -> None:
        """The subscriptions are restored: the outbox may go out."""
        self.connection = connection
        self.drain()

    def stop(self) -> None:
        """DISCONNECT is written: nothing follows it."""
        self.connection = None
        self.live = False

    def lost(self, make_error: Callable[[], ConnectionLost]) -> None:
        """The connection has ended: what was written fails where somebody waits, what was not goes on waiting."""
        self.connection = None
        self.live = False
        if self._look is not None:
            self._look.cancel()
            self._look = None
        for place, entry in enumerate(self.outbox):
            if entry.epoch is not None:
                self._give_up(entry, make_error())
            elif entry.written is not None and place >= self.outbox.bound:
                self._give_up(entry, OutboxFull("the connection ended, and the outbox has no room to keep this send"))
            elif entry.written is not None and not entry.written.done():
                entry.written.set_result(None)  # it is kept: that is all that send() promises without a connection
        self.receipts.fail_all(make_error, unwritten=False)

    def close(self, make_error: Callable[[], StompError]) -> list[Frame]:
        """Nothing more goes out: every call that waits fails. The frames that were not delivered."""
        self.closed = make_error()
        self.connection = None
        self.live = False
        left = [entry for entry in self.outbox if entry.epoch is None]
        for entry in self.outbox:
            self._give_up(entry, make_error())
        self.receipts.fail_all(make_error, unwritten=True)
        self.dropped += len(left)
        self._emptied()
        return [entry.frame for entry in left]

    # Sending.

    def submit(self, entry: Entry, *, nowait: bool) -> None:
        """Write the frame, or keep it.

        Args:
            nowait: whether nobody can wait for room: then the bound holds while connected, too.

        Raises:
            ClientClosed, OutboxFull, ConnectionLost, ProtocolError: it was neither written nor kept.
        """
        if self.closed is not None:
            raise ClientClosed(str(self.closed)) from (None if isinstance(self.closed, ClientClosed) else self.closed)
        if entry.epoch is not None and (entry.epoch != self.epoch or not self.live):
            raise ConnectionLost("the connection that this belongs to has ended")
        connection = self.connection
        if connection is not None:
            if not len(self.outbox) and not connection.is_full(HIGH_WATER) and not self._held_back(entry):
                self._write(connection, entry)
                return
            version = connection.session.version
            check_sayable(entry.frame, (version,) if version else self._versions, content_length=entry.content_length)
            if nowait and entry.epoch is None:
                self.outbox.check_room()
        else:
            check_sayable(entry.frame, self._versions, content_length=entry.content_length)
            if entry.epoch is None:
                self.outbox.check_room()
        self.outbox.append(entry)
        if connection is not None:
            self.drain()

    def write_at_once(self, frame: Frame, *, content_length: bool) -> bool:
        """The short way of most frames: write it, if nothing stands in the way. Whether it was.

        Raises:
            ProtocolError: the version, or this broker, cannot take it.
        """
        connection = self.connection
        if connection is None or self.outbox.waiting or connection.broker.confirms_first:
            return False
        if connection.unasked <= 0 and connection.is_full(HIGH_WATER):
            return False
        connection.send(frame, content_length=content_length)
        return True

    def write_text(self, destination: str, body: Any, content_length: bool, lines: str = "") -> bool:
        """The same for a SEND of text or JSON without headers of its caller's; its frame is never made.

        Args:
            lines: of headers of the client's own, each with its LF.
        """
        connection = self.connection
        if (
            type(destination) is not str
            or not destination
            or connection is None
            or self.closing
            or self._watchers
            or self.outbox.waiting
            or connection.broker.confirms_first
            or (connection.unasked <= 0 and connection.is_full(HIGH_WATER))
        ):
            return False
        if type(body) is not str:
            if type(body) not in (dict, list):
                return False
            body = json_of(body)
            lines += "content-type:application/json\n"
        connection.send_text(destination, body, content_length, lines)
        self.texts += 1
        return True

    async def write_text_and_wait(
        self, destination: str, body: Any, content_length: bool, timeout: float | None
    ) -> bool:
        """The same, and wait for its RECEIPT; else as `submit_and_wait`."""
        connection = self.connection
        if connection is None or connection.broker.receipts is not None:
            return False
        seconds = self._receipt_timeout if timeout is None else timeout
        receipt = self.receipts.expect(f"SEND to {destination!r}", seconds)
        try:
            if not self.write_text(destination, body, content_length, f"receipt:{receipt.id}\n"):
                return False
            self.receipts.wrote(receipt)
            await receipt.future
        finally:
            self.receipts.forget(receipt)
        return True

    async def submit_and_wait(self, entry: Entry, *, receipt: bool, timeout: float | None) -> None:
        """Write or keep the frame; where a connection can't take it yet, wait; with `receipt` wait for its RECEIPT.

        A cancelled call takes back what was not written.
        """
        if receipt:
            self.expect_receipt(entry, timeout)
        try:
            self.submit(entry, nowait=False)
            if entry.receipt is not None:
                await entry.receipt.future
            elif entry.error is not None:  # its turn has come already
                raise entry.error  # noqa: TRY301
            elif entry.kept and self.connection is not None:
                entry.written = asyncio.get_running_loop().create_future()
                await entry.written
        except BaseException:
            self.outbox.remove(entry)
            if entry.receipt is not None:
                self.receipts.forget(entry.receipt)
            self._emptied()
            raise

    def expect_receipt(self, entry: Entry, timeout: float | None) -> Receipt:
        """Ask a receipt for the entry's frame."""

        def take_back(_receipt: Receipt) -> None:
            self.outbox.remove(entry)

        frame = entry.frame
        destination = frame.headers.get("destination")
        what = f"{frame.command} to {destination!r}" if destination is not None else frame.command
        seconds = self._receipt_timeout if timeout is None else timeout
        entry.receipt = receipt = self.receipts.expect(what, seconds, take_back)
        entry.frame = with_header(frame, "receipt", receipt.id)
        return receipt

    def drain(self) -> None:
        """Write what waits, as far as the socket takes it."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
        while (entry := self.outbox.first()) is not None:
            connection = self.connection
            if connection is None or self._held_back(entry):
                return
            if connection.is_full(HIGH_WATER):
                self._look = self._alarm.after(_LOOK_AGAIN, self.drain)
                return
            self.outbox.remove(entry)
            try:
                self._write(connection, entry)
            except StompError as error:
                self.dropped += 1
                logger.warning("a frame in the outbox can't be sent: %s", error)
                self._fail(entry, error)
                self._on_undeliverable(error)
        self._emptied()

    def _write(self, connection: Connection, entry: Entry) -> None:
        broker = connection.broker
        frame = entry.frame
        if entry.receipt is not None and broker.receipts is not None and frame.command not in broker.receipts:
            raise ReceiptTimeout(
                f"no RECEIPT for {entry.receipt.what} would come, so it was not sent: {broker.name} confirms "
                f"{', '.join(sorted(broker.receipts))} only; send it without receipt="
            )
        if broker.confirms_first and _opens_route(frame) and frame.headers["destination"] not in self._first_sends:
            self._write_first(connection, entry)
        else:
            connection.send(frame, content_length=entry.content_length)
        entry.sent = True
        if entry.receipt is not None:
            self.receipts.wrote(entry.receipt)
        if entry.written is not None and not entry.written.done():
            entry.written.set_result(None)

    def _held_back(self, entry: Entry) -> bool:
        """Whether a frame must wait for the receipt of an earlier one, by the broker's row."""
        if not self._first_sends or not _opens_route(entry.frame):
            return False
        return self._first_sends.get(entry.frame.headers["destination"]) is False

    def _write_first(self, connection: Connection, entry: Entry) -> None:
        """Write the first SEND to a destination with a receipt; the next ones wait for it, but not for ever."""
        frame, receipt, epoch = entry.frame, entry.receipt, self.epoch
        destination = frame.headers["destination"]
        if receipt is None:
            receipt = self.receipts.expect(f"the first SEND to {destination!r}")
            frame = with_header(frame, "receipt", receipt.id)
        try:
            connection.send(frame, content_length=entry.content_length)
        except StompError:
            if entry.receipt is None:
                self.receipts.forget(receipt)
            raise
        self._first_sends[destination] = False

        def go_on(_error: BaseException | None = None) -> None:
            deadline.cancel()
            if self.epoch == epoch:
                self._first_sends[destination] = True
                self.drain()

        def unconfirmed() -> None:
            logger.warning(
                "%s did not confirm the first SEND to %r: it may be lost", connection.broker.name, destination
            )
            go_on()

        deadline = self._alarm.after(_FIRST_SEND, unconfirmed)
        receipt.on_receipt = receipt.on_failure = go_on
        self.receipts.wrote(receipt)

    def _give_up(self, entry: Entry, error: BaseException) -> None:
        self.outbox.remove(entry)
        self._fail(entry, error)

    def _fail(self, entry: Entry, error: BaseException) -> None:
        entry.error = error
        if entry.written is not None and not entry.written.done():
            entry.written.set_exception(error)
        if entry.receipt is not None:
            self.receipts.fail(entry.receipt.id, error)

    # Waiting for the end.

    async def until_empty(self) -> None:
        """Until nothing waits in the outbox, or it was closed."""
        while len(self.outbox) and self.closed is None:
            if self._empty is None or self._empty.done():
                self._empty = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._empty)

    def _emptied(self) -> None:
        if self._empty is not None and not self._empty.done() and (not len(self.outbox) or self.closed is not None):
            self._empty.set_result(None)


def _opens_route(frame: Frame) -> bool:
    """Whether it is a SEND outside transactions."""
    return frame.command == "SEND" and "transaction" not in frame.headers
