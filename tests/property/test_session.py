"""A session against a model: whatever is sent and comes, it stands where the specification says, or has ended."""

from __future__ import annotations

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pystomp_web.errors import ProtocolError, VersionMismatch
from pystomp_web.protocol import Frame, encode
from pystomp_web.protocol.session import Session, SessionState
from pystomp_web.protocol.version import CLIENT_COMMANDS, COMMANDS

S = SessionState
OPEN = (S.CONNECTED, S.DISCONNECTING)
HEART_BEATS = (None, "0,0", "1000,2000", "5000,0", "0,100", "x", "1,2,3")


class Life(RuleBasedStateMachine):
    """The model is `state`, `version`, and when something was last sent and received."""

    def __init__(self) -> None:
        super().__init__()
        self.offered = ("1.0", "1.1", "1.2")
        self.session = Session(self.offered, heartbeats=(3, 4), tolerance=2)
        self.state = S.NEW
        self.version: str | None = None
        self.broken = False  # the octets themselves were no STOMP: the decoder stays failed
        self.pending = b""
        self.now = 0.0
        self.sent_at = self.received_at = 0.0
        self.every = (0.0, 0.0)

    @rule(seconds=st.integers(0, 5))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(command=st.sampled_from([*sorted(COMMANDS), "FOO"]), bad=st.booleans())
    def send(self, command: str, bad: bool) -> None:
        frame = Frame(command, {"id": "a\0" if bad else "a"})
        if self.state is S.NEW:
            allowed = command in ("CONNECT", "STOMP")
        else:
            allowed = self.state is S.CONNECTED and command in CLIENT_COMMANDS - {"CONNECT", "STOMP"}
        if bad or not allowed or (command == "NACK" and self.version == "1.0"):
            try:
                self.session.send(frame, self.now)
            except ProtocolError:
                return
            raise AssertionError(f"{command} was sent in {self.state}")
        assert self.session.send(frame, self.now) == (f"{command}\nid:a\n\n", b"")
        self.sent_at = self.now
        if self.state is S.NEW:
            self.state = S.CONNECTING
        elif command == "DISCONNECT":
            self.state = S.DISCONNECTING

    @rule(version=st.sampled_from([None, "1.0", "1.1", "1.2", "1.3"]), beats=st.sampled_from(HEART_BEATS))
    def connected_comes(self, version: str | None, beats: str | None) -> None:
        headers = [("version", version)] if version else []
        frame = Frame("CONNECTED", [*headers, *([("heart-beat", beats)] if beats else [])])
        chosen = version or "1.0"
        good_beats = chosen == "1.0" or beats not in ("x", "1,2,3")
        good = self.state is S.CONNECTING and chosen in self.offered and good_beats
        self.comes(frame, S.CONNECTED if good else None)
        if good and not self.broken:
            self.version = chosen
            server, client = (0, 0) if chosen == "1.0" or not beats else map(int, beats.split(","))
            self.every = (max(3, client / 1000) if client else 0, max(4, server / 1000) if server else 0)
            self.sent_at = self.now

    @rule(command=st.sampled_from(sorted(COMMANDS - {"CONNECTED"})), receipt_id=st.booleans())
    def frame_comes(self, command: str, receipt_id: bool) -> None:
        following = None
        if command == "ERROR" and self.state is S.CONNECTING:
            following = S.ENDED
        elif self.state in OPEN and (command in ("MESSAGE", "ERROR") or (command == "RECEIPT" and receipt_id)):
            following = self.state
        self.comes(Frame(command, {"receipt-id": "r"} if receipt_id else {"a": "b"}), following)

    def comes(self, frame: Frame, following: SessionState | None) -> None:
        self.received_at = self.now
        try:
            frames = [*self.session.receive(encode(frame, "1.2"), self.now)]
        except VersionMismatch:
            assert frame.command == "CONNECTED"
            assert following is None
            self.state = S.ENDED
        except ProtocolError:
            assert following is None or self.broken
            self.state = S.ENDED
        else:
            assert following is not None
            assert frames == [frame]
            self.state = following

    @rule()
    def beat_comes(self) -> None:
        self.received_at = self.now
        try:
            assert [*self.session.receive(b"\n", self.now)] == []
        except ProtocolError:
            assert self.broken

    @rule()
    def garbage_comes(self) -> None:
        self.received_at = self.now
        try:
            list(self.session.receive(b"garbage", self.now))
        except ProtocolError:
            self.state = S.ENDED
            self.broken = True
        else:
            raise AssertionError("garbage was read")

    @rule()
    def end(self) -> None:
        self.session.end()
        self.state = S.ENDED

    @invariant()
    def stands_where_the_model_stands(self) -> None:
        assert self.session.state is self.state
        assert self.session.version == self.version
        assert self.session.decoder.version == (self.version or "1.2")

    @invariant()
    def deadlines(self) -> None:
        if self.version is None:
            return
        beats = self.session.heartbeat
        send, expect = self.every
        assert beats.next_send(self.now) == (self.sent_at + send if send else math.inf)
        assert beats.dead_at(self.now) == (self.received_at + 2 * expect if expect else math.inf)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=25)
