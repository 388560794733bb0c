"""Every vector of tests/vectors: whole, octet by octet, cut at every place, and with more behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from pystomp_web.errors import FrameTooLarge, ProtocolError
from pystomp_web.protocol import Decoder, Frame, encode
from tests.vectors import make
from tests.vectors.load import HERE, DecodeVector, EncodeVector, Failures, decode_vectors, encode_vectors

Data = bytes | bytearray | memoryview
Cut = Callable[[bytes], Iterable[Iterable[Data]]]
DECODE, ENCODE = decode_vectors(), encode_vectors()
ERRORS = {"ProtocolError": ProtocolError, "FrameTooLarge": FrameTooLarge}
FOLLOWING = Frame("ERROR", [("message", "the next one")], b"is read as well")
# Cutting at every place costs the square of the size: the few longer ones are cut at some.
CUTS_AT_MOST = 400


def outcome(vector: DecodeVector, pieces: Iterable[Data]) -> tuple[list[Frame], ProtocolError | None]:
    """The frames that came and the error behind them; a failed decoder has to stay failed."""
    decoder = Decoder(vector.version, **vector.limits)
    frames: list[Frame] = []
    error: ProtocolError | None = None
    for piece in pieces:
        got = decoder.feed(piece)
        try:
            for frame in got:
                assert error is None, "a frame behind the error"
                frames.append(frame)
                if len(frames) <= len(vector.switches):
                    decoder.version = vector.switches[len(frames) - 1]
        except ProtocolError as caught:
            again, error = error, caught
            same = again is None or (type(again), str(again)) == (type(error), str(error))
        else:
            same = error is None
        assert same, "the decoder did not stay failed"
    return frames, error


def check(vector: DecodeVector, pieces: Iterable[Data], *following: Frame) -> None:
    frames, error = outcome(vector, pieces)
    if vector.error:
        assert frames == [*vector.frames]
        assert isinstance(error, ProtocolError)
    else:
        assert error is None
        assert frames == [*vector.frames, *following]


def whole(data: bytes) -> Iterable[Iterable[bytes]]:
    return [[data]]


def octet_by_octet(data: bytes) -> Iterable[Iterable[bytes]]:
    return [[bytes([octet]) for octet in data]]


def every_cut(data: bytes) -> Iterable[Iterable[bytes]]:
    step = max(1, len(data) // CUTS_AT_MOST)
    return ((data[:at], data[at:]) for at in range(0, len(data) + 1, step))


def other_types(data: bytes) -> Iterable[Iterable[Data]]:
    """Not bytes, and changed as soon as feed has returned."""

    def overwritten(kind: Callable[[bytearray], bytearray | memoryview]) -> Iterable[bytearray | memoryview]:
        for start in range(0, len(data), 7):
            buffer = bytearray(data[start : start + 7])
            yield kind(buffer)
            buffer[:] = b"\xaa" * len(buffer)

    def spread(octets: bytearray) -> memoryview:
        return memoryview(bytes(octet for pair in zip(octets, b"\xaa" * len(octets), strict=True) for octet in pair))[
            ::2
        ]

    return [overwritten(lambda buffer: buffer), overwritten(memoryview), overwritten(spread)]


@pytest.mark.parametrize("cut", [whole, octet_by_octet, every_cut, other_types])
def test_decode(cut: Cut) -> None:
    with Failures() as failures:
        for vector in DECODE:
            with failures.noted(vector.name):
                for pieces in cut(vector.data):
                    check(vector, pieces)


@pytest.mark.parametrize("cut", [whole, octet_by_octet])
def test_decode_what_follows(cut: Cut) -> None:
    following = encode(FOLLOWING, "1.0", content_length=False)
    with Failures() as failures:
        for vector in DECODE:
            if vector.waits or vector.limits:
                continue
            with failures.noted(vector.name):
                for pieces in cut(vector.data + b"\n\n"):
                    check(vector, pieces)
                for pieces in cut(vector.data + b"\n" + following):
                    check(vector, pieces, FOLLOWING)


def test_which_error() -> None:
    with Failures() as failures:
        for vector in DECODE:
            if vector.error:
                with failures.noted(vector.name):
                    _, error = outcome(vector, [vector.data])
                    assert isinstance(error, ERRORS[vector.error])
                    assert str(error)


def test_a_frame_under_way_is_kept() -> None:
    with Failures() as failures:
        for vector in DECODE:
            if not vector.error and not vector.switches:
                with failures.noted(vector.name):
                    decoder = Decoder(vector.version, **vector.limits)
                    list(decoder.feed(vector.data))
                    assert decoder.idle is not vector.waits


def check_encode(vector: EncodeVector) -> None:
    if vector.data is None:
        with pytest.raises(ProtocolError) as raised:
            encode(vector.frame, vector.version, content_length=vector.content_length)
        assert str(raised.value)
        return
    data = encode(vector.frame, vector.version, content_length=vector.content_length)
    assert type(data) is bytes
    assert data == vector.data
    (frame,) = Decoder(vector.version).feed(data)
    added = [("content-length", str(len(frame.body)))] if len(frame.headers) > len(vector.frame.headers) else []
    assert frame == Frame(vector.frame.command, [*vector.frame.headers.multi_items(), *added], vector.frame.body)


def test_encode() -> None:
    with Failures() as failures:
        for vector in ENCODE:
            with failures.noted(vector.name):
                check_encode(vector)


def test_the_files_are_what_make_makes() -> None:
    made = make.made()
    on_disk = {str(path.relative_to(HERE)): path.read_text(encoding="ascii") for path in HERE.glob("*/*.json")}
    assert on_disk == made, "run: python tests/vectors/make.py"
    assert len(DECODE) > 1000
    assert len(ENCODE) > 500
