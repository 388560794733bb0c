"""A TCP stream cut into frames, octet for octet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pystomp_web.errors import FrameTooLarge, ProtocolError
from pystomp_web.server.splitter import Splitter

CONNECTED_1_2 = b"CONNECTED\nversion:1.2\n\n\0"
FRAMES = [
    CONNECTED_1_2,
    b"MESSAGE\ndestination:/topic/a\nmessage-id:1\nraw:a:b\nesc:\\c\\\\\n\nbody\0",
    b"MESSAGE\r\ndestination:/topic/a\r\ncontent-length:5\r\n\r\na\0b\n\n\0",
    b"MESSAGE\ncontent-length:0\n\n\0",
    b"MESSAGE\n\n\n\n\0",
    b"MESSAGE\nx:\\:\n\n\xff\xfe\0",
    b"RECEIPT\nreceipt-id:\xc3\xbc\n\n\0",
    b"ERROR\nmessage:c:\\new\n\n\0",
]
STREAM = b"\n".join(FRAMES)


def split(pieces: list[bytes]) -> list[bytes]:
    splitter = Splitter(1000)
    got = [octets for piece in pieces for _, octets in splitter.feed(piece)]
    assert splitter.idle
    return got


def test_whole() -> None:
    assert split([STREAM]) == FRAMES


def test_octet_by_octet() -> None:
    got = split([STREAM[i : i + 1] for i in range(len(STREAM))])
    assert [octets for octets in got if octets != b"\n"] == FRAMES


@pytest.mark.parametrize("at", range(1, len(STREAM)))
def test_at_every_split(at: int) -> None:
    assert [octets for octets in split([STREAM[:at], STREAM[at:]]) if octets != b"\n"] == FRAMES


def test_beats() -> None:
    splitter = Splitter(1000)
    assert list(splitter.feed(b"\n")) == [("", b"\n")]
    assert list(splitter.feed(b"\r\n\n")) == [("", b"\n")]
    assert list(splitter.feed(CONNECTED_1_2 + b"\n")) == [("CONNECTED", CONNECTED_1_2)]
    assert list(splitter.feed(b"\n")) == [("", b"\n")]
    assert list(splitter.feed(b"")) == []
    assert list(splitter.feed(b"\nMESS")) == []
    assert not splitter.idle
    assert list(splitter.feed(b"AGE\n\n\0")) == [("MESSAGE", b"MESSAGE\n\n\0")]


@pytest.mark.parametrize("version", [b"", b"version:1.0\n", b"version:1.1\n", b"version:9\n"])
def test_the_version_in_force(version: bytes) -> None:
    connected = b"CONNECTED\n" + version + b"\n\0"
    message = b"MESSAGE\ncr:a\rb\n\n\0"
    splitter = Splitter(1000)
    assert list(splitter.feed(connected)) == [("CONNECTED", connected)]
    if version == b"version:9\n":
        with pytest.raises(ProtocolError):
            list(splitter.feed(message))
    else:
        assert list(splitter.feed(message)) == [("MESSAGE", message)]


def test_good_frames_before_the_fault() -> None:
    splitter = Splitter(1000)
    got = splitter.feed(CONNECTED_1_2 + b"HTTP/1.1 400 Bad Request\r\n")
    assert next(got) == ("CONNECTED", CONNECTED_1_2)
    with pytest.raises(ProtocolError):
        next(got)
    assert splitter.rest == b"HTTP/1.1 400 Bad Request\r\n"


def test_the_limit() -> None:
    with pytest.raises(FrameTooLarge):
        list(Splitter(100).feed(b"MESSAGE\n\n" + b"x" * 200))


def test_what_real_brokers_sent_comes_out_as_it_was() -> None:
    """Every frame that the Decoder takes, whatever its escapes; what is no frame is for the client to complain of."""
    lines = (Path(__file__).parents[2] / "vectors" / "server-frames.jsonl").read_text().splitlines()
    refused = set()
    for line in lines:
        entry = json.loads(line)
        octets = bytes.fromhex(entry["hex"])
        splitter = Splitter(11_000_000)
        try:
            got = [part for command, part in splitter.feed(octets) if command]
        except ProtocolError:
            refused.add((entry["broker"], entry["case"]))
            continue
        end = 0
        for part in got:
            start = octets.index(part, end)
            assert octets[end:start].strip(b"\r\n") == b""
            end = start + len(part)
        assert octets[end:].strip(b"\r\n") == splitter.rest.strip(b"\r\n")
    assert refused == {
        ("ActiveMQ 5.19.1", "message-raw-cr-header"),
        ("ActiveMQ 5.19.1", "message-jms-bytes-BAD-content-length"),
        ("ActiveMQ 5.19.1", "message-jms-text-NUL-no-content-length"),
        ("Apollo 1.7.1", "message-binary"),
        ("HornetQ 2.3.25", "weird"),
        ("HornetQ 2.4.9", "weird"),
        ("Spring 6.2 (Boot 3.5.7)", "bin"),
    }
