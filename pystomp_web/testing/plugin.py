"""The pytest plugin: the fixtures `stomp_broker`, `stomp_page` and `stomp_pair`.

pytest finds it by its entry point; where the package is not installed, `-p pystomp_web.testing.plugin` loads it.
aiohttp and Playwright are imported when a fixture needs them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .broker import StompBroker
    from .page import StompPage
    from .pair import StompPair

_INI = {
    "stomp_root": ("web", "stomp_page: the folder of the pages"),
    "stomp_pyodide": ("node_modules/pyodide", "stomp_page: Pyodide's folder, served at /pyodide/"),
    "stomp_wheel": ("wheels/pystomp_web-*.whl", "stomp_page: the wheel, served at /wheel/ and named by /wheel.json"),
}


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """The ini options; paths are relative to pytest's rootdir."""
    for name, (default, words) in _INI.items():
        parser.addini(name, words, default=default)
    for name in ("pystomp_web", __name__):  # the entry point and -p: to pytest the two together are an error
        if not pluginmanager.hasplugin(name):
            pluginmanager.set_blocked(name)


def pytest_configure(config: pytest.Config) -> None:
    """The markers."""
    add = config.addinivalue_line
    add(
        "markers", "stomp_broker(login, passcode, allow_origins, heartbeat): the broker's options; heartbeat in seconds"
    )
    add("markers", "stomp_page(root, pyodide, wheel, csp): what is served, before the ini options; None: not served")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the browser's console said where a test failed."""
    report = yield
    page: StompPage | None = getattr(item, "funcargs", {}).get("stomp_page")
    if page is not None and report.failed:
        report.sections.append(("Browser console", "\n".join(page.console)))
    return report


@pytest.fixture
def stomp_broker(request: pytest.FixtureRequest) -> Iterator[StompBroker]:
    """The embedded broker on a free port, in a thread of its own; see `StompBroker`. It needs aiohttp."""
    try:
        import aiohttp  # noqa: F401
    except ImportError:
        pytest.fail("stomp_broker: aiohttp is not installed. `pip install 'pystomp-web[testing]'`", pytrace=False)
    from .broker import StompBroker

    with StompBroker(**_marked(request, "stomp_broker")) as broker:
        yield broker


@pytest.fixture
def stomp_page(request: pytest.FixtureRequest, stomp_broker: StompBroker) -> Iterator[StompPage]:
    """A Playwright page, with a folder of pages, Pyodide, the wheel and `stomp_broker` on one origin; see `StompPage`.

    The page is that of a fixture `page` (pytest-playwright's) where there is one, else in a Chromium of its own.
    """
    from .page import Missing, StompPage, launched, locate

    options = {name[len("stomp_") :]: request.config.getini(name) for name in _INI} | _marked(request, "stomp_page")
    csp = options.pop("csp", "")
    with ExitStack() as stack:
        try:
            stomp_broker.serve(**locate(request.config.rootpath, **options), csp=csp)
            page = _existing_page(request) or stack.enter_context(launched())
        except Missing as missing:
            pytest.fail(str(missing), pytrace=False)
        yield StompPage(page, stomp_broker)


@pytest.fixture
def stomp_pair() -> StompPair:
    """A client's other end without a socket; see `StompPair`."""
    from .pair import StompPair

    return StompPair()


def _existing_page(request: pytest.FixtureRequest) -> Any:
    try:
        return request.getfixturevalue("page")
    except pytest.FixtureLookupError as error:
        if error.argname != "page":
            raise
        return None


def _marked(request: pytest.FixtureRequest, name: str) -> dict[str, Any]:
    """The marker's options; those nearest to the test count."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers(name))):
        options |= mark.kwargs
    return options
