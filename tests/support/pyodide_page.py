"""A page with Pyodide and the built wheel in it, in a browser that Playwright drives.

SCENARIO = Path(__file__).with_name("something_scenario.py")

def test_something(pyodide_main: PyodidePage) -> None:
    assert pyodide_main.run(SCENARIO, "function", pyodide_main.site.ws_origin) == 3
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.support.firefox import error_line
from tests.support.harness import HarnessPage, Where
from tests.support.static_server import TestSite


class PyodidePage(HarnessPage):
    """Pyodide on the page's main thread or in a worker, in a browser context of its own. A context manager.

    Attributes:
        page: Playwright's page.
        requests: the URLs of all requests so far, WebSockets among them.
    """

    def __init__(
        self,
        browser: Browser,
        site: TestSite,
        where: Where = "main",
        *,
        measure: bool = True,
        context: BrowserContext | None = None,
    ) -> None:
        """Open the page and wait for Pyodide.

        Args:
            browser: Playwright's.
            site: where the page, Pyodide and the wheel come from.
            where: Pyodide on the page's main thread, or in a worker.
            measure: gather coverage if the host does; False for a test that measures time.
            context: a browser context to open the page in (it stays open); None: a fresh one.
        """
        super().__init__(site, where, measure=measure)
        self._console: list[str] = []
        self.requests: list[str] = []
        self._context = context or browser.new_context()
        self._owns_context = context is None
        self.page: Page = self._context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self._console.append(error_line(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        try:
            self.page.goto(self._url)
            self.page.wait_for_load_state("load")
            self.evaluate("() => harness.ready()")
        except BaseException:
            self._close_page()
            raise

    @property
    def console(self) -> list[str]:
        """The console's messages, those of workers too."""
        return self._console

    def evaluate(self, expression: str, argument: object = None) -> Any:
        return self.page.evaluate(expression, argument)

    def clear(self) -> None:
        self._console.clear()
        self.requests.clear()

    def _closed(self) -> bool:
        return self.page.is_closed()

    def _close_page(self) -> None:
        self.page.close()
        if self._owns_context:
            self._context.close()

    def _on_console(self, message: ConsoleMessage) -> None:
        self._console.append(f"{message.type}: {message.text}")
