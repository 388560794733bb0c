"""Request and reply: a SEND with `reply-to` and `correlation-id`, and the MESSAGE that answers it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import BrokerError, ReceiptTimeout
from .compose import send_frame
from .message import Message
from .outbox import Entry

if TYPE_CHECKING:
    from ..protocol import Frame
    from .engine import Engine
    from .subscription import Subscription


class Requests:
    """The requests of a client that are under way."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._unique = os.urandom(8).hex()
        self._count = 0
        self._waiting: dict[str, tuple[str, asyncio.Future[Message]]] = {}  # by correlation: where the reply goes
        self._inboxes: dict[str, Subscription] = {}
        self._unasked: set[str] = set()  # reply destinations whose messages come without a SUBSCRIBE

    async def request(
        self,
        destination: str,
        body: Any,
        *,
        reply_to: str | None,
        headers: Mapping[str, Any] | None,
        content_type: str | None,
        timeout: float,
    ) -> Message:
        """As `Client.request`."""
        engine = self._engine
        self._count += 1
        correlation = f"{self._unique}-{self._count}"
        own = ("reply-to", "correlation-id")
        for name in own:
            if headers and name in headers:
                raise ValueError(
                    f"{name!r} is set by request(): use reply_to=, or send() and a subscription of your own"
                )
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda future: future.cancelled() or future.exception())
        entry: Entry | None = None
        try:
            async with engine.alarm.timeout(timeout):
                await engine.until_connected()
                reply = self._inbox(reply_to)
                frame = send_frame(
                    destination, body, headers, content_type, ("reply-to", reply), ("correlation-id", correlation)
                )
                self._waiting[correlation] = reply, future
                entry = Entry(frame, epoch=engine.sender.epoch)
                await engine.sender.submit_and_wait(entry, receipt=False, timeout=None)
                return await future
        except TimeoutError as error:
            if isinstance(error, ReceiptTimeout):
                raise
            raise ReceiptTimeout(
                f"no reply from {destination!r} within {timeout:g} s; it may still be at work"
            ) from None
        finally:
            self._waiting.pop(correlation, None)

    def _inbox(self, reply_to: str | None) -> str:
        """Where replies go, subscribed to where that is needed."""
        engine = self._engine
        broker = engine.broker
        prefix = broker.reply_to
        if reply_to is None:
            if prefix is None:
                raise ValueError(
                    f"{broker.name} has no temporary destinations: give reply_to= a destination of your own"
                )
            reply_to = f"{prefix}{self._unique}"
        if not broker.reply_subscribes and prefix is not None and reply_to.startswith(prefix):
            self._unasked.add(reply_to)
        elif (inbox := self._inboxes.get(reply_to)) is None or inbox._ended:
            self._inboxes[reply_to] = engine.subscribe(reply_to, self._on_reply)
        return reply_to

    def take(self, frame: Frame) -> bool:
        """A MESSAGE that nobody subscribed to. Whether it is a reply."""
        if frame.headers.get("subscription") not in self._unasked:
            return False
        self._on_reply(Message(frame, None, self._engine.sender.epoch, 0))
        return True

    def _on_reply(self, message: Message) -> None:
        _, future = self._waiting.pop(message.headers.get("correlation-id", ""), (None, None))
        if future is None:
            self._engine.observers.nobody(message)  # late, or of somebody else
        elif not future.done():
            future.set_result(message)

    def refused(self, inbox: Subscription, error: BaseException) -> None:
        """A subscription has failed: if replies were to come over it, none will."""
        if self._inboxes.get(inbox.destination) is not inbox:
            return
        for reply_to, future in self._waiting.values():
            if reply_to == inbox.destination and not future.done():
                own = BrokerError(str(error), error.frame) if isinstance(error, BrokerError) else error
                future.set_exception(own)

    def fail(self, make_error: Callable[[], BaseException]) -> None:
        """The connection that the replies would have come over has ended."""
        waiting, self._waiting = self._waiting, {}
        for _, future in waiting.values():
            if not future.done():
                future.set_exception(make_error())
