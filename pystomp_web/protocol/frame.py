"""Frame and Headers: what is read from the wire and written to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar, overload

_T = TypeVar("_T")

#: A header whose name holds one of these has its value masked wherever a person may read it.
SECRET_WORDS = ("pass", "auth", "token", "secret", "cookie", "key")
MASK = "***"
_BODY_SHOWN = 64


def is_secret(name: str) -> bool:
    """Whether values of this header must be kept out of repr and logs."""
    lowered = name.lower()
    return any(word in lowered for word in SECRET_WORDS)


class Headers(Mapping[str, str]):
    """The headers of a frame: an immutable mapping that keeps their order and repetitions.

    As a mapping it gives the first entry of a repeated name, the only one that counts ("Repeated Header
    Entries"); `multi_items()` gives every pair in wire order.

    Args:
        items: pairs, or a mapping.

    Raises:
        TypeError: a name or a value is not a str.
    """

    # What came from the wire stays text ("\nname:value\nname:value\n") until more than one look-up is wanted.
    __slots__ = ("_first", "_items", "_text")

    _text: str | None
    _items: tuple[tuple[str, str], ...]
    _first: dict[str, str] | None

    def __init__(self, items: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        if isinstance(items, Headers):
            pairs: tuple[tuple[str, str], ...] = items.multi_items()
        else:
            pairs = tuple((name, value) for name, value in (items.items() if isinstance(items, Mapping) else items))
            for name, value in pairs:
                if not isinstance(name, str) or not isinstance(value, str):
                    shown = MASK if is_secret(str(name)) else repr(value)
                    raise TypeError(f"header names and values must be str, not {name!r}: {shown}")
        self._text = None
        self._items = pairs
        self._first = None

    def multi_items(self) -> tuple[tuple[str, str], ...]:
        """Every (name, value), repetitions too, in wire order."""
        text = self._text
        if text is not None:
            lines = text[1:-1].split("\n") if text != "\n" else ()
            self._items = tuple([(name, value) for name, _, value in [line.partition(":") for line in lines]])
            self._text = None
        return self._items

    def _mapping(self) -> dict[str, str]:
        first = self._first
        if first is None:
            first = self._first = dict(reversed(self.multi_items()))
        return first

    @overload
    def get(self, name: str) -> str | None: ...

    @overload
    def get(self, name: str, default: _T) -> str | _T: ...

    def get(self, name: str, default: object = None) -> object:
        """The first value of this name, or the default."""
        text = self._text
        if text is None:
            return self._mapping().get(name, default)
        start = text.find(f"\n{name}:")
        if start < 0 or ":" in name or "\n" in name:
            return default
        start += len(name) + 2
        return text[start : text.index("\n", start)]

    def __getitem__(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        seen = self._mapping()
        return iter(dict.fromkeys(name for name, _ in self._items)) if seen else iter(())

    def __len__(self) -> int:
        return len(self._mapping())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Headers):
            return self.multi_items() == other.multi_items()
        if isinstance(other, Mapping):
            return self._mapping() == dict(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.multi_items())

    def masked(self) -> Headers:
        """The same with the values of secrets replaced, for logs and people."""
        return Headers((name, MASK if is_secret(name) else value) for name, value in self.multi_items())

    def __repr__(self) -> str:
        return f"Headers({list(self.masked().multi_items())!r})"


def headers_from_text(text: str) -> Headers:
    r"""Headers of a checked head's text: a newline, then each header and a newline."""
    headers = Headers.__new__(Headers)
    headers._text = text
    headers._items = ()
    headers._first = None
    return headers


def headers_from_pairs(pairs: tuple[tuple[str, str], ...]) -> Headers:
    """Headers of pairs of str."""
    headers = Headers.__new__(Headers)
    headers._text = None
    headers._items = pairs
    headers._first = None
    return headers


class Frame:
    """One STOMP frame. Immutable; equal by value; its repr elides a long body and masks secrets.

    Args:
        command: such as "SEND".
        headers: pairs, or a mapping; read back as Headers.
        body: octets.

    Raises:
        TypeError: an argument is of the wrong type.
    """

    # What came from the wire keeps its head's octets, and maybe ASCII text for a body; the rest is made when asked for.
    __slots__ = ("_body", "_command", "_damaged", "_head", "_headers", "_subscription")

    _command: str
    _head: bytes | None
    _headers: Headers | None
    _subscription: str | None
    _body: bytes | str
    _damaged: bool

    def __init__(
        self, command: str, headers: Iterable[tuple[str, str]] | Mapping[str, str] = (), body: bytes = b""
    ) -> None:
        if not isinstance(command, str):
            raise TypeError(f"a command is a str, not {command!r}")
        if not isinstance(body, bytes | bytearray | memoryview):
            raise TypeError(f"a frame's body is bytes, not {type(body).__name__}: encode it first")
        self._command = command
        self._head = None
        self._headers = headers if type(headers) is Headers else Headers(headers)
        self._subscription = None
        self._body = bytes(body)
        self._damaged = False

    if TYPE_CHECKING:

        @property
        def command(self) -> str:
            """Such as MESSAGE."""

        @property
        def damaged(self) -> bool:
            """Whether the broker sent a content-length that does not fit the body that it sent."""

    else:  # attrgetter makes them as quick to read as a plain attribute
        command = property(attrgetter("_command"))
        damaged = property(attrgetter("_damaged"))

    @property
    def body(self) -> bytes:
        """The body's octets."""
        body = self._body
        if isinstance(body, str):
            body = self._body = body.encode()
        return body

    @property
    def headers(self) -> Headers:
        """The headers, in wire order."""
        headers = self._headers
        if headers is None:
            assert self._head is not None
            headers = self._headers = headers_from_text(self._head.decode())
        return headers

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frame):
            return NotImplemented
        return self._command == other._command and self.body == other.body and self.headers == other.headers

    def __hash__(self) -> int:
        return hash((self._command, self.headers, self.body))

    def masked(self) -> Frame:
        """The same with the values of secrets replaced, for logs and people."""
        return frame_of(self._command, self.headers.masked(), self.body, self._damaged)

    def __repr__(self) -> str:
        body = self.body
        parts = [repr(self._command)]
        if self.headers or body:
            parts.append(repr(list(self.headers.masked().multi_items())))
        if len(body) > _BODY_SHOWN:
            parts.append(f"body={body[:_BODY_SHOWN]!r}... {len(body)} octets")
        elif body:
            parts.append(f"body={body!r}")
        if self._damaged:
            parts.append("damaged=True")
        return f"Frame({', '.join(parts)})"


