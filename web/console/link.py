"""One connection: its client, its subscriptions, and what they came to. Nothing of the page is in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pystomp_web as stomp
from pystomp_web import State

from . import words
from .tasks import Tasks

if TYPE_CHECKING:
    from pystomp_web import Frame, Message


class View(Protocol):
    """What wants to know."""

    def state_changed(self) -> None:
        """The state of the connection, or of a subscription, is another."""

    def received(self, message: Message, entry: Entry, connection: int) -> None:
        """A message came."""

    def sent(self, destination: str, body: bytes) -> None:
        """A message goes out."""

    def frame(self, direction: str, frame: Frame) -> None:
        """A frame went by, while connecting or watched."""

    def failed(self, error: BaseException) -> None:
        """Something failed that nobody waited for."""


@dataclass
class Options:
    """How to connect."""

    url: str
    login: str = ""
    passcode: str = ""
    host: str = ""
    broker: str = ""
    beats: str = "10,10"

    def __repr__(self) -> str:
        return f"Options({self.url!r})"  # no passcode in a log


COLOURS = 8


class Entry:
    """A subscription as the user wants it; it outlives connections and clients.

    Attributes:
        number: its own, for the page.
        destination: as the user wrote it.
        ack: the mode.
        colour: the number of its colour, from 1.
        on: whether messages are wanted; off, it is only kept.
        count: messages so far.
        subscription: the client's, while there is a client.
        condition: "off", "kept", "waiting", "asked", "subscribed" or "refused".
        error: why it was refused.
    """

    def __init__(self, number: int, destination: str, ack: str) -> None:
        self.number = number
        self.destination = destination
        self.ack = ack
        self.colour = (number - 1) % COLOURS + 1
        self.on = True
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
        transaction: the open one, if any.
        in_transaction: how many messages were sent in it.
        watching: whether all frames are told.
    """

    def __init__(self, view: View) -> None:
        self.client: stomp.Client | None = None
        self.error: BaseException | None = None
        self.connections = 0
        self.attempts = 0
        self.beats = ""
        self.entries: dict[int, Entry] = {}
        self.transaction: stomp.Transaction | None = None
        self.in_transaction = 0
        self.watching = False
        self._view = view
        self._entries_made = 0
        self._asked: str | None = None
        self._forget_frames: Callable[[], None] | None = None
        #: Runs a coroutine; what it raises is told to the view.
        self.spawn = Tasks(view.failed).spawn

    # The connection.

    @property
    def state(self) -> State:
        """The client's; CLOSED without one."""
        return self.client.state if self.client is not None else State.CLOSED

    def tries(self) -> str:
        """Which attempt it is, in words, from the second on."""
        return f", attempt {self.attempts}" if self.attempts > 1 else ""

    @property
    def connected(self) -> bool:
        """Whether messages go out at once."""
        return self.state is State.CONNECTED

    def connect(self, options: Options) -> None:
        """Begin to connect, and keep at it.

        Raises:
            ValueError: that is no address, or no heart-beat.
        """
        client = stomp.Client(
            options.url,
            login=options.login or None,
            passcode=options.passcode or None,
            host=options.host or None,
            broker=options.broker or None,
            heartbeat=_beats(options.beats),
        )
        self.client = client
        self.error = None
        self.attempts = 0
        client.on_state(lambda state, error: self._on_state(client, state, error))
        client.on_unhandled(self._on_unhandled)
        for entry in self.entries.values():
            if entry.on:
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
            if not self.watching:
                self._unwatch()
        if state is not State.CONNECTED:
            self.transaction = None
        if state is State.CONNECTED:
            self.attempts = 0
            self.connections += 1
        if state is State.CLOSED:
            self.client = None
            self._unwatch()
        for entry in self.entries.values():
            self._follow(entry, state)
        self._view.state_changed()

    def _watch_heartbeats(self, client: stomp.Client) -> None:
        """See CONNECT and CONNECTED go by: frame for frame is costly, so only while connecting."""
        self._unwatch()

        def on_frame(direction: str, frame: Frame) -> None:
            self._view.frame(direction, frame)
            if direction == "out":
                self._asked = frame.headers.get("heart-beat")
            elif frame.command == "CONNECTED":
                self.beats = words.heartbeats(self._asked, frame.headers.get("heart-beat"))

        self._forget_frames = client.on_frame(on_frame)

    def watch(self, wanted: bool) -> None:
        """Have all frames told, or those of connecting only."""
        self.watching = wanted
        if self.client is not None and wanted:
            self._watch_heartbeats(self.client)
        elif self.connected:
            self._unwatch()

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
        self._end(entry)
        self._view.state_changed()

    def switch(self, entry: Entry, on: bool) -> None:
        """Have its messages, or only keep it."""
        if on == entry.on:
            return
        if on:
            if self.client is not None:
                self._subscribe(self.client, entry)
            entry.on = True
        else:
            entry.on = False
            self._end(entry)
        self._follow(entry, self.state)
        self._view.state_changed()

    def _end(self, entry: Entry) -> None:
        if entry.subscription is not None and self.client is not None:
            entry.subscription.unsubscribe_nowait()
        entry.subscription = None

    def _subscribe(self, client: stomp.Client, entry: Entry) -> None:
        def on_message(message: Message) -> None:
            entry.count += 1
            self._view.received(message, entry, self.connections)

        entry.error = None
        entry.subscription = client.subscribe(entry.destination, on_message, ack=entry.ack)

    def _follow(self, entry: Entry, state: State) -> None:
        """Find out how a subscription stands now that the connection has changed."""
        subscription = entry.subscription
        if not entry.on:
            entry.condition = "off"
        elif state is State.CLOSED or subscription is None:
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
        self, destination: str, body: Any, headers: Mapping[str, str], content_type: str, *, receipt: bool
    ) -> None:
        """Send a message, in the transaction that is open; with `receipt` wait until the broker has confirmed it.

        Raises:
            StompError, ValueError: it did not work.
        """
        if self.client is None:
            raise stomp.ClientClosed("there is no connection")
        if isinstance(body, (str, bytes)):
            self._view.sent(destination, body.encode() if isinstance(body, str) else body)
        kind = content_type or None
        if self.transaction is not None:
            await self.transaction.send(destination, body, headers=headers, content_type=kind)
            self.in_transaction += 1
        else:
            await self.client.send(destination, body, headers=headers, content_type=kind, receipt=receipt)

    async def begin(self) -> None:
        """Begin a transaction: what is sent from now on happens together, or not at all.

        Raises:
            StompError: there is no connection.
        """
        if self.client is None or not self.connected:
            raise stomp.ClientClosed("a transaction needs a connection")
        transaction = self.client.transaction(receipt=True)
        await transaction.__aenter__()
        self.transaction, self.in_transaction = transaction, 0
        self._view.state_changed()

    async def end(self, *, commit: bool) -> None:
        """Make what was sent in the transaction happen, or undo it.

        Raises:
            StompError: it did not work.
        """
        transaction, self.transaction = self.transaction, None
        self._view.state_changed()
        if transaction is not None:
            await (transaction.commit() if commit else transaction.abort())


def _beats(text: str) -> tuple[float, float]:
    """Heart-beats in seconds as people write them: "10,10".

    Raises:
        ValueError: they are none.
    """
    first, comma, second = (text or "10,10").partition(",")
    try:
        return float(first), float(second if comma else first)
    except ValueError:
        raise ValueError(f"{text!r} are no heart-beats: write seconds, as 10,10") from None
