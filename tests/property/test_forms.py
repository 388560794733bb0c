"""Heads alike: a decoder that has seen many reads each as one that has seen none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol import Decoder, Frame
from pystomp_web.protocol.frame import subscription_of

NUMBERS = [b"0", b"7", b"42", b"007", b"123456789012345678", b"1234567890123456789"]
VALUES = [*NUMBERS, *(b"s-" + number for number in NUMBERS), b"a", b"a:b1", b"\xc3\xa91"]
ODD = [b"", b"-1", b"1_0", b"\xc3", b"\x001", b"7\0", b"x\r", b"\\n1", b"\\x", b"1 ", b"1:2", b"1\nx", b"1\nx:1"]
ORDERS = [
    [b"subscription", b"message-id", b"destination", b"content-length"],
    [b"content-length", b"subscription", b"destination", b"message-id", b"ack"],
    [b"subscription", b"message-id", b"content-length", b"timestamp"],
    [b"message-id", b"subscription", b"subscription", b"timestamp"],
    [b"message-id", b"content-length", b"content-length"],
    [b"destination", b"subscription"],
    [],
]
BODIES = [b"", b"x", b"body", b"a long body", b"nul\0inside", b"\n\n", b"MESSAGE\n\n"]


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """The octets of frames: of a few kinds, each like the last of its kind but for a value or two."""
    kinds = []
    for _ in range(draw(st.integers(1, 2))):
        names = draw(st.sampled_from(ORDERS))
        kinds.append([(name, draw(st.sampled_from(VALUES))) for name in names])
    frames = []
    for _ in range(draw(st.integers(2, 20))):
        kind = draw(st.sampled_from(kinds))
        body = draw(st.sampled_from(BODIES))
        once = list(kind)
        for place in draw(st.lists(st.integers(0, len(kind) - 1), max_size=2)) if kind else ():
            odd = draw(st.integers(0, 9)) == 0
            once[place] = kind[place][0], draw(st.sampled_from(ODD if odd else VALUES))
            if not odd:
                kind[place] = once[place]
        lies = draw(st.integers(0, 19)) == 0
        length = b"%d" % (len(body) + (draw(st.sampled_from([1, -1, 10**18])) if lies else 0))
        lines = [name + b":" + (length if name == b"content-length" else value) for name, value in once]
        command = (
            draw(st.sampled_from([b"RECEIPT", b"MESSAGES", b"ERROR", b"MESSAGE\r"])) if odd_one(draw) else b"MESSAGE"
        )
        eols = draw(st.sampled_from([b"\n", b"\n\n", b"\r\n"])) if odd_one(draw) else b""
        frames.append(eols + b"\n".join([command, *lines]) + b"\n\n" + body + b"\0")
    return frames


def odd_one(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 19)) == 0


def limited(version: str = "1.2") -> Decoder:
    """A decoder whose limits are in reach."""
    return Decoder(version, max_frame_size=200, max_header_size=190)


def read(decoder: Decoder, wire: bytes) -> list[Frame] | str:
    """The frames, or what is wrong."""
    try:
        return list(decoder.feed(wire))
    except ProtocolError as error:
        return f"{type(error).__name__}: {error}"


def whole(wire: bytes, decoder: Decoder) -> list[Frame] | None:
    """The frames of good octets that end with a frame; None for others."""
    found = read(decoder, wire)
    return found if isinstance(found, list) and decoder.idle else None


@given(streams(), st.sampled_from(["1.0", "1.1", "1.2"]))
def test_what_came_before_changes_nothing(frames: list[bytes], version: str) -> None:
    decoder = limited(version)
    good = b""
    for wire in frames:
        expected = whole(wire, limited(version))
        if expected is None:  # what is wrong, too, is the same behind all that was good
            seen = limited(version)
            read(seen, good)
            assert read(seen, wire) == read(limited(version), wire)
            continue
        good += wire
        assert read(decoder, wire) == expected
        for frame in expected:
            assert subscription_of(frame) == frame.headers.get("subscription")


@given(streams(), st.data())
def test_heads_alike_cut_at_will(frames: list[bytes], data: st.DataObject) -> None:
    good = [(wire, expected) for wire in frames if (expected := whole(wire, Decoder())) is not None]
    stream = b"".join(wire for wire, _ in good)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    decoder = Decoder()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += list(decoder.feed(stream[start:end]))
    assert found == [frame for _, expected in good for frame in expected]
