"""The core of the situations in Firefox, in WebKit, and in Chromium with the oldest Pyodide that we support."""

from __future__ import annotations

import pytest

from tests.engines.core import core
from tests.engines.pages import Pages
from tests.support.harness import Where
from tests.support.scripted import ScriptedServer
from tests.support.situations import play

WHERE: tuple[Where, ...] = ("main", "worker")
# In this order: each place has its page, and one is open at a time.
PLACES = [(engine, where) for engine in ("oldest", "firefox", "webkit") for where in WHERE]


@pytest.mark.parametrize(
    ("place", "situation"),
    [
        pytest.param(place, situation, id=f"{'-'.join(place)}-{'-'.join(situation)}")
        for place in PLACES
        for situation in core(place[1])
    ],
)
def test_situation(
    place: tuple[str, Where], situation: tuple[str, str], pages: Pages, scripted: ScriptedServer
) -> None:
    play(*situation, scripted, pages.get(*place))
