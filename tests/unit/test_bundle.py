"""What `./build.sh bundle` makes of pages and files (tests/tools/bundle.py)."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pystomp_web.server.pages import page_policy
from tests.tools.bundle import compress, with_head, write_bundle

PAGE = '<html>\n  <head>\n    <meta charset="utf-8">\n    <title>x</title>\n    {script}\n  </head>\n</html>\n'


def test_a_page_names_its_policy() -> None:
    plain = PAGE.format(script="")
    head = f'<meta http-equiv="Content-Security-Policy" content="{page_policy("/", ["ws://a:1"])}">'
    assert with_head(plain, "sub/index.html", ["ws://a:1"]) == plain.replace(
        '<meta charset="utf-8">\n', f'<meta charset="utf-8">\n    {head}\n'
    )
    assert "'unsafe-eval'" in with_head(plain, "pyscript/main/index.html", [])


def test_a_page_that_starts_python_asks_for_it_early() -> None:
    page = with_head(PAGE.format(script='<script type="module" src="boot.mjs"></script>'), "index.html", [])
    for line in (
        '<link rel="preload" as="fetch" crossorigin href="pyodide/pyodide.asm.wasm">',
        '<link rel="modulepreload" href="pyodide/pyodide.asm.mjs">',
    ):
        assert page.index("Content-Security-Policy") < page.index(line) < page.index("<title>")


def test_a_page_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x\.html has no <meta charset"):
        with_head("<html></html>", "x.html", [])


def test_what_becomes_smaller_is_compressed(tmp_path: Path) -> None:
    for name, content in (("a.mjs", "x" * 5000), ("small.css", "x"), ("b.whl", "x" * 5000), ("sub/c.html", "y" * 5000)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    compress(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*.gz")) == ["a.mjs.gz", "c.html.gz"]
    assert gzip.decompress((tmp_path / "a.mjs.gz").read_bytes()) == b"x" * 5000


def test_a_folder_of_somebody_elses_stays(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(ValueError, match="is not empty, and no bundle"):
        write_bundle(tmp_path)
    with pytest.raises(ValueError, match="is no WebSocket's origin"):
        write_bundle(tmp_path / "new", ["http://a"])
    assert (tmp_path / "thesis.txt").exists()
