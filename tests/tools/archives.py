"""The archives that the pages' Python starts from, compiled by the Python that will read them.

    in_pyodide.mjs RUNTIME archives.py stdlib STDLIB.zip OUT      python_stdlib.zip and python_stdlib_rest.zip in OUT
    in_pyodide.mjs RUNTIME archives.py bytecode WHEEL WEB OUT.zip

The standard library is split: what `stdlib_core.txt` names, and the rest, which `stdlib_on_demand.py` finds in the
browser. Both hold bytecode without its sources. The second command keeps bytecode of the wheel's and the pages'
modules as Python itself keeps it, in __pycache__, under the paths that they have in Pyodide; Python uses it for the
very source that it was made from, and for no other.
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

HERE = Path(__file__).parent
CORE, REST = "python_stdlib.zip", "python_stdlib_rest.zip"
#: Where Pyodide puts the first, and the second is put beside it.
LIBRARY = f"/lib/python{sys.version_info[0]}{sys.version_info[1]}"
HOME = "/home/pyodide"
#: What web/boot.mjs has no use for: CPython's side of the package, and pages that PyScript starts.
NOT_IN_PAGES = ("pystomp_web/server/", "pystomp_web/testing/", "pystomp_web/transport/native", "pyscript/")
_HASHED, _CHECKED = 0b01, 0b10
_DATE = (1980, 1, 1, 0, 0, 0)  # a fixed date: the same input gives the same file


def bytecode(source: bytes, path: str, *, checked: bool) -> bytes:
    """A .pyc of this source, which tracebacks name `path`.

    With `checked`, Python compares it with the source each time; without, it is taken as it is.
    """
    flags = _HASHED | (_CHECKED if checked else 0)
    code = compile(source, path, "exec", dont_inherit=True)
    head = importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little") + importlib.util.source_hash(source)
    return head + marshal.dumps(code)


def module_name(path: str) -> str:
    """The dotted name of a file in an archive; a package's is that of its __init__."""
    return path.removesuffix(".py").replace("/", ".")


class Core:
    """Which modules belong into the first archive.

    Args:
        text: `stdlib_core.txt`: names of modules and packages, those with a minus are taken out of their packages.
    """

    def __init__(self, text: str) -> None:
        words = [word for line in text.splitlines() for word in line.partition("#")[0].split()]
        self._out = {word[1:] for word in words if word.startswith("-")}
        self._in = {word for word in words if not word.startswith("-")}

    def __contains__(self, name: str) -> bool:
        parts = name.split(".")
        above = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
        return bool(above & self._in) and not above & self._out

    def missing(self, names: Iterable[str]) -> set[str]:
        """What it names and is not among these."""
        there = {".".join(name.split(".")[:length]) for name in names for length in range(1, name.count(".") + 2)}
        return (self._in | self._out) - there


def split(sources: Mapping[str, bytes], core: Core, finder: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Both archives' files by path.

    Args:
        sources: the standard library's by path; what is no module is left out.
        core: what belongs into the first.
        finder: the source of the module that finds the second's modules.
    """
    first: dict[str, bytes] = {}
    second: dict[str, bytes] = {}
    names = []
    for path, source in sorted(sources.items()):
        if not path.endswith(".py"):
            continue
        name = module_name(path)
        archive, files = (f"{LIBRARY}.zip", first) if name in core else (f"{LIBRARY}_rest.zip", second)
        files[f"{path}c"] = bytecode(source, f"{archive}/{path}", checked=False)
        if files is second:
            names.append(name.removesuffix(".__init__"))
    for path, source in (
        ("_stdlib_rest.py", names_module(names)),
        ("stdlib_on_demand.py", finder),
        ("sitecustomize.py", b"import stdlib_on_demand\n\nstdlib_on_demand.install()\n"),  # run when Python starts
    ):
        first[f"{path}c"] = bytecode(source, f"{LIBRARY}.zip/{path}", checked=False)
    return first, second


def names_module(names: Iterable[str]) -> bytes:
    """The module that knows the second archive's. As a constant, the set is read with the bytecode and not made."""
    return f"def holds(name):\n    return name in {{{', '.join(map(repr, sorted(names)))}}}\n".encode()


def kept_bytecode(modules: Mapping[str, bytes]) -> dict[str, bytes]:
    """Bytecode of these sources, by the paths under which Python looks for it.

    What does not compile is left out: whoever is writing it just now is told by Python, in the page.
    """
    kept = {}
    for path, source in sorted(modules.items()):
        try:
            kept[importlib.util.cache_from_source(path).removeprefix("/")] = bytecode(source, path, checked=True)
        except SyntaxError:
            continue
    return kept


def write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    """Deflated, in one go: others may be reading the old one."""
    part = path.with_name(f".{path.name}.part")
    with zipfile.ZipFile(part, "w") as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED, 9)
    part.chmod(0o644)  # what Emscripten makes, all may write
    part.replace(path)


def read_zip(path: Path) -> dict[str, bytes]:
    """The files by path."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def make_stdlib(stdlib: Path, out: Path) -> None:
    """Both archives of the standard library.

    Raises:
        ValueError: the list names what the standard library does not have.
    """
    sources, core = read_zip(stdlib), Core((HERE / "stdlib_core.txt").read_text())
    if missing := core.missing(module_name(path) for path in sources if path.endswith(".py")):
        raise ValueError(f"stdlib_core.txt names what {stdlib} does not have: {' '.join(sorted(missing))}")
    first, second = split(sources, core, (HERE / "stdlib_on_demand.py").read_bytes())
    write_zip(out / CORE, first)
    write_zip(out / REST, second)


def make_bytecode(wheel: Path, pages: Path, out: Path) -> None:
    """The bytecode of what the pages run beside the standard library."""
    site = f"/{sysconfig.get_path('purelib').lstrip('/')}"
    modules = {
        f"{site}/{name}": data
        for name, data in read_zip(wheel).items()
        if name.endswith(".py") and not name.startswith(NOT_IN_PAGES)
    }
    for path in pages.rglob("*.py"):
        name = path.relative_to(pages).as_posix()
        if not name.startswith(NOT_IN_PAGES):
            modules[f"{HOME}/{name}"] = path.read_bytes()
    write_zip(out, kept_bytecode(modules))


if __name__ == "__main__":
    command, *names = sys.argv[1:]
    commands: dict[str, Callable[..., None]] = {"stdlib": make_stdlib, "bytecode": make_bytecode}
    commands[command](*map(Path, names))
