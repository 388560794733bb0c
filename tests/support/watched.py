"""A copy of a folder of pages that tell what happens in them, for a browser whose driver does not."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

_WATCH = Path(__file__).parents[1] / "engines" / "watch.js"
_HEAD = re.compile(r"<head>|<html[^>]*>(?!\s*<head>)")


def watched(folder: Path, out: Path) -> Path:
    """Copy the folder to `out`, which must not exist; in each page and in the harness's worker watch.js comes first."""
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(_WATCH, out / _WATCH.name)
    for page in out.rglob("*.html"):
        up = "../" * (len(page.relative_to(out).parts) - 1)
        text, count = _HEAD.subn(rf'\g<0><script src="{up}{_WATCH.name}"></script>', page.read_text(), count=1)
        if not count:
            raise ValueError(f"{page} has no <html>")
        page.write_text(text)
    for worker in out.rglob("worker-boot.mjs"):
        worker.write_text(f'import "./{_WATCH.name}";\n{worker.read_text()}')
    return out
