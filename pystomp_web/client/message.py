"""Message: what a subscription hands out."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ..brokers import Broker
from ..errors import ClientClosed, ProtocolError, StaleMessage
from ..protocol import Frame, Headers
from ..protocol.frame import frame_of, header_of, headers_from_pairs
from ..protocol.version import Rules
from .compose import headers_of

if TYPE_CHECKING:
    from .engine import Engine
    from .subscription import Subscription

logger = logging.getLogger("pystomp_web")

_SEMICOLON = ord(";")
_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s;"]+)', re.IGNORECASE)


class Message:
    """One received MESSAGE. Text, JSON and headers are made when asked for."""

    __slots__ = ("_epoch", "_frame", "_sequence", "_settled", "subscription")

    _frame: Frame
    _epoch: int
    _sequence: int
    _settled: bool
    #: the subscription that it came for; None for one that nobody subscribed to
    subscription: Subscription | None

    def __init__(self, frame: Frame, subscription: Subscription | None, epoch: int, sequence: int) -> None:
        self._frame = frame
        self.subscription = subscription
        self._epoch = epoch
        self._sequence = sequence
        self._settled = False

    @property
    def body(self) -> bytes:
        """The octets."""
        return self._frame.body

    @property
    def text(self) -> str:
        """The body as text, by the charset of content-type, else UTF-8; strict.

        Raises:
            UnicodeDecodeError: the body is not text in that charset.
            LookupError: Python does not know the charset.
        """
        frame = self._frame
        head = frame._head
        if head is not None and _SEMICOLON not in head:  # the short way of most: no parameter of a content-type
            body = frame._body
            return body if isinstance(body, str) else body.decode()
        content_type = frame.headers.get("content-type")
        if content_type is not None and ";" in content_type:
            found = _CHARSET.search(content_type)
            if found is not None:
                return frame.body.decode(found[1])
        return frame.body.decode()

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.text)

    @property
    def headers(self) -> Headers:
        """Every header, the first of a repeated one counting."""
        return self._frame.headers

    @property
    def destination(self) -> str:
        """Where it was sent, as the broker calls it; "" when it does not say."""
        return self._frame.headers.get("destination", "")

    @property
    def id(self) -> str:
        """The `message-id`; "" when there is none."""
        return self._frame.headers.get("message-id", "")

    @property
    def content_type(self) -> str | None:
        """The `content-type`, or None."""
        return self._frame.headers.get("content-type")

    @property
    def redelivered(self) -> bool:
        """Whether the broker says that it was delivered before."""
        return self._frame.headers.get("redelivered", "").lower() == "true"

    @property
    def damaged(self) -> bool:
        """Whether the broker sent a content-length that does not fit: the body may not be what was published."""
        return self._frame.damaged

    async def ack(
        self, *, headers: Mapping[str, Any] | None = None, receipt: bool = False, timeout: float | None = None
    ) -> None:
        """Acknowledge; in the mode "client" all earlier ones of the subscription too ("ACK").

        Args:
            headers: more headers for the ACK.
            receipt: wait for the broker's RECEIPT.
            timeout: seconds to wait for it; None: the client's receipt_timeout.

        Raises:
            ValueError: the mode is "auto", or the message is settled already.
            StaleMessage: it came over an earlier connection: the broker redelivers it.
            ConnectionLost, BrokerError, ReceiptTimeout: with `receipt`.
        """
        await self._engine.settle_and_wait(self, "ACK", headers, receipt=receipt, timeout=timeout)

    async def nack(
        self, *, headers: Mapping[str, Any] | None = None, receipt: bool = False, timeout: float | None = None
    ) -> None:
        """Refuse: what follows is the broker's to decide ("NACK"). As `ack`; ProtocolError in STOMP 1.0."""
        await self._engine.settle_and_wait(self, "NACK", headers, receipt=receipt, timeout=timeout)

    def ack_nowait(self, *, headers: Mapping[str, Any] | None = None) -> None:
        """`ack` from a plain function."""
        self._engine.settle(self, "ACK", headers)

    def nack_nowait(self, *, headers: Mapping[str, Any] | None = None) -> None:
        """`nack` from a plain function."""
        self._engine.settle(self, "NACK", headers)

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Message]:
        """Acknowledge on leaving the block, or refuse when it raises; nothing when stale or settled already.

        Raises:
            ValueError: the mode is "auto".
        """
        if self.subscription is None or self.subscription.ack == "auto":
            raise ValueError("process() is for subscriptions with ack='client' or 'client-individual'")
        try:
            yield self
        except Exception:
            self._settle_quietly("NACK")
            raise
        self._settle_quietly("ACK")

    def _settle_quietly(self, command: str) -> None:
        if self.settled:
            return
        try:
            self._engine.settle(self, command, None)
        except (StaleMessage, ClientClosed):
            pass
        except ProtocolError as error:
            logger.warning("a message could not be settled: %s", error)

    @property
    def settled(self) -> bool:
        """Whether it was acknowledged or refused; in the mode "client" by a later message too."""
        subscription = self.subscription
        return self._settled or (
            subscription is not None
            and subscription.ack == "client"
            and subscription._settled_epoch == self._epoch
            and self._sequence <= subscription._settled_to
        )

    @property
    def _engine(self) -> Engine:
        if self.subscription is None:
            raise ValueError("a message that nobody subscribed to can't be settled")
        return self.subscription._engine

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self.headers.masked().multi_items()
        )
        return f"<table>{rows}</table><pre>{escape(self._shown(2000))}</pre>"

    def _shown(self, most: int) -> str:
        try:
            text = self.text
        except (UnicodeDecodeError, LookupError):
            return f"{len(self.body)} octets"
        return text if len(text) <= most else f"{text[:most]}... {len(text)} characters"

    def __repr__(self) -> str:
        return f"<Message {self.id!r} from {self.destination!r}: {self._shown(64)!r}>"


