"""Every test that docs/features.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = sorted(set(re.findall(r"\| `([^`]+)` \|$", (ROOT / "docs" / "features.md").read_text(), re.MULTILINE)))


def test_it_names_tests() -> None:
    assert len(NAMED) > 40


@pytest.mark.parametrize("name", NAMED)
def test_a_named_test_exists(name: str) -> None:
    if "/" in name:
        assert (ROOT / "tests" / name).exists()
        return
    module, _, situation = name.partition(".")
    source = (ROOT / "tests" / "behaviour" / f"{module}.py").read_text()
    assert re.search(rf"^@situation\(.*\)\nasync def {situation}\(", source, re.MULTILINE), name
