"""Cuts what a broker sends over TCP into its frames, each as the octets that came."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pystomp_web.protocol import Decoder, Version
from pystomp_web.protocol.heartbeat import BEAT
from pystomp_web.protocol.version import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The end of a head: an empty line. In 1.0 and 1.1 a CR alone is no header line: there the second form is in no head.
_HEAD_END = re.compile(rb"\n\r?\n")
_EOLS = re.compile(rb"[\r\n]*")


class Splitter:
    """The Decoder says where frames are and whether they are STOMP; this keeps the octets that it read them from.

    Args:
        max_frame_size: octets of the largest frame.
    """

    def __init__(self, max_frame_size: int) -> None:
        self._decoder = Decoder(Version.V1_2, max_frame_size=max_frame_size)
        self._set_version(Version.V1_2)
        self._raw = bytearray()

    @property
    def idle(self) -> bool:
        """Whether nothing of an unfinished frame is kept."""
        return not self._raw

    @property
    def rest(self) -> bytes:
        """The octets that belong to no frame that was read."""
        return bytes(self._raw)

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        r"""Take octets, give (command, octets) for every frame that they complete, and ("", "\n") for heart-beats.

        Raises:
            ProtocolError: this is no STOMP; behind the frames that were good.
        """
        self._raw += data
        beat = True
        for frame in self._decoder.feed(data):
            beat = False
            if frame.command == "CONNECTED":
                version = frame.headers.get("version", Version.V1_0)
                # What is no version of ours is passed on all the same: to refuse it is the client's business.
                if version in tuple(Version):
                    self._set_version(version)
            start = self._skip_eols()
            head = _HEAD_END.search(self._raw, start)
            assert head is not None
            end = head.end() + len(frame.body) + 1
            del head  # it would keep the octets from being cut
            octets = bytes(memoryview(self._raw)[start:end])
            del self._raw[:end]
            yield frame.command, octets
        # Line ends right behind a frame are some brokers' habit, and nothing new to the client; alone they are beats.
        if self._raw and self._skip_eols() == len(self._raw):
            self._raw.clear()
            if beat:
                yield "", BEAT

    def _set_version(self, version: str) -> None:
        # Escapes don't move a frame's bounds, and brokers have some of their own: they are for the client to read.
        self._decoder.rules = RULES[version]._replace(unescapes={})

    def _skip_eols(self) -> int:
        found = _EOLS.match(self._raw)
        return 0 if found is None else found.end()
