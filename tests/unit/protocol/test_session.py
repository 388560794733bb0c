from __future__ import annotations

import math
from typing import Any

import pytest

from pystomp_web.errors import FrameTooLarge, ProtocolError, VersionMismatch
from pystomp_web.protocol import Decoder, Frame, Limits, Version, encode
from pystomp_web.protocol.session import RECEIVING, SENDING, Session, SessionState
from pystomp_web.protocol.version import CLIENT_COMMANDS, COMMANDS, SERVER_COMMANDS

CONNECTED = Frame("CONNECTED", {"version": "1.2", "server": "a/1", "session": "s\\c1", "heart-beat": "3000,4000"})
MESSAGE = Frame("MESSAGE", {"subscription": "1", "message-id": "2", "destination": "/a"}, b"x")
RECEIPT = Frame("RECEIPT", {"receipt-id": "r"})
ERROR = Frame("ERROR", {"message": "no"}, b"why")
SEND = Frame("SEND", {"destination": "/a"}, b"x")


def wire(*frames: Frame, version: str = "1.2") -> bytes:
    return b"".join(encode(frame, version, content_length=False) for frame in frames)


def connected(frame: Frame = CONNECTED, **options: Any) -> Session:
    session = Session(**options)
    session.send(session.connect_frame(), 0)
    assert [*session.receive(wire(frame), 0)] == [frame]
    return session


# ------------------------------------------------------------------------------------------------ CONNECT


def test_connect_frame() -> None:
    frame = Session(("1.2", "1.0", "1.1"), heartbeats=(10, 2.5)).connect_frame([("login", "a:b")], host="example.com")
    assert frame == Frame(
        "CONNECT",
        [("accept-version", "1.0,1.1,1.2"), ("host", "example.com"), ("heart-beat", "10000,2500"), ("login", "a:b")],
    )


def test_connect_frame_without_host() -> None:
    assert Session().connect_frame().headers == {"accept-version": "1.0,1.1,1.2", "heart-beat": "0,0"}
    assert Session(("1.1",)).connect_frame(host="").headers == {
        "accept-version": "1.1",
        "host": "",
        "heart-beat": "0,0",
    }


def test_versions() -> None:
    assert Session((Version.V1_2, "1.0")).versions == ("1.0", "1.2")
    assert Session(["1.1"]).decoder.version == "1.1"
    with pytest.raises(ValueError, match="at least one"):
        Session(())
    with pytest.raises(ValueError, match=r"1\.3"):
        Session(("1.2", "1.3"))


def test_connect_is_not_escaped() -> None:
    session = Session()
    head, body = session.send(session.connect_frame([("passcode", "p:w\\d")]), 0)
    assert head == "CONNECT\naccept-version:1.0,1.1,1.2\nheart-beat:0,0\npasscode:p:w\\d\n\n"
    assert body == b""


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_a_connect_that_can_not_be_said_changes_nothing(value: str) -> None:
    session = Session()
    with pytest.raises(ProtocolError):
        session.send(session.connect_frame([("login", value)]), 0)
    states = [session.state]
    session.send(session.connect_frame(), 0)
    assert [*states, session.state] == [SessionState.NEW, SessionState.CONNECTING]


# ------------------------------------------------------------------------------------------------ CONNECTED


def test_connected() -> None:
    session = connected(heartbeats=(1, 5))
    assert session.state is SessionState.CONNECTED
    assert session.version is Version.V1_2
    assert session.decoder.version is Version.V1_2
    assert session.rules is session.decoder.rules
    assert session.server == "a/1"
    assert session.session_id == "s\\c1"  # CONNECTED is not unescaped
    assert (session.heartbeat.send_every, session.heartbeat.expect_every) == (4, 5)


def test_before_connected() -> None:
    session = Session(heartbeats=(1, 5))
    assert session.state is SessionState.NEW
    assert (session.version, session.server, session.session_id) == (None, None, None)
    assert session.heartbeat.next_send(0) == math.inf
    assert session.heartbeat.dead_at(0) == math.inf


@pytest.mark.parametrize("version", [*Version])
def test_the_chosen_version_holds_for_the_next_frame(version: str) -> None:
    session = Session()
    session.send(session.connect_frame(), 0)
    escaped = b"MESSAGE\nsubscription:1\na:b\\c\n\n\0"
    frames = [*session.receive(wire(Frame("CONNECTED", {"version": version})) + escaped, 0)]
    assert frames[1].headers["a"] == ("b\\c" if version == "1.0" else "b:")
    assert session.version == version
    head, _ = session.send(Frame("SEND", {"a": "b:c"}), 0)
    assert head == ("SEND\na:b:c\n\n" if version == "1.0" else "SEND\na:b\\cc\n\n")
    if version == "1.0":
        with pytest.raises(ProtocolError, match="NACK"):
            session.send(Frame("NACK", {"id": "1"}), 0)
    else:
        session.send(Frame("NACK", {"id": "1"}), 0)


