"""The embedded broker: small, correct, in memory. For development and tests; nothing is kept when it stops.

It does no I/O: whoever brings octets calls `Connection.receive`, and is called to send. So a WebSocket, plain TCP and a
test that has neither use the same.

======================  ==========================================================================================
``/topic/NAME``         every message to all who are subscribed at that moment
``/queue/NAME``         every message to one consumer, round robin, in order; kept until there is one
``/temp-queue/NAME``    for replies: made by the first SUBSCRIBE, read by that connection only, gone with it.
                        Anybody may SEND to it; what is sent to one that is not (or no longer) there is dropped
``/queue/dlq.NAME``     what was delivered five times from ``/queue/NAME`` or ``/topic/NAME`` and never consumed,
                        with a header ``original-destination``. From here it is redelivered without end
======================  ==========================================================================================
"""

from __future__ import annotations

import hmac
import itertools
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from pystomp_web.errors import StompError

from .config import BrokerLimits
from .connection import Connection, Refused
from .destinations import Delivery, Destination, Queue, TemporaryQueue, Topic
from .messages import Message, Pairs

if TYPE_CHECKING:
    from typing import Protocol

    from .destinations import Consumer

    class _Source(Consumer, Protocol):
        destination: str


logger = logging.getLogger(__name__)

TOPIC, QUEUE, TEMPORARY = "/topic/", "/queue/", "/temp-queue/"
DEAD_LETTERS = QUEUE + "dlq."


class QueueFull(StompError):
    """A queue has no room for what is published."""


class _Callback:
    """A consumer within this process."""

    ready = True

    def __init__(self, callback: Callable[[Message], object]) -> None:
        self._callback = callback

    def deliver(self, delivery: Delivery) -> None:
        _call(self._callback, delivery.message)


