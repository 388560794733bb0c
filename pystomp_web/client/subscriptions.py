"""A client's subscriptions: written, restored on each new connection, and found guilty when one of them breaks it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BrokerError, ConnectionLost, HeartbeatTimeout, StompError
from ..protocol import Frame
from .compose import headers_of
from .connection import Connection
from .outbox import Entry
from .subscription import Subscription

if TYPE_CHECKING:
    from .engine import Engine

#: A SUBSCRIBE that a connection outlived by this many seconds was taken.
CONFIRMED_AFTER = 5.0
#: A suspect that a connection outlives by this many seconds was not the fault.
CLEARED_AFTER = 1.0
#: These closes tell of the network, or of a server that goes away or fails, not of a SUBSCRIBE that it dislikes.
BLAMELESS_CODES = frozenset({1001, 1006, 1011, 1012, 1013, 1014})


class Subscriptions:
    """The live ones, in the order they were made.

    Attributes:
        by_id: of each live subscription.
    """

    def __init__(self, engine: Engine) -> None:
        self.by_id: dict[str | None, Subscription] = {}
        self._engine = engine
        self._suspects: list[Subscription] = []
        self._on_trial: Subscription | None = None
        self._gone: set[str] = set()  # unsubscribed on this connection: what still comes for them is of no interest

    # Written.

    def add(self, subscription: Subscription) -> None:
        """A new one: written now, or when connected."""
        self.by_id[subscription.id] = subscription
        if self._engine.sender.connection is not None:
            self._write(subscription)

    def _write(self, subscription: Subscription) -> None:
        engine = self._engine
        connection, epoch = engine.link, engine.sender.epoch
        if connection is None or connection.over or subscription._ended:
            return
        receipts = engine.sender.receipts
        confirmed_by = connection.broker.receipts
        receipt = None
        if confirmed_by is None or "SUBSCRIBE" in confirmed_by:
            receipt = receipts.expect(f"SUBSCRIBE to {subscription.destination!r}")
            receipt.on_receipt = subscription._confirm
            receipt.on_failure = lambda error: self._refused(subscription, error)
        subscription._written(epoch)
        try:
            connection.send(subscription._frame(receipt.id if receipt is not None else None))
        except StompError as error:
            if receipt is not None:
                receipts.forget(receipt)
            self.end(subscription, error)
            if subscription._callback is None:
                engine.observers.nobody(error)
            return
        if receipt is not None:
            receipts.wrote(receipt)

        def outlived() -> None:
            if engine.sender.epoch == epoch and engine.link is connection:
                subscription._confirm()

        subscription._outlives = engine.alarm.after(CONFIRMED_AFTER, outlived)

    def _refused(self, subscription: Subscription, error: BaseException) -> None:
        if isinstance(error, BrokerError):
            self.end(subscription, error)

    def unsubscribe(self, subscription: Subscription, headers: Mapping[str, Any] | None) -> None:
        """End one because its user wants to."""
        if subscription._ended:
            return
        more = headers_of("SUBSCRIBE", headers)
        sender = self._engine.sender
        self.end(subscription, None)
        if subscription._written_epoch == sender.epoch and sender.live and not self._engine.closing:
            self._gone.add(subscription.id)
            if self._engine.broker.unsubscribes_from:
                more.append(("destination", subscription.destination))
            frame = Frame("UNSUBSCRIBE", [("id", subscription.id), *more])
            sender.submit(Entry(frame, epoch=sender.epoch), nowait=True)

    def end(self, subscription: Subscription, error: BaseException | None) -> None:
        """One has ended."""
        if self.by_id.get(subscription.id) is subscription:
            del self.by_id[subscription.id]
        self._clear(subscription)
        if error is not None and not subscription._ended and not self._engine.finished:
            subscription._failed(error)
            self._engine.requests.refused(subscription, error)
        subscription._end(error)

    def end_all(self, error: BaseException | None) -> None:
        """The client has ended."""
        for subscription in list(self.by_id.values()):
            self.end(subscription, error)

    # Restored.

    async def restore(self, connection: Connection, epoch: int, lost: asyncio.Future[ConnectionLost]) -> None:
        """Write them on a new connection: at once, but each suspect alone."""
        self._gone.clear()
        for subscription in self._innocent():
            self._write(subscription)
        while self._suspects and not connection.over:
            await self._try(self._suspects[0], lost)
        for subscription in self._innocent():  # those that were made meanwhile
            if subscription._written_epoch != epoch:
                self._write(subscription)

    async def _try(self, suspect: Subscription, lost: asyncio.Future[ConnectionLost]) -> None:
        """Write one alone, and wait until it is confirmed, the time is over or the connection ends."""
        outlived: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def clear() -> None:
            if not outlived.done():
                outlived.set_result(None)

        self._on_trial = suspect
        suspect._on_confirmed = suspect._on_end = clear
        deadline = self._engine.alarm.after(CLEARED_AFTER, clear)
        self._write(suspect)
        try:
            either: list[asyncio.Future[Any]] = [outlived, lost]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            deadline.cancel()
            suspect._on_confirmed = suspect._on_end = None
        if not lost.done():
            self._clear(suspect)

    def _innocent(self) -> list[Subscription]:
        return [subscription for subscription in self.by_id.values() if subscription not in self._suspects]

    # Blamed.

    def blame(self, error: ConnectionLost, epoch: int) -> None:
        """The connection has ended: find out whether the server ended it because of a SUBSCRIBE, and whose."""
        tried, self._on_trial = self._on_trial, None
        cause = error.__cause__
        by_error = isinstance(cause, BrokerError)
        by_close = cause is None and not isinstance(error, HeartbeatTimeout) and error.code not in BLAMELESS_CODES
        if not (by_error or by_close) or error._blamed:
            return
        if tried is not None and not tried._is_confirmed:
            self.end(tried, cause if by_error else error)
            return
        for subscription in self.unconfirmed(epoch):
            if subscription not in self._suspects:
                self._suspects.append(subscription)

    def blame_for(self, error: BrokerError, epoch: int) -> bool:
        """An ERROR that names nobody: it is the fault of the only SUBSCRIBE that nothing confirmed yet."""
        unconfirmed = self.unconfirmed(epoch)
        if len(unconfirmed) != 1:
            return False
        self.end(unconfirmed[0], error)
        return True

    def unconfirmed(self, epoch: int) -> list[Subscription]:
        """Those whose SUBSCRIBE is on this connection and that nothing confirmed yet."""
        return [each for each in self.by_id.values() if each._written_epoch == epoch and not each._is_confirmed]

    def end_with_connection(self, error: ConnectionLost) -> None:
        """The connection has ended: so have those that are not to be restored."""
        for subscription in list(self.by_id.values()):
            if not subscription._restores:
                self.end(subscription, error)

    def _clear(self, subscription: Subscription) -> None:
        if subscription in self._suspects:
            self._suspects.remove(subscription)
        if self._on_trial is subscription:
            self._on_trial = None

    # Found for a message.

    def by_destination(self, destination: str | None) -> Subscription | None:
        """The first one to a destination: STOMP 1.0 need not say whose a message is."""
        return next((each for each in self.by_id.values() if each.destination == destination), None)

    def is_gone(self, id: str | None) -> bool:
        """Whether it was unsubscribed on this connection."""
        return id in self._gone

    def __len__(self) -> int:
        return len(self.by_id)
