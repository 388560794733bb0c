"""Firefox for those tests that run in it where it is installed: Debian's, driven by Playwright over BiDi."""

from __future__ import annotations

import os
import re
import shutil
import sys

from playwright.sync_api import Browser, BrowserContext, Error, Playwright

NAMES = ("firefox-esr", "firefox")
#: The list of downloads would open at each of them, and keep the focus from the page.
PREFERENCES: dict[str, str | float | bool] = {"browser.download.alwaysOpenPanel": False}
#: What Firefox says by itself of a WebSocket, and of a policy: over BiDi it comes as an error that nobody caught.
_OWN_WORDS = re.compile(
    r"Firefox can’t establish a connection to the server at |The connection to \S+ was interrupted "
)


def find_firefox() -> str | None:
    """The path of PYSTOMP_WEB_FIREFOX or of an installed Firefox; None if there is none."""
    if named := os.environ.get("PYSTOMP_WEB_FIREFOX"):
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch_firefox(playwright: Playwright) -> Browser:
    """A Firefox of its own profile.

    Raises:
        FileNotFoundError: there is none.
    """
    executable = find_firefox()
    if executable is None:
        raise FileNotFoundError("no Firefox found: install one (Debian: apt-get install firefox-esr)")
    # Without the channel Playwright speaks to its own patched build only.
    return playwright.firefox.launch(channel="moz-firefox", executable_path=executable, firefox_user_prefs=PREFERENCES)


def is_firefox(context: BrowserContext) -> bool:
    """Whether it is a Firefox's."""
    return context.browser is not None and context.browser.browser_type.name == "firefox"


def error_line(error: Error) -> str:
    """A line for Playwright's pageerror, as Chromium would tell it: "pageerror: ..." only where nobody caught it."""
    own = error.name == "Content-Security-Policy" or _OWN_WORDS.match(error.message)
    return f"{'error' if own else 'pageerror'}: {error}"


if __name__ == "__main__":
    firefox = find_firefox()
    print(firefox or "", end="")
    sys.exit(firefox is None)
