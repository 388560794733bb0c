"""Write all that the pages need into one folder of plain files, for any web server.

    python -m tests.tools.bundle OUT [--connect ws://HOST:PORT]...

A plain server sends no policy and does not look what a page will need: each page names its Content-Security-Policy
itself, and asks for Pyodide's large files in its head, before its script has come. What is worth it lies there
compressed, too (`.gz`), for servers that send such files.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from pystomp_web.server.pages import page_policy, socket_source
from tests.tools.pyodide_dist import lay

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build"
RUNTIME = BUILD / "npm" / "node_modules" / "pyodide"
NOT_SERVED = ("package.json", "package-lock.json", "__pycache__", ".*")
COMPRESSED = (".css", ".html", ".js", ".json", ".md", ".mjs", ".py", ".svg", ".wasm")
#: Files below this fit into the first packets anyhow.
LEAST_COMPRESSED = 1400
#: What web/boot.mjs fetches first, and how the browser is to keep it ready.
EARLY = {
    "pyodide.asm.wasm": 'rel="preload" as="fetch" crossorigin',
    "python_stdlib.zip": 'rel="preload" as="fetch" crossorigin',
    "pyodide.asm.mjs": 'rel="modulepreload"',
    "pyodide.mjs": 'rel="modulepreload"',
}
_CHARSET = '<meta charset="utf-8">\n'
_BOOT = 'src="boot.mjs"'


def with_head(html: str, path: str, sockets: Iterable[str]) -> str:
    """A page that names its policy, and the files that it will need where it starts Python by web/boot.mjs.

    Args:
        html: the page.
        path: its path from the folder, such as "pyscript/index.html".
        sockets: the WebSockets elsewhere that it may open.

    Raises:
        ValueError: it has no `<meta charset>` to put them behind.
    """
    if _CHARSET not in html:
        raise ValueError(f"{path} has no {_CHARSET.strip()}")
    lines = [f'<meta http-equiv="Content-Security-Policy" content="{page_policy(f"/{path}", sockets)}">']
    if _BOOT in html:
        lines += [f'<link {how} href="pyodide/{name}">' for name, how in EARLY.items()]
    before, _, after = html.partition(_CHARSET)
    indent = before.rpartition("\n")[2]
    return before + _CHARSET + "".join(f"{indent}{line}\n" for line in lines) + after


def compress(folder: Path) -> None:
    """Put a `.gz` beside each file that becomes clearly smaller."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in COMPRESSED and path.stat().st_size >= LEAST_COMPRESSED:
            packed = gzip.compress(path.read_bytes(), 9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(packed)


def write_bundle(out: Path, sockets: Sequence[str] = ()) -> None:
    """Write the folder anew, from what `./build.sh` has built.

    Raises:
        ValueError: `out` holds something that is no bundle, or a socket is none.
    """
    sockets = [socket_source(socket) for socket in sockets]
    if out.exists() and any(out.iterdir()) and not (out / "wheel.json").is_file():
        raise ValueError(f"{out} is not empty, and no bundle: give another folder")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(ROOT / "web", out, ignore=shutil.ignore_patterns(*NOT_SERVED))
    shutil.copytree(BUILD / "vendor", out / "vendor")
    [wheel] = (BUILD / "dist").glob("pystomp_web-*.whl")
    stdlib = BUILD / "stdlib"
    files = [wheel, stdlib / "python_stdlib_rest.zip", BUILD / "bytecode.zip"]
    lay(RUNTIME, stdlib / "python_stdlib.zip", out / "pyodide", files)
    (out / "wheel").mkdir()
    shutil.copyfile(wheel, out / "wheel" / wheel.name)
    (out / "wheel.json").write_text(json.dumps({"name": wheel.name, "url": f"wheel/{wheel.name}"}) + "\n")
    for page in out.rglob("*.html"):
        page.write_text(with_head(page.read_text(), page.relative_to(out).as_posix(), sockets))
    compress(out)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./build.sh bundle", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=BUILD / "bundle", help="build/bundle unless given")
    parser.add_argument("--connect", action="append", default=[], metavar="WS", help="a broker elsewhere; repeatable")
    given = parser.parse_args()
    try:
        write_bundle(given.folder, given.connect)
    except ValueError as error:
        parser.error(str(error))
    print(given.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
