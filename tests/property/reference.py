"""A decoder that is slow and plain, written from the specification, to hold the real one against."""

from __future__ import annotations

from typing import NamedTuple

from pystomp_web.protocol import Frame

COMMANDS = frozenset(
    b"CONNECT STOMP SEND SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT".split()
    + b"CONNECTED MESSAGE RECEIPT ERROR".split()
)
ESCAPES = {
    "1.0": {},
    "1.1": {"n": "\n", "c": ":", "\\": "\\"},
    "1.2": {"n": "\n", "c": ":", "\\": "\\", "r": "\r"},
}


class Outcome(NamedTuple):
    """The good frames, and how the data ends: "idle", "waits" or "error"."""

    frames: list[Frame]
    end: str


class _Bad(Exception):
    pass


class _Waits(Exception):
    pass


def reference(data: bytes, version: str) -> Outcome:
    """What comes out of these octets."""
    frames: list[Frame] = []
    at = 0
    while True:
        at = _behind_eols(data, at, version)
        if at == len(data):
            return Outcome(frames, "idle")
        try:
            frame, at = _frame(data, at, version)
        except _Bad:
            return Outcome(frames, "error")
        except _Waits:
            return Outcome(frames, "waits")
        frames.append(frame)


def _behind_eols(data: bytes, at: int, version: str) -> int:
    while True:
        if data[at : at + 1] == b"\n":
            at += 1
        elif version == "1.2" and data[at : at + 2] == b"\r\n":
            at += 2
        else:
            return at


def _frame(data: bytes, at: int, version: str) -> tuple[Frame, int]:
    lines, start = _lines(data, at, version)
    command = lines[0]
    if command not in COMMANDS:
        raise _Bad
    headers = [_header(line, command, version) for line in lines[1:]]
    length = next((value for name, value in headers if name == "content-length"), None)
    carries = command in (b"SEND", b"MESSAGE", b"ERROR")
    if length is not None:
        if not length or any(digit not in "0123456789" for digit in length):
            raise _Bad
        end = start + int(length)
        if int(length) and not carries:
            raise _Bad
        if int(length) > 16 * 1024 * 1024:
            raise _Bad
        if end >= len(data):
            raise _Waits
        if data[end] != 0:
            raise _Bad
    else:
        end = start
        while end < len(data) and data[end] != 0:
            end += 1
        if end > start and not carries:
            raise _Bad
        if end == len(data):
            raise _Waits
    return Frame(command.decode(), headers, data[start:end]), end + 1


def _lines(data: bytes, at: int, version: str) -> tuple[list[bytes], int]:
    """The lines of a head, and where its body begins."""
    lines: list[bytes] = []
    start = at
    while True:
        eol = data.find(b"\n", at)
        if eol < 0:
            _begins_well(lines, data[start:], version)
            raise _Waits
        line = data[at:eol]
        if version == "1.2" and line.endswith(b"\r"):
            line = line[:-1]
        at = eol + 1
        if not line and lines:
            break
        lines.append(line)
    if any(b"\0" in line or (version == "1.2" and b"\r" in line) for line in lines):
        raise _Bad
    return lines, at


def _begins_well(lines: list[bytes], head: bytes, version: str) -> None:
    """What is no frame, whatever may follow, is refused at once."""
    if b"\0" in head:
        raise _Bad
    if lines:
        if lines[0] not in COMMANDS:
            raise _Bad
    elif version == "1.2" and head.endswith(b"\r"):
        if head != b"\r" and head[:-1] not in COMMANDS:
            raise _Bad
    elif not any(command.startswith(head) for command in COMMANDS):
        raise _Bad


def _header(line: bytes, command: bytes, version: str) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not name or not colon:
        raise _Bad
    try:
        decoded = name.decode("utf-8"), value.decode("utf-8")
    except UnicodeDecodeError:
        raise _Bad from None
    if command in (b"CONNECT", b"CONNECTED", b"STOMP"):
        return decoded
    return _unescaped(decoded[0], version), _unescaped(decoded[1], version)


def _unescaped(text: str, version: str) -> str:
    if version == "1.0":
        return text
    out = ""
    chars = iter(text)
    for char in chars:
        if char != "\\":
            out += char
            continue
        meant = ESCAPES[version].get(next(chars, ""))
        if meant is None:
            raise _Bad
        out += meant
    return out