#: What `header_of` looks for.
CONTENT_LENGTH, SUBSCRIPTION = b"\ncontent-length:", b"\nsubscription:"


def header_of(head: bytes, key: bytes) -> bytes | None:
    """A header's first value in a checked head; `key` is its name between a newline and a colon."""
    start = head.find(key)
    if start < 0:
        return None
    start += len(key)
    return head[start : head.index(b"\n", start)]


def subscription_of(frame: Frame) -> str | None:
    """The header `subscription`."""
    known = frame._subscription
    if known is not None:
        return known
    head = frame._head
    if head is None:
        return frame.headers.get("subscription")
    value = header_of(head, SUBSCRIPTION)
    return None if value is None else value.decode()


def frame_from_wire(command: str, head: bytes, body: bytes | str, subscription: str | None = None) -> Frame:
    """A Frame of a checked head: the decoder's short way. The header `subscription` may be told, if it is known."""
    frame = Frame.__new__(Frame)
    frame._command = command
    frame._head = head
    frame._headers = None
    frame._subscription = subscription
    frame._body = body
    frame._damaged = False
    return frame


def frame_of(command: str, headers: Headers, body: bytes, damaged: bool = False) -> Frame:
    """A Frame of parts that are right."""
    frame = Frame.__new__(Frame)
    frame._command = command
    frame._head = None
    frame._headers = headers
    frame._subscription = None
    frame._body = body
    frame._damaged = damaged
    return frame
