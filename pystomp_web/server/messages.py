"""A message as the broker keeps it, and its octets for each version, made once however many subscribers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol import Frame, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Headers of a SEND that are not handed on: they are the broker's to set, or were meant for it only.
OWNED = frozenset(
    {"destination", "content-length", "receipt", "transaction", "message-id", "subscription", "ack", "redelivered"}
)
_COMMAND = b"MESSAGE\n"

Pairs = tuple[tuple[str, str], ...]


class Message:
    """One message. Immutable.

    Attributes:
        id: its message-id, the same at every delivery, so that a consumer can know a message again.
        destination: where it was sent to.
        headers: the publisher's own headers.
        body: octets.
        is_text: whether the body is UTF-8, so that its frame may travel as text.
    """

    __slots__ = ("_tails", "body", "destination", "headers", "id", "is_text")

    def __init__(self, id: str, destination: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        self.id = id
        self.destination = destination
        self.headers: Pairs = tuple(pair for pair in headers if pair[0] not in OWNED)
        self.body = body
        self.is_text = is_utf8(body)
        self._tails: dict[str, bytes] = {}

    def tail(self, version: str) -> bytes:
        """The octets of the MESSAGE frame behind what differs between its subscribers."""
        tail = self._tails.get(version)
        if tail is None:
            headers = sayable((("message-id", self.id), ("destination", self.destination), *self.headers), version)
            tail = self._tails[version] = encode(Frame("MESSAGE", headers, self.body), version)[len(_COMMAND) :]
        return tail


def lines(headers: Iterable[tuple[str, str]], version: str) -> bytes:
    """The octets of header lines, escaped as the version does it."""
    return encode(Frame("MESSAGE", headers), version)[len(_COMMAND) : -len(b"\n\0")]


def sayable(headers: Pairs, version: str) -> Pairs:
    """Those of the headers that the version can write; 1.0 has no way to say a line feed, for instance.

    A header that a 1.2 client sent must not keep the message from a 1.0 client.
    """
    try:
        lines(headers, version)
    except ProtocolError:
        return tuple(pair for pair in headers if _is_sayable(pair, version))
    return headers


def _is_sayable(pair: tuple[str, str], version: str) -> bool:
    try:
        lines((pair,), version)
    except ProtocolError:
        return False
    return True


def is_utf8(data: bytes) -> bool:
    """Whether the octets are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def error_frame(message: str, detail: str, version: str, extra: Pairs = ()) -> bytes:
    """The octets of an ERROR frame ("ERROR"): what is wrong in a `message` header, the explanation in its body."""
    headers = (("message", message), ("content-type", "text/plain"), *extra)
    return encode(Frame("ERROR", sayable(headers, version), f"{detail}\n".encode()), version)


def close_reason(text: str) -> bytes:
    """The text cut, between characters, to what a WebSocket close frame holds (RFC 6455, section 5.5: 123 octets)."""
    return text.encode()[:123].decode(errors="ignore").encode()