def test_connected_without_version_is_1_0() -> None:
    session = connected(Frame("CONNECTED", {"session": "1", "heart-beat": "rubbish"}), heartbeats=(1, 1))
    assert session.version is Version.V1_0
    assert (session.heartbeat.send_every, session.heartbeat.expect_every) == (0, 0)  # 1.0 has none
    assert session.server is None


def test_connected_with_crlf() -> None:
    session = Session()
    session.send(session.connect_frame(), 0)
    list(session.receive(b"\n\r\nCONNECTED\r\nversion:1.2\r\n\r\n\0\r\n", 0))
    assert session.version is Version.V1_2


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("1.2",), "1.1"),
        (("1.1", "1.2"), None),
        (("1.0", "1.1", "1.2"), "1.3"),
        (("1.2",), ""),
        (("1.2",), "1.2 "),
        (("1.2",), "x" * 999),
    ],
)
def test_version_mismatch(offered: tuple[str, ...], chosen: str | None) -> None:
    session = Session(offered)
    session.send(session.connect_frame(), 0)
    frames = session.receive(wire(Frame("CONNECTED", {} if chosen is None else {"version": chosen})), 0)
    with pytest.raises(VersionMismatch, match="offered") as raised:
        list(frames)
    assert len(str(raised.value)) < 200
    assert session.state is SessionState.ENDED
    assert session.version is None


def test_a_heart_beat_that_is_none_ends_the_session() -> None:
    session = Session()
    session.send(session.connect_frame(), 0)
    with pytest.raises(ProtocolError, match="heart-beat"):
        list(session.receive(wire(Frame("CONNECTED", {"version": "1.2", "heart-beat": "x"})), 0))
    assert session.state is SessionState.ENDED


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((10, 10), None, (0, 0)),
        ((10, 10), "0,0", (0, 0)),
        ((10, 10), "10000,10000", (10, 10)),
        ((0, 0), "0,30000", (0, 0)),
        ((0.5, 0), "100,100", (0.5, 0)),
        ((3, 5), "6000,2000", (3, 6)),
    ],
)
def test_heart_beats(ours: tuple[float, float], theirs: str | None, expected: tuple[float, float]) -> None:
    headers = {"version": "1.2"} if theirs is None else {"version": "1.2", "heart-beat": theirs}
    session = connected(Frame("CONNECTED", headers), heartbeats=ours)
    assert (session.heartbeat.send_every, session.heartbeat.expect_every) == expected


def test_what_is_sent_and_what_comes_moves_the_deadlines() -> None:
    session = connected(heartbeats=(4, 3), tolerance=3)
    assert session.heartbeat.next_send(0) == 4
    assert session.heartbeat.dead_at(0) == 9
    session.send(SEND, 2)
    assert session.heartbeat.next_send(2) == 6
    session.receive(b"\n", 5)  # even if it is never read
    assert session.heartbeat.dead_at(5) == 14
    list(session.receive(b"MESS", 6))  # half a frame
    assert session.heartbeat.dead_at(6) == 15
    assert session.heartbeat.next_send(6) == 6
    with pytest.raises(ProtocolError):
        session.send(Frame("CONNECT"), 7)
    assert session.heartbeat.next_send(7) == 6  # nothing was sent


# ------------------------------------------------------------------------------------------------ states


def in_state(state: SessionState) -> Session:
    session = Session()
    if state is not SessionState.NEW:
        session.send(session.connect_frame(), 0)
    if state in (SessionState.CONNECTED, SessionState.DISCONNECTING):
        list(session.receive(wire(CONNECTED), 0))
    if state is SessionState.DISCONNECTING:
        session.send(Frame("DISCONNECT", {"receipt": "r"}), 0)
    if state is SessionState.ENDED:
        session.end()
    assert session.state is state
    return session


S = SessionState
MAY_SEND = {
    **{(S.NEW, command): S.CONNECTING for command in ("CONNECT", "STOMP")},
    **{(S.CONNECTED, command): S.CONNECTED for command in CLIENT_COMMANDS - {"CONNECT", "STOMP", "DISCONNECT"}},
    (S.CONNECTED, "DISCONNECT"): S.DISCONNECTING,
}
MAY_COME = {
    (S.CONNECTING, "CONNECTED"): S.CONNECTED,
    (S.CONNECTING, "ERROR"): S.ENDED,
    **{(S.CONNECTED, command): S.CONNECTED for command in ("MESSAGE", "RECEIPT", "ERROR")},
    **{(S.DISCONNECTING, command): S.DISCONNECTING for command in ("MESSAGE", "RECEIPT", "ERROR")},
}


