"""The table of results, behind the tests and before pytest's own summary."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.brokers.results import Results

_KEY = pytest.StashKey[Results]()


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest, browser: Browser) -> Results:
    """Where the tests leave what they observed."""
    found = request.config.stash.setdefault(_KEY, Results())
    found.browser = f"{browser.browser_type.name.capitalize()} {browser.version}"
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the table."""
    results = config.stash.get(_KEY, None)
    if results is not None and results.cells:
        terminalreporter.section("brokers")
        for line in results.table():
            terminalreporter.line(line)
        results.save()
