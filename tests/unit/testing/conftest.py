"""A fixture `page`, as pytest-playwright has it: on the one browser of the run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own."""
    with browser.new_context() as context:
        yield context.new_page()
