"""One connection: its client, its subscriptions, and what they came to. Nothing of the page is in here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import pystomp_web as stomp
from pystomp_web import State

from . import words

if TYPE_CHECKING:
    from pystomp_web import Frame, Message


class View(Protocol):
    """What wants to know."""

    def state_changed(self) -> None:
        """The state of the connection, or of a subscription, is another."""

    def received(self, message: Message, connection: int) -> None:
        """A message came."""

    def failed(self, error: BaseException) -> None:
        """Something failed that nobody waited for."""


class Entry:
    """A subscription as the user wants it; it outlives connections and clients.

    Attributes:
        number: its own, for the page.
        destination: as the user wrote it.
        ack: the mode.
        count: messages so far.
        subscription: the client's, while there is a client.
        condition: "kept", "waiting", "asked", "subscribed" or "refused".
        error: why it was refused.
    """

    def __init__(self, number: int, destination: str, ack: str) -> None:
        self.number = number
        self.destination = destination
        self.ack = ack
        self.count = 0
        self.subscription: stomp.Subscription | None = None
        self.condition = "kept"
        self.error: BaseException | None = None


class Link:
    """A client at a time, and the subscriptions that each of them gets.

    Attributes:
        client: while there is one.
        error: what the last state came from.
        connections: how many were established: the number of the present or last one.
        beats: the heart-beats of the present connection, in words.
        entries: the subscriptions.
    """

    def __init__(self, view: View) -> None:
        self.client: stomp.Client | None = None
        self.error: BaseException | None = None
        self.connections = 0
        self.attempts = 0
        self.beats = ""
        self.entries: dict[int, Entry] = {}
        self._view = view
        self._entries_made = 0
        self._asked: str | None = None
        self._forget_frames: Callable[[], None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # The connection.

    @property
    def state(self) -> State:
        """The client's; CLOSED without one."""
        return self.client.state if self.client is not None else State.CLOSED

    @property
    def connected(self) -> bool:
        """Whether messages go out at once."""
        return self.state is State.CONNECTED

    def connect(self, url: str, login: str, passcode: str) -> None:
        """Begin to connect, and keep at it.

        Raises:
            ValueError: that is no address.
        """
        client = stomp.Client(url, login=login or None, passcode=passcode or None)
        self.client = client
        self.error = None
        self.attempts = 0
        client.on_state(lambda state, error: self._on_state(client, state, error))
        client.on_unhandled(self._on_unhandled)
        for entry in self.entries.values():
            self._subscribe(client, entry)
        client.start()

    async def disconnect(self) -> None:
        """End it; the subscriptions are kept for the next connection."""
        if self.client is not None:
            await self.client.close()

    def reconnect_now(self) -> None:
        """Do not wait for the next attempt."""
        if self.client is not None:
            self.client.reconnect_now()

    def _on_state(self, client: stomp.Client, state: State, error: BaseException | None) -> None:
        if client is not self.client:
            return
        if state is State.CONNECTING:
            self.attempts += 1
            self._watch_heartbeats(client)
        else:
            self.error = error
            self._unwatch()
        if state is State.CONNECTED:
            self.attempts = 0
            self.connections += 1
        if state is State.CLOSED:
            self.client = None
        for entry in self.entries.values():
            self._follow(entry, state)
        self._view.state_changed()

    def _watch_heartbeats(self, client: stomp.Client) -> None:
        """See CONNECT and CONNECTED go by: frame for frame is costly, so only while connecting."""
        self._unwatch()

        def on_frame(direction: str, frame: Frame) -> None:
            if direction == "out":
                self._asked = frame.headers.get("heart-beat")
            elif frame.command == "CONNECTED":
                self.beats = words.heartbeats(self._asked, frame.headers.get("heart-beat"))

        self._forget_frames = client.on_frame(on_frame)

    def _unwatch(self) -> None:
        if self._forget_frames is not None:
            self._forget_frames()
            self._forget_frames = None

    def _on_unhandled(self, what: Any) -> None:
        if isinstance(what, BaseException):
            self._view.failed(what)

    # Subscriptions.

    def subscribe(self, destination: str, ack: str) -> Entry:
        """Subscribe now, or with the next connection.

        Raises:
            ValueError, ProtocolError: no destination, or one that can't be said.
        """
        entry = Entry(self._entries_made + 1, destination, ack)
        if self.client is not None:
            self._subscribe(self.client, entry)
        self._entries_made += 1
        self.entries[entry.number] = entry
        self._follow(entry, self.state)
        self._view.state_changed()
        return entry

    def unsubscribe(self, entry: Entry) -> None:
        """End it for good."""
        self.entries.pop(entry.number, None)
        if entry.subscription is not None and self.client is not None:
            entry.subscription.unsubscribe_nowait()
        self._view.state_changed()

    def _subscribe(self, client: stomp.Client, entry: Entry) -> None:
        def on_message(message: Message) -> None:
            entry.count += 1
            self._view.received(message, self.connections)

        entry.error = None
        entry.subscription = client.subscribe(entry.destination, on_message, ack=entry.ack)

    def _follow(self, entry: Entry, state: State) -> None:
        """Find out how a subscription stands now that the connection has changed."""
        subscription = entry.subscription
        if state is State.CLOSED or subscription is None:
            entry.subscription = None
            entry.condition = "refused" if entry.error is not None else "kept"
        elif subscription.error is not None:
            entry.condition, entry.error = "refused", subscription.error
        elif state is State.CONNECTED:
            entry.condition = "asked"
            self.spawn(self._confirmation(entry, subscription, self.connections))
        elif state is not State.CLOSING:
            entry.condition = "waiting"

    async def _confirmation(self, entry: Entry, subscription: stomp.Subscription, connection: int) -> None:
        try:
            await subscription.confirmed()
        except stomp.ClientClosed:
            return
        except stomp.StompError as error:
            if entry.subscription is subscription:
                entry.condition, entry.error = "refused", error
                self._view.state_changed()
                self._view.failed(error)
            return
        if entry.subscription is subscription and connection == self.connections and self.connected:
            entry.condition = "subscribed"
            self._view.state_changed()

    # Sending.

    async def send(
        self, destination: str, body: str, headers: Mapping[str, str], content_type: str, *, receipt: bool
    ) -> None:
        """Send a message; with `receipt` wait until the broker has confirmed it.

        Raises:
            StompError, ValueError: it did not work.
        """
        if self.client is None:
            raise stomp.ClientClosed("there is no connection")
        await self.client.send(destination, body, headers=headers, content_type=content_type or None, receipt=receipt)

    # Tasks.

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine; what it raises is told to the view."""
        task = asyncio.get_running_loop().create_task(self._guarded(coroutine))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            await coroutine
        except Exception as error:
            self._view.failed(error)
