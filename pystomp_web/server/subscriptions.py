"""One subscription of one connection: what it was sent, and what of that is not yet settled."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from pystomp_web.protocol import Version

from .messages import lines

if TYPE_CHECKING:
    from .connection import Connection
    from .destinations import Delivery


class Mode(NamedTuple):
    """A value of SUBSCRIBE's `ack` header.

    Attributes:
        tracked: whether messages are to be acknowledged.
        cumulative: whether one ACK settles all messages of the subscription up to it.
    """

    tracked: bool
    cumulative: bool


#: `client-individual` came with 1.1; it harms nobody in 1.0.
MODES = {
    "auto": Mode(tracked=False, cumulative=False),
    "client": Mode(tracked=True, cumulative=True),
    "client-individual": Mode(tracked=True, cumulative=False),
}


class Dialect(NamedTuple):
    """What a server does differently from version to version, beside what the protocol package knows.

    Attributes:
        id_required: SUBSCRIBE and UNSUBSCRIBE must have an `id`; where not, the destination does.
        ack_header: MESSAGE has an `ack` header when it is to be acknowledged, and ACK names that.
        nack_cumulative: NACK in mode `client` is for all messages up to it (1.2, "NACK"); in 1.1 for the one it names.
    """

    id_required: bool
    ack_header: bool
    nack_cumulative: bool


DIALECTS = {
    Version.V1_0: Dialect(id_required=False, ack_header=False, nack_cumulative=False),
    Version.V1_1: Dialect(id_required=True, ack_header=False, nack_cumulative=False),
    Version.V1_2: Dialect(id_required=True, ack_header=True, nack_cumulative=True),
}


class Subscription:
    """A consumer that a client's SUBSCRIBE made.

    Args:
        connection: whose.
        key: what UNSUBSCRIBE names: the id, or in 1.0 without one the destination.
        id: the `id` header; None: MESSAGE has no `subscription` header.
        destination: the whole destination.
        mode: how messages are acknowledged.
        serial: a number that no other subscription of the connection has or had; `ack` headers begin with it.
    """

    __slots__ = (
        "_prefix",
        "_sent",
        "connection",
        "destination",
        "dialect",
        "key",
        "mode",
        "serial",
        "unsettled",
        "version",
    )

    def __init__(
        self,
        connection: Connection,
        *,
        key: str,
        id: str | None,
        destination: str,
        mode: Mode,
        serial: int,
    ) -> None:
        self.connection = connection
        self.key = key
        self.destination = destination
        self.mode = mode
        self.serial = serial
        self.version = connection.version
        self.dialect = DIALECTS[connection.version]
        self._prefix = b"MESSAGE\n" + (lines((("subscription", id),), self.version) if id is not None else b"")
        self._sent = itertools.count(1)
        #: By what ACK names: the `ack` header's value in 1.2, else the message-id. In the order of sending.
        self.unsettled: dict[str, Delivery] = {}

    @property
    def ready(self) -> bool:
        """Whether a queue may hand over another message now."""
        return self.connection.ready

    def deliver(self, delivery: Delivery) -> None:
        """Send the message to the client."""
        delivery.count += 1
        message = delivery.message
        head = self._prefix
        if self.mode.tracked:
            delivery.sent = next(self._sent)
            if self.dialect.ack_header:
                key = f"{self.serial}-{delivery.sent}"
                head += b"ack:%b\n" % key.encode()
            else:
                key = message.id
            self.unsettled[key] = delivery
        if delivery.count > 1:
            head += b"redelivered:true\n"
        self.connection.transmit(head + message.tail(self.version), is_text=message.is_text)

    def settle(self, key: str, *, cumulative: bool) -> dict[str, Delivery] | None:
        """Take what one ACK or NACK is for from the unsettled ones; None when it names none of them."""
        if key not in self.unsettled:
            return None
        if not cumulative:
            return {key: self.unsettled.pop(key)}
        taken = {}
        for name in tuple(self.unsettled):
            taken[name] = self.unsettled.pop(name)
            if name == key:
                break
        return taken

    def reopen(self, deliveries: dict[str, Delivery]) -> None:
        """A transaction was aborted: what was settled in it is unsettled again, in its old place."""
        if self.connection.subscriptions.get(self.key) is not self:
            self.give_back(deliveries)
            return
        both = self.unsettled | deliveries
        self.unsettled = dict(sorted(both.items(), key=lambda item: item[1].sent))

    def give_back(self, deliveries: dict[str, Delivery]) -> None:
        """Hand messages back to where they came from: they were not consumed."""
        self.connection.broker.give_back(self, list(deliveries.values()))
