"""The console (web/index.html) as its tests use it: a server that can go and come back, and a page that is watched."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Response, ViewportSize, expect

from pystomp_web.server.broker import Broker
from pystomp_web.server.config import ServerConfig
from pystomp_web.server.serving import Serving, serving
from tests.support.firefox import error_line, is_firefox
from tests.support.loopthread import LoopThread
from tests.support.static_server import PYODIDE, ROOT, built_wheel

WEB = ROOT / "web"
VENDOR = ROOT / "build" / "vendor"
AXE = ROOT / "build" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "build" / "screenshots"
DOCS = ROOT / "docs"
DESK = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=360, height=740)
BOOT_MS = 60_000
WAIT_MS = 20_000
expect.set_options(timeout=WAIT_MS)

#: What the browser says by itself of a WebSocket that did not open or broke, and of the client's GET that asks why.
SOCKET_LINE = re.compile(
    r"^error: (WebSocket connection to '[^']+' failed|Failed to load resource: .* http://[^/ ]+/stomp$"
    r"|Firefox can’t establish a connection to the server at ws:|The connection to ws:\S+ was interrupted )"
)
#: Playwright's own style for the time of a screenshot, which the page's policy keeps out in Firefox.
PLAYWRIGHTS_STYLE = re.compile(r"^error: .* blocked an inline style \(style-src-elem\)|^style-src-elem: inline ")

# What the next download holds: Firefox saves it too, but its event has no number, and Playwright takes none without.
_TAKE = """() => {
    const { createObjectURL } = URL, { click } = HTMLAnchorElement.prototype;
    globalThis.taken = new Promise((resolve) => {
        let blob;
        URL.createObjectURL = (it) => createObjectURL((blob = it));
        HTMLAnchorElement.prototype.click = function () {
            URL.createObjectURL = createObjectURL;
            HTMLAnchorElement.prototype.click = click;
            resolve([this.download, blob]);
            this.click();
        };
    });
}"""
_TAKEN = """async () => {
    const [name, blob] = await taken;
    return [name, [...new Uint8Array(await blob.arrayBuffer())]];
}"""

# Before the page's own scripts: what the policy blocks, and what moves without anybody having done anything.
_WATCH = """
globalThis.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ""}`);
});
globalThis.shift = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) {
    const rect = (it) => [it.x, it.y, it.width, it.height];
    shift.push(entry.sources.map(({ node, previousRect, currentRect }) =>
      `${node?.id || node?.className || node}: ${rect(previousRect)} -> ${rect(currentRect)}`));
  }
}).observe({ type: "layout-shift", buffered: true });
"""


#: Of a test: whether it has failed, once it has run.
FAILED = pytest.StashKey[bool]()


def failed(request: pytest.FixtureRequest) -> bool:
    """Whether the test has failed for which a fixture is torn down."""
    return bool(request.node.stash.get(FAILED, False))


class Site:
    """Our server in the loop's thread. A context manager; `stop` and `start` again keep the port and the broker."""

    def __init__(self, loop: LoopThread, **settings: Any) -> None:
        self._loop = loop
        self._settings: dict[str, Any] = {
            "root": WEB,
            "pyodide": PYODIDE,
            "vendor": VENDOR,
            "wheel": built_wheel(),
            **settings,
        }
        self._serving: Serving | None = None
        self._stack = AsyncExitStack()
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Serve, on the port of last time."""

        async def start() -> Serving:
            config = ServerConfig(port=self.port, **self._settings)
            return await self._stack.enter_async_context(serving(config))

        self._serving = self._loop.run(start())
        self.port = self._serving.port

    def stop(self) -> None:
        """Serve no more; open WebSockets are closed with 1001."""
        self._loop.run(self._stack.aclose())

    @property
    def root(self) -> Path:
        """The folder of the pages."""
        folder: Path = self._settings["root"]
        return folder

    @property
    def origin(self) -> str:
        """Where the page is, without a slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def broker(self) -> Broker:
        """The embedded broker."""
        assert self._serving is not None
        assert self._serving.broker is not None
        return self._serving.broker

    def publish(self, destination: str, *bodies: str | bytes, **headers: str) -> None:
        """Publish these bodies, all in one go."""

        async def publish() -> None:
            for body in bodies:
                self.broker.publish(destination, body, headers)

        self._loop.run(publish())


class Console:
    """The page. A context manager: leaving it checks what holds for every test.

    Nothing is on the console but the browser's own lines about a socket, and those only where `sockets_fail`; no
    request goes to another origin; nothing was blocked by the policy, which every answer had.
    """

    def __init__(self, context: BrowserContext, origin: str, *, foreign: tuple[str, ...] = ()) -> None:
        self.origin = origin
        self.page: Page = context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.sockets_fail = False
        self.console: list[str] = []
        self.requests: list[str] = []
        self.is_firefox = is_firefox(context)
        self._foreign = foreign
        self._policies: list[str | None] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.console.append(error_line(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("response", self._on_response)
        self.page.add_init_script(_WATCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.check()
        finally:
            self.page.close()

    def check(self) -> None:
        """What holds for every test."""
        own = [line for line in self.console if not (self.sockets_fail and SOCKET_LINE.search(line))]
        violations = self.page.evaluate("() => violations")
        if self.is_firefox:
            own, violations = ([it for it in told if not PLAYWRIGHTS_STYLE.search(it)] for told in (own, violations))
        assert own == [], own
        place = urlsplit(self.origin).netloc
        foreign = [url for url in self.requests if urlsplit(url).netloc not in (place, *self._foreign)]
        assert foreign == [], foreign
        assert violations == [], violations
        assert self._policies
        for policy in self._policies:
            assert policy is not None
            assert policy.startswith("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'")

    def open(self) -> Self:
        """Load the page and wait until it can be used."""
        self.page.goto(f"{self.origin}/")
        self.ready()
        return self

    def ready(self) -> None:
        """Wait until the page can be used."""
        expect(self["html"]).to_have_attribute("data-boot", "ready", timeout=BOOT_MS)

    def __getitem__(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def says(self, selector: str, text: str | re.Pattern[str]) -> None:
        """Wait until the element has this text (a str: somewhere in it)."""
        expect(self[selector]).to_contain_text(text)

    def connect(self, login: str = "", passcode: str = "") -> Self:
        """Connect, and wait for it."""
        self["#login"].fill(login)
        self["#passcode"].fill(passcode)
        self["#connect"].click()
        self.says("#light-word", "Connected")
        return self

    def subscribe(self, destination: str, ack: str = "auto") -> Locator:
        """Subscribe, and wait until the broker has confirmed it: the entry of the list."""
        entry = self["#subscriptions li"].filter(has_text=destination)
        self["#subscribe-destination"].fill(destination)
        self["#subscribe-ack"].select_option(ack)
        self["#subscribe"].click()
        expect(entry.locator(".condition")).to_have_text("subscribed")
        return entry

    def subscribed(self, site: Site, *destinations: str) -> None:
        """Wait until the broker knows these subscriptions of a page that does not say so itself."""
        deadline = time.monotonic() + WAIT_MS / 1000
        while not set(destinations) <= set(site.broker.destinations):
            assert time.monotonic() < deadline, destinations
            self.page.wait_for_timeout(20)

    def send(self, destination: str, body: str, content_type: str = "", headers: str = "") -> None:
        """Send by the form."""
        self["#send-destination"].fill(destination)
        self["#send-body"].fill(body)
        self["#send-type"].fill(content_type)
        self.write_headers(*(line.partition(": ")[::2] for line in headers.splitlines()))
        self["#send"].click()

    def write_number(self, selector: str, number: str) -> None:
        """Write it instead of what is there: in Firefox Playwright's `fill` alone writes it behind that."""
        self[selector].clear()
        self[selector].fill(number)

    def saved(self, button: str) -> tuple[str, bytes]:
        """Click the button: the name and the octets of the file that the browser saves."""
        if self.is_firefox:
            self.page.evaluate(_TAKE)
            self[button].click()
            name, octets = self.page.evaluate(_TAKEN)
            return str(name), bytes(octets)
        with self.page.expect_download() as download:
            self[button].click()
        return download.value.suggested_filename, download.value.path().read_bytes()

    def write_headers(self, *pairs: tuple[str, str]) -> None:
        """These in the header rows, and no others."""
        rows = self["#send-headers li"]
        while rows.count():
            rows.first.get_by_role("button").click()
        for number, (name, value) in enumerate(pairs):
            self["#add-header"].click()
            rows.nth(number).locator("input").first.fill(name)
            rows.nth(number).locator("input").last.fill(value)

    def reset(self) -> None:
        """As it was when it was ready, for the next test: not connected, no subscription, no message, nothing kept."""
        if self["#disconnect"].is_visible():
            self["#disconnect"].dispatch_event("click")
        self.says("#light-word", "Not connected")
        self.page.evaluate(
            """() => {
                for (const it of document.querySelectorAll("dialog[open]")) it.close();
                for (const it of document.querySelectorAll("#repeat-stop, #show-messages, #show-message")) it.click();
                for (const list of ["saved", "replies"])
                    while (document.querySelector(`#${list} [data-delete]`))
                        document.querySelector(`#${list} [data-delete]`).click();
                const filter = document.getElementById("filter");
                filter.value = "";
                filter.dispatchEvent(new Event("input"));
                for (const it of document.querySelectorAll("#pause, #record"))
                    if (it.ariaPressed === "true") it.click();
                for (const button of document.querySelectorAll("[data-unsubscribe], #clear")) button.click();
                for (const form of document.forms) form.reset();
                const keep = document.getElementById("keep");
                keep.value = "1000";
                keep.dispatchEvent(new Event("change"));
            }"""
        )
        expect(self["#say-action"]).to_have_text("Connect")
        self.check()
        self.requests.clear()

    def row(self, number: int) -> Locator:
        """The row of a message."""
        return self[f"#message-{number}"]

    def screenshot(self, path: Path) -> None:
        """What is to be seen now."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, animations="disabled")

    def _on_console(self, message: ConsoleMessage) -> None:
        of = f" {message.location['url']}" if message.text.startswith("Failed to load") else ""
        self.console.append(f"{message.type}: {message.text}{of}")

    def _on_response(self, response: Response) -> None:
        # Firefox tells of the handshakes of WebSockets too, which have no policy.
        if response.url.startswith(self.origin) and response.status != 101:
            self._policies.append(response.headers.get("content-security-policy"))


