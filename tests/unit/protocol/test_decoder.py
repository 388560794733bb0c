"""How the decoder works; what it makes of which octets is told by test_vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, SupportsIndex

import pytest

from pystomp_web.errors import FrameTooLarge, ProtocolError
from pystomp_web.protocol import Decoder, Frame, Version
from pystomp_web.protocol.decoder import Limits
from pystomp_web.protocol.version import RULES

GOOD = b"MESSAGE\nn:1\n\nx\0"
FRAME = Frame("MESSAGE", {"n": "1"}, b"x")


def messages(*numbers: int) -> bytes:
    return b"".join(b"MESSAGE\nn:%d\n\n\0" % number for number in numbers)


def numbers(frames: Iterator[Frame]) -> list[int]:
    return [int(frame.headers["n"]) for frame in frames]


# ------------------------------------------------------------------------------------------------ data and iterators


def test_data_is_taken_though_the_iterator_is_never_read() -> None:
    decoder = Decoder()
    decoder.feed(messages(1))
    decoder.feed(b"MESSAGE\nn:2\n\n")
    decoder.feed(b"\0MESS")
    assert numbers(decoder.feed(b"AGE\nn:3\n\n\0")) == [1, 2, 3]
    assert decoder.idle


def test_an_older_iterator_goes_on() -> None:
    decoder = Decoder()
    first = decoder.feed(messages(1, 2))
    assert next(first).headers["n"] == "1"
    second = decoder.feed(messages(3, 4, 5))
    assert next(second).headers["n"] == "2"
    assert next(first).headers["n"] == "3"
    assert next(second).headers["n"] == "4"
    assert numbers(first) == [5]
    assert numbers(second) == []


def test_an_iterator_that_is_given_up_loses_nothing() -> None:
    decoder = Decoder()
    for frame in decoder.feed(messages(1, 2, 3)):
        assert frame.headers["n"] == "1"
        break
    assert numbers(decoder.feed(messages(4))) == [2, 3, 4]


@pytest.mark.parametrize("pieces", [1, 2, 3, 40])
def test_a_bytearray_can_change_after_the_call(pieces: int) -> None:
    decoder = Decoder()
    data = messages(1, 2, 3)
    frames = []
    size = -(-len(data) // pieces)
    for at in range(0, len(data), size):
        buffer = bytearray(data[at : at + size])
        iterator = decoder.feed(buffer)
        buffer[:] = b"\xff" * len(buffer)
        buffer.clear()  # nothing holds on to it
        frames += [*iterator]
    assert numbers(iter(frames)) == [1, 2, 3]


@pytest.mark.parametrize("step", [1, 5, 1000])
def test_a_memoryview_of_a_larger_buffer(step: int) -> None:
    data = messages(1, 2, 3)
    larger = bytearray(b"\0\0\0" + data + b"\0\0\0")
    decoder = Decoder()
    frames = []
    with memoryview(larger) as view:
        for at in range(0, len(data), step):
            frames += [*decoder.feed(view[3 + at : min(3 + at + step, 3 + len(data))])]
    larger.clear()  # no view is left behind
    assert numbers(iter(frames)) == [1, 2, 3]


def test_a_memoryview_of_wider_items() -> None:
    data = messages(1, 2) + b"\n" * (-len(messages(1, 2)) % 4)
    decoder = Decoder()
    frames = [*decoder.feed(b"\nMESSAGE\nn:0\n\n")]
    frames += [*decoder.feed(b"\0" + data)]
    frames += [*decoder.feed(memoryview(data).cast("I"))]
    assert numbers(iter(frames)) == [0, 1, 2, 1, 2]


@pytest.mark.parametrize("data", ["MESSAGE\n\n\0", None])
@pytest.mark.parametrize("before", [b"", b"MESS", messages(1)])
def test_what_is_no_octets_is_refused_at_the_call(data: Any, before: bytes) -> None:
    decoder = Decoder()
    found = numbers(decoder.feed(before))
    with pytest.raises(TypeError):
        decoder.feed(data)
    rest = b"AGE\nn:1\n\n\0" if before == b"MESS" else messages(1)
    assert [*found, *numbers(decoder.feed(rest))][-1:] == [1]


def test_a_body_is_bytes_whatever_was_fed() -> None:
    for kind in (bytes, bytearray, memoryview):
        decoder = Decoder()
        frames = [*decoder.feed(kind(GOOD)), *decoder.feed(kind(GOOD[:9])), *decoder.feed(kind(GOOD[9:]))]
        assert frames == [FRAME, FRAME]
        assert {type(frame.body) for frame in frames} == {bytes}


LONG_TEXTS = {"ASCII": b"0123456789abcdef" * 512, "UTF-8": "häuser".encode() * 1000, "binary": b"\xff\0" * 4096}


def long_message(number: int, body: bytes) -> bytes:
    return b"MESSAGE\nn:%d\ncontent-length:%d\n\n%b\0" % (number, len(body), body)


@pytest.mark.parametrize("body", LONG_TEXTS.values(), ids=LONG_TEXTS)
@pytest.mark.parametrize("step", [5000, 8192, 100_000])
def test_long_frames_of_a_buffer_that_is_used_again(body: bytes, step: int) -> None:
    wire = b"".join([long_message(1, body), b"\n", long_message(2, body), messages(3, 4), long_message(5, body), b"\n"])
    expected = [*Decoder().feed(wire)]
    decoder = Decoder()
    buffer = bytearray(step)
    frames = []
    for at in range(0, len(wire), step):
        piece = wire[at : at + step]
        buffer[: len(piece)] = piece
        iterator = decoder.feed(memoryview(buffer)[: len(piece)])
        buffer[:] = b"\xff" * step
        frames += [*iterator]
    assert frames == expected
    assert numbers(iter(frames)) == [1, 2, 3, 4, 5]
    assert {type(frame.body) for frame in frames} == {bytes}
    assert [hash(frame) for frame in frames] == [hash(frame) for frame in expected]
    assert decoder.idle


def test_long_frames_that_are_asked_for_late() -> None:
    body = LONG_TEXTS["ASCII"]
    decoder = Decoder()
    decoder.feed(memoryview(long_message(1, body)))
    assert not decoder.idle
    decoder.feed(memoryview(long_message(2, body)))
    frames = decoder.feed(messages(3) + b"x")
    assert [next(frames).headers["n"] for _ in range(3)] == ["1", "2", "3"]
    with pytest.raises(ProtocolError):
        next(frames)


def test_a_long_frame_in_pieces_behind_a_whole_one() -> None:
    decoder = Decoder()
    assert numbers(decoder.feed(memoryview(long_message(1, b"x" * 8192)))) == [1]
    second = long_message(2, b"y" * 8192)
    for piece in (second[:100], second[100:-1]):
        assert [*decoder.feed(piece)] == []
    assert [frame.body for frame in decoder.feed(second[-1:])] == [b"y" * 8192]


def test_long_frames_in_a_memoryview_of_wider_items() -> None:
    body = b"\0" * 8192
    wire = b"".join(long_message(number, body) for number in range(8))
    wire += b"\n" * (-len(wire) % 4)
    frames = [*Decoder().feed(memoryview(wire).cast("I"))]
    assert [frame.body for frame in frames] == [body] * 8


def test_a_long_frame_is_read_by_the_rules_that_hold_when_it_is_asked_for() -> None:
    wire = rb"MESSAGE%bn:\c%bcontent-length:8192%b%b" % (b"\n", b"\n", b"\n\n", b"x" * 8192 + b"\0")
    for version, value in (("1.0", r"\c"), ("1.1", ":"), ("1.2", ":")):
        for first in ("1.0", "1.2"):
            decoder = Decoder(first)
            decoder.feed(memoryview(wire + wire))
            decoder.feed(wire[:10])
            decoder.version = version
            decoder.feed(wire[10:])
            assert [frame.headers["n"] for frame in decoder.feed(b"")] == [value] * 3


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        (long_message(1, b"x" * 8192)[:-1] + b"x", ProtocolError),
        (long_message(1, b"x" * 9000), FrameTooLarge),
        (b"MESSAGE\nn:" + b"1" * 3000 + b"\n\n" + b"x" * 6000 + b"\0", FrameTooLarge),
        (b"RECEIPT\nreceipt-id:1\ncontent-length:5000\n\n" + b"x" * 5000 + b"\0", ProtocolError),
    ],
    ids=["no NUL", "too long", "too long a head", "a body that may not be"],
)
def test_a_long_frame_that_is_wrong(wire: bytes, error: type[ProtocolError]) -> None:
    decoder = Decoder(max_frame_size=9000, max_header_size=2500)
    frames = decoder.feed(memoryview(long_message(1, b"y" * 8192) + wire))
    assert next(frames).body == b"y" * 8192
    with pytest.raises(error):
        next(frames)


def test_feeding_nothing() -> None:
    decoder = Decoder()
    assert [*decoder.feed(b"")] == []
    assert [*decoder.feed(GOOD[:3])] == []
    assert [*decoder.feed(b"")] == []
    assert [*decoder.feed(GOOD[3:])] == [FRAME]


def test_idle() -> None:
    decoder = Decoder()
    assert decoder.idle
    for data, idle in (
        (b"\n\r\n", True),
        (b"\r", False),
        (b"\nM", False),
        (GOOD[1:-1], False),
        (b"\0", True),
        (b"\n", True),
    ):
        list(decoder.feed(data))
        assert decoder.idle is idle


# ------------------------------------------------------------------------------------------------ errors


def test_frames_are_parsed_one_by_one() -> None:
    decoder = Decoder()
    frames = decoder.feed(messages(1) + b"MESSAGE\nn:2\\t\n\n\0")
    assert next(frames).headers["n"] == "1"
    decoder.version = "1.0"
    assert next(frames).headers["n"] == "2\\t"


def test_the_error_comes_after_the_good_frames_and_stays() -> None:
    decoder = Decoder()
    frames = decoder.feed(messages(1, 2) + b"FOO\n" + messages(3))
    assert [next(frames).headers["n"], next(frames).headers["n"]] == ["1", "2"]
    with pytest.raises(ProtocolError, match="FOO") as first:
        next(frames)
    with pytest.raises(StopIteration):
        next(frames)
    for data in (messages(4), b"", b"\n"):
        with pytest.raises(ProtocolError) as again:
            list(decoder.feed(data))
        assert str(again.value) == str(first.value)
        assert again.value is not first.value


def test_the_error_of_an_iterator_that_was_not_read_comes_from_the_next() -> None:
    decoder = Decoder()
    decoder.feed(messages(1) + b"FOO\n\n\0")
    frames = decoder.feed(messages(2))
    assert next(frames).headers["n"] == "1"
    with pytest.raises(ProtocolError):
        next(frames)


def test_a_failed_decoder_stays_of_the_same_type() -> None:
    decoder = Decoder(max_frame_size=10)
    for _ in range(3):
        with pytest.raises(FrameTooLarge):
            list(decoder.feed(b"MESSAGE\n\nhello, world\0"))


def test_a_failed_decoder_keeps_nothing() -> None:
    decoder = Decoder()
    for _ in range(5):
        with pytest.raises(ProtocolError):
            list(decoder.feed(b"FOO\n" * 1000))
        assert decoder.idle
        assert len(decoder._buffer) == 0
        assert decoder._error is not None
        assert decoder._error.__traceback__ is None


def test_an_error_does_not_hold_on_to_the_buffer() -> None:
    for bad in (b"MESSAGE\nfoo\n\n\0", b"MESSAGE\nn:\xff\n\n\0", b"MESSAGE\ncontent-length:x\n\n\0", b"FOO\n"):
        decoder = Decoder()
        list(decoder.feed(b"\nMESS"))
        frames = decoder.feed(b"AGE\n\n\0" + bad)
        next(frames)
        decoder.feed(b"more")  # it can still be resized
        with pytest.raises(ProtocolError):
            next(frames)


# ------------------------------------------------------------------------------------------------ the version


def test_the_version() -> None:
    decoder = Decoder()
    assert decoder.version is Version.V1_2
    for version in ("1.0", "1.1", Version.V1_2):
        decoder.version = version
        assert decoder.version == version
        assert isinstance(decoder.version, Version)
        assert Decoder(version).version == version
        assert Decoder(version=version).version == version


@pytest.mark.parametrize("version", ["1.3", "", None, 1.2])
def test_no_such_version(version: Any) -> None:
    with pytest.raises(ValueError, match="no version of STOMP"):
        Decoder(version)
    decoder = Decoder("1.1")
    with pytest.raises(ValueError, match="no version of STOMP"):
        decoder.version = version
    assert decoder.version is Version.V1_1


def test_a_head_that_was_read_keeps_its_version() -> None:
    decoder = Decoder("1.2")
    list(decoder.feed(b"MESSAGE\nn:1\\r\n\nbo"))
    decoder.version = Version.V1_0
    (first, second) = decoder.feed(b"dy\0MESSAGE\nn:2\\r\n\n\0")
    assert (first.headers["n"], second.headers["n"]) == ("1\r", "2\\r")


@pytest.mark.parametrize("at", range(1, 25))
@pytest.mark.parametrize(("before", "after"), [("1.0", "1.2"), ("1.1", "1.2"), ("1.2", "1.2")])
def test_a_head_that_has_begun_when_the_version_is_set(at: int, before: str, after: str) -> None:
    data = b"MESSAGE\r\nn:1\\r\r\n\r\n\n\r\n\n\nx\0"
    first, second = b"CONNECTED\nversion:1.2\n\n\0" + data[:at], data[at:]
    decoder = Decoder(before)
    if before != "1.2" and at > 7:
        # The CR behind the command is refused as soon as it is seen, unless the version is set before.
        frames = decoder.feed(first)
        assert next(frames).command == "CONNECTED"
    else:
        assert [frame.command for frame in decoder.feed(first)] == ["CONNECTED"]
    decoder.version = Version(after)
    (frame,) = decoder.feed(second)
    assert frame == Frame("MESSAGE", {"n": "1\r"}, b"\n\r\n\n\nx")


def test_a_brokers_own_rules() -> None:
    decoder = Decoder("1.1")
    rules = RULES["1.1"]
    decoder.rules = rules._replace(unescapes={**rules.unescapes, ":": ":", "r": "\r"})
    (frame,) = decoder.feed(b"MESSAGE\na:b\\:c\\r\\n\n\n\0")
    assert frame.headers["a"] == "b:c\r\n"
    assert decoder.version is Version.V1_1


# ------------------------------------------------------------------------------------------------ limits


def test_limits_by_default() -> None:
    assert Limits() == (16 * 1024 * 1024, 128 * 1024, 1000)
    size = 16 * 1024 * 1024 - len(b"MESSAGE\n\n\0")
    (frame,) = Decoder().feed(b"MESSAGE\n\n" + bytes([1]) * size + b"\0")
    assert len(frame.body) == size
    with pytest.raises(FrameTooLarge):
        list(Decoder().feed(b"MESSAGE\n\n" + bytes([1]) * (size + 1) + b"\0"))
    name = b"n" * (128 * 1024 - len(b"MESSAGE\n:\n\n"))
    (frame,) = Decoder().feed(b"MESSAGE\n" + name + b":\n\n\0")
    assert [*frame.headers] == [name.decode()]
    with pytest.raises(FrameTooLarge):
        list(Decoder().feed(b"MESSAGE\nn" + name + b":\n\n\0"))


@pytest.mark.parametrize("limit", ["max_frame_size", "max_header_size", "max_header_count"])
def test_a_limit_is_not_negative(limit: str) -> None:
    with pytest.raises(ValueError, match="limit"):
        Decoder("1.2", **{limit: -1})
    with pytest.raises(TypeError):
        Decoder("1.2", 100)  # type: ignore[call-arg]


def test_limits_are_by_keyword_and_of_that_decoder() -> None:
    decoder = Decoder("1.1", max_frame_size=15, max_header_size=13, max_header_count=1)
    assert [*decoder.feed(GOOD)] == [FRAME]
    with pytest.raises(FrameTooLarge, match="15"):
        list(decoder.feed(b"MESSAGE\nn:1\n\nxx\0"))


@pytest.mark.parametrize("digits", [b"16777216", b"9" * 19, b"9" * 5000])
def test_a_body_that_is_too_large_is_refused_by_its_head(digits: bytes) -> None:
    with pytest.raises(FrameTooLarge, match="16777216"):
        list(Decoder().feed(b"MESSAGE\ncontent-length:" + digits + b"\n\n"))


@pytest.mark.parametrize("start", [b"MESSAGE\n", b"MESSAGE\na:", b"MESSAGE\n\n", b"MESSAGE\na:b\n\n", b"ERROR\r\n\r\n"])
def test_no_more_is_kept_than_the_limit(start: bytes) -> None:
    decoder = Decoder(max_frame_size=1000, max_header_size=500)
    list(decoder.feed(start))
    for _ in range(0, 1000 - len(start) - 10, 10):
        if start.endswith((b"\n\n", b"\r\n")) or len(decoder._buffer) < 490:
            list(decoder.feed(b"x" * 10))
    with pytest.raises(FrameTooLarge):
        list(decoder.feed(b"x" * 20))
    assert len(decoder._buffer) == 0


def test_the_head_of_a_page_is_no_frame_however_large() -> None:
    for data in (b"<html>" + b" " * 200_000, b"<html>" + b" " * 200_000 + b"\n\n"):
        with pytest.raises(ProtocolError, match=r"no STOMP frame.*<html>"):
            list(Decoder().feed(data))


# ------------------------------------------------------------------------------------------------ the work that is done


class Work(Counter[bytes]):
    """Octets that were looked at, by what was looked for."""


class CountingBytes(bytes):
    """Counts what find looks at; takes the place of the decoder's buffer."""

    work: Work

    def find(self, sub: Any, start: SupportsIndex | None = None, end: SupportsIndex | None = None, /) -> int:
        found = bytes.find(self, sub, start, end)
        stop = len(self) if end is None else min(len(self), int(end))
        self.work[sub] += max(0, (stop if found < 0 else found + len(sub)) - int(start or 0))
        return found


