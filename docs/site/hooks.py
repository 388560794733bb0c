"""What MkDocs does not do by itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]
_HELP = "{{ help of the server }}"


def on_config(config: Any) -> Any:
    """Let paths start here, wherever MkDocs is started."""
    for name, paths in (
        (config.mdx_configs["pymdownx.snippets"], "base_path"),
        (config.plugins["mkdocstrings"].config.handlers["python"], "paths"),
    ):
        name[paths] = [str((Path(__file__).parent / path).resolve()) for path in name[paths]]
    return config


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put in what the server's --help says."""
    return markdown.replace(_HELP, _help_of_the_server()) if _HELP in markdown else markdown


def _help_of_the_server() -> str:
    environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "pystomp_web.server", "--help"]
    return subprocess.run(
        command, cwd=DOCS.parent, env=environment, capture_output=True, text=True, check=True
    ).stdout.rstrip()


def on_page_content(html: str, **_: Any) -> str:
    """Make wide tables scroll by themselves, reachable by the keyboard."""
    return re.sub(r"(<table>.*?</table>)", r'<div class="wide" tabindex="0">\1</div>', html, flags=re.DOTALL)
