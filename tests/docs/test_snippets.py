"""Every code block of the docs comes from a file under docs/snippets, and every such file is run or checked here."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest
from playwright.sync_api import Browser, Page, Route, expect

import pystomp_web as stomp
from pystomp_web.server.__main__ import _config, _parser
from pystomp_web.server.config import ServerConfig
from pystomp_web.server.pages import security_headers
from pystomp_web.server.serving import Serving, serving
from pystomp_web.transport.native import NativeTransport
from tests.docs.running import run_snippet
from tests.support.asynctests import run_async
from tests.support.loopthread import LoopThread
from tests.support.missing import missing
from tests.support.pyodide_page import PyodidePage
from tests.support.static_server import PYODIDE, built_wheel

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SNIPPETS = DOCS / "snippets"
RUNNING = Path(__file__).with_name("running.py")
SCENARIO = Path(__file__).with_name("snippet_scenario.py")
PAGES = sorted(path for path in DOCS.rglob("*.md") if "site" not in path.relative_to(DOCS).parts)
README = ROOT / "README.md"
#: Fences of these languages are code that somebody runs.
CODE = {
    "python",
    "py",
    "html",
    "javascript",
    "js",
    "css",
    "json",
    "toml",
    "sh",
    "shell",
    "bash",
    "console",
    "nginx",
    "caddyfile",
}


@dataclass(frozen=True)
class Case:
    """How a snippet is run.

    Attributes:
        prints: parts of the lines that it prints, in order.
        feed: (destination, body) of messages that others send meanwhile.
        where: "native", "main" (Pyodide in a page).
        replaced: what is not "/stomp" and stands for the server too.
        login: who may connect; None: everybody.
        after: Python that goes behind it.
        times: how many of it run at once.
    """

    prints: tuple[str, ...] = ()
    feed: tuple[tuple[str, str], ...] = ()
    where: tuple[str, ...] = ("native", "main")
    replaced: dict[str, str] = field(default_factory=dict)
    login: tuple[str, str] | None = None
    after: str = ""
    times: int = 1


PRICE = (("/topic/prices", "1.08"),)
CASES = {
    "ack.py": Case(("refused: we don't sell that", "sold 7")),
    "beats.py": Case(("connected",)),
    "callback.py": Case(("price 1.08",)),
    "close.py": Case(
        ("closed",),
        where=("main",),
        after="""
import asyncio
while client.state != "connected":
    await asyncio.sleep(0.01)
js.document.getElementById("leave").click()
await client.wait_closed()
print(client.state)
""",
    ),
    "at-once.py": Case(("done job", "done job"), (("/queue/jobs", "job"),)),
    "failover.py": Case(
        ("connecting ws://127.0.0.1:9", "connected SERVER"),
        replaced={
            "wss://one.example.com/stomp": "ws://127.0.0.1:9/stomp",
            "wss://two.example.com/stomp": "SERVER",
            "initial=1": "initial=0.01",
        },
    ),
    "first.py": Case(("{'eur': 1.08}",)),
    "get.py": Case(("1.08 /topic/prices", "nothing more")),
    "missed.py": Case(("some are missing here",), PRICE * 5),
    "newest.py": Case(("now 1.08", "now 1.08"), PRICE * 5),
    "prefetch.py": Case(("2",), (("/queue/jobs", "2"),), after="print((await jobs.get(timeout=5)).text)\n"),
    "prompt.py": Case(("1.08",)),
    "receipt.py": Case(("the broker has it",)),
    "renew.py": Case(
        ("1",),
        after="""
import pystomp_web as stomp
client = await stomp.connect("/stomp")
task = asyncio.ensure_future(renew(client, 0.05))
while not client.stats.reconnects:
    await asyncio.sleep(0.01)
