"""URLs on CPython; tests/behaviour/urls.py has those of a page."""

from __future__ import annotations

import pytest

from pystomp_web.client.url import host_of, resolve


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("ws://host", "host"),
        ("ws://host:80/x", "host"),
        ("wss://host?x", "host"),
        ("ws://[::1]:61614/stomp", "[::1]"),
        ("ws://[::1]", "[::1]"),
        ("ws://a.b-c.example/@:x", "a.b-c.example"),
    ],
)
def test_host(url: str, host: str) -> None:
    assert resolve(url) == url
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        *("ws://host:0/", "ws://host:65536/", "ws://host:-1/", "ws://host:8o/", "ws://host:٣/", "ws://:80/"),
        *("ws:/host", "WS:host", "wss:", "http://host", "ws://u:p@h", "ws://u@h:1", "ws://h\\@x", "ws://\\host"),
        *("ws://h#", "ws://h\tx", "ws://h\x7f"),
    ],
)
def test_refused(url: str) -> None:
    with pytest.raises(ValueError):
        resolve(url)


def test_what_is_shown_holds_no_secret() -> None:
    for url in ("ftp://user:hidden@host/?token=hidden", "ftp://host/?token=hidden", "ws://user:hidden@host/"):
        with pytest.raises(ValueError) as caught:
            resolve(url)
        assert "hidden" not in str(caught.value)
