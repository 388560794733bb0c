"""Every situation, on CPython, on a page's main thread, and in a worker."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.asynctests import run_async
from tests.support.loopthread import LoopThread
from tests.support.scripted import ScriptedServer

FOLDER = Path(__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in {"situation", Path(__file__).stem})


def _situations() -> Iterator[Any]:
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            found = getattr(value, "situation", None)
            if found is not None and value.__module__ == module:
                for where in found.where:
                    yield pytest.param(module, name, where, id=f"{module}-{name}-{where}")


@pytest.fixture(scope="module")
def scripted(loop_thread: LoopThread) -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    loop_thread.run(server.start())
    yield server
    loop_thread.run(server.stop())


@pytest.mark.parametrize(("module", "name", "where"), list(_situations()))
def test_situation(
    module: str, name: str, where: str, scripted: ScriptedServer, request: pytest.FixtureRequest
) -> None:
    client, script, _ = getattr(importlib.import_module(module), name).situation
    url, failures = scripted.add(script)
    problem: BaseException | None = None
    try:
        if where == "native":
            run_async(_alone, {"client": client, "url": url})
        else:
            page = request.getfixturevalue(f"pyodide_{where}")
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
