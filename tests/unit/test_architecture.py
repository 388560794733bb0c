"""Holds DESIGN.md's house on the real import graph, and the checker itself on a package made up to break each rule."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[2] / "pystomp_web"
JAVASCRIPT = {"js", "pyodide", "pyodide_js", "_pyodide"}
LONGEST = 600
#: What lies above everything: anything may be imported there, and nothing imports it.
TOP = ("server", "testing")


class Layer(NamedTuple):
    """What a part of the package may import of the package.

    Attributes:
        always: as it is imported itself.
        when_used: besides, inside a function.
        javascript: whether it may import js and pyodide.
    """

    always: tuple[str, ...]
    when_used: tuple[str, ...] = ()
    javascript: bool = False


#: "errors <- protocol, brokers <- client -> transport.base; browser, native, memory -> base; sync, server, testing ->
#: the rest; nothing -> server or testing." The longest name that fits a module counts; "" is the package itself.
CORE = ("errors", "protocol", "brokers")
LAYERS = {
    "": Layer((*CORE, "client", "transport.base"), ("sync", "transport.memory")),
    "errors": Layer(()),
    "protocol": Layer(("errors", "protocol")),
    "brokers": Layer(("errors", "protocol")),
    "client": Layer((*CORE, "client", "transport.base"), ("transport",)),
    # Only ever imported in a page, when a connection failed there.
    "client.diagnosis": Layer((*CORE, "client", "transport.base", "transport.page")),
    "transport": Layer(("errors", "transport"), javascript=True),
    "transport.__init__": Layer(("transport.base",)),
    "transport.base": Layer(("errors",)),
    "transport.native": Layer(("errors", "transport.base")),
    "transport.memory": Layer(("errors", "transport.base")),
    "sync": Layer(("", *CORE, "client", "transport")),
    **dict.fromkeys(TOP, Layer(("", *CORE, "client", "transport", "sync", *TOP))),
}


class Import(NamedTuple):
    """One import in a module.

    Attributes:
        target: a module of the package without the package's name, or the full name of a foreign one.
        own: whether it is one of the package.
        when_used: whether it stands in a function.
    """

    target: str
    own: bool
    when_used: bool
    line: int


def module_names(package: Path) -> dict[str, Path]:
    """Every module's name within the package ("" is its __init__) and file."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, package: Path) -> Iterator[Import]:
    """All imports of a module that are ever carried out: not those for type checkers."""
    modules = module_names(package)
    parts = name.split(".") if name else []
    home = parts if path.name == "__init__.py" else parts[:-1]

    def named(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, bool]]:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield from own(alias.name)
            return
        if statement.level:
            base = [*home[: len(home) - statement.level + 1], *(statement.module or "").split(".")]
            start = ".".join([package.name, *filter(None, base)])
        else:
            start = statement.module or ""
        for alias in statement.names:
            # `from . import a` imports the module a if there is one, else a name of the package.
            inner = f"{start}.{alias.name}"
            yield from own(inner if inner.removeprefix(f"{package.name}.") in modules else start)

    def own(full: str) -> Iterator[tuple[str, bool]]:
        if full == package.name:
            yield "", True
        elif full.startswith(f"{package.name}."):
            yield full.removeprefix(f"{package.name}."), True
        else:
            yield full, False

    def walk(nodes: list[ast.stmt] | list[ast.AST], *, when_used: bool) -> Iterator[Import]:
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                for target, is_own in named(node):
                    yield Import(target, is_own, when_used, node.lineno)
            elif isinstance(node, ast.If) and for_type_checkers(node.test):
                yield from walk(node.orelse, when_used=when_used)
            else:
                inside = when_used or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk([*ast.iter_child_nodes(node)], when_used=inside)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")).body, when_used=False)


