"""Runs a snippet as a page or a prompt would: with `await` at the top. Natively, and inside Pyodide."""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from typing import Any

import pystomp_web as stomp


async def run_snippet(
    source: str, name: str, *, url: str, expected: list[str], feed: list[list[str]], login: list[str], times: int
) -> list[str]:
    """Run it until it has printed what is expected, one line after the other, then cancel it.

    Args:
        source: the snippet.
        name: its file's.
        url: where the feed goes.
        expected: parts of the lines that it prints, in order.
        feed: [destination, body] of messages that others send, again and again until it has printed.
        login: login and passcode of the feeding client, or nothing.
        times: how many of it run at once.

    Returns:
        All that it printed.
    """
    printed: list[str] = []

    def record(*values: object, **_: object) -> None:
        printed.append(" ".join(map(str, values)))

    code = compile(source, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    namespaces: list[dict[str, Any]] = [{"__name__": "snippet", "print": record} for _ in range(times)]
    tasks = [asyncio.ensure_future(_evaluate(code, namespace)) for namespace in namespaces]
    others = dict(zip(("login", "passcode"), login, strict=False))
    try:
        async with asyncio.timeout(20), stomp.connect(url, **others) as feeder:
            while not _shows(printed, expected):
                for task in tasks:
                    if task.done():
                        task.result()
                for destination, body in feed:
                    await feeder.send(destination, body)
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{name} printed {printed}, not {expected}") from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for namespace in namespaces:
            await _tidy(namespace)
    for task in tasks:
        if not task.cancelled():
            task.result()
    return printed


async def _evaluate(code: Any, namespace: dict[str, Any]) -> None:
    result = eval(code, namespace)
    if inspect.isawaitable(result):
        await result


def _shows(printed: list[str], expected: list[str]) -> bool:
    lines = iter(printed)
    return all(any(part in line for line in lines) for part in expected)


async def _tidy(namespace: dict[str, Any]) -> None:
    for value in namespace.values():
        if isinstance(value, stomp.Client):
            await value.close()
        elif sys.platform == "emscripten" and type(value).__name__ == "JsProxy" and hasattr(value, "postMessage"):
            value.close()
