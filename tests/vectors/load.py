"""Reads the vectors beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from pystomp_web.protocol import Frame

HERE = Path(__file__).parent


class DecodeVector(NamedTuple):
    """Octets and what is to come out of them; README.md says what each field means."""

    name: str
    version: str
    data: bytes
    frames: tuple[Frame, ...]
    error: str | None
    waits: bool
    limits: dict[str, int]
    switches: tuple[str, ...]


class EncodeVector(NamedTuple):
    """A frame and its octets; None: it can't be said."""

    name: str
    version: str
    frame: Frame
    content_length: bool
    data: bytes | None


class BrokerMessage(NamedTuple):
    """A WebSocket message that a real broker sent."""

    line: int
    broker: str
    case: str
    data: bytes


def _entries(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((HERE / folder).glob("*.json")):
        for entry in json.loads(path.read_text(encoding="ascii")):
            yield f"{path.stem}: {entry['name']}", entry


def _frame(written: list[Any]) -> Frame:
    command, headers, body = written
    return Frame(command, [(name, value) for name, value in headers], body.encode("latin-1"))


def decode_vectors() -> list[DecodeVector]:
    """All of decode/."""
    return [
        DecodeVector(
            name,
            entry["version"],
            entry["bytes"].encode("latin-1"),
            tuple(map(_frame, entry["frames"])),
            entry.get("error"),
            entry.get("waits", False),
            entry.get("limits", {}),
            tuple(entry.get("switches", ())),
        )
        for name, entry in _entries("decode")
    ]


def encode_vectors() -> list[EncodeVector]:
    """All of encode/."""
    return [
        EncodeVector(
            name,
            entry["version"],
            _frame(entry["frame"]),
            entry.get("content_length", True),
            entry["bytes"].encode("latin-1") if "bytes" in entry else None,
        )
        for name, entry in _entries("encode")
    ]


def broker_messages() -> list[BrokerMessage]:
    """All of server-frames.jsonl."""
    lines = (HERE / "server-frames.jsonl").read_text(encoding="ascii").splitlines()
    entries = map(json.loads, lines)
    return [
        BrokerMessage(number, entry["broker"], entry["case"], bytes.fromhex(entry["hex"]))
        for number, entry in enumerate(entries)
    ]


class Failures:
    """Goes on after a vector that fails, to tell of all of them at the end."""

    def __init__(self) -> None:
        self._failures: list[Exception] = []

    @contextmanager
    def noted(self, name: str) -> Iterator[None]:
        """What fails in here is kept, under this name."""
        try:
            yield
        except Exception as error:
            error.add_note(f"vector: {name}")
            self._failures.append(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._failures and error is None:
            count = len(self._failures)
            raise ExceptionGroup(f"{count} vectors failed; the first", self._failures[:10])
