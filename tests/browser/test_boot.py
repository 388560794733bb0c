"""What the pages' Python starts from: the standard library in two archives, bytecode, and what arrives meanwhile."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import web
from playwright.sync_api import Browser, BrowserContext, Request, Route, expect

from tests.browser.console import BOOT_MS, Console, Site
from tests.support.loopthread import LoopThread
from tests.support.pyodide_page import PyodidePage
from tests.support.static_server import PYODIDE, TestSite

SCENARIO = Path(__file__).with_name("stdlib_scenario.py")
REST = "python_stdlib_rest.zip"
ARRIVED = """
import asyncio, stdlib_on_demand
while not stdlib_on_demand.finder.loaded: await asyncio.sleep(0.01)

"arrived"
""".strip()
WHERE = ("main", "worker")
Where = Literal["main", "worker"]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pages(loop_thread: LoopThread) -> Iterator[Site]:
    with Site(loop_thread) as site:
        yield site


def says(console: Console, code: str, words: str | re.Pattern[str]) -> None:
    """Type it at the prompt; wait until it has run, and the output holds these words."""
    console["#input"].fill(code)
    console["#input"].press("Enter")
    expect(console["#status"]).not_to_have_text("Running")
    expect(console["#output"]).to_contain_text(words)


# --------------------------------------------------------------------------------------- the standard library


@pytest.mark.parametrize("name", ["index.html", "dashboard.html", "prompt.html"])
def test_a_page_starts_from_the_first_archive(context: BrowserContext, pages: Site, name: str) -> None:
    waited: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith(REST) and request.resource_type == "xhr":  # an import that waits for it
            waited.append(request.url)

    with Console(context, pages.origin) as console:
        console.page.on("request", note)
        console.page.goto(f"{pages.origin}/{name}")
        console.ready()
        assert waited == []


def test_what_is_typed_at_the_prompt_may_import_all_of_it(context: BrowserContext, pages: Site) -> None:
    with Console(context, pages.origin) as console:
        with console.page.expect_response(f"**/{REST}"):  # it comes without being asked for
            console.page.goto(f"{pages.origin}/prompt.html")
        console.ready()
        says(console, ARRIVED, "'arrived'")  # an import that comes before that fetches it, too
        says(console, "import unittest; unittest.mock", "AttributeError")
        says(console, "import unittest.mock, sqlite3; unittest.mock.Mock", "<class 'unittest.mock.Mock'>")
        assert len([url for url in console.requests if url.endswith(REST)]) == 1


def test_the_first_archive_needs_nothing_of_the_second(browser: Browser, site: TestSite) -> None:
    with PyodidePage(browser, site, measure=False) as page:
        modules, others = page.run(SCENARIO, "import_the_first_archive")
        assert modules > 150
        assert others == []


@pytest.mark.parametrize("where", WHERE)
def test_the_second_archive_comes_when_it_is_needed(browser: Browser, site: TestSite, where: Where) -> None:
    with PyodidePage(browser, site, where, measure=False) as page:
        attribute, module, case, version, octet, missing = page.run(SCENARIO, "use_the_second_archive")
        assert (attribute, module, case, octet) == ("c", "email.message", "TestCase", "82")
        assert version == site.wheel.name.split("-")[1]
        assert missing == "No module named 'nowhere_at_all'"
        assert len([url for url in page.requests if url.endswith(REST)]) == 1
        assert page.console == []


@pytest.mark.parametrize("where", WHERE)
def test_it_can_be_fetched_in_the_background(browser: Browser, site: TestSite, where: Where) -> None:
    with PyodidePage(browser, site, where, measure=False) as page:
        assert page.run(SCENARIO, "load") == ""
        assert page.run(SCENARIO, "load") == ""
        assert page.run(SCENARIO, "try_to_import", "unittest") == []
        assert len([url for url in page.requests if url.endswith(REST)]) == 1


@pytest.mark.parametrize("where", WHERE)
def test_a_server_without_it_is_named_and_asked_again(browser: Browser, loop_thread: LoopThread, where: Where) -> None:
    there = False

    async def answer(_: web.Request) -> web.StreamResponse:
        if not there:
            raise web.HTTPNotFound
        return web.FileResponse(PYODIDE / REST)

    with (
        TestSite(loop_thread, [web.get(f"/pyodide/{REST}", answer)]) as site,
        PyodidePage(browser, site, where, measure=False) as page,
    ):
        said = f"{site.origin}/pyodide/{REST} was answered with 404: it must lie beside python_stdlib.zip"
        kind, name, words = page.run(SCENARIO, "try_to_import", "xml.dom")
        assert (kind, name) == ("ImportError", "xml")
        assert words.startswith("xml is in the second archive of the standard library")
        assert words.endswith(said)
        assert page.run(SCENARIO, "load") == said
        there = True
        assert page.run(SCENARIO, "try_to_import", "xml.dom") == []


def test_a_server_that_is_gone_is_named(browser: Browser, site: TestSite) -> None:
    with PyodidePage(browser, site, measure=False) as page:
        page.page.route(f"**/{REST}", lambda route: route.abort())
        said = f"{site.origin}/pyodide/{REST} can't be reached: is the server still running?"
        assert page.run(SCENARIO, "try_to_import", "unittest")[-1].endswith(said)
        assert page.run(SCENARIO, "load") == said


def test_a_package_of_the_same_name_stays_its_owners(browser: Browser, site: TestSite) -> None:
    with PyodidePage(browser, site, measure=False) as page:
        assert page.run(SCENARIO, "foreign_package") == "No module named 'xmlrpc.client'"
        assert not [url for url in page.requests if url.endswith(REST)]


# ------------------------------------------------------------------------------------------- bytecode, progress


def test_a_page_compiles_only_what_has_changed_since_the_build(context: BrowserContext, pages: Site) -> None:
    code = """
