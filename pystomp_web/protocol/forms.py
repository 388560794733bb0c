"""Heads of MESSAGE that differ in a few numbers alone, as those of one subscription do, and often those of many.

Such a head is recognised by comparing octets, several times quicker than by checking every header again.
"""

from __future__ import annotations

MOST_DIGITS = 18
_MOST_NUMBERS = 6
_MOST_FORMS = 64
#: So many forms are made at once; then one for so many heads that none fitted.
_CREDIT, _RELUCTANCE = 256, 64

# What a form knows of the body's length, if it is not always the same:
UNTOLD, LAST, SOMEWHERE = -1, -2, -3  # no content-length; the last number; in another place of the head

#: The only escape that a head may hold which has a form, and in values alone: a colon there needs no escape to be read.
ESCAPED_COLON = rb"\c"

_COMMAND = b"MESSAGE"
_FIRST = b"subscription:"  # which heads are told apart by, where it is the first header


class Form:
    """What some heads have in common: octets, between them numbers.

    Attributes:
        literals: the octets before each number, of which each ends its line, and how many they are.
        last: the octets behind the last number, to the head's end.
        last_size: how many these are.
        headers_from: where the LF behind the command is.
        length: octets of the body; or UNTOLD, LAST, SOMEWHERE.
        subscription: the header of this name; None where it has a number, or is not there.
        colons: whether there are escaped ones, to be replaced.
    """

    __slots__ = (
        "colons",
        "headers_from",
        "last",
        "last_size",
        "length",
        "lines",
        "literals",
        "numbers",
        "subscription",
    )

    def __init__(self, eols: int, lines: list[bytes], numbers: frozenset[int], *, colons: bool) -> None:
        self.headers_from = eols + len(_COMMAND)
        self.lines = lines
        self.numbers = numbers
        self.colons = colons and any(ESCAPED_COLON in line for line in lines)
        self.length = UNTOLD
        self.subscription: str | None = None
        told = False
        literals = []
        literal = b"\n" * eols + _COMMAND
        for place, line in enumerate(lines):
            name, _, value = line.partition(b":")
            literal += b"\n" + line
            if place in numbers:
                stem = _stem(line)
                literals.append(literal[: len(stem) - len(line)])
                literal = b""
                if self.length == LAST:
                    self.length = SOMEWHERE
            if name == b"content-length" and self.length == UNTOLD:
                self.length = LAST if place in numbers else int(value)
            elif name == b"subscription" and not told:
                told = True
                if place not in numbers:
                    self.subscription = (value.replace(ESCAPED_COLON, b":") if colons else value).decode()
        self.literals = tuple([(literal, len(literal)) for literal in literals])
        self.last = literal + b"\n\n"
        self.last_size = len(self.last)


class Forms:
    r"""The forms of one connection's heads.

    Args:
        max_header_size: octets of a head at the most; what has a form is within it.
        colons: whether "\c" means a colon.
    """

    __slots__ = ("_by_first", "_colons", "_made", "_max_header_size", "_missed")

    def __init__(self, max_header_size: int, *, colons: bool) -> None:
        self._by_first: dict[bytes, Form] = {}
        self._max_header_size = max_header_size
        self._colons = colons
        self._made = self._missed = 0

    def other(self, buffer: bytes, position: int, latest: Form) -> Form | None:
        """The form by the first header of the head at `position`, which does not have the latest form."""
        start = position + latest.headers_from + 1
        if not buffer.startswith(_FIRST, start):
            return None
        form = self._by_first.get(buffer[start : buffer.find(b"\n", start, start + 256)])
        return None if form is latest else form

    def learn(self, head: bytes, eols: int, latest: Form | None) -> Form | None:
        r"""Take a checked head that no form fits: "\nname:value\n...\n", its content-length a number.

        Args:
            head: its octets.
            eols: how many EOLs were before its command.
            latest: the form that fitted before.

        Returns:
            The form to try first from now on.
        """
        self._missed += 1
        if self._made >= _CREDIT and self._missed % _RELUCTANCE:
            return latest
        lines = head[1:-1].split(b"\n")
        if not lines[0] or len(head) + len(lines) * MOST_DIGITS > self._max_header_size:
            return latest
        self._made += 1
        if len(self._by_first) >= _MOST_FORMS:
            self._by_first.clear()
        first = lines[0] if lines[0].startswith(_FIRST) else b""
        numbers = frozenset(place for place, line in enumerate(lines) if line.startswith(b"message-id:"))
        for known in (latest, self._by_first.get(first)):
            differing = None if known is None else _differing(known.lines, lines)
            if known is not None and differing is not None and len(known.numbers | differing) <= _MOST_NUMBERS:
                numbers = known.numbers | differing
                break
        form = Form(eols, lines, frozenset(place for place in numbers if _is_number(lines[place])), colons=self._colons)
        self._by_first[first] = form
        return form


def _is_number(line: bytes) -> bool:
    return 0 < len(line) - len(_stem(line)) <= MOST_DIGITS


def _stem(line: bytes) -> bytes:
    """The line without the number that ends it."""
    return line.rstrip(b"0123456789")


def _differing(some: list[bytes], others: list[bytes]) -> frozenset[int] | None:
    """Which lines differ, if it is in their numbers alone; else None."""
    if len(some) != len(others):
        return None
    places = frozenset(place for place, (one, other) in enumerate(zip(some, others, strict=True)) if one != other)
    return places if all(_stem(some[place]) == _stem(others[place]) for place in places) else None
