"""Bytes to frames: incremental, strict, and without looking at an octet twice.

Everything is found by searches that run at C speed. A head without escapes is checked by one regular expression and
kept as it is: its headers are taken apart only when somebody asks for them. One like an earlier one (forms.py) needs
not even that check.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from ..errors import FrameTooLarge, ProtocolError
from .forms import ESCAPED_COLON, LAST, MOST_DIGITS, UNTOLD, Form, Forms
from .frame import (
    CONTENT_LENGTH,
    Frame,
    Headers,
    frame_from_wire,
    frame_of,
    header_of,
    headers_from_pairs,
    headers_from_text,
)
from .version import COMMANDS, NEVER_ESCAPED, WITH_BODY, Rules, Version, rules_for

_LF, _CR, _NUL = 10, 13, 0
_EOLS = {False: re.compile(rb"\n*+"), True: re.compile(rb"(?:\r?\n)*+")}
_COMMAND_NAMES = {command.encode(): command for command in COMMANDS}
_LONGEST_COMMAND = max(map(len, COMMANDS))
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
#: Octets from which on it pays to copy a body straight from what is fed, and how many are looked at for its head.
_LONG, _WINDOW = 4096, 2048


def _header(excluded: bytes, colons: bool) -> bytes:
    r"""A pattern for name and value without the octets that need a closer look; with `colons` a value may hold "\c"."""
    octets = b"[^\n\\0" + excluded + b"]*+"
    return b"[^:\n\\0" + excluded + b"]++:" + octets + (rb"(?:\\c" + octets + b")*+" if colons else b"")


def _names(commands: frozenset[str]) -> bytes:
    return b"|".join(
        sorted((command.encode() for command in commands), key=lambda name: (name == b"MESSAGE", name), reverse=True)
    )


def _plain_head(header: bytes, commands: frozenset[str]) -> re.Pattern[bytes]:
    return re.compile(b"(" + _names(commands) + b")\n(?:" + header + b"\n)*+")


def _whole_head(header: bytes, commands: frozenset[str]) -> re.Pattern[bytes]:
    return re.compile(b"\n*+(" + _names(commands) + b")(?:\n" + header + b")*+\n\n")


class _Scanner(NamedTuple):
    r"""How heads are recognised under one set of rules.

    Attributes:
        whole: EOLs, and then a head in which nothing needs a closer look, with its empty line.
        escaped: a head in which nothing needs a closer look, of a command whose headers may hold escapes.
        raw: the same of a command whose headers hold none.
        colons: whether the first two take "\c" in values, which is to be replaced then: ActiveMQ has some in each head.
    """

    whole: re.Pattern[bytes]
    escaped: re.Pattern[bytes]
    raw: re.Pattern[bytes]
    colons: bool


@cache
def _scanner(*, crlf: bool, escapes: bool, colons: bool) -> _Scanner:
    cr = b"\r" if crlf else b""
    header = _header(cr + (rb"\\" if escapes else b""), colons)
    return _Scanner(
        _whole_head(header, COMMANDS - NEVER_ESCAPED),
        _plain_head(header, COMMANDS - NEVER_ESCAPED),
        _plain_head(_header(cr, False), NEVER_ESCAPED),
        colons,
    )


class Limits(NamedTuple):
    """What a decoder takes at the most, inclusive.

    Attributes:
        max_frame_size: octets of a whole frame, from its command to its NUL.
        max_header_size: octets of its head: command, headers and the empty line.
        max_header_count: headers of a frame.
    """

    max_frame_size: int = 16 * 1024 * 1024
    max_header_size: int = 128 * 1024
    max_header_count: int = 1000


class Decoder:
    """Reads STOMP frames from a stream of octets that may be cut anywhere.

    Args:
        version: whose rules hold; see `version`.
        max_frame_size: octets of a whole frame, from its command to its NUL, inclusive.
        max_header_size: octets of its head: command, headers and the empty line, inclusive.
        max_header_count: headers of a frame, inclusive.
    """

    __slots__ = (
        "_blank",
        "_blank_from",
        "_buffer",
        "_crlf_from",
        "_error",
        "_form",
        "_forms",
        "_head",
        "_limits",
        "_match_whole",
        "_max_frame_size",
        "_nul_from",
        "_partial",
        "_position",
        "_ready",
        "_rules",
        "_scanner",
        "_source",
    )

    def __init__(
        self,
        version: str = "1.2",
        *,
        max_frame_size: int = Limits().max_frame_size,
        max_header_size: int = Limits().max_header_size,
        max_header_count: int = Limits().max_header_count,
    ) -> None:
        self._limits = Limits(max_frame_size, max_header_size, max_header_count)
        if min(self._limits) < 0:
            raise ValueError(f"a limit can't be negative: {self._limits}")
        self._max_frame_size = max_frame_size
        self._ready: deque[tuple[bytes, Frame]] = deque()  # long frames, from before the buffer; and their heads
        self._source: memoryview | None = None  # what the buffer is the beginning of, while long frames are read
        self._buffer: bytes | bytearray = b""
        self._position = 0  # where the frame under way begins
        self.rules = rules_for(version)
        self._head: tuple[str, Headers, int, int | None] | None = None  # command, headers, body's start, its length
        self._error: ProtocolError | None = None
        self._partial = False  # whether the head under way was found incomplete
        # Where the next search goes on, so that what was searched is not searched again.
        self._blank = -1  # the first LF LF at or behind _position, once found
        self._blank_from = self._crlf_from = self._nul_from = 0

    @property
    def rules(self) -> Rules:
        """What holds for the next frame: a version's rules, or a broker's own."""
        return self._rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._rules = rules
        escapes = rules.unescapes
        self._scanner = _scanner(crlf=rules.crlf, escapes=bool(escapes), colons=escapes.get("c") == ":")
        self._match_whole = self._scanner.whole.match
        self._forms = Forms(self._limits.max_header_size, colons=self._scanner.colons)
        self._form: Form | None = None  # the one that fitted last
        if self._ready:  # read by the rules of before
            self._buffer = b"".join([head + frame.body + b"\0" for head, frame in self._ready]) + self._buffer
            self._ready.clear()

    @property
    def version(self) -> Version:
        """The version whose rules hold. Set it between frames: it holds for the next frame."""
        return self._rules.version

    @version.setter
    def version(self, version: str) -> None:
        self.rules = rules_for(version)

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[Frame]:
        """Take octets and read the frames that are complete with them.

        The octets are taken at the call: `data` may be changed after it, and need not be read from the iterator at
        once. Each step of the iterator gives one frame.

        Raises:
            ProtocolError: from the iterator, once the good frames before the fault have been read. The decoder then
                stays failed.
            FrameTooLarge: likewise, for a limit.
        """
        if self._error is not None:
            return self._frames()  # nothing more is kept
        if isinstance(data, memoryview) and not data.c_contiguous:
            data = bytes(data)
        rest = len(self._buffer) - self._position
        if rest <= 0 and len(data) >= _LONG and isinstance(data, memoryview) and data.format == "B" and data.ndim == 1:
            data = self._take_long(data)
        if rest <= len(data):  # then a copy of both is no more work than taking what comes
            self._buffer = b"".join((memoryview(self._buffer)[self._position :], data)) if rest > 0 else bytes(data)
            self._rebase(self._position)
        elif isinstance(self._buffer, bytes):
            self._buffer = bytearray(memoryview(self._buffer)[self._position :])
            self._rebase(self._position)
            self._buffer += data
        else:
            if self._position:
                del self._buffer[: self._position]
                self._rebase(self._position)
            self._buffer += data
        return self._frames()

    @property
    def idle(self) -> bool:
        """Whether nothing of an unfinished frame is kept."""
        return self._position >= len(self._buffer) and not self._ready

    def _take_long(self, data: memoryview) -> memoryview:
        """Read the long frames that `data` begins with, whose bodies are copied once; what is left of it."""
        self._rebase(self._position)
        while len(data) >= _LONG:
            self._source = data
            self._buffer = window = bytes(data[:_WINDOW])
            frame = self._short()
            end, self._position = self._position, 0
            if frame is None or end <= len(window):  # a short one, or one that needs a closer look
                break
            self._ready.append((window[: end - 1 - len(frame._body)], frame))
            data = data[end:]
        self._source = None
        self._buffer = b""
        return data

    def _rebase(self, shift: int) -> None:
        """The buffer's first `shift` octets are gone."""
        self._position = 0
        self._blank = -1 if self._blank < shift else self._blank - shift
        self._blank_from = max(0, self._blank_from - shift)
        self._crlf_from = max(0, self._crlf_from - shift)
        self._nul_from = max(0, self._nul_from - shift)
        if self._head is not None:
            command, headers, start, length = self._head
            self._head = command, headers, start - shift, length

    def _frames(self) -> Iterator[Frame]:
        while True:
            frame = self.next()
            if frame is None:
                return
            yield frame

    def next(self) -> Frame | None:
        """The next frame, or None until more octets have come; raises as `feed` says."""
        if self._ready:
            return self._ready.popleft()[1]
        if self._head is None and not self._partial:
            frame = self._short()
            if frame is not None:
                return frame
        if self._error is not None:
            raise type(self._error)(*self._error.args)
        try:
            return self._long()
        except ProtocolError as error:
            self._error = type(error)(*error.args)  # not the one whose traceback holds the buffer
            self._buffer, self._position = b"", 0
            raise

    def _long(self) -> Frame | None:
        """As `next`, for what may be cut, hold escapes or be wrong."""
        head = self._head
        if head is None:
            head = self._read_head()
            if head is None:
                return None
        command, headers, start, length = head
        buffer = self._buffer
        if length is not None:
            end = start + length
            if end >= len(buffer):
                self._head = head
                return None
            if buffer[end] != _NUL:
                raise ProtocolError(f"no NUL behind the {length} octets that content-length promises for {command}")
        else:
            end = buffer.find(b"\0", max(start, self._nul_from))
            if end < 0:
                self._head = head
                self._nul_from = len(buffer)
                if len(buffer) > start and command not in WITH_BODY:
                    raise ProtocolError(f"a {command} frame has no body")
                if len(buffer) - self._position >= self._limits.max_frame_size:
                    raise self._too_large(command)
                return None
            if end > start and command not in WITH_BODY:
                raise ProtocolError(f"a {command} frame has no body")
            if end - self._position >= self._limits.max_frame_size:
                raise self._too_large(command)
        body = buffer[start:end] if isinstance(buffer, bytes) else bytes(memoryview(buffer)[start:end])
        self._head = None
        self._position = end + 1
        return frame_of(command, headers, body)

    def _short(self) -> Frame | None:
        """The short way of most: a frame that is here whole, without escapes and within the limits; else None."""
        buffer, position = self._buffer, self._position
        if type(buffer) is not bytes:
            return None
        form = self._form
        while form is not None:
            at, number = position, b""
            for literal, size in form.literals:
                if not buffer.startswith(literal, at):
                    break
                at += size
                end = buffer.find(_LF, at, at + MOST_DIGITS + 1)
                number = buffer[at:end]  # without an LF, and so without an end, nothing is alike
                if not number.isdigit():
                    break
                at = end
            else:
                if buffer.startswith(form.last, at):
                    start = at + form.last_size
                    head = buffer[position + form.headers_from : start - 1]
                    if form.colons:
                        head = head.replace(ESCAPED_COLON, b":")
                    length = form.length
                    if length < 0:
                        length = _length(length, number, head, buffer, start)
                    end = start + length
                    if length < 0 or end - position >= self._max_frame_size:
                        return None
                    body = buffer[start:end] if end < len(buffer) and not buffer[end] else self._beyond(start, end)
                    if body is None:
                        return None
                    self._position = end + 1
                    self._form = form
                    return frame_from_wire("MESSAGE", head, body, form.subscription)
            form = self._forms.other(buffer, position, form) if form is self._form else None
        return self._checked(buffer, position)

    def _checked(self, buffer: bytes, eols: int) -> Frame | None:
        """The same for a head of whatever form."""
        whole = self._match_whole(buffer, eols)
        if whole is None:
            return None
        position, headers_from = whole.span(1)
        start = whole.end()
        limits = self._limits
        size = start - position
        # A header has at least three octets.
        if size > limits.max_header_size or size > 3 * limits.max_header_count:
            return None
        head = buffer[headers_from : start - 1]
        if not head.isascii():
            try:
                head.decode()
            except UnicodeDecodeError:
                return None
        value = header_of(head, CONTENT_LENGTH)
        if value is None:
            end = buffer.find(_NUL, start)
        else:
            if len(value) > 9 or not value.isdigit():
                return None
            end = start + int(value)
        command = _COMMAND_NAMES[whole[1]]
        if end < 0 or end - position >= limits.max_frame_size or (end > start and command not in WITH_BODY):
            return None
        body = buffer[start:end] if end < len(buffer) and not buffer[end] else self._beyond(start, end)
        if body is None:
            return None
        if command == "MESSAGE":
            self._form = self._forms.learn(head, position - eols, self._form)
        if self._scanner.colons and ESCAPED_COLON in head:
            head = head.replace(ESCAPED_COLON, b":")
        self._position = end + 1
        return frame_from_wire(command, head, body)

    def _beyond(self, start: int, end: int) -> bytes | str | None:
        """The body of a long frame whose head alone is in the buffer, ASCII as text; None if it is not whole."""
        source = self._source
        if source is None or end >= len(source) or source[end]:
            return None
        try:
            return str(source[start:end], "ascii")
        except UnicodeDecodeError:
            return bytes(source[start:end])

    def _read_head(self) -> tuple[str, Headers, int, int | None] | None:
        """The head that begins at _position, checked; None until it is complete."""
        buffer, rules = self._buffer, self._rules
        position = self._position
        size = len(buffer)
        if position < size and buffer[position] in (_LF, _CR):
            eols = _EOLS[rules.crlf].match(buffer, position)
            assert eols is not None
            position = self._position = eols.end()
            del eols  # it would keep the buffer from being resized
        if position >= size or (rules.crlf and position == size - 1 and buffer[position] == _CR):
            return None
        blank = self._blank
        if blank < position:
            searched = max(position, self._blank_from)
            blank = self._blank = buffer.find(b"\n\n", searched)
            self._blank_from = max(searched, size - 1) if blank < 0 else blank
        end, start = blank + 1, blank + 2
        if rules.crlf:
            limit = size if blank < 0 else blank + 1
            searched = max(position, self._crlf_from)
            crlf = buffer.find(b"\n\r\n", searched, limit)
            if crlf >= 0:
                blank, end, start = crlf, crlf + 1, crlf + 3
            else:
                self._crlf_from = max(searched, limit - 2)
        if blank < 0:
            self._check_partial_head(position, size)
            self._partial = True
            return None
        self._partial = False
        self._nul_from = start
        if start - position > self._limits.max_header_size:
            self._check_command(position, size)
            raise self._too_large("the head", self._limits.max_header_size)
        return self._parse_head(position, end, start)

    def _check_partial_head(self, position: int, size: int) -> None:
        """Refuse at once what can no longer become a head."""
        self._check_command(position, size)
        if size - position >= self._limits.max_header_size:
            raise self._too_large("the head", self._limits.max_header_size)
        if size - position >= self._limits.max_frame_size:
            raise self._too_large("a frame", self._limits.max_frame_size)
        if self._buffer.find(b"\0", max(position, self._nul_from)) >= 0:
            raise ProtocolError("NUL in the head of a frame")
        self._nul_from = size

    def _check_command(self, position: int, size: int) -> None:
        """Refuse what does not even begin with a command, such as a web page."""
        line = bytes(self._buffer[position : min(size, position + _LONGEST_COMMAND + 2)])
        command, newline, _ = line.partition(b"\n")
        if self._rules.crlf and command.endswith(b"\r"):
            command, newline = command[:-1], b"\n"
        if not (command in _COMMAND_NAMES if newline else any(name.startswith(command) for name in _COMMAND_NAMES)):
            raise _unknown_command(line)

    def _parse_head(self, position: int, end: int, start: int) -> tuple[str, Headers, int, int | None]:
        buffer = self._buffer
        scanner = self._scanner
        plain = scanner.escaped.fullmatch(buffer, position, end)
        colons = scanner.colons and plain is not None
        plain = plain or scanner.raw.fullmatch(buffer, position, end)
        if plain is not None:
            name = plain[1]
            del plain  # it would keep the buffer from being resized
            command = _COMMAND_NAMES[bytes(name)]
            raw = bytes(buffer[position + len(name) : end])
            if raw.count(b"\n") - 1 > self._limits.max_header_count:
                raise self._too_many_headers()
            headers = headers_from_text(_utf8(raw.replace(ESCAPED_COLON, b":") if colons else raw))
        else:
            command, headers = self._parse_lines(bytes(buffer[position:end]))
        value = headers.get("content-length")
        return command, headers, start, None if value is None else self._body_length(command, value, start - position)

    def _parse_lines(self, head: bytes) -> tuple[str, Headers]:
        """The long way, line by line: unescapes, and says what is wrong."""
        rules = self._rules
        lines = head[:-1].split(b"\n")
        if rules.crlf:
            lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
            if any(b"\r" in line for line in lines):
                raise ProtocolError("a CR that is not part of a line's end in the head of a frame (escape it as \\r)")
        command = _COMMAND_NAMES.get(lines[0])
        if command is None:
            raise _unknown_command(lines[0])
        if len(lines) - 1 > self._limits.max_header_count:
            raise self._too_many_headers()
        unescapes = {} if command in NEVER_ESCAPED else rules.unescapes
        pairs = []
        for line in lines[1:]:
            if b"\0" in line:
                raise ProtocolError(f"NUL in the head of a {command} frame")
            name, colon, value = _utf8(line).partition(":")
            if not colon:
                raise ProtocolError(f"a header line of {command} has no colon")
            if not name:
                raise ProtocolError(f"a header of {command} has an empty name")
            if unescapes:
                name, value = _unescape(name, unescapes), _unescape(value, unescapes)
            pairs.append((name, value))
        return command, headers_from_pairs(tuple(pairs))

    def _body_length(self, command: str, value: str, head_size: int) -> int:
        if not (value.isascii() and value.isdigit()):
            raise ProtocolError(f"content-length of {command} is not a number of octets: {value[:32]!r}")
        digits = value.lstrip("0") or "0"
        # int() refuses thousands of digits; far fewer are too many already.
        if len(digits) > 18 or head_size + int(digits) + 1 > self._limits.max_frame_size:
            raise self._too_large(command)
        length = int(digits)
        if length and command not in WITH_BODY:
            raise ProtocolError(f"a {command} frame has no body, yet content-length is {length}")
        return length

    def _too_large(self, what: str, limit: int | None = None) -> FrameTooLarge:
        if limit is None:
            what, limit = f"a {what} frame", self._limits.max_frame_size
        return FrameTooLarge(f"{what} is larger than the limit of {limit} octets; raise the limit if that is wanted")

    def _too_many_headers(self) -> FrameTooLarge:
        return FrameTooLarge(f"a frame has more than {self._limits.max_header_count} headers")


def _length(how: int, number: bytes, head: bytes, buffer: bytes, start: int) -> int:
    """Octets of the body that begins at `start`, by what the head's form says of it; negative: it is not here yet."""
    if how == UNTOLD:
        return buffer.find(_NUL, start) - start
    return int(number if how == LAST else header_of(head, CONTENT_LENGTH) or b"")


def _utf8(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError(f"a header is not UTF-8: {error.reason} at octet {error.start}") from None


def _unescape(text: str, unescapes: dict[str, str]) -> str:
    if "\\" not in text:
        return text

    def meant(pair: re.Match[str]) -> str:
        try:
            return unescapes[pair[1]]
        except KeyError:
            raise ProtocolError(f"undefined escape sequence {pair[0]!r} in a header") from None

    return _ESCAPE.sub(meant, text)


def _unknown_command(line: bytes) -> ProtocolError:
    shown = line[:32].decode("utf-8", "replace")
    return ProtocolError(f"no STOMP frame was received: it begins with {shown!r}; is this URL a STOMP end point?")