def mark_settled(message: Message) -> int:
    """Remember that a message, and in the mode "client" every earlier one, is settled.

    Returns:
        What `unmark_settled` wants to know.
    """
    message._settled = True
    subscription = message.subscription
    if subscription is None or subscription.ack != "client":
        return 0
    if subscription._settled_epoch != message._epoch:
        subscription._settled_epoch, subscription._settled_to = message._epoch, 0
    before = subscription._settled_to
    subscription._settled_to = max(before, message._sequence)
    return before


def unmark_settled(message: Message, before: int) -> None:
    """Take `mark_settled` back: the frame was not sent, or its transaction was aborted."""
    message._settled = False
    subscription = message.subscription
    if (
        subscription is not None
        and subscription._settled_epoch == message._epoch
        and subscription._settled_to == message._sequence
    ):
        subscription._settled_to = before


def settling_frame(
    message: Message,
    command: str,
    headers: Mapping[str, Any] | None,
    *,
    rules: Rules,
    broker: Broker,
    transaction: str | None = None,
) -> Frame:
    """The ACK or NACK of a message, by the version and the broker's row in force ("ACK").

    Raises:
        ProtocolError: the version has no NACK, or the broker sent no header to settle the message by.
        ValueError: the headers hold what the client sets.
    """
    if command not in rules.commands:
        raise ProtocolError(f"STOMP {rules.version} has no {command}")
    pairs = []
    for name, source in broker.settles_by or rules.settles_by:
        value = _source(message._frame, source, last=broker.last_ack and source == "ack")
        if value is None:
            raise ProtocolError(f"the message can't be settled: the broker sent no {source!r} header with it")
        pairs.append((name, value))
    if transaction is not None:
        pairs.append(("transaction", transaction))
    if headers:
        pairs += headers_of(command, headers)
    return frame_of(command, headers_from_pairs(tuple(pairs)), b"")


def _source(frame: Frame, name: str, *, last: bool) -> str | None:
    if last:
        return next((value for key, value in reversed(frame.headers.multi_items()) if key == name), None)
    if frame._head is None:
        return frame.headers.get(name)
    value = header_of(frame._head, f"\n{name}:".encode())
    return None if value is None else value.decode()