task.cancel()
print(client.stats.reconnects)
""",
    ),
    "request.py": Case(("HELLO",)),
    "send.py": Case(),
    "tabs.py": Case(("1.08",) * 4, PRICE, where=("main",), times=2),
    "tokens.py": Case(("connected",), where=("main",), login=("alice", "secret")),
    "transaction.py": Case(("both happened",)),
    "watch.py": Case(("connecting", "out Frame('CONNECT'", "in Frame('CONNECTED'", "connected")),
    "why.py": Case(
        ("not connected: ",),
        replaced={"ws://127.0.0.1:61613/": "ws://127.0.0.1:9/", "connect_timeout=3": "connect_timeout=1"},
    ),
}
RUN = sorted((name, where) for name, case in CASES.items() for where in case.where)


@pytest.fixture
def server(loop_thread: LoopThread, pyodide_main: PyodidePage, request: pytest.FixtureRequest) -> Iterator[Serving]:
    login, passcode = CASES[request.node.callspec.params["name"]].login or (None, None)
    context = serving(ServerConfig(allow_origins=(pyodide_main.site.origin,), login=login, passcode=passcode))
    yield loop_thread.run(context.__aenter__())
    loop_thread.run(context.__aexit__(None, None, None))


@pytest.mark.parametrize(("name", "where"), RUN)
def test_snippet_does_what_it_shows(name: str, where: str, server: Serving, pyodide_main: PyodidePage) -> None:
    case = CASES[name]
    source = (SNIPPETS / name).read_text(encoding="utf-8") + case.after
    for shown, meant in {'"/stomp"': '"SERVER"', **case.replaced}.items():
        source = source.replace(shown, meant)
    source = source.replace("SERVER", server.socket_url)
    arguments = {
        "url": server.socket_url,
        "expected": [part.replace("SERVER", server.socket_url) for part in case.prints],
        "feed": [list(each) for each in case.feed],
        "login": list(case.login or ()),
        "times": case.times,
    }
    if where == "native":
        run_async(run_snippet, {"source": source, "name": name, **arguments})
        return
    page = pyodide_main.page
    page.evaluate("document.body.innerHTML = '<button id=leave>Leave</button>'")
    page.route("**/token", _answer_with_token)
    pyodide_main.add_module(RUNNING)
    try:
        pyodide_main.run(SCENARIO, "run", source, name, arguments)
    finally:
        page.unroute("**/token")


def _answer_with_token(route: Route) -> None:
    route.fulfill(json={"token": "secret"})


# ------------------------------------------------------------------------------------------------- whole programs


@pytest.fixture(scope="module")
def broker(loop_thread: LoopThread) -> Iterator[Serving]:
    # It takes all origins that the tests use: what is refused, a proxy has refused.
    context = serving(ServerConfig(allow_origins=("https://evil.example",)))
    yield loop_thread.run(context.__aenter__())
    loop_thread.run(context.__aexit__(None, None, None))


def _program(path: Path, server: Serving, folder: Path) -> Path:
    """A copy that finds the test's server."""
    copy = folder / path.name
    text = path.read_text(encoding="utf-8")
    assert "ws://127.0.0.1:8080/stomp" in text
    copy.write_text(text.replace("ws://127.0.0.1:8080/stomp", server.socket_url), encoding="utf-8")
    return copy


