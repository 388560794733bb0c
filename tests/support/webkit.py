"""WebKit, driven by Selenium: Debian's WebKitGTK on a screen of its own. As a script: its version, or what lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from types import TracebackType
from typing import Self

from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service
from urllib3.exceptions import ReadTimeoutError

PROGRAMS = {"WebKitWebDriver": "webkit2gtk-driver", "Xvfb": "xvfb"}
#: Seconds that one evaluation may take; those of the harness have a shorter limit of their own.
SCRIPT_SECONDS = 150
_START_SECONDS = 40
_TRIES = 3


def missing_packages() -> list[str]:
    """Debian's packages that bring what is missing here."""
    return [package for program, package in PROGRAMS.items() if shutil.which(program) is None]


class WebKit:
    """The screen, and the sessions on it: each a browser of its own, with no profile. A context manager."""

    def __init__(self) -> None:
        self._screen: subprocess.Popen[bytes] | None = None
        self._environment = dict(os.environ)
        self._services: dict[WebDriver, Service] = {}

    def __enter__(self) -> Self:
        # It says by itself which number is free, once it can be used.
        read, write = os.pipe()
        self._screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"],
            pass_fds=[write],
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb did not start: it ended with {self._screen.wait()}")
        self._environment |= {
            "DISPLAY": f":{number}",
            "GDK_BACKEND": "x11",  # not on the user's Wayland desktop
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",  # needs no GPU
            "NO_AT_BRIDGE": "1",  # nor a desktop's services
            "GSETTINGS_BACKEND": "memory",
            "LC_ALL": "C",  # it takes C.UTF-8 for a language called C, which no page can use
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for session in tuple(self._services):
            self.quit(session)
        if self._screen is not None:
            self._screen.terminate()
            self._screen.wait()

    def session(self) -> WebDriver:
        """A browser; whoever asked for it, or the end of the screen, quits it."""
        for _ in range(_TRIES - 1):
            try:
                return self._session()
            except TimeoutError:
                pass  # its driver waits for ever for a browser that ended while it started: seen on a busy machine
        return self._session()

    def _session(self) -> WebDriver:
        service = Service(executable_path=shutil.which("WebKitWebDriver"), env=self._environment)
        service.start()
        config = ClientConfig(remote_server_addr=service.service_url, timeout=_START_SECONDS)
        try:
            # Not selenium's own WebKitGTK: it calls what selenium has deprecated.
            session = WebDriver(RemoteConnection(client_config=config), options=Options())
        except BaseException as error:
            service.stop()
            if isinstance(error, ReadTimeoutError):
                raise TimeoutError(f"WebKit did not start within {_START_SECONDS} s") from error
            raise
        config.timeout = SCRIPT_SECONDS + 20
        session.set_script_timeout(SCRIPT_SECONDS)
        self._services[session] = service
        return session

    def quit(self, session: WebDriver) -> None:
        """End a browser before the screen ends."""
        service = self._services.pop(session)
        try:
            session.quit()
        finally:
            service.stop()


if __name__ == "__main__":
    if absent := missing_packages():
        sys.exit(f"missing: {' '.join(absent)}")
    with WebKit() as webkit:
        print(f"WebKitGTK {webkit.session().capabilities['browserVersion']}", end="")
