"""Messages: encoded once a version, and what is cut to fit."""

from __future__ import annotations

import pytest

from pystomp_web.protocol import Decoder
from pystomp_web.server.messages import Message, close_reason, error_frame, is_utf8


def test_a_message_is_encoded_once_for_each_version() -> None:
    message = Message("1", "/topic/a", [("x", "a:b"), ("receipt", "r")], b"body")
    assert message.tail("1.2") == b"message-id:1\ndestination:/topic/a\nx:a\\cb\ncontent-length:4\n\nbody\0"
    assert message.tail("1.2") is message.tail("1.2")
    assert message.tail("1.0") == b"message-id:1\ndestination:/topic/a\nx:a:b\ncontent-length:4\n\nbody\0"


@pytest.mark.parametrize(("data", "expected"), [(b"", True), ("ü".encode(), True), (b"\xc3", False)])
def test_is_utf8(data: bytes, expected: bool) -> None:
    assert is_utf8(data) is expected


def test_an_error_frame() -> None:
    (frame,) = Decoder("1.2").feed(error_frame("What", "why: because\nof", "1.2", (("receipt-id", "a:b"),)))
    assert frame.headers == {
        "message": "What",
        "content-type": "text/plain",
        "receipt-id": "a:b",
        "content-length": "16",
    }
    assert frame.body == b"why: because\nof\n"


def test_a_close_reason_is_cut_between_characters() -> None:
    assert close_reason("short") == b"short"
    assert close_reason("ü" * 100) == "ü".encode() * 61
    assert close_reason("x" + "ü" * 61) == b"x" + "ü".encode() * 61
