"""Subscription: the messages of one destination, as an iterator, by `get`, or to a callback."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..errors import ClientClosed, SlowConsumer
from ..protocol import Frame
from ..protocol.frame import frame_of, headers_from_pairs
from .message import Message
from .waking import Waiter

if TYPE_CHECKING:
    from .alarm import Deadline
    from .engine import Engine

logger = logging.getLogger("pystomp_web")

#: Before a full queue overflows, its consumer has so many turns of the loop: one may be amid a message.
_TURNS_WHEN_FULL = 8

#: The queue of a subscription that none of its messages had to wait in yet: a deque is the largest part of one.
_NO_QUEUE: deque[Message | SlowConsumer] = deque(maxlen=0)

OVERFLOWS = ("error", "drop-oldest", "drop-newest")


class Subscription:
    """What `client.subscribe()` returns: an async iterator of messages, and an async context manager that unsubscribes.

    It goes on across reconnects. After `unsubscribe()` or the client's `close()` the messages that are here already are
    still handed out, then the iteration ends and `get()` raises ClientClosed; after a final failure both raise that
    error.

    Attributes:
        id, destination, ack: as subscribed.
        error: why it ended, or None.
        dropped: messages lost to overflow.
    """

    def __init__(
        self,
        engine: Engine,
        destination: str,
        callback: Callable[[Message], Any] | None,
        *,
        id: str,
        ack: str,
        headers: tuple[tuple[str, str], ...],
        maxsize: int,
        overflow: str,
        concurrency: int,
        restore: bool,
    ) -> None:
        self._engine = engine
        self.destination = destination
        self.id = id
        self.ack = ack
        self.error: BaseException | None = None
        self.dropped = 0
        self._callback = callback
        self._headers = headers
        self._maxsize = maxsize
        self._overflow = overflow
        self._concurrency = concurrency
        self._restores = restore
        self._ended = False
        self._queue = _NO_QUEUE
        self._pending = 0
        self._running = 0  # callbacks under way
        self._getters: list[Waiter] = []
        self._to_wake = False
        # How often its consumer had a turn at this fill: a queue overflows only behind a turn that changed nothing.
        self._turned_half = self._turned_full = False
        # On the present connection:
        self._sequence = 0
        self._settled_to = 0  # in the mode "client": the highest sequence that is settled, ...
        self._settled_epoch = 0  # ... and of which connection
        self._written_epoch = 0  # the connection that its SUBSCRIBE was written on
        self._confirmed: asyncio.Future[None] | None = None
        self._is_confirmed = False
        self._outlives: Deadline | None = None  # when the connection has outlived its SUBSCRIBE
        self._on_confirmed: Callable[[], None] | None = None
        self._on_end: Callable[[], None] | None = None

    # What the client does with it.

    def _frame(self, receipt_id: str | None) -> Frame:
        receipt = () if receipt_id is None else (("receipt", receipt_id),)
        own = (("destination", self.destination), ("id", self.id), ("ack", self.ack))
        return frame_of("SUBSCRIBE", headers_from_pairs((*own, *self._headers, *receipt)), b"")

    def _written(self, epoch: int) -> None:
        self._written_epoch = epoch
        self._is_confirmed = False
        self._sequence = 0

    def _confirm(self) -> None:
        if not self._is_confirmed:
            self._is_confirmed = True
            if self._outlives is not None:
                self._outlives.cancel()
                self._outlives = None
            if self._on_confirmed is not None:
                self._on_confirmed()
            if self._confirmed is not None and not self._confirmed.done():
                self._confirmed.set_result(None)

    def _deliver(self, frame: Frame, epoch: int) -> bool:
        """Take a message. Whether the loop should have a turn before the next one comes."""
        self._sequence += 1
        message = Message(frame, self, epoch, self._sequence)
        if not self._is_confirmed:
            self._confirm()
        if self._callback is not None and self._running < self._concurrency and not self._queue:
            self._call(message)
            return False
        pending = self._pending
        if pending >= self._maxsize:
            self._overflowed(message)
            return False
        if self._queue is _NO_QUEUE:
            self._queue = deque()
        self._queue.append(message)
        self._pending = pending = pending + 1
        if self._getters and not self._to_wake:
            self._to_wake = True
            self._engine.to_wake.append(self._wake_all)
        if pending * 2 >= self._maxsize:
            return self._wants_turn()
        return False

    def _wants_turn(self) -> bool:
        full = self._pending >= self._maxsize
        if self._turned_full if full else self._turned_half:
            return False
        self._turned_half = True
        if full:
            self._turned_full = True
            self._rest(_TURNS_WHEN_FULL)
        return True

    def _rest(self, turns: int) -> None:
        link = self._engine.link
        if link is not None:
            link.rest(turns)

    def _overflowed(self, message: Message) -> None:
        self.dropped += 1
        self._engine.dropped_messages += 1
        if self._overflow == "drop-newest":
            return
        if self._overflow == "drop-oldest":
            self._queue.popleft()
            self._queue.append(message)
            return
        if not self._queue or isinstance(self._queue[-1], Message):
            error = SlowConsumer(
                f"subscription {self.id!r} to {self.destination!r}: {self._maxsize} messages were waiting and more "
                "came; take them faster, raise maxsize=, or choose overflow='drop-oldest' or 'drop-newest'"
            )
            logger.warning("%s", error)
            if self._callback is not None:
                self._engine.observers.nobody(error)
            self._queue.append(error)

    def _failed(self, error: BaseException) -> None:
        """It ends while the client goes on: with a callback nobody asks for the error."""
        logger.warning("subscription %r to %r has ended: %s", self.id, self.destination, error)
        if self._callback is not None:
            self._engine.observers.nobody(error)

    def _end(self, error: BaseException | None) -> None:
        """No more messages come; None: because it was asked for."""
        if self._ended:
            return
        self._ended = True
        self.error = error
        if self._on_end is not None:
            self._on_end()
        while self._getters:  # later: whoever ends it is not done yet
            self._getters.pop(0).wake(at_once=False)
        if self._confirmed is not None and not self._confirmed.done():
            self._confirmed.set_exception(self._end_error())

    def _end_error(self) -> BaseException:
        return (
            self.error
            if self.error is not None
            else ClientClosed(f"the subscription to {self.destination!r} has ended")
        )

    # Callbacks.

    def _call(self, message: Message) -> None:
        callback = self._callback
        assert callback is not None
        try:
            result = callback(message)
        except Exception as error:
            self._engine.observers.failed(error, f"the callback of {self.destination!r}")
            return
        if result is None:  # the short way of most
            return
        if hasattr(result, "__await__") or hasattr(result, "then"):  # a coroutine, or a JavaScript promise
            self._running += 1
            self._engine.observers.spawn(self._await(result))

    async def _await(self, result: Any) -> None:
        try:
            await result
        except Exception as error:
            self._engine.observers.failed(error, f"the callback of {self.destination!r}")
        finally:
            self._running -= 1
            self._call_pending()

    def _call_pending(self) -> None:
        while self._queue and self._running < self._concurrency:
            with suppress(SlowConsumer):  # on_unhandled was told
                self._call(self._take())

    # The consumer's side.

    def _take(self) -> Message:
        """The next message.

        Raises:
            SlowConsumer: some were lost before it.
        """
        item = self._queue.popleft()
        if isinstance(item, SlowConsumer):
            raise item
        self._pending = pending = self._pending - 1
        if self._turned_half:
            if self._turned_full:
                self._turned_full = False
                self._rest(1)  # there is room
            if pending * 2 < self._maxsize:
                self._turned_half = False
        return item

    def _wake_all(self) -> None:
        """The batch is over: wake as many as there are messages for."""
        self._to_wake = False
        for _ in range(min(len(self._getters), len(self._queue))):
            self._wake()

    def _wake(self) -> None:
        while self._getters:
            getter = self._getters.pop(0)
            if not getter.done():
                getter.wake()
                return

    async def _next(self, timeout: float | None) -> Message | None:
        """The next message, or None at the end that was asked for."""
        if self._callback is not None:
            raise ValueError("this subscription hands its messages to a callback")
        if not self._queue:
            await self._wait(timeout)
        if self._queue:
            return self._take()
        if self.error is not None:
            raise self.error
        return None

    async def _wait(self, timeout: float | None) -> None:
        """Until a message is here, or the end."""
        if timeout is not None:
            async with self._engine.alarm.timeout(timeout):
                await self._wait(None)
            return
        while not self._queue and not self._ended:
            getter = Waiter()
            self._getters.append(getter)
            try:
                await getter
            except BaseException:
                if getter.done() and not getter.cancelled():
                    if self._queue:  # it was woken for a message that it will not take: somebody else may
                        self._wake()
                else:
                    with suppress(ValueError):
                        self._getters.remove(getter)
                raise

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Message:
        if self._pending and not self._turned_half and self._callback is None:  # the short way of most
            item = self._queue.popleft()
            if isinstance(item, SlowConsumer):
                raise item
            self._pending -= 1
            return item
        message = await self._next(None)
        if message is None:
            raise StopAsyncIteration
        return message

    async def get(self, timeout: float | None = None) -> Message:
        """The next message.

        Args:
            timeout: seconds; None waits without end.

        Raises:
            TimeoutError: none came in time. A cancelled or timed-out get loses no message.
            SlowConsumer: messages were lost here; the next call goes on behind them.
            ClientClosed: it was unsubscribed or the client closed, and everything was taken.
            StompError: the failure that ended it.
        """
        message = await self._next(timeout)
        if message is None:
            raise ClientClosed(f"the subscription to {self.destination!r} has ended")
        return message

    @property
    def pending(self) -> int:
        """Messages that are here and were not taken yet."""
        return self._pending

    async def confirmed(self, timeout: float | None = None) -> None:
        """Wait until the broker took the subscription: by its RECEIPT, a message, or 5 s of connection.

        Args:
            timeout: seconds; None waits without end, over reconnects too.

        Raises:
            TimeoutError: not in time.
            BrokerError: the broker refused it.
            ClientClosed: it ended before.
        """
        if timeout is not None:
            async with self._engine.alarm.timeout(timeout):
                await self.confirmed()
            return
        if self._is_confirmed and not self._ended:
            return
        if self._ended:
            raise self._end_error()
        if self._confirmed is None or self._confirmed.done():
            self._confirmed = asyncio.get_running_loop().create_future()
            self._confirmed.add_done_callback(lambda future: future.cancelled() or future.exception())
        await asyncio.shield(self._confirmed)

    async def unsubscribe(self, *, headers: Mapping[str, Any] | None = None) -> None:
        """End it. A message that is still on its way is not delivered. More than once is fine."""
        self._engine.subscriptions.unsubscribe(self, headers)

    def unsubscribe_nowait(self) -> None:
        """`unsubscribe` from a plain function."""
        self._engine.subscriptions.unsubscribe(self, None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.unsubscribe()

    def _state(self) -> str:
        if self._ended:
            return f"ended by {self.error!r}" if self.error is not None else "ended"
        return "confirmed" if self._is_confirmed else "not confirmed"

    def _repr_html_(self) -> str:
        from html import escape

        what = f"Subscription {escape(self.id)} to <code>{escape(self.destination)}</code>"
        return f"<p>{what}: {escape(self._state())}, {self.pending} pending</p>"

    def __repr__(self) -> str:
        what = f"Subscription {self.id!r} to {self.destination!r}, ack {self.ack}"
        return f"<{what}, {self._state()}, {self.pending} pending>"
