"""Work on very many things without holding up the page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

#: Seconds of work before the page has its turn: half a frame.
STEP = 0.008


async def in_steps(items: Iterable[T]) -> AsyncIterator[T]:
    """The items; between two of them the page has its turn whenever a step is over."""
    ends = time.perf_counter() + STEP
    for item in items:
        yield item
        if time.perf_counter() > ends:
            await asyncio.sleep(0)
            ends = time.perf_counter() + STEP