class Broker:
    """Connections on one side, destinations on the other.

    Args:
        login: who may connect; None: everybody, whatever CONNECT says.
        passcode: that login's passcode.
        heartbeat: milliseconds, as in CONNECTED: (we can send, we want).
        limits: what one client may ask.
        clock: the time in seconds, never running backwards.
    """

    def __init__(
        self,
        *,
        login: str | None = None,
        passcode: str | None = None,
        heartbeat: tuple[int, int] = (10_000, 10_000),
        limits: BrokerLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.heartbeat = heartbeat
        self.limits = limits or BrokerLimits()
        self.clock = clock
        self._credentials = None if login is None else (login, passcode or "")
        self._connections: dict[Connection, None] = {}
        self._destinations: dict[str, Destination] = {}
        self._watchers: dict[object, Callable[[Message], object]] = {}
        self._id = secrets.token_hex(4)
        self._message_ids = itertools.count(1)
        self._session_ids = itertools.count(1)

    # --- for transports

    def connect(
        self,
        send: Callable[[bytes, bool], None],
        close: Callable[[int, str], None],
        *,
        buffered: Callable[[], int] = lambda: 0,
    ) -> Connection:
        """A client has opened a socket.

        Args:
            send: takes a frame's or a beat's octets and whether they are UTF-8. Must not raise nor block.
            close: takes a WebSocket close code and a reason; called at most once, behind the last send.
            buffered: how many octets of what was sent are not yet written.

        Returns:
            What to give octets to (`receive`), to tell of the end (`lost`) and of room (`drained`), and to call at its
            `deadline()` (`tick`).
        """
        connection = Connection(self, f"{self._id}-{next(self._session_ids)}", send, close, buffered)
        self._connections[connection] = None
        return connection

    # --- for programs and tests in the same process

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Those that are open, in the order in which they came."""
        return tuple(self._connections)

    @property
    def destinations(self) -> tuple[str, ...]:
        """Those that somebody is subscribed to or that hold messages."""
        return tuple(self._destinations)

    def length(self, destination: str) -> int:
        """How many messages wait in a queue."""
        found = self._destinations.get(destination)
        return 0 if found is None else len(found)

    def publish(
        self,
        destination: str,
        body: bytes | bytearray | memoryview | str = b"",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> str:
        """Publish a message as if a client had sent it.

        Args:
            destination: such as "/topic/prices".
            body: octets, or text to be written as UTF-8.
            headers: the publisher's headers; those that are the broker's are left out.

        Returns:
            Its message-id.

        Raises:
            ValueError: there is no such kind of destination.
            QueueFull: the queue has no room.
        """
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        message = self.message(destination, pairs, body.encode() if isinstance(body, str) else bytes(body))
        try:
            self.check(destination)
            self.check_room([message])
        except Refused as refused:
            raise (QueueFull if refused.message == "Queue full" else ValueError)(refused.detail) from None
        self.route(message)
        return message.id

    def subscribe(self, destination: str, callback: Callable[[Message], object]) -> Callable[[], None]:
        """Consume from within this process; an exception of the callback is logged.

        Returns:
            What ends the subscription.

        Raises:
            ValueError: there is no such kind of destination, or it is somebody else's temporary queue.
        """
        consumer = _Callback(callback)
        try:
            self.attach(destination, consumer, owner=self)
        except Refused as refused:
            raise ValueError(refused.detail) from None
        return lambda: self.detach(destination, consumer)

    def on_message(self, callback: Callable[[Message], object]) -> Callable[[], None]:
        """Call back with every message that is published to any destination, before it is delivered.

        Returns:
            What takes the callback back.
        """
        key = object()
        self._watchers[key] = callback
        return lambda: void(self._watchers.pop(key, None))

    def shutdown(self, code: int = 1001, reason: str = "the server is stopping") -> None:
        """Close every connection."""
        for connection in self.connections:
            connection.end(code, reason)

    # --- for connections

    def admits(self, login: str | None, passcode: str | None) -> bool:
        """Whether these may connect. Takes as long whichever of the two is wrong."""
        if self._credentials is None:
            return True
        given = (login or "", passcode or "")
        right = [
            hmac.compare_digest(ours.encode(), theirs.encode())
            for ours, theirs in zip(self._credentials, given, strict=True)
        ]
        return all(right)

    def message(self, destination: str, headers: Iterable[tuple[str, str]], body: bytes) -> Message:
        """A message with an id of its own."""
        return Message(f"{self._id}-{next(self._message_ids)}", destination, headers, body)

    def check(self, destination: str) -> None:
        """Raise Refused when there is no such kind of destination."""
        # No line breaks: every version must be able to say a destination.
        if not any(eol in destination for eol in "\r\n"):
            for prefix in (TOPIC, QUEUE, TEMPORARY):
                if destination.startswith(prefix) and destination != prefix:
                    return
        raise Refused("Unknown destination", f"{destination!r} is none of /topic/NAME, /queue/NAME, /temp-queue/NAME")

    def check_room(self, messages: Iterable[Message]) -> None:
        """Raise Refused when not all of these can be kept."""
        wanted: dict[str, int] = {}
        for message in messages:
            wanted[message.destination] = wanted.get(message.destination, 0) + 1
        for name, count in wanted.items():
            found = self._destinations.get(name)
            room = self.limits.max_queue_length if found is None else found.room
            if count > room and not name.startswith(TOPIC):
                raise Refused("Queue full", f"{name!r} holds {self.length(name)} messages, the most it may", 1008)

    def route(self, message: Message) -> None:
        """Deliver or keep a message whose destination was checked."""
        for watcher in tuple(self._watchers.values()):
            _call(watcher, message)
        destination = self._destinations.get(message.destination)
        if destination is None and message.destination.startswith(QUEUE):
            destination = self._queue(message.destination)
        if destination is not None:  # nobody is subscribed to the topic, or the requester has gone
            destination.publish(message)

    def attach(self, name: str, consumer: Consumer, owner: object) -> None:
        """Let a consumer take messages from a destination, which is made when it is not there.

        Raises:
            Refused: there is no such kind of destination, or it is another connection's temporary queue.
        """
        self.check(name)
        destination = self._destinations.get(name)
        if destination is None:
            if name.startswith(QUEUE):
                destination = self._queue(name)
            elif name.startswith(TOPIC):
                destination = Topic(name, self.limits, self._bury)
            else:
                destination = TemporaryQueue(name, self.limits, owner)
            self._destinations[name] = destination
        if isinstance(destination, TemporaryQueue) and destination.owner is not owner:
            raise Refused("Not your queue", f"{name!r} is read by the connection that subscribed to it first", 1008)
        destination.add(consumer)

    def detach(self, name: str, consumer: Consumer) -> None:
        """A consumer takes nothing more."""
        destination = self._destinations.get(name)
        if destination is not None:
            destination.remove(consumer)
            self._tidy(destination)

    def give_back(self, subscription: _Source, deliveries: list[Delivery]) -> None:
        """Messages came back from a subscription."""
        name = subscription.destination
        destination = self._destinations.get(name)
        if destination is None and name.startswith(QUEUE) and deliveries:
            destination = self._queue(name)
        if destination is not None:
            destination.give_back(subscription, deliveries)
            self._tidy(destination)

    def resume(self, name: str) -> None:
        """A consumer of this destination has room again."""
        destination = self._destinations.get(name)
        if destination is not None:
            destination.resume()

    def forget(self, connection: Connection) -> None:
        """A connection has ended, and its subscriptions with it: its temporary queues go too."""
        self._connections.pop(connection, None)
        for name, destination in tuple(self._destinations.items()):
            if isinstance(destination, TemporaryQueue) and destination.owner is connection:
                del self._destinations[name]

    def _queue(self, name: str) -> Queue:
        queue = Queue(name, self.limits, None if name.startswith(DEAD_LETTERS) else self._bury)
        self._destinations[name] = queue
        return queue

    def _bury(self, delivery: Delivery) -> None:
        dead = delivery.message
        name = DEAD_LETTERS + dead.destination.split("/", 2)[2]
        headers: Pairs = (*dead.headers, ("original-destination", dead.destination))
        logger.info("%s: %s went to %s after %d deliveries", dead.destination, dead.id, name, delivery.count)
        self.route(Message(dead.id, name, headers, dead.body))

    def _tidy(self, destination: Destination) -> None:
        # Names are the clients' to invent: those that nobody uses must not pile up.
        if destination.idle and self._destinations.get(destination.name) is destination:
            del self._destinations[destination.name]


def void(_: object) -> None:
    """Drop a result."""


def _call(callback: Callable[[Message], object], message: Message) -> None:
    try:
        callback(message)
    except Exception:
        logger.exception("a callback failed for %s to %s", message.id, message.destination)
