"""One connection's life, seen from the client: a table of states and transitions; octets in, frames out.

A session ends with its connection: another connection is another session.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

from ..errors import ProtocolError, VersionMismatch
from . import heartbeat
from .decoder import Decoder, Limits
from .encoder import encode_head
from .frame import Frame, frame_of, headers_from_pairs
from .heartbeat import Heartbeat
from .loose import MessageDecoder
from .version import CLIENT_COMMANDS, RULES, Rules, Version


class SessionState(Enum):
    """Where a session stands."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DISCONNECTING = "disconnecting"
    ENDED = "ended"


_S = SessionState
_ANYTHING = dict.fromkeys(CLIENT_COMMANDS - {"CONNECT", "STOMP"}, _S.CONNECTED)

#: What may be sent in a state, and where it leads.
SENDING: dict[SessionState, dict[str, SessionState]] = {
    _S.NEW: {"CONNECT": _S.CONNECTING, "STOMP": _S.CONNECTING},
    _S.CONNECTING: {},
    _S.CONNECTED: {**_ANYTHING, "DISCONNECT": _S.DISCONNECTING},
    _S.DISCONNECTING: {},  # "Clients MUST NOT send any more frames after the DISCONNECT frame is sent."
    _S.ENDED: {},
}

#: What may come in a state, and where it leads. After ERROR a server closes; whether ours does is the caller's to know.
RECEIVING: dict[SessionState, dict[str, SessionState]] = {
    _S.NEW: {},
    _S.CONNECTING: {"CONNECTED": _S.CONNECTED, "ERROR": _S.ENDED},
    _S.CONNECTED: {"MESSAGE": _S.CONNECTED, "RECEIPT": _S.CONNECTED, "ERROR": _S.CONNECTED},
    _S.DISCONNECTING: {"MESSAGE": _S.DISCONNECTING, "RECEIPT": _S.DISCONNECTING, "ERROR": _S.DISCONNECTING},
    _S.ENDED: {},
}

#: So many destinations have their opening kept.
_OPENINGS = 64

#: Headers that a frame from the server cannot lack ("Server Frames"). MESSAGE is delivered as it is.
_REQUIRED = {"RECEIPT": "receipt-id"}