def test_native_program(broker: Serving, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, _program(SNIPPETS / "native.py", broker, tmp_path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout == "sent\n"


def test_logging(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    connect = "stomp.connect('ws://127.0.0.1:9/stomp', connect_timeout=1)"
    tail = f"import asyncio, pystomp_web as stomp\nasync def main():\n    await {connect}\nasyncio.run(main())\n"
    program.write_text((SNIPPETS / "log.py").read_text() + tail)
    done = subprocess.run(
        [sys.executable, program],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "INFO:pystomp_web:not connected" in done.stderr


def test_example_tests_pass(tmp_path: Path) -> None:
    shutil.copytree(SNIPPETS / "testing", tmp_path, dirs_exist_ok=True)
    shutil.copytree(SNIPPETS / "tutorial", tmp_path / "chart")
    (tmp_path / "build").symlink_to(ROOT / "build")
    options = ["-q", "-p", "no:cacheprovider", "-p", "pystomp_web.testing.plugin"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-c",
            "pytest.ini",
            *options,
            "test_chart.py",
            "test_orders.py",
            "test_prices.py",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return Path(shutil.copytree(SNIPPETS / request.param, tmp_path / "chart"))


@pytest.fixture
def pages(folder: Path, loop_thread: LoopThread) -> Iterator[Serving]:
    context = serving(ServerConfig(root=folder, pyodide=PYODIDE, wheel=built_wheel()))
    yield loop_thread.run(context.__aenter__())
    loop_thread.run(context.__aexit__(None, None, None))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert not problems


@pytest.mark.parametrize("folder", ["tutorial"], indirect=True)
def test_tutorial(folder: Path, pages: Serving, page: Page, tmp_path: Path) -> None:
    publisher = subprocess.Popen(
        [sys.executable, _program(folder / "publish.py", pages, tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        page.goto(f"{pages.url}/")
        expect(page.locator("#state")).to_have_text("connected", timeout=30_000)
        page.wait_for_timeout(1000)
        assert page.evaluate("document.getElementById('line').points.length") > 2
        assert re.fullmatch(r"\d\.\d{4}", page.locator("#price").inner_text())
        # The line that the tutorial changes.
        chart = folder / "chart.py"
        old = next(line for line in chart.read_text().splitlines() if '"price"' in line)
        new = "    " + (SNIPPETS / "tutorial" / "change.py").read_text().rstrip("\n")
        assert old.split("textContent")[0] == new.split("textContent")[0]
        chart.write_text(chart.read_text().replace(old, new))
        page.reload()
        expect(page.locator("#price")).to_have_text(re.compile(r"\d\.\d{2}, highest \d\.\d{2}"), timeout=30_000)
    finally:
        publisher.kill()
        publisher.wait()


@pytest.mark.parametrize("folder", ["worker"], indirect=True)
def test_client_in_a_worker(folder: Path, pages: Serving, page: Page) -> None:
    page.goto(f"{pages.url}/")
    deadline = time.monotonic() + 30
    while page.locator("#price").inner_text() != "1.08":
        assert time.monotonic() < deadline
        assert pages.broker is not None
        pages.broker.publish("/topic/prices", "1.08")
        page.wait_for_timeout(50)


def test_ticker_makes_the_client_beat(server_with_ticker: tuple[PyodidePage, Serving]) -> None:
    page, server = server_with_ticker
    assert page.run(SCENARIO, "beats_of_a_ticker", server.socket_url) >= 2


@pytest.fixture
def server_with_ticker(loop_thread: LoopThread, pyodide_main: PyodidePage) -> Iterator[tuple[PyodidePage, Serving]]:
    quick = (SNIPPETS / "ticker.mjs").read_text().replace("5000", "50") + "setTimeout(() => close(), 1000);"
    pyodide_main.page.route("**/ticker.mjs", lambda route: route.fulfill(body=quick, content_type="text/javascript"))
    ticker = (SNIPPETS / "ticker-page.mjs").read_text()
    pyodide_main.page.route(
        "**/ticker-page.mjs", lambda route: route.fulfill(body=ticker, content_type="text/javascript")
    )
    context = serving(ServerConfig(allow_origins=(pyodide_main.site.origin,)))
    pyodide_main.add_module(RUNNING)
    yield pyodide_main, loop_thread.run(context.__aenter__())
    loop_thread.run(context.__aexit__(None, None, None))
    pyodide_main.page.unroute_all()


def test_pyscript_with_a_stand_in_for_pyscript(loop_thread: LoopThread, pyodide_main: PyodidePage) -> None:
    source = (SNIPPETS / "pyscript" / "main.py").read_text(encoding="utf-8")
    context = serving(ServerConfig(allow_origins=(pyodide_main.site.origin,)))
    server = loop_thread.run(context.__aenter__())
    pyodide_main.page.evaluate("document.body.innerHTML = '<button id=send></button><div id=prices></div>'")
    pyodide_main.add_module(RUNNING)
    try:
        source = source.replace('"/stomp"', f'"{server.socket_url}"')
        pyodide_main.run(SCENARIO, "run_pyscript", source)
        assert pyodide_main.page.locator("#prices").inner_text() == "1.08"
    finally:
        loop_thread.run(context.__aexit__(None, None, None))


# ------------------------------------------------------------------------------------------------- configuration


@pytest.mark.parametrize("path", sorted(SNIPPETS.rglob("*.sh")), ids=lambda path: path.name)
def test_shell(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["bash", "-n", path], check=True)
    verbs = re.search(r"^([a-z |]+)\)\n  verb=", (ROOT / "build.sh").read_text(), re.MULTILINE)
    assert verbs is not None
    for line in path.read_text(encoding="utf-8").splitlines():
        words = shlex.split(line, comments=True)
        if words[:3] == ["python", "-m", "coilmq.start"]:
            assert importlib.util.find_spec(words[2])
        elif words[:3] == ["python", "-m", "pystomp_web.server"]:
            _config(_parser(), _parser().parse_args(words[3:]))
        elif words[0] == "./build.sh":
            if words[1:2] and words[1].startswith("-"):
                _parser().parse_args(words[1:])
            else:
                assert set(words[1:2]) <= set(verbs[1].split(" | "))
        elif words[0] == "cp":
            assert (ROOT / words[2]).is_dir()
        elif words[0] == ".venv/bin/python":
            if words[1] == "-m":
                assert importlib.util.find_spec(words[2])
            else:
                assert words[1] == "chart/publish.py"
        else:
            assert words[0] == "export"
            monkeypatch.setenv(*words[1].split("=", 1))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name in ("src", "href", "config") and value]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"], "the CSP forbids it"


@pytest.mark.parametrize("path", sorted(SNIPPETS.rglob("*.html")), ids=lambda path: str(path.relative_to(SNIPPETS)))
def test_html_names_files_that_are_there(path: Path) -> None:
    tags = _Tags()
    tags.feed(path.read_text(encoding="utf-8"))
    for link in tags.links:
        assert link.startswith("/") or (path.parent / link).is_file(), link


def test_json() -> None:
    for path in SNIPPETS.rglob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(SNIPPETS.rglob("*.mjs")), ids=lambda path: str(path.relative_to(SNIPPETS)))
def test_module_parses(path: Path) -> None:
    subprocess.run(["node", "--check", path], check=True)


def test_policy_of_the_deployed_site_is_the_servers() -> None:
    policy = security_headers("app.example.com")["Content-Security-Policy"].replace("ws://app.example.com ", "")
    for name in ("nginx.conf", "Caddyfile"):
        assert f'"{policy}"' in (SNIPPETS / "deploy" / name).read_text(encoding="utf-8")


def test_nginx_configuration_is_complete() -> None:
    text = (SNIPPETS / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    bare = re.sub(r'"[^"]*"', '""', re.sub(r"#.*", "", text))
    assert bare.count("{") == bare.count("}")
    for line in filter(None, map(str.strip, bare.splitlines())):
        assert line[-1] in "{};", line


def test_caddyfile_is_complete() -> None:
    text = (SNIPPETS / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _nginx(text: str, port: int, folder: Path) -> tuple[list[str | Path], Path]:
    text = re.sub(r"\n *ssl_certificate.*", "", text).replace("443 ssl", f"127.0.0.1:{port}")
    config = folder / "nginx.conf"
    logs = f"pid {folder}/pid;\nerror_log {folder}/error.log;\ndaemon off;\nuser root;\n"
    config.write_text(f"{logs}events {{}}\nhttp {{\naccess_log off;\n{text}\n}}\n")
    return ["nginx", "-e", folder / "error.log", "-c", config], config


def _caddy(text: str, port: int, folder: Path) -> tuple[list[str | Path], Path]:
    config = folder / "Caddyfile"
    config.write_text("{\n\tadmin off\n}\n" + text.replace("app.example.com {", f"http://127.0.0.1:{port} {{", 1))
    return ["caddy", "run", "--config", config, "--adapter", "caddyfile"], config


@pytest.mark.parametrize(("name", "make"), [("nginx.conf", _nginx), ("Caddyfile", _caddy)])
def test_behind_a_proxy(
    name: str,
    make: Callable[[str, int, Path], tuple[list[str | Path], Path]],
    broker: Serving,
    tmp_path: Path,
) -> None:
    """The page is served, its origin may connect, another may not."""
    port = _free_port()
    origin = f"http://127.0.0.1:{port}"
    (tmp_path / "index.html").write_text("<p>hello")
    (tmp_path / "module.mjs").write_text("")
    text = (SNIPPETS / "deploy" / name).read_text(encoding="utf-8")
    text = text.replace("https://app.example.com", origin).replace("/srv/app", str(tmp_path))
    text = text.replace("127.0.0.1:15674/ws", f"127.0.0.1:{broker.port}/stomp").replace(
        "127.0.0.1:15674", f"127.0.0.1:{broker.port}"
    )
    text = text.replace("rewrite * /ws", "rewrite * /stomp").replace(
        "server_name app.example.com", "server_name 127.0.0.1"
    )
    text = text.replace("$host", "$http_host")  # a site on a port that is none of the usual ones
    command, _ = make(text, port, tmp_path)
    wanted = str(command[0])
    program = shutil.which(wanted, path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing(f"{wanted} is missing, and ./build.sh test could not install it (Debian: apt-get install {wanted})")
    tmp_path.chmod(0o755)
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
    }
    with (tmp_path / "out").open("w") as out:
        proxy = subprocess.Popen([program, *command[1:]], stdout=out, stderr=out, env=environment)
    try:
        run_async(_use_proxy, {"origin": origin, "socket_url": f"ws://127.0.0.1:{port}/stomp"})
    finally:
        proxy.terminate()
        proxy.wait()


async def _use_proxy(origin: str, socket_url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(100):
            try:
                async with session.get(f"{origin}/module.mjs") as answer:
                    assert answer.status == 200
                    assert answer.content_type == "text/javascript"
                    assert "wasm-unsafe-eval" in answer.headers["Content-Security-Policy"]
                    break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)
        else:
            pytest.fail("the proxy does not listen")

    def transport(own: str | None) -> Callable[..., NativeTransport]:
        return lambda url, subprotocols: NativeTransport(url, subprotocols, origin=own)

    async with stomp.connect(socket_url, transport=transport(origin)) as client:
        await client.send("/topic/prices", "1.08", receipt=True)
    for foreign in ("https://evil.example", None):
        with pytest.raises(stomp.ConnectError, match="403"):
            await stomp.connect(socket_url, transport=transport(foreign), reconnect=None)


# ------------------------------------------------------------------------------------------------- the pages


def _fences(text: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"^( *)```([^\n`]*)\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL):
        indent = len(found[1])
        body = "".join(line[indent:] for line in found[3].splitlines(keepends=True))
        yield (found[2].split() or [""])[0].lower(), body


def _snippets() -> dict[str, str]:
    """The text of each, by its path."""
    files = [path for path in SNIPPETS.rglob("*") if path.is_file() and "cache" not in str(path)]
    return {
        str(path.relative_to(SNIPPETS)): path.read_text(encoding="utf-8") for path in files if path.name != "ruff.toml"
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_code_of_the_docs_comes_from_snippets(page: Path) -> None:
    for language, body in _fences(page.read_text(encoding="utf-8")):
        if language in CODE and not re.fullmatch(r'(--8<-- "[^"]+"\n)+', body):
            assert body in _snippets().values(), f"no file of docs/snippets holds this:\n{body}"


def test_code_of_the_readme_is_that_of_snippets() -> None:
    for language, body in _fences(README.read_text(encoding="utf-8")):
        if language in CODE:
            assert body in _snippets().values(), f"no file of docs/snippets holds this:\n{body}"


def test_every_snippet_is_shown_and_run() -> None:
    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    shown = {name for page in pages for name in re.findall(r'--8<-- "([^"]+)"', page)}
    bodies = {body for page in pages for _, body in _fences(page)}
    assert [name for name, text in _snippets().items() if name not in shown and text not in bodies] == []
    alone = {path.name for path in SNIPPETS.glob("*.py")} - {"log.py", "native.py"}
    assert alone == set(CASES)


def test_every_page_is_in_the_navigation() -> None:
    named = set(
        re.findall(r": ([\w/-]+\.md)$", (DOCS / "site" / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert {str(page.relative_to(DOCS)) for page in PAGES} <= named
