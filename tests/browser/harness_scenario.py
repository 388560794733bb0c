"""Runs inside Pyodide, for test_harness.py."""

from __future__ import annotations

import asyncio
import sys

import pystomp_web

calls: list[str] = []


def where() -> dict[str, object]:
    from js import globalThis

    return {"platform": sys.platform, "file": pystomp_web.__file__, "document": hasattr(globalThis, "document")}


async def add(first: int, second: int) -> int:
    await asyncio.sleep(0)
    return first + second


def remember(what: str) -> list[str]:
    calls.append(what)
    return calls


def fail() -> None:
    raise LookupError("on purpose")


async def forever() -> None:
    await asyncio.Event().wait()


async def echo(url: str, text: str) -> str:
    from js import WebSocket
    from pyodide.ffi import create_once_callable

    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    socket = WebSocket.new(url)
    socket.onopen = create_once_callable(lambda _event: socket.send(text))
    socket.onmessage = create_once_callable(lambda event: answer.set_result(event.data))
    try:
        return await answer
    finally:
        socket.close()
