"""Frame to octets. What a version cannot say is refused: no header can smuggle a second frame."""

from __future__ import annotations

from ..errors import ProtocolError
from .frame import MASK, Frame, is_secret
from .version import COMMANDS, NEVER_ESCAPED, WITH_BODY, Rules, rules_for

_SPECIAL = {"\0": "NUL", "\r": "CR", "\n": "LF", ":": "a colon"}


def encode(frame: Frame, version: str, *, content_length: bool = True) -> bytes:
    """The octets of a frame.

    Args:
        frame: what to write.
        version: whose rules hold.
        content_length: whether a frame with a body gets a content-length header. One that the frame brings is kept,
            and a body that holds NUL gets one always: it could not be read without.

    Raises:
        ProtocolError: this version cannot say that: an unknown command, a body where none may be, a content-length
            that is wrong, an empty header name, NUL in a header, CR, LF or colon where there is no escape for it.
        ValueError: there is no such version.
    """
    return encode_head(frame, rules_for(version), content_length=content_length).encode() + frame.body + b"\0"


def encode_head(frame: Frame, rules: Rules, *, content_length: bool = True) -> str:
    """The frame's head as text, with the empty line at its end: all but its body and NUL. Raises as `encode` does."""
    command, body = frame.command, frame.body
    if command not in rules.commands:
        if command in COMMANDS:
            raise ProtocolError(f"STOMP {rules.version} has no {command} frame")
        raise ProtocolError(f"{command!r} is no STOMP command")
    if body and command not in WITH_BODY:
        raise ProtocolError(f"a {command} frame has no body")
    items = frame.headers.multi_items()
    head = "".join([f"{name}:{value}\n" for name, value in items])
    count = len(items)
    # One colon and one LF a header and none of the others: then there is nothing to escape, and no name is empty.
    if (
        head.count(":") != count
        or head.count("\n") != count
        or "\r" in head
        or "\\" in head
        or "\0" in head
        or "\n:" in head
        or head.startswith(":")
    ):
        head = _escaped(command, items, rules)
    given = [value for name, value in items if name == "content-length"] if "content-length" in head else ()
    for value in given:
        if (value.lstrip("0") or value[-1:]) != str(len(body)):
            raise ProtocolError(f"content-length is {value!r}, but the body has {len(body)} octets: leave it out")
    if not given and body and (content_length or b"\0" in body):
        head += f"content-length:{len(body)}\n"
    if not head.isascii():
        try:
            head.encode()
        except UnicodeEncodeError:
            raise ProtocolError(f"a header of {command} holds a lone surrogate, which UTF-8 can't say") from None
    return f"{command}\n{head}\n"


def _escaped(command: str, items: tuple[tuple[str, str], ...], rules: Rules) -> str:
    escapes = {} if command in NEVER_ESCAPED else rules.escapes
    where = f"a {command} frame" if command in NEVER_ESCAPED else f"STOMP {rules.version}"
    lines = []
    for name, value in items:
        if not name:
            raise ProtocolError(f"a header of {command} has an empty name")
        shown = MASK if is_secret(name) else repr(value[:64])
        for char, called in _SPECIAL.items():
            # A colon in a value is no trouble: the first one ends the name.
            if char not in escapes and char in (name if char == ":" else name + value):
                raise ProtocolError(f"{where} has no way to write {called} in the header {name[:64]!r}: {shown}")
        lines.append(f"{_escape(name, escapes)}:{_escape(value, escapes)}\n")
    return "".join(lines)


def _escape(text: str, escapes: dict[str, str]) -> str:
    return text.translate({ord(char): written for char, written in escapes.items()}) if escapes else text
