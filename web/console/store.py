"""What is kept in the browser between two visits: JSON in localStorage. Nothing secret ever gets here."""

from __future__ import annotations

import json
import re
from typing import Any

import js

_PREFIX = "pystomp-console-"
_SECRET = re.compile(r"pass|secret|token|authori[sz]ation|credential|api-?key|cookie", re.IGNORECASE)


def is_secret(name: str) -> bool:
    """Whether a header of this name is likely to hold a secret: it is not kept then."""
    return _SECRET.search(name) is not None


def read(name: str, default: Any) -> Any:
    """What was kept; the default when there is nothing, or nothing that can be read."""
    try:
        text = js.localStorage.getItem(_PREFIX + name)
        value = json.loads(text) if isinstance(text, str) else default
    except Exception:
        return default
    return value if isinstance(value, type(default)) else default


def write(name: str, value: Any) -> bool:
    """Keep it; False where the browser does not allow that."""
    try:
        if value:
            js.localStorage.setItem(_PREFIX + name, json.dumps(value))
        else:
            js.localStorage.removeItem(_PREFIX + name)
    except Exception:
        return False
    return True
