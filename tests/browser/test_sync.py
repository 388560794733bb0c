"""The blocking face in Chromium, which has JSPI, on the main thread and in a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pystomp_web.server.config import ServerConfig
from pystomp_web.server.serving import serving
from tests.support.loopthread import LoopThread
from tests.support.pyodide_page import PyodidePage

SCENARIO = Path(__file__).with_name("sync_scenario.py")


@pytest.fixture(scope="module")
def url(loop_thread: LoopThread, pyodide_main: PyodidePage) -> Iterator[str]:
    context = serving(ServerConfig(allow_origins=(pyodide_main.site.origin,)))
    server = loop_thread.run(context.__aenter__())
    yield server.socket_url
    loop_thread.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize("where", ["main", "worker"])
def test_plain_code_waits_for_messages(where: str, url: str, request: pytest.FixtureRequest) -> None:
    page: PyodidePage = request.getfixturevalue(f"pyodide_{where}")
    assert page.run(SCENARIO, "blocks", url) == ["a", "b", "c", "timeout", "closed"]


def test_where_it_cannot_wait_it_says_what_can(url: str, pyodide_main: PyodidePage) -> None:
    pyodide_main.add_module(SCENARIO)
    pyodide_main.run(SCENARIO, "blocks", url)  # imports the module
    text = pyodide_main.evaluate(
        """url => {
            const scenario = pyodide.pyimport("sync_scenario");
            try { scenario.cannot(url); } catch (error) { return error.message; } finally { scenario.destroy(); }
        }""",
        url,
    )
    assert "RuntimeError: this call cannot wait" in text
    assert "runPythonAsync" in text
