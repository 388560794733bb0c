"""What a test does where a program that it needs can't be had."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(words: str, *, wanted: bool = False) -> NoReturn:
    """Fail in CI, and where the user asked for it (`wanted`); elsewhere skip, and say why."""
    if wanted or os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)
