"""Firefox for those tests that run in it where it is installed: Debian's, driven by Playwright over BiDi."""

from __future__ import annotations

import os
import shutil
import sys

from playwright.sync_api import Browser, Playwright

NAMES = ("firefox-esr", "firefox")


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
    return playwright.firefox.launch(channel="moz-firefox", executable_path=executable)


if __name__ == "__main__":
    firefox = find_firefox()
    print(firefox or "", end="")
    sys.exit(firefox is None)
