"""Messages in a file: JSONL or CSV, with all headers and the raw body; and back again."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

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
    headers: list[tuple[str, str]]
    body: bytes


class Recorder:
    """Takes messages while it runs, up to a bound in octets."""

    def __init__(self, bound: int = 200_000_000) -> None:
        self.taken: list[Taken] = []
        self.running = False
        self.full = False
        self.octets = 0
        self._bound = bound

    def start(self) -> None:
        """Begin, with nothing taken yet."""
        self.taken = []
        self.octets = 0
        self.running, self.full = True, False

    def stop(self) -> None:
        """Take no more; what was taken stays."""
        self.running = False

    def take(self, record: Record) -> None:
        """Take a message, if it runs."""
        if not self.running:
            return
        one = taken(record)
        self.octets += len(one.body) + 200
        if self.octets > self._bound:
            self.running, self.full = False, True
            return
        self.taken.append(one)


def taken(record: Record) -> Taken:
    """A message of the list, as a recording has it."""
    message = record.message
    return Taken(record.at, message.destination, message.headers.multi_items(), message.body)


def dumps(messages: Iterable[Taken], form: str) -> str:
    """The file: `form` is "jsonl" or "csv"."""
    if form == "jsonl":
        return "".join(f"{json.dumps(_as_json(each), ensure_ascii=False)}\n" for each in messages)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for each in messages:
        headers = json.dumps(each.headers, ensure_ascii=False)
        text = _text(each.body)
        writer.writerow([f"{each.at:.6f}", each.destination, headers, _base64(each.body), "" if text is None else text])
    return out.getvalue()


def loads(text: str) -> list[Taken]:
    """The messages of a file of either form, in the order of their times.

    Raises:
        ValueError: it is none.
    """
    rows: Iterable[dict[str, object]]
    try:
        if text.startswith(_COLUMNS[0] + ","):
            csv.field_size_limit(1 << 30)  # bodies may be large
            rows = [{**row, "headers": json.loads(row["headers"])} for row in csv.DictReader(io.StringIO(text))]
        else:
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        found = [_from_json(row) for row in rows]
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


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def _text(octets: bytes) -> str | None:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None
