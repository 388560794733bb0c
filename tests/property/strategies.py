"""Frames and octets for the property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from pystomp_web.protocol import Frame, Version, encode
from pystomp_web.protocol.version import COMMANDS, NEVER_ESCAPED, WITH_BODY

versions = st.sampled_from([version.value for version in Version])
_SPECIAL = "\n\r:\\\0 \tncrt09é€\u2028\x85"
_chars = st.one_of(st.sampled_from(_SPECIAL), st.characters(codec="utf-8"))
_any_text = st.text(_chars, max_size=8)
_names = st.one_of(st.sampled_from(["content-length", "a", "destination", "receipt"]), _any_text)
#: With what no version can say: NUL, lone surrogates, empty names ...
any_headers = st.lists(
    st.tuples(_names, st.one_of(_any_text, st.just("\ud800"), st.integers(-1, 9).map(str))), max_size=5
)
bodies = st.one_of(
    st.just(b""), st.binary(max_size=20), st.sampled_from([b"\0", b"\n\n\0", b"MESSAGE\na:b\n\n\0", b"\r\n"])
)
any_frames = st.builds(Frame, st.sampled_from([*sorted(COMMANDS), "FOO", "", "SEND\n"]), any_headers, bodies)


def _text(excluded: str, min_size: int = 0) -> st.SearchStrategy[str]:
    special = "".join(char for char in _SPECIAL if char not in excluded)
    chars = st.one_of(st.sampled_from(special), st.characters(codec="utf-8", exclude_characters=excluded))
    return st.text(chars, min_size=min_size, max_size=8)


@st.composite
def sayable(draw: st.DrawFn, version: str) -> Frame:
    """A frame that this version can say."""
    command = draw(st.sampled_from(sorted(COMMANDS - ({"NACK"} if version == "1.0" else set()))))
    if version == "1.0" or command in NEVER_ESCAPED:
        name, value = _text("\0\r\n:", 1), _text("\0\r\n")
    else:
        excluded = "\0\r" if version == "1.1" else "\0"
        name, value = _text(excluded, 1), _text(excluded)
    headers = draw(st.lists(st.tuples(name.filter(lambda text: text != "content-length"), value), max_size=5))
    return Frame(command, headers, draw(bodies) if command in WITH_BODY else b"")


_tokens = st.sampled_from(
    [
        b"MESSAGE", b"CONNECTED", b"RECEIPT", b"SEND", b"NACK", b"ERR", b"\n", b"\n", b"\n", b"\n\n", b"\r", b"\r\n",
        b"\r\n\r\n", b"\0", b"\0", b":", b"a", b"a:b\n", b"k:v\r\n", b"\\", b"\\c", b"\\n", b"\\r", b"\\t",
        b"content-length:", b"0", b"1", b"3", b"\xff", "é".encode(), b" ", b"MESSAGE\n", b"MESSAGE\r\n",
        b"MESSAGE\n\n\0", b"MESSAGE\na:b\n\nxyz\0",
        b"MESSAGE\ncontent-length:3\n\n\0\n\n\0", b"RECEIPT\nreceipt-id:1\n\n\0",
    ]
)  # fmt: skip
#: Octets of which much is nearly STOMP.
nearly = st.lists(_tokens, max_size=25).map(b"".join)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Good frames of which some octets were changed, lost or put in."""
    version = draw(versions)
    frames = draw(st.lists(sayable(version), min_size=1, max_size=3))
    data = bytearray(b"".join(encode(frame, version) for frame in frames))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        new = draw(
            st.one_of(st.just(b""), st.sampled_from([b"\n", b"\r", b"\0", b":", b"\\", b"1"]), st.binary(max_size=2))
        )
        data[at : at + draw(st.integers(0, 2))] = new
    return bytes(data)


octets = st.one_of(st.binary(max_size=60), nearly, mutated())


@st.composite
def pieces(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """These octets, cut somehow."""
    if draw(st.booleans()):
        size = draw(st.integers(1, 5))
        return [data[at : at + size] for at in range(0, len(data), size)]
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


#: A decoder's three.
limits = st.fixed_dictionaries(
    {
        "max_frame_size": st.integers(0, 40),
        "max_header_size": st.integers(0, 30),
        "max_header_count": st.integers(0, 3),
    }
)
