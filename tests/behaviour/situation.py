"""What situations are made of. This file, and those with the situations, run on the host and inside Pyodide.

A situation is a pair: a script for the server, which runs on the host once per connection, and a client's part, which
runs on CPython, on a page's main thread, and in a worker:

    async def greets(peer: Peer) -> None:
        await peer.connect(version="1.1")
        await peer.serve()

    @situation(greets)
    async def the_version_is_what_connected_says(url: str) -> None:
        async with stomp.connect(url) as client:
            assert client.version == "1.1"
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.support.scripted import Peer

    Script = Callable[[Peer], Awaitable[None]]
    Client = Callable[[str], Awaitable[None]]

NATIVE, MAIN, WORKER = "native", "main", "worker"
EVERYWHERE = (NATIVE, MAIN, WORKER)


def _engine() -> str:
    if sys.platform != "emscripten":
        return "native"
    import js

    agent = str(js.navigator.userAgent)
    return next((name for name in ("Chrome", "Firefox") if name in agent), "WebKit").lower()


#: "native", "chrome" (Chromium and its like), "firefox" or "webkit": where these differ, a situation says how and why.
ENGINE = _engine()


def told(code: int) -> int:
    """The close code that a client is told where the server closes with this one.

    The HTTP library under WebKitGTK takes 1012 to 2999 for no codes at all: it breaks off, and tells no reason either.
    """
    return 1006 if ENGINE == "webkit" and 1012 <= code < 3000 else code


class Situation(NamedTuple):
    """A situation: its client's part, its server's part, and where it runs."""

    client: Client
    script: Script
    where: tuple[str, ...]


def situation(script: Script, *, where: tuple[str, ...] = EVERYWHERE) -> Callable[[Client], Client]:
    """Make a situation of a client's part."""

    def decorate(client: Client) -> Client:
        client.situation = Situation(client, script, where)  # type: ignore[attr-defined]
        return client

    return decorate


@contextmanager
def raises(kind: type[BaseException], *words: str) -> Iterator[list[Any]]:
    """The block must raise this, and the words must stand in its text. Gives a list that will hold the exception."""
    caught: list[Any] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
        missing = [word for word in words if word not in str(error)]
        if missing:
            raise AssertionError(f"{missing} is not in {error!s}") from error
    else:
        raise AssertionError(f"{kind.__name__} was not raised")


async def until(condition: Callable[[], object], *, seconds: float = 10.0) -> None:
    """Wait for a condition that nothing announces."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.005)


async def turns(count: int = 5) -> None:
    """Let the loop turn a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


class Recorder:
    """A callback that remembers, and can be waited for."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __call__(self, *arguments: Any) -> None:
        self.calls.append(arguments[0] if len(arguments) == 1 else arguments)

    async def wait(self, count: int, *, seconds: float = 10.0) -> list[Any]:
        """The calls, once there are so many."""
        await until(lambda: len(self.calls) >= count, seconds=seconds)
        return self.calls
