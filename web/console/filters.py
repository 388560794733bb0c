"""What the filter's text means: which messages it lets through."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pystomp_web import Message

#: Headers that a word does not look at: numbers of the broker's own, which would fit by chance.
_UNSPOKEN = frozenset(("destination", "message-id", "subscription", "ack", "content-length"))

Test = Callable[["Message"], bool]

_TOKEN = re.compile(r'\s+|(?P<token>-?(?:[^\s"]|"[^"]*")+)|(?P<open>")')
_TERM = re.compile(r"(?P<name>\.?[A-Za-z_][\w.-]*|\.\d[\w.-]*)(?P<sign>>=|<=|[:=<>])(?P<value>.+)", re.DOTALL)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def parse(text: str) -> Test | None:
    """The test that this text stands for; None when it lets all through.

    Raises:
        ValueError: it is no filter; the text says why.
    """
    groups: list[list[Test]] = [[]]
    for token in _tokens(text):
        if token == "OR":  # noqa: S105 - a token of the filter
            if not groups[-1]:
                raise ValueError("OR stands between two words")
            groups.append([])
        else:
            groups[-1].append(_term(token))
    if groups == [[]]:
        return None
    if not groups[-1]:
        raise ValueError("OR stands between two words")
    return lambda message: any(all(test(message) for test in group) for group in groups)


def _tokens(text: str) -> list[str]:
    tokens = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found["open"]:
            raise ValueError('a quotation mark " is open')
        if found["token"]:
            tokens.append(found["token"])
        position = found.end()
    return tokens


def _term(token: str) -> Test:
    if token.startswith("-") and len(token) > 1:
        test = _term(token[1:])
        return lambda message: not test(message)
    if len(token) > 2 and token.startswith("/") and token.endswith("/") and token.count("/") == 2:
        return _expression(token[1:-1])
    found = _TERM.fullmatch(token)
    if found is None:
        return _anywhere(token.replace('"', ""))
    name, sign, value = found["name"], found["sign"], found["value"].replace('"', "")
    reads = _reader(name)
    if sign == ":":
        wanted = value.casefold()
        return lambda message: (it := reads(message)) is not None and wanted in str(it).casefold()
    if sign == "=":
        return lambda message: (it := reads(message)) is not None and str(it) == value
    try:
        number = float(value)
    except ValueError:
        raise ValueError(f"{token!r} compares with a number, and {value!r} is none") from None
    compare = _COMPARE[sign]
    return lambda message: (it := _number(reads(message))) is not None and compare(it, number)


def _expression(pattern: str) -> Test:
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"/{pattern}/ is no regular expression: {error}") from None
    return lambda message: any(compiled.search(text) for text in _texts(message))


def _anywhere(word: str) -> Test:
    wanted = word.casefold()
    return lambda message: any(wanted in text.casefold() for text in _texts(message))


def _texts(message: Message) -> list[str]:
    """The destination, the body and the headers."""
    headers = (f"{name}: {value}" for name, value in message.headers.multi_items() if name not in _UNSPOKEN)
    return [message.destination, text(message), *headers]


def _reader(name: str) -> Callable[[Message], Any]:
    if name == "destination":
        return lambda message: message.destination
    if name == "body":
        return text
    if name == "size":
        return lambda message: len(message.body)
    if name.startswith("."):
        path = name[1:].split(".")
        return lambda message: field(message, path)
    return lambda message: message.headers.get(name)


def text(message: Message) -> str:
    """The body as text, whatever it is."""
    return message.body.decode("utf-8", "replace")


def field(message: Message, path: list[str]) -> Any:
    """A field of a JSON body; None when there is none."""
    try:
        value = json.loads(message.body)
        for step in path:
            value = value[int(step)] if isinstance(value, list) else value[step]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return value


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
