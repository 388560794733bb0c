"""Pyodide with the built wheel in it, driven from the host: what is the same in every browser.

A scenario is an ordinary Python file of the host; the harness copies it into Pyodide, imports it there and awaits
one of its functions. Arguments and result travel as JSON. `pyodide_page.PyodidePage` is this in Chromium and Firefox,
`webkit_page.WebKitPage` in WebKit.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from abc import ABC, abstractmethod
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlencode

import coverage
from coverage.exceptions import CoverageException

from tests.support.static_server import TestSite

SECONDS = 60.0

Where = Literal["main", "worker"]

_numbers = count(1)


class RemoteError(AssertionError):
    """A function inside Pyodide raised. The text is the traceback there; `type_name` the exception's class."""

    def __init__(self, text: str, type_name: str) -> None:
        super().__init__(f"inside Pyodide:\n{text}")
        self.type_name = type_name


class Call:
    """A function that runs inside Pyodide; `result` waits for it."""

    def __init__(self, page: HarnessPage, number: int, name: str) -> None:
        self._page = page
        self._number = number
        self._name = name

    def result(self, timeout: float = SECONDS) -> Any:
        """What the function returned; RemoteError if it raised, TimeoutError if it runs on after `timeout` seconds."""
        answer = self._page.evaluate(
            "([number, timeout]) => harness.result(number, timeout)", [self._number, timeout * 1000]
        )
        if answer is None:
            console = "\n".join(self._page.console)
            raise TimeoutError(f"{self._name} is still running inside Pyodide after {timeout} s. Console:\n{console}")
        fields = json.loads(answer)
        if "error" in fields:
            raise RemoteError(fields["error"], fields["type"])
        return fields["result"]


class HarnessPage(ABC):
    """Pyodide on a page's main thread or in a worker. A context manager.

    Attributes:
        site: what it was loaded from.
        where: "main" or "worker".
    """

    def __init__(self, site: TestSite, where: Where, *, measure: bool) -> None:
        self.site = site
        self.where = where
        self._modules: dict[str, str] = {}
        self._measured = measure and coverage.Coverage.current() is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # What a browser's own driver brings.

    @property
    @abstractmethod
    def console(self) -> list[str]:
        """The console's messages so far, each "type: text"; what nobody caught is a "pageerror: ..."."""

    @abstractmethod
    def evaluate(self, expression: str, argument: object = None) -> Any:
        """The value of a JavaScript expression (or of a function, called with `argument`) in the page, awaited."""

    @abstractmethod
    def clear(self) -> None:
        """Forget console messages and requests, at the start of a test that looks at its own."""

    @abstractmethod
    def _closed(self) -> bool: ...

    @abstractmethod
    def _close_page(self) -> None: ...

    # What is the same in all.

    @property
    def _url(self) -> str:
        query = urlencode({"wheel": self.site.wheel_path, "coverage": int(self._measured)})
        return f"{self.site.origin}/pages/{self.where}.html?{query}"

    def add_module(self, path: Path, name: str | None = None) -> None:
        """Make `import name` (by default the file's own) find this host file inside Pyodide, from the next call on."""
        self._modules[name or path.stem] = path.read_text(encoding="utf-8")

    def start(self, module: Path, function: str, *args: object) -> Call:
        """Start `function(*args)` of a host file inside Pyodide and come back at once; the arguments must be JSON."""
        self.add_module(module)
        number = self.evaluate(
            "([modules, module, name, args]) => harness.start(modules, module, name, args)",
            [[[name, source] for name, source in self._modules.items()], module.stem, function, json.dumps(args)],
        )
        return Call(self, number, f"{module.stem}.{function}")

    def run(self, module: Path, function: str, *args: object, timeout: float = SECONDS) -> Any:
        """`start` and `result` in one."""
        return self.start(module, function, *args).result(timeout)

    def close(self) -> None:
        """Save the coverage data beside the host's, and close the page. Does nothing when it is closed."""
        if self._closed():
            return
        try:
            if self._measured:
                self._save_coverage(self.evaluate("() => globalThis.harness?.coverage() ?? ''"))
        finally:
            self._close_page()

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
