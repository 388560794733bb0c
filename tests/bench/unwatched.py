"""A tab that nobody looks into, as users have them.

Playwright asks Chromium to report the network, each WebSocket message included: that takes two to three times as long
as the message itself, and most of it on the page's own thread. Here the DevTools protocol runs expressions, and
nothing else is switched on.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Thread
from typing import Any
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

#: Seconds that an expression may take; the longest is of a million messages.
_PATIENCE = 900


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
        """Go there, and wait for the promise that the expression `ready` gives."""
        self._command("Page.navigate", url=url)
        self.evaluate(ready)

    def evaluate(self, expression: str) -> Any:
        """What an expression in JavaScript, or its promise, gives.

        Raises:
            RuntimeError: it threw.
            TimeoutError: it takes for ever.
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
            answer = json.loads(self._socket.recv(timeout=_PATIENCE))
            if answer.get("id") == number:
                result: dict[str, Any] = answer.get("result", {})
                return result


@contextmanager
def unwatched_tab(chromium: str, flags: list[str]) -> Iterator[Tab]:
    """A Chromium with a profile of its own, and its one tab."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [*flags, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        process = subprocess.Popen([chromium, *flags, "about:blank"], stderr=subprocess.PIPE, text=True)
        try:
            origin = _listening(process)
            version = _ask(f"http://{origin}/json/version")["Browser"].partition("/")[2]
            [page] = [tab for tab in _ask(f"http://{origin}/json/list") if tab["type"] == "page"]
            with connect(page["webSocketDebuggerUrl"], max_size=None, ping_interval=None) as socket:
                yield Tab(socket, version)
        finally:
            process.terminate()
            process.wait()


def _listening(process: subprocess.Popen[str]) -> str:
    """HOST:PORT of the DevTools protocol: Chromium says it once it listens."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search("DevTools listening on ws://([^/]+)/", line):
            Thread(target=process.stderr.read, daemon=True).start()  # what comes behind must not fill the pipe
            return found[1]
    raise RuntimeError(f"{process.args!r} did not start")


def _ask(url: str) -> Any:
    with urlopen(url) as answer:
        return json.load(answer)
