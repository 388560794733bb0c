"""Docstrings for the reference.

Entries about several names (`login, passcode: for CONNECT.`) become one each; the `::` before code, which Markdown does
not know, goes.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

# An indented entry, and the lines that go on deeper.
_ENTRY = re.compile(r"^( +)((?:\w+, )+\w+)(: .+(?:\n\1 +.*)*)", re.MULTILINE)


class Tidy(griffe.Extension):
    """For mkdocstrings' option `extensions`."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            text = _ENTRY.sub(_each, obj.docstring.value)
            obj.docstring.value = re.sub(
                r"^::$", "", re.sub(r"(?<=\w)::$", ":", text, flags=re.MULTILINE), flags=re.MULTILINE
            )


def _each(found: re.Match[str]) -> str:
    indent, names, rest = found.groups()
    return "\n".join(f"{indent}{name}{rest}" for name in names.split(", "))
