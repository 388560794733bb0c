"""A page with Pyodide and the built wheel in it, in WebKit."""

from __future__ import annotations

import json
from typing import Any

from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.harness import HarnessPage, Where
from tests.support.static_server import TestSite
from tests.support.webkit import WebKit

#: Seconds until a page's modules have run, Pyodide not among them.
_LOAD_SECONDS = 60


def evaluate(session: WebDriver, expression: str, argument: object = None) -> Any:
    """The value of a JavaScript expression, or of a function called with `argument`, awaited, as JSON tells it.

    Raises:
        AssertionError: the expression threw.
    """
    answer = session.execute_async_script(
        f"""
        const [argument, done] = arguments;
        (async () => {{
            const value = ({expression});
            return typeof value === "function" ? value(argument) : value;
        }})().then(
            (value) => done({{ json: JSON.stringify(value) ?? "null" }}),
            (error) => done({{ error: `${{error}}\\n${{error?.stack ?? ""}}` }}),
        );
        """,
        argument,
    )
    if "error" in answer:
        raise AssertionError(f"in the page: {answer['error']}")
    return json.loads(answer["json"])


class WebKitPage(HarnessPage):
    """Pyodide on the page's main thread or in a worker, in a session of its own. A context manager.

    The site's pages must be `watched` ones: `console` reads what they noted.
    """

    def __init__(self, webkit: WebKit, site: TestSite, where: Where = "main") -> None:
        # Which lines run is known from the other browsers already.
        super().__init__(site, where, measure=False)
        self._webkit = webkit
        self._session: WebDriver | None = webkit.session()
        try:
            self._session.get(self._url)
            # The driver is back before the modules have run.
            WebDriverWait(self._session, _LOAD_SECONDS).until(lambda _: self.evaluate("'harness' in globalThis"))
            self.evaluate("() => harness.ready()")
        except BaseException:
            self._close_page()
            raise

    @property
    def console(self) -> list[str]:
        noted: list[str] = self.evaluate("watched")
        return noted

    def evaluate(self, expression: str, argument: object = None) -> Any:
        assert self._session is not None, "the page is closed"
        return evaluate(self._session, expression, argument)

    def clear(self) -> None:
        self.evaluate("() => { watched.length = 0; }")

    def _closed(self) -> bool:
        return self._session is None

    def _close_page(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            self._webkit.quit(session)