def for_type_checkers(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def layer_of(name: str, path: Path) -> Layer | None:
    """The rules for a module; None: it has no place in the house."""
    full = f"{name}.__init__" if path.name == "__init__.py" and name else name
    fitting = [part for part in LAYERS if within(full, part)]
    return LAYERS[max(fitting, key=len)] if fitting else None


def within(name: str, part: str) -> bool:
    return name == part or (part != "" and name.startswith(f"{part}."))


def faults(package: Path) -> list[str]:
    """What breaks the house's rules."""
    found = []
    graph: dict[str, set[str]] = {}
    for name, path in module_names(package).items():
        called = name or "the package"
        layer = layer_of(name, path)
        if layer is None:
            found.append(f"{called} has no place in the house")
            continue
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST:
            found.append(f"{called} has {lines} lines, more than {LONGEST}")
        graph[name] = set()
        for imported in imports(name, path, package):
            where = f"{called} (line {imported.line})"
            if not imported.own:
                if imported.target.split(".")[0] in JAVASCRIPT and not layer.javascript:
                    found.append(f"{where} imports {imported.target}")
                continue
            allowed = layer.always + (layer.when_used if imported.when_used else ())
            if not any(within(imported.target, part) for part in allowed):
                found.append(f"{where} imports {imported.target or 'the package'}")
            if not imported.when_used:
                graph[name].add(imported.target)
    return [*found, *circles(graph)]


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other; the package itself does not count, all of it is imported behind it."""
    found = []
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> None:
        if name in way:
            found.append(f"a circle: {' -> '.join([*way[way.index(name) :], name])}")
        elif name not in done:
            for target in sorted(graph.get(name, set()) - {""}):
                visit(target, [*way, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


# ------------------------------------------------------------------------------------------------ the real package


def test_the_house() -> None:
    assert faults(PACKAGE) == []


def test_all_modules_are_looked_at() -> None:
    names = module_names(PACKAGE)
    assert {"", "errors", "brokers", "protocol", "protocol.decoder", "transport.base"} <= names.keys()
    assert any(name.startswith("client.") for name in names)
    decoder = [*imports("protocol.decoder", names["protocol.decoder"], PACKAGE)]
    assert {found.target for found in decoder if found.own} == {
        "errors",
        "protocol.forms",
        "protocol.frame",
        "protocol.version",
    }


def run_python(code: str) -> None:
    """Run code in an interpreter that has nothing of ours imported, not even by site."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_protocol_needs_neither_js_nor_asyncio_nor_websockets() -> None:
    run_python(f"""
import sys, types

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("js", "pyodide", "asyncio", "websockets", "socket", "aiohttp", "urllib", "time"):
            raise ImportError(f"{{name}} is blocked")

sys.modules.pop("time", None)  # built in and already there: no clock either
sys.meta_path.insert(0, Blocked())
# The package itself imports the client: only the folder is wanted.
package = types.ModuleType("pystomp_web")
package.__path__ = [{str(PACKAGE)!r}]
sys.modules["pystomp_web"] = package
import pystomp_web.protocol, pystomp_web.protocol.session, pystomp_web.errors
from pystomp_web.protocol import Decoder, Frame, Headers, Limits, Version, encode
assert [*Decoder().feed(encode(Frame("SEND", {{"a": "b"}}), "1.2"))] == [Frame("SEND", {{"a": "b"}})]
assert not {{"asyncio", "js", "websockets"}} & sys.modules.keys()
""")


def test_what_costs_time_in_a_page_is_not_imported() -> None:
    run_python(f"""
import sys
sys.path.insert(0, {str(PACKAGE.parent)!r})
import pystomp_web, pystomp_web.client.client
late = ["urllib.parse", "websockets", "aiohttp", "js", "pyodide"]
late += [f"pystomp_web.{{name}}" for name in ("sync", "server", "testing", "client.diagnosis")]
late += [f"pystomp_web.transport.{{name}}" for name in ("browser", "native", "memory", "page")]
found = [name for name in late if name in sys.modules]
assert not found, found
""")


# ------------------------------------------------------------------------------------------------ the checker

HOUSE = {
    "__init__.py": "from .client.client import Client\nfrom .errors import StompError\n"
    "def __getattr__(name):\n    from .transport.memory import Memory\n    from . import sync\n",
    "errors.py": "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from .protocol import Frame\n    import js\n",
    "brokers.py": "from .protocol.frame import Frame\n",
    "protocol/__init__.py": "from .frame import Frame\n",
    "protocol/frame.py": "import typing\nfrom ..errors import StompError\nif typing.TYPE_CHECKING:\n    import js\n",
    "client/__init__.py": "",
    "client/client.py": "from .. import brokers\nfrom ..transport.base import Transport\nfrom . import url\n"
    "def pick():\n    from ..transport.native import Native\n",
    "client/url.py": "import sys\n",
    "client/diagnosis.py": "from ..transport import page\n",
    "transport/__init__.py": "from .base import Transport\n",
    "transport/base.py": "from ..errors import StompError\n",
    "transport/page.py": "import js\n",
    "transport/browser.py": "import js\nfrom pyodide.ffi import to_js\nfrom .base import x\nfrom .page import y\n",
    "transport/native.py": "from .base import Transport\n",
    "transport/memory.py": "from .base import Transport\n",
    "sync.py": "from .client.client import Client\nimport house\n",
    "server/__init__.py": "",
    "server/app.py": "from house.protocol import Frame\nfrom . import pages\nimport house\nfrom ..testing import x\n",
    "server/pages.py": "",
    "testing/__init__.py": "from ..transport.memory import Memory\n",
}


def build(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "house" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root / "house"


def test_a_good_house(tmp_path: Path) -> None:
    assert faults(build(tmp_path, HOUSE)) == []


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("errors.py", "from .protocol import Frame", "errors (line 1) imports protocol"),
        ("errors.py", "def f():\n    import house.brokers", "errors (line 2) imports brokers"),
        ("protocol/frame.py", "from .. import brokers", "protocol.frame (line 1) imports brokers"),
        ("protocol/frame.py", "from ..client import url", "protocol.frame (line 1) imports client.url"),
        ("protocol/frame.py", "from house.transport.base import x", "protocol.frame (line 1) imports transport.base"),
        (
            "protocol/frame.py",
            "try:\n    import js\nexcept ImportError:\n    pass",
            "protocol.frame (line 2) imports js",
        ),
        ("protocol/frame.py", "import house", "protocol.frame (line 1) imports the package"),
        ("protocol/frame.py", "from .. import Client", "protocol.frame (line 1) imports the package"),
        ("brokers.py", "from .client.url import x", "brokers (line 1) imports client.url"),
        ("client/url.py", "from ..transport.browser import x", "client.url (line 1) imports transport.browser"),
        ("client/url.py", "from ..transport import native", "client.url (line 1) imports transport.native"),
        ("client/url.py", "from .. import sync", "client.url (line 1) imports sync"),
        ("client/url.py", "def f():\n    from ..server import app", "client.url (line 2) imports server.app"),
        ("client/url.py", "class A:\n    def f(self):\n        import js", "client.url (line 3) imports js"),
        ("client/url.py", "async def f():\n    import pyodide.ffi", "client.url (line 2) imports pyodide.ffi"),
        ("client/url.py", "if TYPE_CHECKING:\n    pass\nelse:\n    import js", "client.url (line 4) imports js"),
        ("client/url.py", "if not TYPE_CHECKING:\n    import js", "client.url (line 2) imports js"),
        ("client/url.py", "from .client import Client", "a circle: client.client -> client.url -> client.client"),
        ("client/url.py", "pass\n" * 601, "client.url has 601 lines, more than 600"),
        ("transport/base.py", "import js", "transport.base (line 1) imports js"),
        ("transport/base.py", "from ..protocol import Frame", "transport.base (line 1) imports protocol"),
        ("transport/browser.py", "from ..client import url", "transport.browser (line 1) imports client.url"),
        ("transport/native.py", "from .browser import x", "transport.native (line 1) imports transport.browser"),
        ("transport/memory.py", "import js", "transport.memory (line 1) imports js"),
        ("transport/__init__.py", "from .browser import x", "transport (line 1) imports transport.browser"),
        ("sync.py", "from .server.app import x", "sync (line 1) imports server.app"),
        ("sync.py", "import house.testing", "sync (line 1) imports testing"),
        ("server/pages.py", "import js", "server.pages (line 1) imports js"),
        ("server/pages.py", "from .app import x", "a circle: server.app -> server.pages -> server.app"),
        ("__init__.py", "from .transport.browser import x", "the package (line 1) imports transport.browser"),
        ("__init__.py", "from . import sync", "the package (line 1) imports sync"),
        ("__init__.py", "def f():\n    from . import server", "the package (line 2) imports server"),
        ("extra.py", "", "extra has no place in the house"),
        ("tools/__init__.py", "", "tools has no place in the house"),
    ],
)
def test_a_broken_rule_is_seen(tmp_path: Path, file: str, text: str, fault: str) -> None:
    found = faults(build(tmp_path, {**HOUSE, file: text}))
    assert fault in found
    # A wrong direction may close a circle too.
    assert [other for other in found if other != fault and not other.startswith("a circle")] == []


def test_the_subprocess_sees_what_fails() -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        run_python("1 / 0")
