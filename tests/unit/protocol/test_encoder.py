"""How encode refuses; what it writes is told by test_vectors."""

from __future__ import annotations

from typing import Any

import pytest

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol import Frame, Version, encode
from pystomp_web.protocol.encoder import encode_head
from pystomp_web.protocol.version import RULES


def test_encode() -> None:
    frame = Frame("SEND", {"destination": "/a"}, b"hello")
    expected = b"SEND\ndestination:/a\ncontent-length:5\n\nhello\0"
    for version in (*Version, "1.0", "1.1", "1.2"):
        assert encode(frame, version) == expected
        assert encode(frame, version=version, content_length=True) == expected
    assert frame.headers == {"destination": "/a"}  # as it was


def test_content_length_is_by_keyword() -> None:
    with pytest.raises(TypeError):
        encode(Frame("SEND"), "1.2", False)  # type: ignore[call-arg]


def test_a_body_with_nul_gets_its_length_in_any_case() -> None:
    assert encode(Frame("SEND", (), b"a\0"), "1.2", content_length=False) == b"SEND\ncontent-length:2\n\na\0\0"


@pytest.mark.parametrize("version", ["1.3", "", None, 1.2])
def test_no_such_version(version: Any) -> None:
    with pytest.raises(ValueError, match="no version of STOMP"):
        encode(Frame("SEND"), version)


@pytest.mark.parametrize(
    ("frame", "version", "words"),
    [
        (Frame("FOO"), "1.2", "FOO"),
        (Frame("NACK"), "1.0", r"1\.0 has no NACK"),
        (Frame("BEGIN", (), b"x"), "1.2", "no body"),
        (Frame("SEND", {"": "v"}), "1.2", "empty name"),
        (Frame("SEND", {"k": "a\0"}), "1.2", "NUL.*'k'"),
        (Frame("SEND", {"k": "a\r"}), "1.1", r"1\.1 has no way to write CR.*'k'"),
        (Frame("SEND", {"k": "a\n"}), "1.0", r"1\.0 has no way to write LF.*'k'"),
        (Frame("SEND", {"k:": "a"}), "1.0", r"1\.0 has no way to write a colon.*'k:'"),
        (Frame("CONNECT", {"k": "a\n"}), "1.2", "CONNECT frame has no way to write LF"),
        (Frame("SEND", {"content-length": "4"}, b"hello"), "1.2", "5 octets"),
        (Frame("SEND", {"k": "\ud800"}), "1.2", "surrogate"),
    ],
)
def test_the_error_says_what_and_where(frame: Frame, version: str, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        encode(frame, version)


@pytest.mark.parametrize("version", [*Version])
@pytest.mark.parametrize("value", ["hush\0", "hush\n", "hush\r", "hush\ud800"])
def test_the_error_keeps_a_secret(value: str, version: str) -> None:
    for name in ("passcode", "Authorization", "x-token"):
        with pytest.raises(ProtocolError) as raised:
            encode(Frame("CONNECT", {"login": "alice", name: value}), version)
        assert "hush" not in str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_the_error_is_short() -> None:
    with pytest.raises(ProtocolError) as raised:
        encode(Frame("SEND", {"k" * 10_000: "v" * 10_000 + "\0"}), "1.2")
    assert len(str(raised.value)) < 400


def test_encode_head_is_all_but_body_and_nul() -> None:
    frame = Frame("SEND", {"a:": "é"}, b"\xff")
    for rules in (RULES["1.1"], RULES["1.2"]):
        assert encode_head(frame, rules) == "SEND\na\\c:é\ncontent-length:1\n\n"
    own = RULES["1.1"]._replace(escapes={**RULES["1.1"].escapes, ":": "\\:"})
    assert encode_head(frame, own, content_length=False) == "SEND\na\\::é\n\n"
