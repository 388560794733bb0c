"""Every broker, every scenario, from a page in Chromium, or in Firefox (PYSTOMP_BROWSER=firefox).

PYSTOMP_BROKERS names the brokers, or says "all" (./build.sh interop); without it those that ./build.sh test installs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.brokers import abilities, java
from tests.brokers.launcher import Launcher
from tests.brokers.ours import CoilMQ, Embedded
from tests.brokers.rabbitmq import RabbitMQ, installed_version
from tests.brokers.results import Results
from tests.support.missing import missing
from tests.support.pyodide_page import PyodidePage
from tests.support.static_server import TestSite

SCENARIOS = Path(__file__).with_name("scenarios.py")
_KINDS: tuple[type[Launcher], ...] = (Embedded, CoilMQ, RabbitMQ, *java.ALL)
LAUNCHERS = {each.name: each for each in _KINDS}
USUAL = ("embedded", "coilmq", "rabbitmq")
#: Seconds that a scenario may take: a broker may be slow to start again.
SECONDS = 120.0


def chosen() -> list[str]:
    """The brokers of this run."""
    named = os.environ.get("PYSTOMP_BROKERS", "").split()
    names = list(LAUNCHERS) if named == ["all"] else named or list(USUAL)
    unknown = set(names) - set(LAUNCHERS)
    if unknown:
        raise pytest.UsageError(f"no broker is called {', '.join(sorted(unknown))}; known are {', '.join(LAUNCHERS)}")
    return names


@pytest.fixture(scope="session", params=chosen())
def broker(request: pytest.FixtureRequest, site: TestSite) -> Iterator[Launcher]:
    """A broker that runs, the same for all of its scenarios."""
    kind = LAUNCHERS[request.param]
    if kind is RabbitMQ and installed_version() is None:
        missing(
            "RabbitMQ is missing and ./build.sh could not install it (Debian: apt-get install rabbitmq-server)",
            wanted="PYSTOMP_BROKERS" in os.environ,
        )
    with kind(site.origin, abilities.NAMES) as launcher:
        yield launcher


def facts(broker: Launcher, scenario: str) -> dict[str, Any]:
    """What a scenario must know."""
    return {
        "url": broker.url,
        "login": broker.login,
        "passcode": broker.passcode,
        "row": broker.row,
        "topic": broker.topic(scenario),
        "queue": broker.queue(scenario),
        "replies": broker.topic("replies"),
        "acks": broker.acks,
        "window": broker.window,
        "burst": broker.burst,
        "beats_in": broker.beats_in,
        "beats_out": broker.beats_out,
        "provoke": dict(broker.provoke),
    }


@pytest.mark.parametrize("scenario", abilities.SCENARIOS)
def test_scenario(broker: Launcher, scenario: str, pyodide_main: PyodidePage, results: Results) -> None:
    with results.cell(broker, scenario) as cell:
        if scenario == "restart":
            observed = _restart(broker, pyodide_main)
        else:
            observed = pyodide_main.run(SCENARIOS, scenario, facts(broker, scenario), timeout=SECONDS)
        expected = abilities.expected(broker.name, scenario, firefox=results.browser.startswith("Firefox"))
        if scenario == "nothing_else":
            expected = {"row": broker.row, **expected}
        cell.observed = observed
        assert observed == expected


def _restart(broker: Launcher, page: PyodidePage) -> Any:
    told = facts(broker, "restart")
    page.run(SCENARIOS, "restart_before", told, timeout=SECONDS)
    broker.kill()
    page.run(SCENARIOS, "restart_down", told, timeout=SECONDS)
    broker.start()
    return page.run(SCENARIOS, "restart_up", told, timeout=SECONDS)
