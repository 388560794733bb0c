r"""Frames whose content-length may not fit: what ActiveMQ, Apollo and Spring sent, and what else may come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pystomp_web.errors import FrameTooLarge, ProtocolError
from pystomp_web.protocol.decoder import Limits
from pystomp_web.protocol.frame import Frame
from pystomp_web.protocol.loose import MessageDecoder
from tests.vectors.load import broker_messages


def read(*messages: bytes) -> list[Frame]:
    decoder = MessageDecoder()
    frames = [frame for message in messages for frame in decoder.feed(message)]
    assert decoder.idle
    return frames


def message(*, length: object = None, body: bytes, behind: bytes = b"\0") -> bytes:
    header = b"" if length is None else f"content-length:{length}\n".encode()
    return b"MESSAGE\ndestination:/q\nmessage-id:1\nsubscription:s\n" + header + b"\n" + body + behind


BAD = "\0\1\ufffd\ufffd\ufffdZ\0".encode()  # seven octets as a text: ActiveMQ and Apollo still say 7


@pytest.mark.parametrize("behind", [b"\0", b"\0\n", b"\0\r\n\n"])
def test_a_length_that_fits_counts(behind: bytes) -> None:
    (frame,) = read(message(length=7, body=b"a\0b\0\0c\n", behind=behind))
    assert (frame.body, frame.damaged) == (b"a\0b\0\0c\n", False)


@pytest.mark.parametrize("length", [0, 1, 4, 7, 12, 14, 10_000])
@pytest.mark.parametrize("behind", [b"\0", b"\0\n"])
def test_a_length_that_does_not_fit_ends_at_the_last_nul(length: int, behind: bytes) -> None:
    (frame,) = read(message(length=length, body=BAD, behind=behind))
    assert (frame.body, frame.damaged) == (BAD, True)


def test_a_nul_where_the_length_has_it_is_not_enough() -> None:
    (frame,) = read(message(length=3, body=b"abc\0defg"))
    assert (frame.body, frame.damaged) == (b"abc\0defg", True)


@pytest.mark.parametrize(
    "next_frame", [b"RECEIPT\nreceipt-id:1\n\n\0", b"\nMESSAGE\nsubscription:s\n\nx\0", b"\r\nERROR\n\n\0"]
)
def test_a_damaged_frame_ends_before_the_next(next_frame: bytes) -> None:
    damaged, following = read(message(length=7, body=BAD) + next_frame)
    assert (damaged.body, damaged.damaged) == (BAD, True)
    assert following.command in ("RECEIPT", "MESSAGE", "ERROR")
    assert not following.damaged


def test_without_a_length_a_body_may_hold_nul() -> None:
    # A JMS TextMessage of ActiveMQ's.
    (frame,) = read(message(body="text\0 € \U0001f600".encode()))
    assert (frame.body, frame.damaged) == ("text\0 € \U0001f600".encode(), False)


def test_several_frames_and_beats_in_a_message() -> None:
    frames = read(
        b"\n", b"\n\n" + message(body=b"m0") + b"\n" + message(body=b"m1") + b"\nRECEIPT\nreceipt-id:1\n\n\0\n", b"\n"
    )
    assert [(frame.command, frame.body) for frame in frames] == [
        ("MESSAGE", b"m0"),
        ("MESSAGE", b"m1"),
        ("RECEIPT", b""),
    ]


def test_what_is_behind_the_last_nul_is_no_part_of_the_body() -> None:
    decoder = MessageDecoder()
    frames = decoder.feed(message(length=9, body=b"abc", behind=b"\0rubbish"))
    assert next(frames).body == b"abc"
    with pytest.raises(ProtocolError, match="no STOMP frame"):
        next(frames)


@pytest.mark.parametrize(
    "octets",
    [
        message(length=5, body=b"abc", behind=b""),
        message(body=b"abc", behind=b""),
        b"MESSAGE\nsubscription:s\n",
        b"nonsense",
        b"RECEIPT\nreceipt-id:1\n\nbody\0",
        message(length="3x", body=b"abc"),
    ],
)
def test_a_message_is_never_waited_for_to_go_on(octets: bytes) -> None:
    decoder = MessageDecoder()
    with pytest.raises(ProtocolError):
        list(decoder.feed(octets))
    with pytest.raises(ProtocolError):
        list(decoder.feed(message(body=b"x")))


def test_the_limit_holds() -> None:
    decoder = MessageDecoder(limits=Limits(max_frame_size=100))
    with pytest.raises(FrameTooLarge):
        list(decoder.feed(message(body=b"x" * 100)))


def test_messages_are_kept_until_they_are_read() -> None:
    decoder = MessageDecoder()
    data = bytearray(message(body=b"one"))
    unread = decoder.feed(data)
    data[:] = bytes(len(data))
    assert not decoder.idle
    assert [frame.body for frame in decoder.feed(message(body=b"two"))] == [b"one", b"two"]
    assert list(unread) == []
    assert decoder.idle


def test_after_a_fault_nothing_is_read() -> None:
    decoder = MessageDecoder()
    decoder.feed(b"nonsense\n\n\0")
    frames = decoder.feed(message(body=b"good"))
    for _ in range(2):
        with pytest.raises(ProtocolError, match="no STOMP frame"):
            next(frames)
        frames = decoder.feed(message(body=b"good"))


class LongWay(MessageDecoder):
    """The same without the short way."""

    def _short(self) -> Frame | None:
        return None


def outcome(decoder: MessageDecoder, octets: bytes) -> list[tuple[Frame, bool]] | str:
    try:
        return [(frame, frame.damaged) for frame in decoder.feed(octets)]
    except ProtocolError as error:
        return f"{type(error).__name__}: {error}"


FRAMES = st.builds(
    message,
    length=st.sampled_from([None, 0, 1, 3, 7, 99]),
    body=st.lists(st.sampled_from([b"\0", b"\n", b"abc", b"RECEIPT\n", b"\r\n", b"\xff"]), max_size=4).map(b"".join),
    behind=st.sampled_from([b"\0", b"\0\n", b"\0\r\n", b"\0\n\n", b"", b"\0x", b"\0\0"]),
)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
@given(messages=st.lists(st.lists(FRAMES, max_size=3).map(b"".join), max_size=4))
def test_the_short_way_is_as_the_long_one(version: str, messages: list[bytes]) -> None:
    short, long = MessageDecoder(version), LongWay(version)
    for octets in messages:
        assert outcome(short, octets) == outcome(long, octets)
        assert short.idle == long.idle


def test_most_take_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [message(length=4, body=b"body"), message(length=4, body=b"body", behind=b"\0\n"), message(body=b"body")]
    decoder = MessageDecoder()
    monkeypatch.setattr(MessageDecoder, "_end", None)  # which the long way needs
    for octets in messages * 3:
        (frame,) = decoder.feed(octets)
        assert frame.body == b"body"


def test_what_the_three_brokers_sent() -> None:
    seen = 0
    for recorded in broker_messages():
        if not recorded.broker.startswith(("ActiveMQ", "Apollo", "Spring")) or "1.0" in recorded.case:
            continue
        data = recorded.data
        version = "1.1" if "1.1" in recorded.case or "raw-cr" in recorded.case else "1.2"
        decoder = MessageDecoder(version)
        try:
            frames = list(decoder.feed(data))
        except ProtocolError:
            continue
        seen += len(frames)
        for frame in frames:
            length = frame.headers.get("content-length")
            assert frame.damaged == (length is not None and int(length) != len(frame.body)), recorded
    assert seen > 100