class CountingBytearray(bytearray):
    """The same for a buffer that grows."""

    work: Work

    def find(self, sub: Any, start: SupportsIndex | None = None, end: SupportsIndex | None = None, /) -> int:
        found = bytearray.find(self, sub, start, end)
        stop = len(self) if end is None else min(len(self), int(end))
        self.work[sub] += max(0, (stop if found < 0 else found + len(sub)) - int(start or 0))
        return found


def watched(decoder: Decoder, work: Work) -> None:
    """From here on the decoder's buffer counts."""
    buffer = decoder._buffer
    if type(buffer) is bytes:
        counting = CountingBytes(buffer)
        counting.work = work
        decoder._buffer = counting
    elif type(buffer) is bytearray:
        growing = CountingBytearray(buffer)
        growing.work = work
        decoder._buffer = growing


def work_for(data: bytes, piece: int, version: str = "1.2") -> tuple[list[Frame], Work]:
    decoder, work = Decoder(version), Work()
    frames = []
    for at in range(0, len(data), piece):
        iterator = decoder.feed(data[at : at + piece])
        watched(decoder, work)
        frames += [*iterator]
    return frames, work


LARGE = 16 * 1024 * 1024 - 1024


@pytest.mark.parametrize("version", [*Version])
@pytest.mark.parametrize("head", [b"MESSAGE\nn:1\n\n", b"MESSAGE\nn:1\ncontent-length:%d\n\n" % LARGE])
def test_a_large_frame_in_small_pieces_is_not_quadratic(head: bytes, version: str) -> None:
    piece = 16 * 1024
    frames, work = work_for(head + b"\n" * LARGE + b"\0", piece, version)
    assert [len(frame.body) for frame in frames] == [LARGE]
    pieces = LARGE // piece + 1
    assert work[b"\n\n"] <= piece + pieces
    assert work[b"\n\r\n"] <= piece + 2 * pieces
    assert work[b"\0"] <= (LARGE + pieces if b"content" not in head else 0)


