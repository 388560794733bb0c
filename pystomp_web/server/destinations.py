"""Where messages go: topics, queues and temporary queues. No I/O."""

from __future__ import annotations

import heapq
import itertools
import logging
import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from .config import BrokerLimits
    from .messages import Message

    class Consumer(Protocol):
        """Who takes messages from a destination."""

        @property
        def ready(self) -> bool:
            """Whether a queue may hand over another message now."""

        def deliver(self, delivery: Delivery) -> None:
            """Take a message. Never raises."""


logger = logging.getLogger(__name__)

#: One count for all queues: a queue that was forgotten and made anew may still get messages of its earlier life back.
_order = itertools.count()


class Delivery:
    """A message on its way to one consumer.

    Attributes:
        message: what is delivered.
        count: how often it was delivered.
        order: its place in its queue: what comes back goes where it was.
        sent: its place among what its connection was sent.
    """

    __slots__ = ("count", "message", "order", "sent")

    def __init__(self, message: Message, order: int = 0) -> None:
        self.message = message
        self.count = 0
        self.order = order
        self.sent = 0


class Topic:
    """Every message goes to all who are subscribed at that moment, and is not kept.

    Args:
        name: the whole destination.
        limits: of which `max_deliveries` counts.
        bury: takes what was delivered too often.
    """

    def __init__(self, name: str, limits: BrokerLimits, bury: Callable[[Delivery], None]) -> None:
        self.name = name
        self._limits = limits
        self._bury = bury
        self._consumers: dict[Consumer, None] = {}
        self._arriving: deque[Message] = deque()
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether it can be forgotten."""
        return not self._consumers

    @property
    def room(self) -> float:
        """How many more messages it takes."""
        return math.inf

    def __len__(self) -> int:
        return 0

    def publish(self, message: Message) -> None:
        """Hand the message to every consumer."""
        self._arriving.append(message)
        if self._busy:  # a consumer published in its turn: that message goes behind this one, for everybody
            return
        self._busy = True
        try:
            while self._arriving:
                message = self._arriving.popleft()
                for consumer in tuple(self._consumers):
                    if consumer in self._consumers:  # not cut off meanwhile
                        consumer.deliver(Delivery(message))
        finally:
            self._busy = False

    def add(self, consumer: Consumer) -> None:
        """From now on the consumer gets what is published."""
        self._consumers[consumer] = None

    def remove(self, consumer: Consumer) -> None:
        """The consumer gets nothing more."""
        self._consumers.pop(consumer, None)

    def give_back(self, consumer: Consumer, deliveries: Iterable[Delivery]) -> None:
        """Messages were not consumed: the same consumer gets them again, if it is still there."""
        for delivery in deliveries:
            if delivery.count >= self._limits.max_deliveries:
                self._bury(delivery)
            elif consumer in self._consumers:
                consumer.deliver(delivery)

    def resume(self) -> None:
        """A consumer has room again; a topic waits for nobody."""


class Queue:
    """Every message goes to one consumer, round robin, and is kept until there is one.

    Args:
        name: the whole destination.
        limits: of which `max_queue_length` and `max_deliveries` count.
        bury: takes what was delivered too often; None: nothing is.
    """

    def __init__(self, name: str, limits: BrokerLimits, bury: Callable[[Delivery], None] | None) -> None:
        self.name = name
        self._limits = limits
        self._bury = bury
        self._waiting: list[tuple[int, Delivery]] = []  # a heap, so that what comes back finds its old place
        self._consumers: deque[Consumer] = deque()  # whose turn it is stands first
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether it can be forgotten."""
        return not self._consumers and not self._waiting

    @property
    def room(self) -> float:
        """How many more messages it takes."""
        return self._limits.max_queue_length - len(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)

    def publish(self, message: Message) -> None:
        """Hand the message to a consumer, or keep it."""
        self._put(Delivery(message, next(_order)))
        self.resume()

    def add(self, consumer: Consumer) -> None:
        """The consumer takes part from now on, beginning with what waits."""
        self._consumers.append(consumer)
        self.resume()

    def remove(self, consumer: Consumer) -> None:
        """The consumer gets nothing more."""
        if consumer in self._consumers:
            self._consumers.remove(consumer)

    def give_back(self, consumer: Consumer, deliveries: Iterable[Delivery]) -> None:
        """Messages were not consumed: they go back to their places and on to whoever's turn it is."""
        del consumer
        for delivery in deliveries:
            if self._bury is not None and delivery.count >= self._limits.max_deliveries:
                self._bury(delivery)
            else:
                self._put(delivery)
        self.resume()

    def resume(self) -> None:
        """Hand out what waits while a consumer is ready."""
        if self._busy:  # a consumer, in its turn, published or gave back: the loop below sees to it
            return
        self._busy = True
        try:
            while self._waiting and (consumer := self._next_ready()) is not None:
                consumer.deliver(heapq.heappop(self._waiting)[1])
        finally:
            self._busy = False

    def _put(self, delivery: Delivery) -> None:
        heapq.heappush(self._waiting, (delivery.order, delivery))

    def _next_ready(self) -> Consumer | None:
        for _ in range(len(self._consumers)):
            consumer = self._consumers[0]
            self._consumers.rotate(-1)
            if consumer.ready:
                return consumer
        return None


class TemporaryQueue(Queue):
    """A queue for replies: one connection reads it, anybody sends to it, and it goes with its connection.

    Args:
        name: the whole destination.
        limits: as for a queue.
        owner: the connection that subscribed first.
    """

    def __init__(self, name: str, limits: BrokerLimits, owner: object) -> None:
        super().__init__(name, limits, self._discard)
        self.owner = owner

    @property
    def idle(self) -> bool:
        """Never: its owner's end is its end."""
        return False

    def _discard(self, delivery: Delivery) -> None:
        # A reply is nobody else's business: it does not go to a queue that all can read.
        logger.info("%s: dropped %s after %d deliveries", self.name, delivery.message.id, delivery.count)


Destination = Topic | Queue
