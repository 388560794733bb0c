"""One WebSocket's life as a STOMP session: opened, used, over; then another Connection follows it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence

from .. import brokers
from ..brokers import SPECIFICATION, Broker
from ..errors import (
    ConnectError,
    ConnectionLost,
    ConnectRejected,
    FrameTooLarge,
    HeartbeatTimeout,
    ProtocolError,
    StompError,
)
from ..protocol import Frame, Limits
from ..protocol.session import Session, SessionState
from ..transport.base import Buffer, Transport
from . import platform
from .alarm import Alarm, Deadline
from .compose import utf8

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Owner(Protocol):
        """Who a connection reports to."""

        def _on_frame(self, frame: Frame) -> bool:
            """A frame of an open session, CONNECTED excepted. Whether the loop should have a turn before the next."""

        def _on_batch(self) -> None:
            """The frames that came together were handed over: whoever waits may run now."""

        def _on_end(self, connection: Connection, error: ConnectionLost) -> None:
            """An open session is over, for this reason."""

        def _on_traffic(self, direction: str, frame: Frame) -> None:
            """A frame is about to be written ("out"), or an answer to CONNECT came ("in")."""


logger = logging.getLogger("pystomp_web")

#: One drain of what has arrived lasts about this long, in seconds, and then the page has a turn.
DRAIN_BUDGET = 0.008
#: The clock is looked at once in this many frames.
_FRAMES_PER_LOOK = 16
#: Octets that are written before the transport is asked again how much waits, and a loop of sends makes a pause.
_ASKED_AFTER = 64 * 1024
#: A timer that is later than this, in seconds, tells of a page that was blocked, frozen or asleep.
_LATE = 0.1
#: Seconds that what arrived meanwhile has to come out of the browser, at most, and how often it may be late again.
_GRACE, _GRACES = 1.0, 3
#: The close code for a peer that does not speak STOMP: a page may choose 1000 and 3000 to 4999 only.
PROTOCOL_ERROR_CODE = 4002


class Connection:
    """One connection.

    Args:
        transport: not yet opened.
        owner: who is told what happens.
        alarm: for the heart-beats.
        versions, heartbeats, tolerance, limits: the session's.
        broker: the row to go by; None: recognise it.
        max_message: octets of a WebSocket message; None: by the broker's row.

    Attributes:
        session: where it stands, and what was negotiated.
        broker: the row in force.
        opened: whether the WebSocket opened.
        connected_at: when CONNECTED came, of time.monotonic(); None before.
        bytes_in, bytes_out: octets.
        unasked: so many octets may be written before `is_full` has to ask the transport.
    """

    def __init__(
        self,
        transport: Transport,
        owner: Owner,
        alarm: Alarm,
        *,
        versions: Sequence[str],
        heartbeats: tuple[float, float],
        tolerance: float,
        limits: Limits,
        broker: Broker | None,
        max_message: int | None,
    ) -> None:
        self.transport = transport
        self.session = Session(versions, heartbeats=heartbeats, tolerance=tolerance, limits=limits)
        self.broker = broker or SPECIFICATION
        self.opened = False
        self.connected_at: float | None = None
        self.bytes_in = 0
        self.bytes_out = 0
        self._owner = owner
        self._alarm = alarm
        self._named = broker is not None
        self._max_message = max_message
        self._whole = 0  # a frame of so many octets is one message
        self.unasked = 0
        self._connected: asyncio.Future[Frame] | None = None
        self._over = False
        self._frames: Iterator[Frame] = iter(())
        self._paused = False
        self._turns = 1  # how many turns of the loop a pause lasts
        self._turn = platform.turn()
        self._ending: tuple[int, str, bool] | None = None
        self._closed_during_connect: asyncio.Future[int] | None = None
        self._beat: Deadline | None = None
        self._watch: Deadline | None = None
        self._expected_at = 0.0
        self._graces = 0

    # Opening.

    async def open(self, headers: Sequence[tuple[str, str]], host: str | None) -> None:
        """Open the WebSocket, send CONNECT and wait for CONNECTED.

        When it raises, nothing is left open, but for ConnectRejected: `close_code_within` or `drop` must follow.

        Raises:
            ConnectError: the WebSocket did not open, or ended before CONNECTED. `opened` tells which.
            ConnectRejected: the broker answered ERROR.
            VersionMismatch, ProtocolError: it answered something else.
        """
        transport = self.transport
        transport.on_data = self._on_data
        transport.on_close = self._on_close
        try:
            await transport.open()
            self.opened = True
            self._connected = asyncio.get_running_loop().create_future()
            self._write(self.session.connect_frame(headers, host=host))
            await self._connected
        except ConnectRejected:
            raise  # the caller may want to know how the server ends it
        except BaseException:
            self.drop()
            raise

    async def close_code_within(self, seconds: float) -> int | None:
        """After a refused CONNECT: the code of the server's close, if it comes in time."""
        future = self._closed_during_connect
        assert future is not None
        try:
            async with self._alarm.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            self.drop()

    # Writing.

    def send(self, frame: Frame, *, content_length: bool = True) -> None:
        """Write a frame of an open session.

        Raises:
            ProtocolError: the version, or this broker, cannot take it. Nothing was written.
            FrameTooLarge: likewise.
        """
        self._write(frame, content_length=content_length)

    def _write(self, frame: Frame, *, content_length: bool = True) -> None:
        head, body = self.session.send(frame, time.monotonic(), content_length=content_length)
        data: str | bytes
        try:
            data = f"{head}{body.decode()}\0"
        except UnicodeDecodeError:
            if self.broker.text_only:
                raise ProtocolError(
                    f"{self.broker.name} takes text only, and this body is not UTF-8: send it as base64, say"
                ) from None
            data = head.encode() + body + b"\0"
        size = len(body) + len(head) + 1 if head.isascii() else len(body) + len(head.encode()) + 1
        pieces = self._pieces(data, size)
        self._owner._on_traffic("out", frame)
        self.bytes_out += size
        self.unasked -= size
        for piece in pieces:
            self.transport.send(piece)

    def send_text(self, destination: str, text: str, content_length: bool, lines: str) -> None:
        """Write a SEND that has a destination, these lines of headers and a text: as `send`, and quicker.

        The owner is not told.
        """
        session = self.session
        octets = len(text) if text.isascii() else len(utf8(text))
        opening = session.openings.get(destination) or session.opening(destination)
        if octets and (content_length or "\0" in text):
            head = f"{opening}{lines}content-length:{octets}\n\n"
        else:
            head = f"{opening}{lines}\n"
        data = f"{head}{text}\0"
        size = (len(head) if head.isascii() else len(head.encode())) + octets + 1
        pieces = None if size <= self._whole else self._pieces(data, size)
        session.heartbeat.sent_at = time.monotonic()
        self.bytes_out += size
        self.unasked -= size
        if pieces is None:
            self.transport.send(data)
        else:
            for piece in pieces:
                self.transport.send(piece)

    def _pieces(self, data: str | bytes, size: int) -> Sequence[str | bytes]:
        broker = self.broker
        if broker.max_frame is not None and size > broker.max_frame:
            raise FrameTooLarge(f"the frame has {size} octets, and {broker.name} takes at most {broker.max_frame}")
        most = self._max_message or broker.max_message
        if most is None or size <= most:
            return (data,)
        if not broker.joins:
            raise FrameTooLarge(
                f"the frame has {size} octets, and {broker.name} takes at most {most} and joins no pieces"
            )
        return split_text(data, most) if isinstance(data, str) else [data[i : i + most] for i in range(0, size, most)]

    def is_full(self, mark: int) -> bool:
        """Whether more than `mark` octets wait in the transport; for a quick answer it may be `_ASKED_AFTER` late."""
        if self.unasked > 0:
            return False
        full = self.transport.buffered > mark
        self.unasked = 0 if full else _ASKED_AFTER  # to ask a page's WebSocket is slow
        return full

    # Receiving.

    def _on_data(self, data: Buffer) -> None:
        if self._over:
            return
        self.bytes_in += len(data)
        self._frames = self.session.receive(data, time.monotonic())
        if not self._paused:
            self._pump()
        if self._alarm.next_at <= time.monotonic():  # timers of a hidden tab are late, and octets are not
            self._alarm.check()

    def _pump(self) -> None:
        """Hand over the frames that are here, until a turn of the loop is due."""
        try:
            turn = self._hand_over()
        except StompError as error:
            self._owner._on_batch()
            self._broken(error)
            return
        if turn and not self._over:
            self._pause()
        self._owner._on_batch()
        if self._ending is not None and not self._paused and not self._over:
            self._ended(*self._ending)

    def _hand_over(self) -> bool:
        """Whether a turn of the loop is due."""
        on_frame = self._owner._on_frame if self.connected_at is not None else self._answered
        budget = 0.0
        for count, frame in enumerate(self._frames, 1):
            turn = on_frame(frame)
            if turn or self._over:
                return turn
            if not count % _FRAMES_PER_LOOK:
                now = time.monotonic()
                budget = budget or now + DRAIN_BUDGET
                if now > budget:
                    return True
        return False

    def rest(self, turns: int) -> None:
        """The pause that is asked for lasts so many turns of the loop: somebody is late, and at work."""
        self._turns = turns

    def _pause(self) -> None:
        self._paused = True
        self.transport.pause()
        self._resume_later()

    def _resume_later(self) -> None:
        if self._turn:
            asyncio.get_running_loop().call_later(self._turn, self._resume)
        else:
            asyncio.get_running_loop().call_soon(self._resume)

    def _resume(self) -> None:
        if self._over or not self._paused:
            return
        if self._turns > 1:
            self._turns -= 1
            self._resume_later()
            return
        self._paused = False
        self._pump()
        if not self._paused and not self._over:
            self.transport.resume()

    def _answered(self, frame: Frame) -> bool:
        """What came in answer to CONNECT."""
        future = self._connected
        assert future is not None
        self._owner._on_traffic("in", frame)
        if frame.command == "ERROR":
            self._closed_during_connect = asyncio.get_running_loop().create_future()
            if not future.done():
                future.set_exception(ConnectRejected(f"the broker refused CONNECT: {error_text(frame)}", frame))
            return False
        self.connected_at = time.monotonic()
        if not self._named:
            self.broker = brokers.recognise(frame.headers)
        broker = self.broker
        bounds = (broker.max_frame, self._max_message or broker.max_message)
        self._whole = min((bound for bound in bounds if bound is not None), default=1 << 60)
        rules = self.session.rules
        if rules.escapes and (broker.reads or broker.writes):
            self.session.decoder.rules = rules._replace(
                escapes=rules.escapes | dict(broker.writes), unescapes=rules.unescapes | dict(broker.reads)
            )
        if broker.loose_length:
            # Nothing but beats can have come behind CONNECTED.
            self.transport.joined = False
            self.session.decode_by_message()
        if not broker.beats:
            self.session.heartbeat.expect_every = 0
        if not future.done():
            future.set_result(frame)
        self._next_beat()
        self._next_watch()
        return True  # so that whoever waits has the connection before what follows in the same data

    # Ending.

    def _on_close(self, code: int, reason: str, clean: bool) -> None:
        if self._over:
            return
        if self._paused:  # what arrived before is delivered first
            self._ending = code, reason, clean
        else:
            self._ended(code, reason, clean)

    def _ended(self, code: int, reason: str, clean: bool) -> None:
        if self._closed_during_connect is not None and not self._closed_during_connect.done():
            self._closed_during_connect.set_result(code)
            return
        half = "" if self.session.decoder.idle else " amid a frame"
        text = f"the connection ended{half} with code {code}{f' ({reason})' if reason else ''}{_meaning(code)}"
        self._finish(ConnectionLost(text, code=code, reason=reason, clean=clean))

    def _broken(self, error: StompError) -> None:
        """The peer does not speak STOMP, or not in its place."""
        if self.connected_at is None:
            if self._connected is not None and not self._connected.done():
                self._connected.set_exception(error)
            self.drop()
            return
        lost = ConnectionLost(
            f"the connection was given up: {error}", code=PROTOCOL_ERROR_CODE, reason="protocol error"
        )
        lost.__cause__ = error
        self.end(lost, code=PROTOCOL_ERROR_CODE)

    def end(self, error: ConnectionLost, *, code: int = 1000) -> None:
        """Give the connection up, for this reason, and report it."""
        if not self._over:
            self.transport.close(code)
            self._finish(error)

    def drop(self) -> None:
        """Let go of everything and report nothing."""
        self._over = True
        self.session.end()
        self._cancel_timers()
        self.transport.close()

    def _finish(self, error: ConnectionLost) -> None:
        self._over = True
        self.session.end()
        self._cancel_timers()
        if self.connected_at is not None:
            self._owner._on_end(self, error)
        elif self._connected is not None and not self._connected.done():
            self._connected.set_exception(ConnectError(f"no CONNECTED came: {error}"))

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over

    # Heart-beats.

    def _cancel_timers(self) -> None:
        for deadline in (self._beat, self._watch):
            if deadline is not None:
                deadline.cancel()
        self._beat = self._watch = None

    def _next_beat(self) -> None:
        self._beat = self._alarm.at(self.session.heartbeat.next_send(time.monotonic()), self._send_beat)

    def _send_beat(self) -> None:
        now = time.monotonic()
        if self.session.state is not SessionState.CONNECTED:
            return  # nothing is sent behind DISCONNECT
        if self.session.heartbeat.next_send(now) <= now:
            self.beat_now()
        self._next_beat()

    def beat_now(self) -> None:
        """Send a beat, where beats were agreed: it also shows a broken connection to the network."""
        if self.session.heartbeat.send_every and self.session.state is SessionState.CONNECTED:
            self.session.heartbeat.sent(time.monotonic())
            self.bytes_out += len(self.broker.beat)
            self.transport.send(self.broker.beat)

    def _next_watch(self) -> None:
        self._expected_at = self.session.heartbeat.dead_at(time.monotonic())
        self._graces = 0
        self._watch = self._alarm.at(self._expected_at, self._check_peer)

    def _check_peer(self) -> None:
        now = time.monotonic()
        if self.session.heartbeat.dead_at(now) > now:
            self._next_watch()
            return
        self.transport.drain()
        if self._over:
            return
        # What arrived while the page was blocked or asleep is still on its way: in the browser's queue of events, or,
        # in WebKit, in another process, which timers overtake.
        late = now - self._expected_at
        if late > _LATE and self._graces < _GRACES:
            self._graces += 1
            self._expected_at = now + min(late, _GRACE, self.session.heartbeat.expect_every)
            self._watch = self._alarm.at(self._expected_at, self._check_peer)
        else:
            self._expected_at = now
            asyncio.get_running_loop().call_soon(self._give_up_if_silent)

    def _give_up_if_silent(self) -> None:
        if self._over:
            return
        self.transport.drain()
        now = time.monotonic()
        beat = self.session.heartbeat
        if self._over:
            return
        if beat.dead_at(now) > now or self._paused:
            self._next_watch()
            return
        if now - self._expected_at > _LATE and self._graces < _GRACES:  # blocked once more, in this one turn
            self._check_peer()
            return
        silence = now - beat.received_at
        self.end(
            HeartbeatTimeout(
                f"nothing came for {silence:.1f} s, though the peer promised a beat every {beat.expect_every:g} s",
                code=1006,
            )
        )