class Session:
    """The client's side of one STOMP session.

    Args:
        versions: what is offered, in any order.
        heartbeats: (how often we can send a beat, how often we want one), in seconds; 0 is none.
        tolerance: the peer is dead after this many of its intervals in silence.
        limits: the decoder's.

    Attributes:
        state: where the session stands.
        version: what was negotiated; None before CONNECTED.
        server, session_id: CONNECTED's `server` and `session`, or None.
        heartbeat: the beats that were agreed; none before CONNECTED.
        openings: by destination, of this version: what `opening` made.
        decoder: whose `rules` may be replaced by a broker's own once CONNECTED named it.
    """

    def __init__(
        self,
        versions: Sequence[str] = ("1.2", "1.1", "1.0"),
        *,
        heartbeats: tuple[float, float] = (0, 0),
        tolerance: float = 2.0,
        limits: Limits = Limits(),  # noqa: B008 - a tuple
    ) -> None:
        self.versions = tuple(sorted(Version(version) for version in versions))
        if not self.versions:
            raise ValueError("offer at least one version of STOMP")
        self._enter(SessionState.NEW)
        self.version: Version | None = None
        self.server: str | None = None
        self.session_id: str | None = None
        self.heartbeat = Heartbeat(0, 0, now=0)
        self.decoder = Decoder(self.versions[-1], **limits._asdict())
        self._limits = limits
        self._heartbeats = heartbeats
        self._tolerance = tolerance

    def _enter(self, state: SessionState) -> None:
        self.state = state
        self.openings: dict[str, str] = {}  # none may be used in another state
        # Looked up here, not for each frame: an Enum's hash is slow.
        self._sendable = SENDING[state]
        self._receivable = RECEIVING[state]

    def connect_frame(self, headers: Sequence[tuple[str, str]] = (), *, host: str | None = None) -> Frame:
        """The CONNECT frame ("Connecting"): `accept-version`, ascending, `host`, `heart-beat`, then `headers`."""
        ours: list[tuple[str, str]] = [("accept-version", ",".join(self.versions))]
        if host is not None:
            ours.append(("host", host))
        ours.append(("heart-beat", ",".join(str(round(seconds * 1000)) for seconds in self._heartbeats)))
        return Frame("CONNECT", [*ours, *headers])

    @property
    def rules(self) -> Rules:
        """What holds for what is sent: of the negotiated version, before that of the highest offered."""
        return self.decoder.rules

    def send(self, frame: Frame, now: float, *, content_length: bool = True) -> tuple[str, bytes]:
        """The frame's (head as text, body), to be written head, body, NUL.

        Raises:
            ProtocolError: the frame may not be sent in this state, or the version cannot say it. Nothing has changed
                then.
        """
        following = self._sendable.get(frame.command)
        if following is None:
            raise ProtocolError(f"{frame.command} can't be sent in a session that is {self.state.value}")
        head = encode_head(frame, self.decoder.rules, content_length=content_length)
        if following is not self.state:
            self._enter(following)
        self.heartbeat.sent_at = now
        return head, frame.body

    def opening(self, destination: str) -> str:
        """Command and destination of a SEND, as text: kept for the next one, since sends come in bursts.

        Raises:
            ProtocolError: as `send`.
        """
        frame = frame_of("SEND", headers_from_pairs((("destination", destination),)), b"")
        head, _ = self.send(frame, self.heartbeat.sent_at)
        if len(self.openings) >= _OPENINGS:
            self.openings.clear()
        self.openings[destination] = opening = head[:-1]
        return opening

    def receive(self, data: bytes | bytearray | memoryview, now: float) -> Iterator[Frame]:
        """Take octets; iterate to have the frames that are complete with them, each checked for its place.

        Raises:
            ProtocolError: from the iterator: not STOMP, or a frame out of its place. The session has ended then.
            VersionMismatch: likewise: CONNECTED names a version that was not offered.
        """
        self.heartbeat.received(now)
        self.decoder.feed(data)  # its iterator is left alone: each frame is asked for here
        return self._frames(now)

    def _frames(self, now: float) -> Iterator[Frame]:
        decoder = self.decoder
        try:
            while (frame := decoder.next()) is not None:
                following = self._receivable.get(frame.command)
                if following is not self.state:
                    self._turn(frame, following, now)
                elif frame.command in _REQUIRED:
                    _check_required(frame)
                yield frame
        except (ProtocolError, VersionMismatch):
            self.end()
            raise

    def _turn(self, frame: Frame, following: SessionState | None, now: float) -> None:
        if following is None:
            raise ProtocolError(f"the server sent {frame.command} in a session that is {self.state.value}")
        if following is SessionState.CONNECTED:
            self._connected(frame, now)
        self._enter(following)

    def _connected(self, frame: Frame, now: float) -> None:
        headers = frame.headers
        # "Protocol Negotiation": a CONNECTED without version is 1.0.
        chosen = headers.get("version", "1.0")
        if chosen not in self.versions:
            offered = ", ".join(self.versions)
            raise VersionMismatch(f"the server chose STOMP {chosen[:16]!r}, but offered were {offered}; set versions=")
        self.version = Version(chosen)
        self.decoder.rules = rules = RULES[self.version]
        self.server = headers.get("server")
        self.session_id = headers.get("session")
        theirs = heartbeat.parse(headers.get("heart-beat")) if rules.heartbeats else (0, 0)
        ours = self._heartbeats
        send, expect = heartbeat.negotiate(ours, (theirs[0] / 1000, theirs[1] / 1000))
        self.heartbeat = Heartbeat(send, expect, now=now, tolerance=self._tolerance)

    def decode_by_message(self) -> None:
        """From here on each call of `receive` brings one whole message, whose content-length may not fit its body."""
        decoder = MessageDecoder(self.decoder.version, self._limits)
        decoder.rules = self.decoder.rules
        self.decoder = decoder

    def end(self) -> None:
        """The connection is over: nothing more may be sent or comes."""
        self._enter(SessionState.ENDED)


def _check_required(frame: Frame) -> None:
    if _REQUIRED[frame.command] not in frame.headers:
        raise ProtocolError(f"{frame.command} lacks {_REQUIRED[frame.command]}")
