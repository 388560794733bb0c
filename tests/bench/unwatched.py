"""A tab that nobody looks into, as users have them.

Playwright asks Chromium to report the network, each WebSocket message included: that takes two to three times as long
as the message itself, and most of it on the page's own thread. Here the DevTools protocol runs expressions, and
nothing else is switched on.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

#: Seconds in which Chromium must be up.
_START = 60


class Tab:
    """One page of a Chromium.

    Attributes:
        version: of the browser.
    """

    def __init__(self, socket: ClientConnection, version: str) -> None:
        self.version = version
        self._socket = socket
        self._numbers = count(1)

    def goto(self, url: str, ready: str) -> None:
        """Go there, and wait until the expression `ready` is true."""
        self._command("Page.navigate", url=url)
        # An evaluation amid the navigation ends with the old page's world, and is asked again.
        while self._command("Runtime.evaluate", expression=ready).get("result", {}).get("value") is not True:
            time.sleep(0.1)

    def evaluate(self, expression: str) -> Any:
        """What an expression in JavaScript, or its promise, gives.

        Raises:
            RuntimeError: it threw.
        """
        answer = self._command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def _command(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                result: dict[str, Any] = answer.get("result", {})
                return result


@contextmanager
def unwatched_tab(chromium: str, flags: list[str]) -> Iterator[Tab]:
    """A Chromium with a profile of its own, and its one tab."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [*flags, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        process = subprocess.Popen([chromium, *flags, "about:blank"], stderr=subprocess.DEVNULL)
        try:
            origin = f"127.0.0.1:{_port(process, Path(profile, 'DevToolsActivePort'))}"
            version = _ask(f"http://{origin}/json/version")["Browser"].partition("/")[2]
            [page] = [tab for tab in _ask(f"http://{origin}/json/list") if tab["type"] == "page"]
            with connect(page["webSocketDebuggerUrl"], max_size=None, ping_interval=None) as socket:
                yield Tab(socket, version)
        finally:
            process.terminate()
            process.wait()


def _port(process: subprocess.Popen[bytes], file: Path) -> int:
    until = time.monotonic() + _START
    while not (file.exists() and file.read_text()):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{process.args!r} did not start")
        time.sleep(0.05)
    return int(file.read_text().splitlines()[0])


def _ask(url: str) -> Any:
    with urlopen(url) as answer:
        return json.load(answer)
