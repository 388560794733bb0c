"""Finds the situations (tests/behaviour) and plays one: its script on the host, its client's part where it is told."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.asynctests import run_async
from tests.support.harness import HarnessPage
from tests.support.scripted import ScriptedServer

FOLDER = Path(__file__).parents[1] / "behaviour"
_OTHERS = {"situation", "test_behaviour"}
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in _OTHERS)


def situations() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Module, name, and where it runs, of each."""
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            found = getattr(value, "situation", None)
            if found is not None and value.__module__ == module:
                yield module, name, found.where


def play(module: str, name: str, scripted: ScriptedServer, page: HarnessPage | None) -> None:
    """Play a situation, its client's part in this page; None: on CPython, here."""
    client, script, _ = getattr(importlib.import_module(module), name).situation
    url, failures = scripted.add(script)
    problem: BaseException | None = None
    try:
        if page is None:
            run_async(_alone, {"client": client, "url": url})
        else:
            page.clear()
            page.add_module(FOLDER / "situation.py")
            page.run(FOLDER / f"{module}.py", name, url)
            assert not [line for line in page.console if line.startswith("pageerror")]
    except BaseException as error:
        problem = error
    if failures:
        # The server's side tells more: the client's often only says that the connection ended.
        raise AssertionError(f"in the server's script: {failures[0]!r}; the client's side: {problem!r}") from failures[
            0
        ]
    if problem is not None:
        raise problem


async def _alone(client: Any, url: str) -> None:
    """The client's part; the tasks that it leaves must end by themselves."""
    await client(url)
    left = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
    if left:  # the native transport waits a second for the server's side of the closing handshake
        _, pending = await asyncio.wait(left, timeout=3)
        assert not pending, f"tasks left behind: {pending}"
