"""Laws of Decoder and encode."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol import Decoder, Frame, decoder, encode
from tests.property.reference import Outcome, reference
from tests.property.strategies import any_frames, limits, octets, pieces, sayable, versions


def decode(data: Iterable[bytes], version: str, **limits: Any) -> Outcome:
    """The frames and how it ends; what is raised is a ProtocolError or fails the test."""
    data = list(data)
    found = decoded(data, version, **limits)
    for window in (12, 30, 80):  # as long frames are read, of which these octets hold the heads
        with patch.multiple(decoder, _LONG=1, _WINDOW=window):
            assert decoded(map(bytearray, data), version, **limits) == found
    return found


def decoded(data: Iterable[bytes | bytearray], version: str, **limits: Any) -> Outcome:
    """The same; a bytearray is a buffer that is used again once it was fed."""
    decoder = Decoder(version, **limits)
    frames: list[Frame] = []
    failed = False
    for piece in data:
        if isinstance(piece, bytearray):
            found = decoder.feed(memoryview(piece))
            piece[:] = b"\xff" * len(piece)
        else:
            found = decoder.feed(piece)
        try:
            frames.extend(found)
            assert not failed, "a failed decoder went on"
        except ProtocolError:
            failed = True
    return Outcome(frames, "error" if failed else "idle" if decoder.idle else "waits")


def as_it_comes_back(frame: Frame, *, content_length: bool = True) -> Frame:
    """The frame as encode writes it: with its content-length."""
    body = frame.body
    if "content-length" in frame.headers or not body or not (content_length or b"\0" in body):
        return frame
    return Frame(frame.command, [*frame.headers.multi_items(), ("content-length", str(len(body)))], body)


@given(st.data(), versions, st.booleans())
def test_what_is_encoded_comes_back(data: st.DataObject, version: str, content_length: bool) -> None:
    frame = data.draw(sayable(version))
    wire = encode(frame, version, content_length=content_length)
    expected = as_it_comes_back(frame, content_length=content_length)
    assert decode([wire], version) == Outcome([expected], "idle")
    assert reference(wire, version) == Outcome([expected], "idle")


@given(any_frames, versions, st.booleans())
def test_no_frame_smuggles_another(frame: Frame, version: str, content_length: bool) -> None:
    try:
        wire = encode(frame, version, content_length=content_length)
    except ProtocolError:
        return
    expected = as_it_comes_back(frame, content_length=content_length)
    assert reference(wire, version) == Outcome([expected], "idle")
    assert decode([wire], version) == Outcome([expected], "idle")
    assert decode([wire, wire], version) == Outcome([expected, expected], "idle")
    # Nor is there a second one for a reader of another version, though headers may read differently there.
    for other in ("1.0", "1.1", "1.2"):
        assert len(decode([wire], other).frames) <= 1


@given(st.data(), versions)
def test_any_split_gives_the_same_frames(data: st.DataObject, version: str) -> None:
    frames = data.draw(st.lists(sayable(version), max_size=5))
    eols = ["", "\n", "\n\n\n"] + (["\r\n", "\n\r\n"] if version == "1.2" else [])
    wire = b"".join(data.draw(st.sampled_from(eols)).encode() + encode(frame, version) for frame in frames)
    expected = Outcome([as_it_comes_back(frame) for frame in frames], "idle")
    assert decode([wire], version) == expected
    assert decode(data.draw(pieces(wire)), version) == expected


@given(st.data(), octets, versions)
def test_any_octets_give_frames_or_an_error_however_they_are_cut(
    data: st.DataObject, wire: bytes, version: str
) -> None:
    whole = decode([wire], version)
    assert whole == reference(wire, version)
    assert decode(data.draw(pieces(wire)), version) == whole


@given(octets, versions)
def test_what_is_decoded_can_be_encoded(wire: bytes, version: str) -> None:
    for frame in decode([wire], version).frames:
        try:
            again = encode(frame, version)
        except ProtocolError:
            # What one may read but not write: a CR in 1.0, 1.1 and CONNECTED, NACK in 1.0, a second content-length.
            text = "".join(name + value for name, value in frame.headers.multi_items())
            assert "\r" in text or frame.command == "NACK" or len(frame.headers) < len(frame.headers.multi_items())
        else:
            assert decode([again], version) == Outcome([as_it_comes_back(frame)], "idle")


@given(st.data(), octets, versions, limits)
def test_limits_hold(data: st.DataObject, wire: bytes, version: str, limits: dict[str, int]) -> None:
    decoder = Decoder(version, **limits)
    frames: list[Frame] = []
    try:
        for piece in data.draw(pieces(wire)):
            for frame in decoder.feed(piece):
                assert len(frame.body) < limits["max_frame_size"]
                assert len(frame.headers.multi_items()) <= limits["max_header_count"]
                frames.append(frame)
            kept = len(decoder._buffer) - decoder._position
            assert kept <= limits["max_frame_size"] + 1  # a CR may wait for its LF
    except ProtocolError:
        assert decoder.idle
        failed = True
    else:
        failed = False
    # Limits change nothing else: the same frames, up to where a limit was hit.
    free = decode([wire], version)
    assert frames == free.frames[: len(frames)]
    assert failed or frames == free.frames
    assert decode([wire], version, **limits) == Outcome(frames, "error" if failed else free.end)


@given(octets, versions)
def test_lazy_headers_are_headers(wire: bytes, version: str) -> None:
    for lazy, eager in zip(decode([wire], version).frames, reference(wire, version).frames, strict=True):
        names = [name for name, _ in eager.headers.multi_items()]
        for name in [*names, "a", "", "a:b", *(f"{name}:" for name in names), *(name[1:] for name in names)]:
            assert lazy.headers.get(name) == eager.headers.get(name)
            assert (name in lazy.headers) is (name in eager.headers)
        assert repr(lazy) == repr(eager)
        assert hash(lazy) == hash(eager)
        assert [*lazy.headers] == [*eager.headers]
        assert dict(lazy.headers) == dict(eager.headers)
