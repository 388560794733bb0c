"""The words of a diagnosis, on a page that is made up. tests/browser/test_diagnosis.py asks real ones."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

PAGE = "pystomp_web.transport.page"
DIAGNOSIS = "pystomp_web.client.diagnosis"


class Page(SimpleNamespace):
    """What `transport.page` tells of a page."""

    def __init__(self) -> None:
        super().__init__(secure=False, online=True, answer=False, blocked=[], probes=[], closed=False)
        self.late: list[str] = []
        outer = self

        class Violations:
            def __init__(self) -> None:
                self.blocked = outer.blocked

            async def next(self, seconds: float) -> None:
                assert 0 < seconds < 1
                self.blocked += outer.late

            def close(self) -> None:
                outer.closed = True

        self.Violations = Violations

    def page_is_secure(self) -> bool:
        return bool(self.secure)

    def is_online(self) -> bool:
        return bool(self.online)

    async def answers_http(self, url: str, seconds: float) -> bool | None:
        self.probes.append((url, seconds))
        answer: bool | None = self.answer
        return answer


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    made_up = Page()
    import pystomp_web.transport as package

    monkeypatch.setitem(sys.modules, PAGE, made_up)
    monkeypatch.setattr(package, "page", made_up, raising=False)
    monkeypatch.delitem(sys.modules, DIAGNOSIS, raising=False)
    yield made_up
    sys.modules.pop(DIAGNOSIS, None)


def diagnostician() -> Any:
    return importlib.import_module(DIAGNOSIS).Diagnostician()


async def test_mixed_content(page: Page) -> None:
    page.secure = True
    explain = diagnostician().explain
    assert "mixed content" in await explain("ws://example.org/", "SecurityError: the browser's words")
    for local in (
        "ws://localhost:1234/",
        "ws://app.localhost/",
        "ws://127.1.2.3/",
        "ws://[::1]:80/",
        "wss://example.org/",
    ):
        assert "mixed" not in await explain(local, "other")
    assert "mixed" in await explain("ws://localhost.example.org/")


async def test_policy(page: Page) -> None:
    diagnosing = diagnostician()
    page.blocked[:] = ["ws://host:8080/x", "inline", "https://host"]
    assert "Content-Security-Policy" in await diagnosing.explain("ws://host:8080/y?z")
    assert "connect-src" in await diagnosing.explain("ws://host:8080/y?z")
    assert "Security" not in await diagnosing.explain("ws://host:80/", "known")
    assert "Security" not in await diagnosing.explain("wss://host/", "known")
    page.blocked[:] = ["wss"]
    assert "wss://host" in await diagnosing.explain("wss://host/y")
    diagnosing.refresh()
    assert await diagnosing.explain("wss://host/y", "known") == "known"


async def test_a_policy_that_is_told_of_behind_what_it_blocked(page: Page) -> None:
    page.late = ["ws://host/x", "http://other/x"]
    assert "Content-Security-Policy" in await diagnostician().explain("ws://host/x", "NS_ERROR_CONTENT_BLOCKED")
    page.blocked.clear()
    text = await diagnostician().explain("ws://other/x")
    assert "Content-Security-Policy does not let it ask" in text
    page.blocked.clear()
    assert await diagnostician().explain("ws://host/x", "SyntaxError: no token") == "SyntaxError: no token"


async def test_what_webkit_calls_insecure(page: Page) -> None:
    insecure = "SecurityError: The operation is insecure."
    assert "Content-Security-Policy" in await diagnostician().explain("ws://localhost/x", insecure)
    page.secure = True
    assert "mixed content" in await diagnostician().explain("ws://localhost/x", insecure)
    assert "Content-Security-Policy" in await diagnostician().explain("wss://localhost/x", insecure)


async def test_offline_and_ports(page: Page) -> None:
    diagnosing = diagnostician()
    for port in (25, 6000, 10080):
        assert "blocked port" in await diagnosing.explain(f"ws://[::1]:{port}/")
    page.online = False
    assert "offline" in await diagnosing.explain("ws://host/")
    assert page.probes == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (True, ["an HTTP server", "path", "subprotocol", "Origin"]),
        (False, ["nothing that speaks HTTP", "nothing listens", "TLS", "61613", "gateway"]),
        (None, ["does not answer HTTP", "61613", "gateway"]),
    ],
)
async def test_the_probe(page: Page, answer: bool | None, words: list[str]) -> None:
    page.answer = answer
    diagnosing = diagnostician()
    for token in (1, 2):
        text = await diagnosing.explain(f"ws://host:8080/stomp?token={token}")
        assert all(word in text for word in words)
        assert "token" not in text
    assert page.probes == [("ws://host:8080/stomp?token=1", 2.0)]
    assert await diagnosing.explain("ws://other/") == ""
    diagnosing.refresh()
    assert await diagnosing.explain("ws://other/") != ""
    assert len(page.probes) == 2
    diagnosing.close()
    assert page.closed


async def test_a_probe_that_the_policy_blocks(page: Page) -> None:
    page.blocked[:] = ["https://host:8443/stomp"]
    text = await diagnostician().explain("wss://host:8443/stomp")
    assert "not found out" in text
    assert "https://host:8443" in text
