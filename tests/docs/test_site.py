"""The built site: strict, on its own, and complete."""

from __future__ import annotations

import ast
import functools
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import pystomp_web as stomp
from pystomp_web.testing.page import SWITCH
from tests.support.chromium import FLAGS, NO_SAMPLES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: Attributes by which a page loads something by itself; `a href` is a link that somebody clicks.
LOADING = {
    "audio": {"src"},
    "embed": {"src"},
    "iframe": {"src"},
    "image": {"href"},
    "img": {"src", "srcset"},
    "link": {"href"},
    "object": {"data"},
    "script": {"src"},
    "source": {"src", "srcset"},
    "use": {"href"},
    "video": {"src", "poster"},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `./build.sh docs` does it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "docs/site/mkdocs.yml"]
    done = subprocess.run(
        [*command, "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and values.get("rel") in {"canonical", "prev", "next"}:
            return  # told, not loaded
        self.urls += [value for name, value in attrs if name in LOADING.get(tag, ()) and value]


def test_nothing_is_loaded_from_elsewhere(built: Path) -> None:
    outside = []
    for page in built.rglob("*.html"):
        loads = _Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        outside += [(page.name, url) for url in loads.urls if re.match(r"[a-z]+://|//", url)]
    for sheet in built.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        found = re.findall(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", text)
        outside += [(sheet.name, url) for url in found]
    for script in built.rglob("*.js"):
        text = script.read_text(encoding="utf-8")
        found = re.findall(r"""(?:\bsrc\s*=\s*|\bimport\s*\(?\s*|\bfetch\(\s*)["'`]((?:https?:)?//[^"'`]+)""", text)
        outside += [(script.name, url) for url in found]
    assert not outside


@pytest.fixture(scope="module")
def origin(built: Path) -> Iterator[str]:
    handler = functools.partial(_QuietHandler, directory=str(built))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_a_reader_causes_no_request_to_elsewhere(browser: Browser, origin: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    requests: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{origin}/index.html")
    page.goto(f"{origin}/design.html")
    expect(page.locator(".diagram svg")).to_have_count(2)
    box = page.get_by_role("textbox", name="Search")
    for _ in range(40):  # what is typed before the page's script listens is not seen by it
        box.fill("")
        box.press_sequentially("SlowConsumer")
        page.wait_for_timeout(500)
        if page.locator(".md-search-result__link").count():
            break
    expect(page.locator(".md-search-result__link").first).to_be_visible()
    assert requests
    assert [url for url in requests if not url.startswith((origin, "data:", "blob:"))] == []
    assert not problems
    context.close()


def test_pages_do_not_scroll_sideways_on_a_phone(browser: Browser, origin: str, built: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    page = context.new_page()
    wide = []
    for path in sorted(built.rglob("*.html")):
        page.goto(f"{origin}/{path.relative_to(built)}")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path.name)
    context.close()
    assert not wide


# ------------------------------------------------------------------------------------------------- is it all there?


def test_every_public_name_has_its_entry(built: Path) -> None:
    ids = {found for page in built.rglob("*.html") for found in re.findall(r' id="([^"]+)"', page.read_text("utf-8"))}
    missing = [name for name in stomp.__all__ if not any(each.endswith(f".{name}") for each in ids)]
    assert not missing


def test_every_exception_has_its_section() -> None:
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^#+ (\w+)$", text, re.MULTILINE))
    assert set(stomp.errors.__all__) - {"StompError"} <= sections


def test_the_switch_against_crashes_is_the_one_of_all_tests() -> None:
    assert f"\n--enable-features={NO_SAMPLES}\n" in (DOCS / "errors.md").read_text(encoding="utf-8")
    assert SWITCH in FLAGS
    assert SWITCH.endswith(f",{NO_SAMPLES}")


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts within an expression, as the reader sees them: what is put in stands as …"""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip()


def _is_told(message: str, page: str) -> bool:
    """Whether the page holds each longer part of the message between what is put in."""
    parts = [_plain(part) for part in message.split("…")]
    return all(part in page for part in parts if len(part) > 12)


def test_every_diagnosis_is_explained() -> None:
    page = _plain((DOCS / "errors.md").read_text(encoding="utf-8"))
    tree = ast.parse((ROOT / "pystomp_web" / "client" / "diagnosis.py").read_text(encoding="utf-8"))
    told = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    told += [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_FINDINGS"
    ]
    messages = [text for node in told for text in _texts(node) if len(text) > 40]
    assert len(messages) >= 8
    # The page cuts the two that go on about the gateway.
    cut = [message.partition("such as 61613")[0] for message in messages]
    assert [message for message in cut if not _is_told(message, page)] == []


@pytest.mark.parametrize("part", ["client", "protocol"])
def test_every_error_is_explained(part: str) -> None:
    """What is raised, or told, wherever that is a text."""
    page = _plain((DOCS / "errors.md").read_text(encoding="utf-8"))
    kinds = {*stomp.errors.__all__, "ValueError", "TypeError"}
    missing = []
    for path in sorted((ROOT / "pystomp_web" / part).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds and node.args:
                texts = [text for text in _texts(node.args[0]) if len(text) > 15]
                missing += [f"{path.name}: {text}" for text in texts if not _is_told(text, page)]
    assert not missing


def test_the_options_of_the_server_are_shown(built: Path) -> None:
    page = (built / "reference" / "server.html").read_text(encoding="utf-8")
    assert "--allow-origin ORIGIN" in page


def test_the_brokers_are_set_up_as_their_page_says() -> None:
    """What the page's configurations name, the launchers of tests/brokers name: `./build.sh interop` runs them."""
    kinds = {".java", ".py", ".xml"}
    launchers = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests" / "brokers").rglob("*")
        if path.suffix in kinds and path.is_file()
    ).lower()
    page = (DOCS / "brokers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(erlang|ini|java|xml)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) > 5
    for kind, block in blocks:
        bare = block if kind == "xml" else re.sub(r"(?:%|#|//).*", "", block)
        for word in re.findall(r"[A-Za-z]\w{5,}", bare):
            assert word.lower() in launchers, word


@pytest.mark.parametrize("name", ["requirements.in", "requirements.txt"])
def test_the_lock_names_no_host(name: str) -> None:
    assert "://" not in (DOCS / "site" / name).read_text(encoding="utf-8")