@pytest.mark.parametrize("command", [*sorted(COMMANDS), "FOO"])
@pytest.mark.parametrize("state", [*SessionState])
def test_what_may_be_sent(state: SessionState, command: str) -> None:
    session = in_state(state)
    following = MAY_SEND.get((state, command))
    if following is None:
        with pytest.raises(ProtocolError, match=f"{command} can't be sent"):
            session.send(Frame(command, {"a": "b"}), 0)
        assert session.state is state
    else:
        assert session.send(Frame(command, {"a": "b"}), 0) == (f"{command}\na:b\n\n", b"")
        assert session.state is following


@pytest.mark.parametrize("command", sorted(COMMANDS))
@pytest.mark.parametrize("state", [*SessionState])
def test_what_may_come(state: SessionState, command: str) -> None:
    session = in_state(state)
    frame = Frame(command, {"version": "1.2", "receipt-id": "r", "id": "1"})
    following = MAY_COME.get((state, command))
    if following is None:
        with pytest.raises(ProtocolError, match=f"the server sent {command}"):
            list(session.receive(wire(frame), 0))
        assert session.state is S.ENDED
    else:
        assert [*session.receive(wire(frame), 0)] == [frame]
        assert session.state is following


def test_the_tables_are_whole() -> None:
    assert {*SENDING} == {*RECEIVING} == {*SessionState}
    for state in SessionState:
        assert SENDING[state].keys() <= CLIENT_COMMANDS
        assert RECEIVING[state].keys() <= SERVER_COMMANDS
    assert {(state, command): to for state, row in SENDING.items() for command, to in row.items()} == MAY_SEND
    assert {(state, command): to for state, row in RECEIVING.items() for command, to in row.items()} == MAY_COME


def test_the_good_frames_before_a_fault_come() -> None:
    session = connected()
    frames = session.receive(wire(MESSAGE, RECEIPT, CONNECTED, MESSAGE), 0)
    assert [next(frames), next(frames)] == [MESSAGE, RECEIPT]
    with pytest.raises(ProtocolError, match="CONNECTED"):
        next(frames)
    assert session.state is SessionState.ENDED
    with pytest.raises(ProtocolError):
        list(session.receive(wire(MESSAGE), 0))


def test_octets_that_are_no_frame_end_the_session() -> None:
    session = connected()
    with pytest.raises(ProtocolError, match="no STOMP frame"):
        list(session.receive(b"<html>", 0))
    assert session.state is SessionState.ENDED
    with pytest.raises(ProtocolError, match="can't be sent"):
        session.send(SEND, 0)


@pytest.mark.parametrize("state", [SessionState.CONNECTED, SessionState.DISCONNECTING])
def test_a_receipt_needs_an_id(state: SessionState) -> None:
    session = in_state(state)
    with pytest.raises(ProtocolError, match="RECEIPT lacks receipt-id"):
        list(session.receive(b"RECEIPT\nfoo:bar\n\n\0", 0))
    assert session.state is SessionState.ENDED


def test_a_message_may_lack_anything() -> None:
    session = connected()
    assert [*session.receive(b"MESSAGE\n\n\0ERROR\n\n\0", 0)] == [Frame("MESSAGE"), Frame("ERROR")]


def test_an_error_after_connected_does_not_end_it_here() -> None:
    session = connected()
    assert [*session.receive(wire(ERROR, MESSAGE), 0)] == [ERROR, MESSAGE]
    session.send(SEND, 0)


def test_limits() -> None:
    session = Session(limits=Limits(max_frame_size=100, max_header_count=5))
    session.send(session.connect_frame(), 0)
    list(session.receive(wire(CONNECTED), 0))
    with pytest.raises(FrameTooLarge, match="100"):
        list(session.receive(b"MESSAGE\n\n" + b"x" * 100, 0))
    assert session.state is SessionState.ENDED


def test_send_returns_head_and_body() -> None:
    session = connected()
    assert session.send(SEND, 0) == ("SEND\ndestination:/a\ncontent-length:1\n\n", b"x")
    assert session.send(SEND, 0, content_length=False) == ("SEND\ndestination:/a\n\n", b"x")
    head, body = session.send(SEND, 0)
    assert [*Decoder().feed(head.encode() + body + b"\0")] == [
        Frame("SEND", {"destination": "/a", "content-length": "1"}, b"x")
    ]


def test_a_frame_that_can_not_be_said_changes_nothing() -> None:
    session = connected(heartbeats=(4, 0))
    with pytest.raises(ProtocolError):
        session.send(Frame("DISCONNECT", {"receipt": "\0"}), 3)
    assert session.state is SessionState.CONNECTED
    assert session.heartbeat.next_send(3) == 4
