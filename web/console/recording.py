"""Messages in a file: JSONL or CSV, with all headers and the raw body; and back again."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from .steps import in_steps

if TYPE_CHECKING:
    from .history import Record

#: Headers that the broker adds to a message, and that nobody sends.
BROKERS_OWN = frozenset(
    "destination message-id subscription ack content-length redelivered receipt transaction".split()
)
_COLUMNS = ("at", "destination", "headers", "body_base64", "text")


class Taken(NamedTuple):
    """A message of a recording.

    Attributes:
        at: when it came, in seconds since 1970.
        destination: where from.
        headers: as pairs.
        body: the octets.
    """

    at: float
    destination: str
    headers: Sequence[tuple[str, str]]
    body: bytes


def taken(record: Record) -> Taken:
    """A message of the list, as a recording has it."""
    message = record.message
    return Taken(record.at, message.destination, message.headers.multi_items(), message.body)


def head(form: str) -> str:
    """What a file of this form, "jsonl" or "csv", begins with."""
    return _csv(_COLUMNS) if form == "csv" else ""


def line(message: Taken, form: str) -> str:
    """What a file of this form holds of a message."""
    if form == "jsonl":
        return f"{json.dumps(_as_json(message), ensure_ascii=False)}\n"
    headers = json.dumps(message.headers, ensure_ascii=False)
    return _csv((f"{message.at:.6f}", message.destination, headers, _base64(message.body), _text(message.body) or ""))


async def loads(octets: bytes) -> list[Taken]:
    """The messages of a file of either form, in the order of their times; read in steps.

    Raises:
        ValueError: it is none.
    """
    rows: Iterable[dict[str, object]]
    try:
        text = octets.decode()
        if text.startswith(_COLUMNS[0] + ","):
            csv.field_size_limit(1 << 30)  # bodies may be large
            rows = ({**row, "headers": json.loads(row["headers"])} for row in csv.DictReader(io.StringIO(text)))
        else:
            rows = (json.loads(line) for line in io.StringIO(text) if line.strip())
        found = [_from_json(row) async for row in in_steps(rows)]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"That file is no recording: {error}") from None
    if not found:
        raise ValueError("That file holds no message")
    return sorted(found, key=lambda each: each.at)


def sendable(message: Taken) -> dict[str, str]:
    """The headers that can be sent again."""
    return {name: value for name, value in reversed(message.headers) if name not in BROKERS_OWN}


def _as_json(message: Taken) -> dict[str, object]:
    text = _text(message.body)
    return {
        "at": round(message.at, 6),
        "destination": message.destination,
        "headers": message.headers,
        "body_base64": _base64(message.body),
        **({} if text is None else {"text": text}),
    }


def _from_json(row: dict[str, object]) -> Taken:
    headers = row.get("headers") or []
    if not isinstance(headers, list):
        raise TypeError("its headers are no list of pairs")
    pairs = [(str(name), str(value)) for name, value in headers]
    body = base64.b64decode(str(row["body_base64"]), validate=True)
    return Taken(float(str(row["at"])), str(row["destination"]), pairs, body)


class _Echo:
    """Hands back what a csv.writer writes."""

    @staticmethod
    def write(text: str) -> str:
        return text


def _csv(row: Iterable[str]) -> str:
    return str(csv.writer(_Echo()).writerow(row))


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _text(octets: bytes) -> str | None:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None
