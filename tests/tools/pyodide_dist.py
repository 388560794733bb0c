"""Lay a Pyodide distribution folder: npm's runtime files, some wheels, and a lock that lists those wheels only.

npm's own lock lists some three hundred packages whose files are not there (and whose hashes differ from PyPI's files of
the same names), so `loadPackage("pytest")` with it fails. The lock written here lists what lies in the folder only.
`sizes.json` says how many octets each file has: from a compressed answer a page can't learn how much is to come.
Standard library only: it runs before anything is installed.

    python pyodide_dist.py RUNTIME STDLIB.zip OUT FILE...

Files that are no wheels are put into the folder as they are.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

RUNTIME_FILES = ("pyodide.mjs", "pyodide.js", "pyodide.asm.wasm")
#: The second is its name in the older ones.
ASM_MODULES = ("pyodide.asm.mjs", "pyodide.asm.js")
STDLIB, LOCK, SIZES = "python_stdlib.zip", "pyodide-lock.json", "sizes.json"

# The dependencies of the wheels that matter inside Pyodide; their metadata also names some for other platforms.
_REQUIREMENT_NAME = re.compile(r"[A-Za-z0-9._-]+")


def normalized(name: str) -> str:
    """The name as PEP 503 normalizes it, which is how Pyodide looks packages up."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lock_entry(wheel: Path) -> dict[str, Any]:
    """The lock's entry for a pure Python wheel; `depends` still holds every unconditional requirement."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        info_dir = next(name.partition("/")[0] for name in names if name.partition("/")[0].endswith(".dist-info"))
        metadata = Parser().parsestr(archive.read(f"{info_dir}/METADATA").decode())
    requirements = [str(value) for value in metadata.get_all("Requires-Dist", [])]
    depends = [match[0] for value in requirements if ";" not in value and (match := _REQUIREMENT_NAME.match(value))]
    top = {name.partition("/")[0] for name in names if "/" in name} | {n for n in names if "/" not in n}
    imports = {name.removesuffix(".py") for name in top if not name.endswith((".dist-info", ".data", ".pth"))}
    return {
        "name": metadata["Name"],
        "version": metadata["Version"],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(name for name in imports if name.isidentifier()),
        "depends": sorted(normalized(name) for name in depends),
        "unvendored_tests": False,
    }


def lay(runtime: Path, stdlib: Path, out: Path, files: list[Path]) -> None:
    """Fill the folder `out` anew; files that others may be serving from it are replaced, never half written."""
    out.mkdir(parents=True, exist_ok=True)
    wheels = [path for path in files if path.suffix == ".whl"]
    packages = {normalized(entry["name"]): entry for entry in map(lock_entry, wheels)}
    for entry in packages.values():
        entry["depends"] = [name for name in entry["depends"] if name in packages]
    lock = json.loads((runtime / "pyodide-lock.json").read_text())
    lock["packages"] = dict(sorted(packages.items()))
    names = (*RUNTIME_FILES, next(name for name in ASM_MODULES if (runtime / name).exists()))
    sources = {name: runtime / name for name in names} | {STDLIB: stdlib} | {path.name: path for path in files}
    for name, source in sources.items():
        part = out / f".{name}.part"
        shutil.copyfile(source, part)
        part.replace(out / name)
    _write_json(out / LOCK, lock)
    _write_json(out / SIZES, {name: (out / name).stat().st_size for name in sorted([*sources, LOCK])})
    for path in out.iterdir():
        if path.name not in (*sources, LOCK, SIZES):
            path.unlink()


def _write_json(path: Path, content: object) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    part.replace(path)


if __name__ == "__main__":
    runtime, stdlib, out, *files = map(Path, sys.argv[1:])
    lay(runtime, stdlib, out, files)
