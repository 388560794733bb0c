"""The plugin in a pytest of its own, as in a user's project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.static_server import PYODIDE, ROOT, built_wheel

HIDE = """
import sys
for name in {names!r}:
    sys.modules[name] = None  # importing it raises ImportError
"""


class Project:
    """A folder with tests of somebody who uses the plugin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, **files: str) -> None:
        """Files of these names, with .py added."""
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(text, encoding="utf-8")

    def run(self, *arguments: str, installed: bool = False, **environment: str) -> str:
        """What pytest says; with `installed` the plugin is found by its entry point."""
        env = os.environ | {"PYTHONPATH": str(ROOT), "PY_COLORS": "0", "COLUMNS": "200"} | environment
        if not installed:
            env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            arguments = ("-p", "pystomp_web.testing.plugin", *arguments)
        command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "--strict-markers"]
        done = subprocess.run(
            [*command, "--rootdir", str(self.folder), *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_it_is_there_when_installed_and_costs_little_where_it_is_not_used(project: Project) -> None:
    project.write(
        test_it="""
import sys
def test_it(request):
    assert request.config.pluginmanager.hasplugin("pystomp_web")
    assert not {"aiohttp", "playwright", "pystomp_web.server", "pystomp_web.testing.broker"} & set(sys.modules)
def test_pair(stomp_pair):
    assert stomp_pair.end is None
"""
    )
    # pytest-asyncio, which warns of its own default, came with pytest-pyodide.
    said = project.run("-p", "no:asyncio", installed=True)
    assert "2 passed" in said, said
    assert "stomp_broker" not in project.run("-p", "no:pystomp_web", "--fixtures", installed=True)
    assert "stomp_pyodide (string):" in project.run("--help")
    assert "@pytest.mark.stomp_page(root, pyodide, wheel, csp)" in project.run("--markers")


def test_what_is_not_installed_is_named(project: Project) -> None:
    project.write(
        conftest=HIDE.format(names=["aiohttp"]),
        test_it="def test_it(stomp_broker): pass",
    )
    said = project.run()
    assert "stomp_broker: aiohttp is not installed. `pip install 'pystomp-web[testing]'`" in said
    assert "Traceback" not in said
    assert "1 error" in said


def test_a_folder_that_is_missing_is_named(project: Project) -> None:
    project.write(test_it="def test_it(stomp_page): pass")
    said = project.run()
    assert f"stomp_page: there is no {project.folder}/web. Get it (make it), or say where it is" in said
    assert "Traceback" not in said


def test_playwright_that_is_missing_is_named(project: Project) -> None:
    project.write(
        conftest=HIDE.format(names=["playwright", "playwright.sync_api"]),
        test_it="""
import pytest
@pytest.mark.stomp_page(root=".", pyodide=None, wheel=None)
def test_it(stomp_page): pass
@pytest.mark.stomp_page(root=".", pyodide=None, wheel=None)
class TestIt:
    @pytest.fixture
    def page(self, nothing): pass
    def test_it(self, stomp_page): pass
""",
    )
    said = project.run()
    assert "stomp_page: Playwright is not installed. `pip install 'pystomp-web[testing]'`" in said
    assert "fixture 'nothing' not found" in said
    assert "2 errors" in said


PAGE = """<!doctype html><title>Prices</title><p id="price">none</p><script type="module">
import { loadPyodide } from "/pyodide/pyodide.mjs";
const pyodide = await loadPyodide();
const { url } = await (await fetch("/wheel.json")).json();
await pyodide.loadPackage(url);
pyodide.runPythonAsync(`
import js
import pystomp_web as stomp
client = stomp.Client("/stomp")
def show(message):
    js.document.getElementById("price").textContent = message.json()["eur"]
    client.send_nowait("/queue/shown", message.text)
client.subscribe("/topic/prices", show)
client.start()
`);
</script>"""


def test_a_users_page_in_a_browser_of_its_own(project: Project) -> None:
    web = project.folder / "web"
    web.mkdir()
    (web / "index.html").write_text(PAGE, encoding="utf-8")
    (project.folder / "pytest.ini").write_text(
        f"[pytest]\nstomp_pyodide = {PYODIDE}\nstomp_wheel = {built_wheel()}\n", encoding="utf-8"
    )
    project.write(
        test_it="""
import asyncio
import pytest
from playwright.sync_api import expect

@pytest.mark.stomp_page(csp=None)
def test_price(stomp_page):
    stomp_page.goto("/")
    stomp_page.broker.wait_subscribed("/topic/prices", timeout=60)
    stomp_page.broker.publish("/topic/prices", {"eur": 1.08})
    expect(stomp_page.page.locator("#price")).to_have_text("1.08")
    assert stomp_page.broker.received("/queue/shown")[0].json() == {"eur": 1.08}

def test_the_loop_is_not_left_running(): asyncio.run(asyncio.sleep(0))

def test_that_fails(stomp_page):
    with stomp_page.page.expect_console_message():
        stomp_page.goto("/")
    assert stomp_page.console == []
"""
    )
    said = project.run()
    assert "2 passed" in said, said
    assert "1 failed" in said
    assert "- Browser console -" in said
    assert "error: Executing inline script violates" in said.partition("- Browser console -")[2]


def test_a_browser_that_does_not_start_is_named(project: Project) -> None:
    project.write(
        test_it="""
import pytest
@pytest.mark.stomp_page(root=".", pyodide=None, wheel=None)
def test_it(stomp_page): pass
"""
    )
    said = project.run(PYSTOMP_WEB_CHROMIUM="/nowhere/chromium")
    assert "stomp_page: /nowhere/chromium does not start:" in said
    assert "name one: PYSTOMP_WEB_CHROMIUM=/path/to/chromium" in said


@pytest.mark.parametrize("where", ["command line", "conftest"])
def test_named_and_installed_is_not_twice(project: Project, where: str) -> None:
    project.write(
        conftest='pytest_plugins = ["pystomp_web.testing.plugin"]' if where == "conftest" else "",
        test_it="def test_it(stomp_pair): pass",
    )
    named = ("-p", "pystomp_web.testing.plugin") if where == "command line" else ()
    assert "1 passed" in project.run("-p", "no:asyncio", *named, installed=True)
