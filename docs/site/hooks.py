"""What MkDocs does not do by itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1]


def on_config(config: Any) -> Any:
    """Leave pages out of the navigation that do not exist yet, and let paths start here wherever MkDocs is started."""
    config.nav = [entry for entry in config.nav if _exists(entry)]
    for name, paths in (
        (config.mdx_configs["pymdownx.snippets"], "base_path"),
        (config.plugins["mkdocstrings"].config.handlers["python"], "paths"),
    ):
        name[paths] = [str((Path(__file__).parent / path).resolve()) for path in name[paths]]
    return config


def _exists(entry: dict[str, Any]) -> bool:
    target = next(iter(entry.values()))
    return not isinstance(target, str) or (DOCS / target).exists()


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Make plain text of links to pages that do not exist yet."""
    for name in ("brokers.md", "features.md"):
        if not (DOCS / name).exists():
            markdown = re.sub(rf"\[([^\]]+)\]\((?:\.\./)*{name}[^)]*\)", r"\1", markdown)
    return markdown


def on_page_content(html: str, **_: Any) -> str:
    """Make wide tables scroll by themselves, reachable by the keyboard."""
    return re.sub(r"(<table>.*?</table>)", r'<div class="wide" tabindex="0">\1</div>', html, flags=re.DOTALL)