def test_a_large_frame_is_kept_in_one_buffer_that_grows() -> None:
    decoder = Decoder()
    list(decoder.feed(b"MESSAGE\n\n"))
    for _ in range(2):
        list(decoder.feed(b"x" * 1000))
    buffer = decoder._buffer
    for _ in range(1000):
        list(decoder.feed(b"x" * 1000))
        assert decoder._buffer is buffer


def test_frames_across_pieces_take_the_short_way_but_for_those_that_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    original, calls = Decoder._long, 0

    def counted(decoder: Decoder) -> Frame | None:
        nonlocal calls
        calls += 1
        return original(decoder)

    monkeypatch.setattr(Decoder, "_long", counted)
    frame = b"MESSAGE\nsubscription:1\nmessage-id:%d\ncontent-length:1000\n\n" + b"x" * 1000 + b"\0"
    data = b"".join([frame % number for number in range(1000)])
    decoder, piece = Decoder(), 16 * 1024
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    assert [frame.headers["message-id"] for frame in frames] == [str(number) for number in range(1000)]
    assert calls <= 2 * len(pieces)  # for each the frame that was cut, and the next one that is


@pytest.mark.parametrize("version", [*Version])
@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100, 10_000, 1_000_000])
@pytest.mark.parametrize(
    "frame",
    [
        GOOD,
        b"MESSAGE\n" + b"a:b\n" * 100 + b"\n" + b"x" * 300 + b"\0\n\n",
        b"MESSAGE\ncontent-length:300\n\n" + b"\n\0\n" * 100 + b"\0",
        b"MESSAGE\nn:1\n\n" + b"\n" * 300 + b"\0" + b"\n" * 300,
        b"MESSAGE\nn:1\n\n" + b"\n\r" * 150 + b"\0",
    ],
)
def test_no_octet_is_searched_twice(frame: bytes, piece: int, version: str) -> None:
    data = frame * max(2, 3000 // len(frame))
    frames, work = work_for(data, piece, version)
    assert len(frames) == len(data) // len(frame)
    # What may be the beginning of a pattern at the end of a piece is looked at once more.
    pieces = -(-len(data) // piece) + len(frames)
    assert work[b"\0"] <= len(data) + pieces
    assert work[b"\n\n"] <= len(data) + 2 * pieces
    assert work[b"\n\r\n"] <= len(data) + 3 * pieces


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100, 10_000, 1_000_000])
def test_no_octet_is_searched_twice_in_crlf_heads(piece: int) -> None:
    frame = b"MESSAGE\r\nn:1\r\n\r\n" + b"x" * 200 + b"\0\r\n"
    data = frame * 40
    frames, work = work_for(data, piece)
    assert len(frames) == 40
    pieces = -(-len(data) // piece) + len(frames)
    assert work[b"\0"] <= len(data) + pieces
    assert work[b"\n\n"] <= len(data) + 2 * pieces
    assert work[b"\n\r\n"] <= len(data) + 3 * pieces


def test_long_runs_of_eols() -> None:
    decoder = Decoder()
    for eols in (b"\n" * 1_000_000, b"\r\n" * 500_000):
        assert [*decoder.feed(eols)] == []
        assert decoder.idle
    assert [*decoder.feed(b"\n" * 1_000_000 + GOOD + b"\r\n" * 500_000 + GOOD)] == [FRAME, FRAME]
    assert decoder.idle


def test_beats_are_not_kept() -> None:
    decoder = Decoder()
    for _ in range(1000):
        list(decoder.feed(b"\n"))
        assert len(decoder._buffer) <= 1
    for octet in b"\r\n" * 1000:
        list(decoder.feed(bytes([octet])))
        assert len(decoder._buffer) <= 2


def test_many_small_frames_behind_a_part_of_one() -> None:
    decoder = Decoder()
    found = 0
    list(decoder.feed(GOOD[:5]))
    for _ in range(2000):
        found += len([*decoder.feed(GOOD[5:] + GOOD[:5])])
        assert len(decoder._buffer) <= 2 * len(GOOD)
    assert found == 2000


def test_a_head_without_escapes_is_not_parsed_until_it_is_asked_for() -> None:
    octets = b"MESSAGE\na:b\nc:d\n\n\0MESSAGE\na:b\\c\n\n\0MESSAGE\na:b\\n\n\n\0"
    (plain, colon, escaped) = Decoder().feed(octets)
    assert plain.headers._text == "\na:b\nc:d\n"
    assert plain.headers["c"] == "d"
    assert plain.headers._text is not None
    assert colon.headers._text == "\na:b:\n"
    assert escaped.headers._text is None
