"""A page with Pyodide and the built wheel in it, driven from the host.

    SCENARIO = Path(__file__).with_name("something_scenario.py")

    def test_something(pyodide_main: PyodidePage) -> None:
        assert pyodide_main.run(SCENARIO, "function", pyodide_main.site.ws_origin) == 3

A scenario is an ordinary Python file of the host; the harness copies it into Pyodide, imports it there and awaits
one of its functions. Arguments and result travel as JSON.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlencode

import coverage
from coverage.exceptions import CoverageException
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.support.static_server import TestSite

SECONDS = 60.0

_numbers = count(1)


class RemoteError(AssertionError):
    """A function inside Pyodide raised. The text is the traceback there; `type_name` the exception's class."""

    def __init__(self, text: str, type_name: str) -> None:
        super().__init__(f"inside Pyodide:\n{text}")
        self.type_name = type_name


class Call:
    """A function that runs inside Pyodide; `result` waits for it."""

    def __init__(self, page: PyodidePage, number: int, name: str) -> None:
        self._page = page
        self._number = number
        self._name = name

    def result(self, timeout: float = SECONDS) -> Any:
        """What the function returned; RemoteError if it raised, TimeoutError if it runs on after `timeout` seconds."""
        answer = self._page.page.evaluate(
            "([number, timeout]) => harness.result(number, timeout)", [self._number, timeout * 1000]
        )
        if answer is None:
            console = "\n".join(self._page.console)
            raise TimeoutError(f"{self._name} is still running inside Pyodide after {timeout} s. Console:\n{console}")
        fields = json.loads(answer)
        if "error" in fields:
            raise RemoteError(fields["error"], fields["type"])
        return fields["result"]


class PyodidePage:
    """Pyodide on the page's main thread or in a worker, in a browser context of its own. A context manager.

    Attributes:
        site: what it was loaded from.
        page: Playwright's page.
        console: the console's messages so far, each "type: text", those of workers too; what nobody caught is a
            "pageerror: ...".
        requests: the URLs of all requests so far, WebSockets among them.
    """

    def __init__(
        self,
        browser: Browser,
        site: TestSite,
        where: Literal["main", "worker"] = "main",
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
        self.site = site
        self.where = where
        self.console: list[str] = []
        self.requests: list[str] = []
        self._modules: dict[str, str] = {}
        self._measured = measure and coverage.Coverage.current() is not None
        self._context = context or browser.new_context()
        self._owns_context = context is None
        self.page: Page = self._context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        query = urlencode({"wheel": site.wheel_path, "coverage": int(self._measured)})
        try:
            self.page.goto(f"{site.origin}/pages/{where}.html?{query}")
            self.page.wait_for_load_state("load")
            self.page.evaluate("() => harness.ready()")
        except BaseException:
            self._close_page()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def add_module(self, path: Path, name: str | None = None) -> None:
        """Make `import name` (by default the file's own) find this host file inside Pyodide, from the next call on."""
        self._modules[name or path.stem] = path.read_text(encoding="utf-8")

    def start(self, module: Path, function: str, *args: object) -> Call:
        """Start `function(*args)` of a host file inside Pyodide and come back at once; the arguments must be JSON."""
        self.add_module(module)
        number = self.page.evaluate(
            "([modules, module, name, args]) => harness.start(modules, module, name, args)",
            [[[name, source] for name, source in self._modules.items()], module.stem, function, json.dumps(args)],
        )
        return Call(self, number, f"{module.stem}.{function}")

    def run(self, module: Path, function: str, *args: object, timeout: float = SECONDS) -> Any:
        """`start` and `result` in one."""
        return self.start(module, function, *args).result(timeout)

    def evaluate(self, expression: str, argument: object = None) -> Any:
        """The value of a JavaScript expression (or of a function, called with `argument`) in the page."""
        return self.page.evaluate(expression, argument)

    def clear(self) -> None:
        """Forget console messages and requests, at the start of a test that looks at its own."""
        self.console.clear()
        self.requests.clear()

    def close(self) -> None:
        """Save the coverage data beside the host's, and close the page. Does nothing when it is closed."""
        if self.page.is_closed():
            return
        try:
            if self._measured:
                self._save_coverage(self.page.evaluate("() => globalThis.harness?.coverage() ?? ''"))
        finally:
            self._close_page()

    def _close_page(self) -> None:
        self.page.close()
        if self._owns_context:
            self._context.close()

    def _on_console(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")

    def _save_coverage(self, dump: str) -> None:
        current = coverage.Coverage.current()
        if not dump or current is None:
            return
        # `coverage combine` maps the paths of Pyodide's site-packages to the tree ([tool.coverage.paths]).
        name = f"{current.config.data_file}.pyodide-{os.getpid()}-{next(_numbers)}"
        data = coverage.CoverageData(basename=name, suffix=False)
        try:
            data.loads(base64.b64decode(dump))
        except (CoverageException, zlib.error) as error:
            raise RuntimeError(f"the coverage data from inside Pyodide can't be read: {error}") from error
        data.close()