@cache
def in_the_docs() -> frozenset[str]:
    """The names of the pictures that the docs show."""
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md"]
    return frozenset(name for page in pages for name in re.findall(r"images/([\w-]+)\.png", page.read_text("utf-8")))


def shoot(console: Console, name: str) -> None:
    """Keep what is to be seen now; with PYSTOMP_WEB_DOCS_IMAGES=1 also as the docs' picture of this name."""
    path = SCREENSHOTS / f"{name}.png"
    console.screenshot(path)
    if os.environ.get("PYSTOMP_WEB_DOCS_IMAGES") == "1" and name in in_the_docs():
        shutil.copyfile(path, DOCS / "images" / path.name)


def fits(console: Console) -> None:
    """Nothing is wider than the screen, and what is touched is large enough."""
    assert console.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    small = console.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input:not([type=checkbox]), textarea, summary, .check")]
            .filter((it) => it.checkVisibility() && !it.closest(".settle") && !it.matches(".unseen"))
            .map((it) => [it.id || it.outerHTML.slice(0, 80), it.getBoundingClientRect()])
            .map(([name, { width, height }]) => [name, width, height])
            .filter(([, width, height]) => width < 44 || height < 44)"""
    )
    assert small == [], small


def accessible(console: Console) -> None:
    """axe-core, under the page's own policy, finds nothing serious."""
    page = console.page
    if not page.evaluate("() => 'axe' in globalThis"):
        headers = {"content-security-policy": str(page.request.get(console.origin).headers["content-security-policy"])}
        headers["content-type"] = "text/javascript"
        page.route("**/axe.min.js", lambda route: route.fulfill(path=AXE, headers=headers))
        page.add_script_tag(url=f"{console.origin}/axe.min.js")
        page.unroute("**/axe.min.js")
    found = page.evaluate(
        """async () => {
            const { violations } = await axe.run(document, { resultTypes: ["violations"] });
            return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
                .map(({ id, nodes }) => [id, nodes.map(({ html, any }) => [html.slice(0, 160), any[0]?.message])]);
        }"""
    )
    assert found == [], found
