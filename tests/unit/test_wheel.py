"""The wheel: small, slim, and with every line where the tree has it."""

from __future__ import annotations

import ast
import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.static_server import ROOT, built_wheel

KB = 1000
TYPING = ("__future__", "collections.abc", "contextvars", "typing")
LEFT_OUT = {"docstring", "if TYPE_CHECKING", "import of types", "type of a private field"}
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def slim_wheel() -> ModuleType:
    spec = importlib.util.spec_from_file_location("slim_wheel", ROOT / "tests" / "tools" / "slim_wheel.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_is_small() -> None:
    assert built_wheel().stat().st_size <= 120 * KB


def test_it_holds_the_package_and_no_javascript() -> None:
    with zipfile.ZipFile(built_wheel()) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    tree = {path.relative_to(ROOT).as_posix() for path in (ROOT / "pystomp_web").rglob("*.py")}
    assert names == tree | {"pystomp_web/py.typed"}


def test_its_lines_are_the_trees() -> None:
    with zipfile.ZipFile(built_wheel()) as wheel:
        for name in wheel.namelist():
            if name.endswith(".py"):
                slim, whole = wheel.read(name).decode(), Path(ROOT / name).read_text(encoding="utf-8")
                assert len(slim.split("\n")) == len(whole.split("\n")), name
                ours, theirs = _statements(slim), _statements(whole)
                assert ours <= theirs, name
                assert {kind for kind, _ in theirs - ours} <= LEFT_OUT, name
                assert not (_imported(whole) - _imported(slim)) & _read(slim), name


def _imported(source: str) -> set[str]:
    """What a module's own imports name, but for those in blocks for type checkers."""
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return {name.asname or name.name for node in nodes for name in node.names}


def _read(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def _statements(source: str) -> set[tuple[str, int]]:
    """The statements' kinds and lines; docstrings and blocks for type checkers are kinds of their own."""
    tree = ast.parse(source)
    kinds: dict[ast.stmt, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            kinds[node.body[0]] = "docstring"
        if isinstance(node, ast.ImportFrom) and (node.level or node.module in TYPING):
            kinds[node] = "import of types"
        if isinstance(node, ast.AnnAssign) and node.value is None and ast.unparse(node.target).startswith("_"):
            kinds[node] = "type of a private field"
        if isinstance(node, ast.Assign) and ast.unparse(node) == "TYPE_CHECKING = False":
            kinds[node] = "if TYPE_CHECKING"
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse:
            kinds |= dict.fromkeys(
                [child for child in ast.walk(node) if isinstance(child, ast.stmt)], "if TYPE_CHECKING"
            )
    return {
        (kinds.get(node, type(node).__name__.removeprefix("Ann")), node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt)
    }


SOURCE = '''"""A module."""

import os  # a comment


class Public:
    """A public class.

    It has more to say.
    """

    def method(self) -> str:
        """A public method."""
        return "# no comment"

    def _hidden(self) -> None:
        """A hidden method."""


class _Hidden:
    """A hidden class."""

    def method(self) -> None:
        """A method of it."""
'''


def test_public_docstrings_stay_in_public_modules(slim_wheel: ModuleType) -> None:
    slim = slim_wheel.slim(SOURCE, public=True)
    assert "It has more to say." in slim
    assert "A public method." in slim
    assert "hidden method" not in slim
    assert "hidden class" not in slim
    assert "A method of it." not in slim
    assert "a comment" not in slim
    assert '"# no comment"' in slim


def test_elsewhere_none_stay(slim_wheel: ModuleType) -> None:
    slim = slim_wheel.slim(SOURCE, public=False)
    assert not [
        node for node in ast.walk(ast.parse(slim)) if isinstance(node, ast.Constant) and node.value == "A module."
    ]
    assert "A public" not in slim
    assert slim.count("\n") == SOURCE.count("\n")


DEEP = '''def f(many):
    for each in many:
        if each:
            print(
                f"""{each}
    four""",
                """
        eight
""",
            )
'''


def test_it_is_indented_by_a_column_a_step_and_strings_are_not_touched(slim_wheel: ModuleType) -> None:
    slim = slim_wheel.slim(DEEP, public=True)
    assert ast.dump(ast.parse(slim)) == ast.dump(ast.parse(DEEP))
    assert slim.split("\n")[1:4] == [" for each in many:", "  if each:", "   print("]


TYPES = """from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal


class Public:
    __slots__ = ("_hidden", "_more", "value")

    _more: int

    def __init__(self, value: int) -> None:
        self.value: int = value
        self._hidden: Decimal | None = None

    def method(self, call: Callable[[], Any]) -> str:
        return str(call())

    def _private(self, number: Decimal) -> Iterator[int]:
        yield int(number)
"""


def test_types_of_public_names_stay_where_a_checker_reads_them(slim_wheel: ModuleType) -> None:
    slim = slim_wheel.slim(TYPES, public=False, typed=True)
    assert "def method(self, call: Callable[[], Any]) -> str:" in slim
    assert "self.value: int = value" in slim
    assert "from decimal import Decimal" in slim
    assert "def _private(self, number):" in slim
    assert "self._hidden = None" in slim
    assert "_more: int" not in slim


def test_elsewhere_no_types_stay_nor_what_they_import(slim_wheel: ModuleType) -> None:
    slim = slim_wheel.slim(TYPES, public=False)
    assert slim.count("\n") == TYPES.count("\n")
    assert "import" not in slim
    assert "TYPE_CHECKING" not in slim
    assert "def method(self, call):" in slim
    assert "self.value = value" in slim


def test_an_import_that_is_used_stays(slim_wheel: ModuleType) -> None:
    source = (
        "from __future__ import annotations\nfrom typing import NamedTuple, cast\n\n"
        "from .frame import Frame, frame_of\nfrom .page import resolve_url\n\n__all__ = ['Pair', 'resolve_url']\n\n\n"
        "class Pair(NamedTuple):\n    left: int\n    right: int = cast(frame_of, Frame)\n"
    )
    assert slim_wheel.slim(source, public=False) == source.replace("    ", " ")


def test_of_an_import_only_what_is_used_stays(slim_wheel: ModuleType) -> None:
    source = """from json import dumps, loads

from ..protocol import Frame
from .frame import Headers, frame_of as made

def f(frame: Frame) -> Headers:
    return made(dumps(frame))
"""
    assert slim_wheel.slim(source, public=False).split("\n")[:4] == [
        "from json import dumps, loads",
        "",
        "",
        "from .frame import frame_of as made",
    ]
