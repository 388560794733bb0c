"""The pages of the engines, one at a time."""

from __future__ import annotations

import pytest

from tests.support.harness import HarnessPage, Where
from tests.support.pyodide_page import PyodidePage
from tests.support.webkit_page import WebKitPage


class Pages:
    """The page of an engine, one at a time: a Pyodide for each at once would be too much for a small machine."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self._asked: tuple[str, Where] | None = None
        self._page: HarnessPage | None = None

    def get(self, engine: str, where: Where) -> HarnessPage:
        """The page of the last time, or another."""
        if self._page is None or self._asked != (engine, where):
            self.close()
            self._page = self._open(engine, where)
            self._asked = engine, where
        return self._page

    def close(self) -> None:
        """Close the page that is open."""
        if self._page is not None:
            page, self._page = self._page, None
            page.close()

    def _open(self, engine: str, where: Where) -> HarnessPage:
        fixture = self._request.getfixturevalue
        if engine == "webkit":
            return WebKitPage(fixture("webkit"), fixture("watched_site"), where)
        if engine == "firefox":
            return PyodidePage(fixture("firefox"), fixture("site"), where, measure=False)
        # Lines and branches are counted with what Python has since 3.14: the oldest Pyodide's is older.
        return PyodidePage(fixture("chromium"), fixture("oldest_site"), where, measure=False)
