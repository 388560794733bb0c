"""The archives that the pages' Python starts from (tests/tools/archives.py)."""

from __future__ import annotations

import importlib.util
import marshal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools import archives
from tests.tools.archives import Core, bytecode, kept_bytecode, make_bytecode, make_stdlib, split, write_zip

FINDER = Path(archives.__file__).with_name("stdlib_on_demand.py").read_bytes()


@pytest.mark.parametrize(("checked", "flags"), [(True, 0b11), (False, 0b01)])
def test_bytecode_is_told_from_its_source(checked: bool, flags: int) -> None:
    source = b"value = 6 * 7\n"
    made = bytecode(source, "/somewhere/module.py", checked=checked)
    assert made[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(made[4:8], "little") == flags
    assert made[8:16] == importlib.util.source_hash(source)
    code = marshal.loads(made[16:])
    assert code.co_filename == "/somewhere/module.py"
    names: dict[str, int] = {}
    exec(code, names)
    assert names["value"] == 42


def test_the_core_is_named_by_modules_and_packages() -> None:
    core = Core("# words\nos json -json.tool # more\n\nemail.__init__ deep.down -deep.down.below\n")
    for name in ("os", "json.__init__", "json.decoder", "email.__init__", "deep.down.__init__", "deep.down.there"):
        assert name in core, name
    for name in ("json.tool", "email.message", "osx", "deep.__init__", "deep.down.below", "deep.down.below.more"):
        assert name not in core, name
    assert core.missing(["os", "json.__init__", "json.tool", "email.__init__"]) == {"deep.down", "deep.down.below"}


def test_the_library_is_split() -> None:
    sources = {"a.py": b"A = 1\n", "b/__init__.py": b"", "b/c.py": b"", "d/e.py": b"", "README.txt": b"no module"}
    first, second = split(sources, Core("a b.__init__"), FINDER)
    assert set(first) == {
        "a.pyc",
        "b/__init__.pyc",
        "_stdlib_rest.pyc",
        "stdlib_on_demand.pyc",
        "sitecustomize.pyc",
    }
    assert set(second) == {"b/c.pyc", "d/e.pyc"}
    names: dict[str, Callable[[str], bool]] = {}
    exec(marshal.loads(first["_stdlib_rest.pyc"][16:]), names)
    assert [name for name in ("a", "b", "b.c", "d", "d.e") if names["holds"](name)] == ["b.c", "d.e"]
    assert marshal.loads(second["b/c.pyc"][16:]).co_filename == f"{archives.LIBRARY}_rest.zip/b/c.py"


def test_what_does_not_compile_has_no_bytecode() -> None:
    made = kept_bytecode({"/home/a/good.py": b"x = 1", "/home/a/bad.py": b"await x"})
    assert list(made) == [f"home/a/__pycache__/good.{sys.implementation.cache_tag}.pyc"]


def test_the_same_files_make_the_same_archive(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        write_zip(tmp_path / name, {"b": b"b" * 1000, "a": b"a"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert [entry.filename for entry in archive.infolist()] == ["a", "b"]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def test_bytecode_of_what_no_page_runs_is_left_out(tmp_path: Path) -> None:
    wheel, pages, out = tmp_path / "x.whl", tmp_path / "web", tmp_path / "bytecode.zip"
    write_zip(wheel, {"pystomp_web/__init__.py": b"", "pystomp_web/server/app.py": b"", "x.dist-info/METADATA": b""})
    for name in ("page.py", "console/app.py", "pyscript/main.py"):
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text("")
    make_bytecode(wheel, pages, out)
    with zipfile.ZipFile(out) as archive:
        names = [name.rpartition(f".{sys.implementation.cache_tag}")[0] for name in archive.namelist()]
    assert [name for name in names if name.startswith("home/")] == [
        "home/pyodide/__pycache__/page",
        "home/pyodide/console/__pycache__/app",
    ]
    [package] = [name for name in names if not name.startswith("home/")]
    assert package.endswith("/pystomp_web/__pycache__/__init__")


def test_a_list_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    write_zip(tmp_path / "library.zip", {"asyncio/__init__.py": b""})
    with pytest.raises(ValueError, match=r"stdlib_core\.txt names what .*library\.zip does not have: .*dataclasses"):
        make_stdlib(tmp_path / "library.zip", tmp_path)


def test_without_a_browser_the_second_archive_is_named(tmp_path: Path) -> None:
    first, _ = split({"only_in_the_second.py": b""}, Core(""), FINDER)
    write_zip(tmp_path / "first.zip", first)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'first.zip')!r}); import stdlib_on_demand\n"
        "stdlib_on_demand.install()\n"
        "import only_in_the_second"
    )
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ImportError: only_in_the_second is in the second archive of the standard library, which is fetched when it "
        "is needed, and this is no browser, or Pyodide is still starting"
    )