import sys
from importlib.util import source_hash
from pathlib import Path
ours = [m for n, m in sys.modules.items() if n.partition(".")[0] in ("pystomp_web", "prompt")]
kept = lambda m: Path(m.__cached__).read_bytes()[8:16] == source_hash(Path(m.__file__).read_bytes())
print("kept:", sum(map(kept, ours)), "of", len(ours), "modules")
"""
    with Console(context, pages.origin) as console:
        console.page.goto(f"{pages.origin}/prompt.html")
        console.ready()
        says(console, code.strip(), re.compile(r"kept: \d+ of \d+ modules"))
        found = re.search(r"kept: (\d+) of (\d+) modules", console["#output"].inner_text())
        assert found is not None
        kept, modules = map(int, found.groups())
        assert modules > 10
        assert kept > modules / 2  # all, unless somebody is at work in the tree


def test_progress_counts_what_compressed_answers_hold(
    context: BrowserContext, loop_thread: LoopThread, tmp_path: Path
) -> None:
    shutil.copytree(PYODIDE, tmp_path / "pyodide")
    for path in [tmp_path / "pyodide" / name for name in ("pyodide.asm.wasm", "pyodide.asm.mjs")]:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
    sizes = json.loads((PYODIDE / "sizes.json").read_text())
    least = sizes["pyodide.asm.wasm"] + sizes["pyodide.asm.mjs"] + sizes["python_stdlib.zip"] + sizes["bytecode.zip"]
    encodings: dict[str, str | None] = {}
    held: list[Route] = []
    with (
        Site(loop_thread, pyodide=tmp_path / "pyodide") as site,
        Console(context, site.origin) as console,
    ):
        console.page.on("response", lambda it: encodings.update({it.url: it.headers.get("content-encoding")}))
        console.page.route("**/*.whl", lambda route: held.append(route))  # noqa: PLW0108 - its signature is asked for
        with console.page.expect_request("**/*.whl"):
            console.page.goto(f"{site.origin}/prompt.html")
        expect(console["#boot-bytes"]).to_have_text(re.compile(r"^(\d\d\.\d) of \1 MB$"), timeout=BOOT_MS)
        shown = float((console["#boot-bytes"].inner_text()).split()[0])
        assert 0 <= shown - least / 1e6 < 1
        assert encodings[f"{site.origin}/pyodide/pyodide.asm.wasm"] == "gzip"
        held[0].continue_()
        console.ready()
