"""Every situation, on CPython, on a page's main thread, and in a worker; tests/engines plays some in other browsers."""

from __future__ import annotations

import pytest

from tests.support.scripted import ScriptedServer
from tests.support.situations import play, situations


@pytest.mark.parametrize(
    ("module", "name", "where"),
    [
        pytest.param(module, name, where, id=f"{module}-{name}-{where}")
        for module, name, places in situations()
        for where in places
    ],
)
def test_situation(
    module: str, name: str, where: str, scripted: ScriptedServer, request: pytest.FixtureRequest
) -> None:
    page = None if where == "native" else request.getfixturevalue(f"pyodide_{where}")
    play(module, name, scripted, page)
