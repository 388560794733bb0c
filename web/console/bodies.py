"""A message's body as people read it."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Protocol

PREVIEW = 240
#: Octets that a view shows at most: a page with megabytes of text in one element does not scroll.
SHOWN = 256 * 1024

_NOT_TEXT = frozenset(map(chr, {*range(32), 127} - {9, 10, 12, 13, 27}))


class Body(Protocol):
    """What a Message has of its body."""

    @property
    def body(self) -> bytes:
        """The octets."""

    @property
    def text(self) -> str:
        """The body as text."""


def as_text(message: Body) -> str | None:
    """The body as text; None when it is not."""
    try:
        text = message.text
    except (UnicodeDecodeError, LookupError):
        return None
    return text if _NOT_TEXT.isdisjoint(text[:SHOWN]) else None


def as_json(message: Body) -> str | None:
    """The body as JSON, indented; None when it is not."""
    if len(message.body) > SHOWN:
        return None
    try:
        return json.dumps(json.loads(message.text), indent=2, ensure_ascii=False)
    except (ValueError, LookupError, RecursionError):
        return None


def as_hex(octets: bytes) -> str:
    """A dump: offset, sixteen octets, and what of them is ASCII."""
    lines = []
    for start in range(0, min(len(octets), SHOWN), 16):
        row = octets[start : start + 16]
        ascii_part = "".join(chr(octet) if 32 <= octet < 127 else "." for octet in row)
        lines.append(f"{start:08x}  {row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}  {ascii_part}")
    return "\n".join(lines)


def as_base64(octets: bytes) -> str:
    """Lines of 76 characters."""
    return base64.encodebytes(octets[:SHOWN]).decode("ascii").rstrip()


def from_text(text: str, form: str) -> str | bytes:
    """The body that was written as "text", "hex" or "base64".

    Raises:
        ValueError: it is not written so.
    """
    try:
        if form == "hex":
            return bytes.fromhex(text)
        if form == "base64":
            return base64.b64decode("".join(text.split()), validate=True)
    except (ValueError, binascii.Error) as error:
        raise ValueError(f"The body is no {form}: {error}") from None
    return text


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """The lines of two texts, each with its mark: " " both have it, "-" the first, "+" the second."""
    import difflib

    lines = difflib.ndiff(before.splitlines()[:2000], after.splitlines()[:2000])
    return [(line[0], line[2:]) for line in lines if line[0] != "?"]


def preview(message: Body) -> str:
    """One line of the body, short."""
    octets = message.body
    if not octets:
        return ""
    text: str | None
    if len(octets) <= 4 * PREVIEW:
        text = as_text(message)
    else:
        # The beginning is enough; of a character that is cut there its first octets are left out.
        text = octets[:PREVIEW].decode("utf-8", "replace").rstrip("\ufffd")
        text = None if "\ufffd" in text or not _NOT_TEXT.isdisjoint(text) else text
    if text is None:
        return f"hex {octets[:32].hex(' ')}{' …' if len(octets) > 32 else ''}"
    return " ".join(text[:PREVIEW].split())


def octets_in_words(count: int) -> str:
    """A size: "640 B", "1.2 KiB"."""
    if count < 1024:
        return f"{count} B"
    size, units = count / 1024, ["GiB", "MiB", "KiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop()
    return f"{size:.1f} {units[-1]}"