def error_text(frame: Frame) -> str:
    """What an ERROR frame says, in one line: its `message`, else the beginning of its body."""
    text = frame.headers.get("message", "") or frame.body[:400].decode("utf-8", "replace").strip()
    first = text.splitlines()[0] if text else "it gave no reason"
    body = frame.body[:400].decode("utf-8", "replace").strip().splitlines()
    if body and body[0] and body[0] not in first and first not in body[0]:
        return f"{first}: {body[0]}"
    return first


def split_text(text: str, most: int) -> list[str]:
    """Pieces of at most `most` octets of UTF-8 (at least 4), cut between characters."""
    octets = text.encode()
    most = max(most, 4)
    pieces = []
    start = 0
    while start < len(octets):
        end = min(start + most, len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(octets[start:end].decode())
        start = end
    return pieces


_MEANINGS = {
    1001: "the server goes away",
    1002: "the server saw a protocol error",
    1006: "no closing handshake: the network or the server broke off",
    1008: "the server's policy forbids it",
    1009: "a message was too large for the server: send smaller ones or set max_message_size=",
    1011: "the server failed",
    1012: "the server restarts",
    1013: "the server is overloaded",
    1014: "the gateway has no answer from the broker",
}


def _meaning(code: int) -> str:
    return f": {_MEANINGS[code]}" if code in _MEANINGS else ""
