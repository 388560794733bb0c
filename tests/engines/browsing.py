"""A page of ours in WebKit, as its tests use it."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.webkit import WebKit
from tests.support.webkit_page import evaluate

BOOT_SECONDS = 120
#: Long, since without compositing a busy machine paints few frames.
WAIT_SECONDS = 90
_UP = "document.readyState === 'complete' && 'watched' in globalThis"


class Browsing:
    """A browser on a watched site. A context manager: leaving it checks what holds for every page.

    Nothing was said on the console, nobody's exception went uncaught, the policy blocked nothing, and nothing came from
    another origin.
    """

    def __init__(self, webkit: WebKit, origin: str) -> None:
        self.origin = origin
        self._webkit = webkit
        self._session: WebDriver = webkit.session()
        self._session.set_window_size(1300, 950)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.check()
        finally:
            self._webkit.quit(self._session)

    def check(self) -> None:
        """What holds for every page, of the one that is open."""
        loaded = self.evaluate("performance.getEntriesByType('resource').map((it) => it.name)")
        foreign = [url for url in loaded if not re.match(rf"(blob:)?{re.escape(self.origin)}/", url)]
        said = [line for line in self.evaluate("watched") if not line.startswith("debug: ")]
        amiss = [*said, *self.evaluate("violations"), *foreign]
        assert amiss == [], amiss

    def open(self, path: str) -> Self:
        """Load a page; its Python may not have started yet."""
        self._session.get(f"{self.origin}/{path}")
        self.wait(_UP)
        return self

    def ready(self) -> Self:
        """Wait until the page's Python runs."""
        self.wait("document.documentElement.dataset.boot === 'ready'", seconds=BOOT_SECONDS)
        return self

    def evaluate(self, expression: str, argument: object = None) -> Any:
        """As the function of webkit_page."""
        return evaluate(self._session, expression, argument)

    def wait(self, expression: str, argument: object = None, *, seconds: float = WAIT_SECONDS) -> None:
        """Wait until it is true; an AssertionError tells what is to be seen instead."""
        try:
            WebDriverWait(self._session, seconds, 0.1).until(lambda _: self.evaluate(expression, argument))
        except TimeoutException:
            raise AssertionError(f"{expression} {argument}: {self._situation()}") from None

    def _situation(self) -> str:
        return f"{self.evaluate('document.body?.innerText')}\n{self.evaluate('globalThis.watched')}"

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until it holds on the host."""
        WebDriverWait(self._session, WAIT_SECONDS, 0.1).until(lambda _: condition())

    def says(self, selector: str, words: str) -> None:
        """Wait until an element of these shows these words."""
        self.wait(
            "([at, words]) => [...document.querySelectorAll(at)].some((it) => it.innerText.includes(words))",
            [selector, words],
        )

    def count(self, selector: str, number: int) -> None:
        """Wait until so many of these are to be seen."""
        seen = "[...document.querySelectorAll(at)].filter((it) => it.checkVisibility())"
        self.wait(f"([at, number]) => {seen}.length === number", [selector, number])

    def element(self, selector: str) -> WebElement:
        """The element, once it is enabled and in sight."""
        self.wait(
            "(at) => { const it = document.querySelector(at); return it?.checkVisibility() && !it.disabled; }", selector
        )
        found: WebElement = self._session.find_element("css selector", selector)
        return found

    def click(self, selector: str) -> None:
        """Click it with the mouse."""
        self.element(selector).click()

    def fill(self, selector: str, text: str) -> None:
        """Type this into the field, in place of what is there."""
        field = self.element(selector)
        field.clear()
        if text:
            field.send_keys(text)
        else:  # clear() tells the page of a change only when the field is left
            self.evaluate("(at) => { document.querySelector(at).dispatchEvent(new Event('input')); }", selector)

    def enter(self, selector: str, text: str) -> None:
        """`fill` and Enter."""
        self.fill(selector, text)
        self.element(selector).send_keys(Keys.ENTER)
