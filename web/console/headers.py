"""Headers as people write them: lines of `name: value`."""

from __future__ import annotations

from collections.abc import Iterable


def parse(text: str) -> dict[str, str]:
    """The headers of these lines; empty lines are left out, and spaces around name and value.

    Raises:
        ValueError: a line has no colon, no name, or a name that another line has; the text says which.
    """
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not name:
            raise ValueError(f"Header line {number} is no 'name: value': {line.strip()!r}")
        if name in headers:
            raise ValueError(f"Header line {number} names {name!r} again: only the first would count")
        headers[name] = value.strip()
    return headers


def lines(pairs: Iterable[tuple[str, str]]) -> str:
    """The other way round."""
    return "\n".join(f"{name}: {value}" for name, value in pairs)
