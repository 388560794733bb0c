"""Frames of servers whose content-length may not fit the body that they send: each WebSocket message by itself."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from ..errors import ProtocolError
from .decoder import Decoder, Limits
from .frame import Frame, frame_of
from .version import SERVER_COMMANDS, WITH_BODY

#: What may stand behind the NUL that ends a frame: EOLs, and then nothing or the next frame.
_BEHIND = re.compile(rb"(?:\r?\n)*+(?:\Z|(?:%s)\r?\n)" % b"|".join(sorted(name.encode() for name in SERVER_COMMANDS)))


class MessageDecoder(Decoder):
    """Reads the frames of one WebSocket message after the other: none goes on in the next.

    A content-length that fits counts. Where it does not, the frame ends at the first NUL behind which EOLs and then the
    message's end or a server's command follow, else at the message's last NUL, and is marked `damaged`. Without
    content-length that is where it ends too, and the frame is as good as any.

    Args:
        version, limits: as of Decoder.
    """

    __slots__ = ("_messages",)

    def __init__(self, version: str = "1.2", limits: Limits = Limits()) -> None:  # noqa: B008 - a tuple
        super().__init__(version, **limits._asdict())
        self._messages: deque[bytes] = deque()

    @property
    def idle(self) -> bool:
        """Whether everything that came was read."""
        return super().idle and not self._messages

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[Frame]:
        """Take one whole message and read the frames in it; else as `Decoder.feed`."""
        if self._error is None:
            self._messages.append(bytes(data))
        return self._frames()

    def _has_octets(self) -> bool:
        """Whether there is something to read; goes on to the next message where this one is at its end."""
        while self._position >= len(self._buffer):
            if self._error is not None or not self._messages:
                return False
            self._buffer = self._messages.popleft()
            self._position = self._blank_from = self._crlf_from = self._nul_from = 0
            self._blank = -1
        return True

    def _short(self) -> Frame | None:
        if not self._has_octets():
            return None
        buffer, position = self._buffer, self._position
        frame = super()._short()
        if frame is not None and self._position < len(buffer):
            left = len(buffer) - self._position
            if buffer.count(b"\n", self._position) == left:
                self._position += left
            elif not _BEHIND.match(buffer, self._position):
                self._position = position
                return None
        return frame

    def _long(self) -> Frame | None:
        while self._has_octets():
            head = self._read_head()
            if head is not None:
                break
            if self._position < len(self._buffer):
                raise ProtocolError("a WebSocket message ended amid the head of a frame")
        else:
            return None
        command, headers, start, length = head
        end, damaged = self._end(command, start, length)
        if end - self._position >= self._limits.max_frame_size:
            raise self._too_large(command)
        if end > start and command not in WITH_BODY:
            raise ProtocolError(f"a {command} frame has no body")
        body = bytes(self._buffer[start:end])
        self._position = end + 1
        return frame_of(command, headers, body, damaged)

    def _end(self, command: str, start: int, length: int | None) -> tuple[int, bool]:
        """Where the frame's NUL is, and whether that is not where content-length has it."""
        buffer = self._buffer
        if length is not None:
            end = start + length
            if end < len(buffer) and not buffer[end] and _BEHIND.match(buffer, end + 1):
                return end, False
        end = buffer.find(b"\0", start)
        if end < 0:
            raise ProtocolError(f"a WebSocket message ended amid a {command} frame: it has no NUL")
        while not _BEHIND.match(buffer, end + 1):
            following = buffer.find(b"\0", end + 1)
            if following < 0:
                break
            end = following
        return end, length is not None
