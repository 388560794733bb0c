"""Recording while messages come: they are written to a file in batches, and none of them is kept in memory."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from . import recording
from .steps import STEP

if TYPE_CHECKING:
    from .history import Record

_PAUSE = 0.1  # seconds between two batches, at least: a file is no place for single messages


class Target(Protocol):
    """A file that grows.

    Attributes:
        where: where it is, in words.
        room: how many octets it takes; None: as many as the disk does.
        own: whether people picked it: then it need not be saved anywhere else.
    """

    where: str
    room: int | None
    own: bool

    async def write(self, octets: bytes) -> None:
        """Append them.

        Raises:
            OSError: it did not work.
        """

    async def close(self) -> None:
        """No more comes: make it a whole file.

        Raises:
            OSError: it did not work.
        """

    async def file(self) -> Any:
        """What it holds: a JavaScript Blob."""


class Recorder:
    """Writes what comes to a file while it runs.

    Args:
        backlog: how many octets may wait for the file.

    Attributes:
        target: the present file, or the last one.
        form: its form, "jsonl" or "csv".
        count: messages in it.
        octets: its length.
        running: whether messages are taken.
        closed: whether the file is whole.
        full: whether it has stopped because there was no more room.
    """

    def __init__(self, backlog: int = 64_000_000) -> None:
        self.target: Target | None = None
        self.form = "jsonl"
        self.count = self.octets = 0
        self.running = self.full = False
        self.closed = True
        self._backlog = backlog
        self._waiting: deque[Record] = deque()
        self._waiting_octets = 0
        self._late = False
        self._woken = asyncio.Event()
        self._whole = asyncio.Event()
        self._whole.set()

    @property
    def waiting(self) -> int:
        """How many messages wait to be written."""
        return len(self._waiting)

    def start(self, target: Target, form: str) -> None:
        """Take messages from now on; `run` writes them."""
        self.target, self.form = target, form
        self.count = self.octets = 0
        self.running, self.full, self.closed, self._late = True, False, False, False
        self._whole.clear()

    async def whole(self) -> None:
        """Wait until the file is whole."""
        await self._whole.wait()

    def stop(self) -> None:
        """Take no more; what waits is still written."""
        self.running = False
        self._woken.set()

    def take(self, record: Record) -> None:
        """Take a message, if it runs."""
        if not self.running:
            return
        self._waiting.append(record)
        self._waiting_octets += len(record.message.body) + 200
        if self._waiting_octets > self._backlog:
            self._late = True
            self.stop()
        self._woken.set()

    async def run(self, told: Callable[[], None]) -> None:
        """Write what is taken, until it is stopped.

        Args:
            told: is called when more of it is in the file.

        Raises:
            OSError: the file takes no more; what was written before stays in it as far as the browser allows.
        """
        target = self.target
        assert target is not None
        try:
            await self._write(target, recording.head(self.form), 0)
            while self._waiting or self.running:
                await self._woken.wait()
                self._woken.clear()
                while self._waiting and not self.full:
                    text, count = self._batch()
                    await self._write(target, text, count)
                    told()
                    await asyncio.sleep(_PAUSE if self.running and not self._waiting else 0)
                if self.full:
                    break
        except BaseException:
            with suppress(OSError):  # the first error says more
                await target.close()
            raise
        else:
            await target.close()
        finally:
            self.running, self.closed = False, True
            self._whole.set()
            self._waiting.clear()
            self._waiting_octets = 0
        if self._late:
            raise OSError(f"Messages came faster than {target.where} took them: the recording has stopped")

    async def _write(self, target: Target, text: str, count: int) -> None:
        octets = text.encode()
        if target.room is not None and self.octets + len(octets) > target.room:
            self.running, self.full = False, True
            return
        if octets:
            await target.write(octets)
        self.octets += len(octets)
        self.count += count

    def _batch(self) -> tuple[str, int]:
        """What waits, written down, as much of it as is quick."""
        lines = []
        ends = time.perf_counter() + STEP
        while self._waiting and time.perf_counter() < ends:
            record = self._waiting.popleft()
            self._waiting_octets -= len(record.message.body) + 200
            lines.append(recording.line(recording.taken(record), self.form))
        return "".join(lines), len(lines)
