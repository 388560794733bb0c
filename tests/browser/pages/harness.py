"""The part of the harness that runs inside Pyodide: modules from the host, calls of their functions, coverage."""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import sys
import traceback
from pathlib import Path
from typing import Any

FOLDER = Path("/home/pyodide")  # where Pyodide starts, and on sys.path

_coverage: Any = None


def add_module(name: str, source: str) -> None:
    """Make `import name` find this source. A module that has changed is imported anew, one that has not is kept."""
    path = FOLDER / f"{name}.py"
    if path.exists() and path.read_text() == source:
        return
    path.write_text(source)
    sys.modules.pop(name, None)
    importlib.invalidate_caches()


async def call(module: str, name: str, args: str) -> str:
    """Call a module's function with JSON arguments, await it if need be, and answer in JSON."""
    try:
        result = getattr(importlib.import_module(module), name)(*json.loads(args))
        if inspect.isawaitable(result):
            result = await result
        return json.dumps({"result": result})
    except BaseException as error:
        return json.dumps({"error": traceback.format_exc(), "type": type(error).__name__})


def start_coverage() -> None:
    """Measure pystomp_web from here on; it must not have been imported yet."""
    global _coverage  # noqa: PLW0603
    import coverage

    _coverage = coverage.Coverage(
        data_file="/tmp/.coverage",
        config_file=False,
        branch=True,
        source_pkgs=["pystomp_web"],
    )
    _coverage.set_option("run:core", "sysmon")
    _coverage.start()


def coverage_data() -> str:
    """What was measured so far as coverage's own dump, in base64; measuring ends. Empty if it was not on."""
    if _coverage is None:
        return ""
    _coverage.stop()
    return base64.b64encode(_coverage.get_data().dumps()).decode()
