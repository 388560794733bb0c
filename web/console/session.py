"""One connection with all that belongs to it: messages, filter, measures, recording, replies. Nothing of the page."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from . import filters, words
from .frames import Frames
from .history import Filtered, History, Listing, Record
from .link import Entry, Link
from .meters import Meters
from .recorder import Recorder
from .replies import Responder
from .steps import in_steps

if TYPE_CHECKING:
    from pystomp_web import Frame, Message

    from .publisher import Publisher
    from .recording import Taken

_SOON = 500  # records that a filter looks at in one go


class Host(Protocol):
    """The page, as far as a session needs it."""

    responder: Responder

    def session_changed(self, session: Session) -> None:
        """The state of the connection or of a subscription is another."""

    def session_failed(self, session: Session, error: BaseException) -> None:
        """Something failed that nobody waited for."""

    def ask(self) -> None:
        """Something is to be painted."""


class Session:
    """A connection.

    Attributes:
        number: its own, from 1.
        fields: what stands in the forms while another session is shown.
        settles: whether a message came that wants to be acknowledged.
        rate: messages received in the last second.
        light: what the state light showed last, so that it is reported once.
    """

    def __init__(self, number: int, host: Host, limit: int) -> None:
        self.number = number
        self.link = Link(self)
        self.history = History(limit)
        self.filtered = Filtered(self.history)
        self.filter_text = ""
        self.filter_error = ""
        self.test: filters.Test | None = None
        self.meters = Meters()
        self.recorder = Recorder()
        self.frames = Frames()
        self.publisher: Publisher | None = None
        self.replay: list[Taken] = []
        self.fields: dict[str, str | bool] = {}
        self.headers: list[tuple[str, str]] = []
        self.settles = False
        self.rate = 0
        self.light = ""
        self._host = host
        self._sent: dict[tuple[str, bytes], deque[float]] = {}
        self._counted = (0, 0)

    @property
    def name(self) -> str:
        """What people know it by."""
        client = self.link.client
        if client is None:
            return f"Connection {self.number}"
        parts = urlsplit(client.url)
        return f"{self.number}: {parts.netloc}{parts.path}"

    @property
    def shown_light(self) -> words.Light:
        """How it stands, as a light."""
        link = self.link
        return words.FAILED if link.client is None and link.error is not None else words.LIGHTS[link.state]

    @property
    def listing(self) -> Listing:
        """What the list shows."""
        return self.history if self.test is None else self.filtered

    def settling(self, record: Record) -> tuple[bool, bool, str]:
        """Whether a message can be acknowledged, and refused, and what to say of it instead."""
        subscription = record.message.subscription
        if subscription is None or subscription.ack == "auto":
            return False, False, ""
        if record.message.settled:
            return False, False, record.outcome or "acked"
        client = self.link.client
        if record.connection != self.link.connections or client is None or client.version is None:
            return False, False, "left"
        return True, client.version != "1.0", ""

    def set_filter(self, text: str) -> None:
        """Show what passes this filter only; an error is kept in words, and the filter before it goes on."""
        self.filter_text = text
        try:
            self.test = filters.parse(text)
        except ValueError as error:
            self.filter_error = str(error)
            return
        self.filter_error = ""
        self.filtered.begin(self.test)
        if self.filtered.work() and self.test is not None:
            self.link.spawn(self._filter_on())

    async def _filter_on(self) -> None:
        while self.filtered.work():
            self._host.ask()
            await asyncio.sleep(0)
        self._host.ask()

    def set_limit(self, limit: int) -> None:
        """Keep so many messages."""
        self.link.spawn(_let_go(self.history.resize(limit)))
        self.set_filter(self.filter_text)

    def pause(self) -> None:
        """Hold what comes, or show what was held."""
        if not self.history.paused:
            self.history.paused = True
            return
        held = self.history.resume()
        if len(held) > _SOON:
            self.set_filter(self.filter_text)
        else:
            for record in held:
                self.filtered.add(record)

    def clear(self) -> None:
        """Forget the messages."""
        self.link.spawn(_let_go(self.history.clear()))
        self.filtered.begin(self.test)
        self.settles = False

    def close(self) -> None:
        """Nothing of it is wanted any more."""
        if self.publisher is not None:
            self.publisher.stop()
        self.recorder.stop()
        self.clear()
        self.link.spawn(self.link.disconnect())

    def measure(self) -> None:
        """Once a second: what came and went."""
        client = self.link.client
        counted = (client.stats.messages, client.stats.frames_out) if client is not None else (0, 0)
        rates = [max(0, now - before) for now, before in zip(counted, self._counted, strict=True)]
        self._counted = counted
        self.rate = rates[0]
        if client is not None:
            self.meters.rates.add(time.time(), *map(float, rates))

    # What the connection tells (link.View).

    def state_changed(self) -> None:
        """The connection or a subscription has changed."""
        self._host.session_changed(self)

    def received(self, message: Message, entry: Entry, connection: int) -> None:
        """A message came."""
        history = self.history
        record = history.add(message, connection, self._round_trip(message) if self._sent else None)
        record.entry = entry
        if not history.paused:
            self.filtered.add(record)
        self.settles |= entry.ack != "auto"
        self.meters.take(record)
        self.recorder.take(record)
        for to, body, headers in self._host.responder.answers(message):
            self.link.spawn(self.link.send(to, body, headers, "", receipt=False))
        self._host.ask()

    def sent(self, destination: str, body: bytes) -> None:
        """A message goes out."""
        if len(self._sent) >= 1000:  # most of those never come back
            self._sent.pop(next(iter(self._sent)))
        self._sent.setdefault((destination, body), deque(maxlen=1000)).append(time.time())

    def _round_trip(self, message: Message) -> float | None:
        key = (message.destination, message.body)
        times = self._sent.get(key)
        if times is None:
            return None
        began = times.popleft()
        if not times:
            del self._sent[key]
        return time.time() - began

    def frame(self, direction: str, frame: Frame) -> None:
        """A frame went by."""
        self.frames.take(direction, frame)
        self._host.ask()

    def failed(self, error: BaseException) -> None:
        """Something failed that nobody waited for."""
        self._host.session_failed(self, error)


async def _let_go(lists: list[deque[Record]]) -> None:
    """Let go of records: a hundred thousand at once would hold up the page."""
    async for _ in in_steps(each.popleft() for each in lists for _ in range(len(each))):
        pass
