"""Which hosts and origins are welcome."""

from __future__ import annotations

import pytest

from pystomp_web.server.origins import Gatekeeper, host_name, is_loopback


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_is_loopback(name: str, expected: bool) -> None:
    assert is_loopback(name) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.example", "a.example"),
        ("A.example:80", "a.example"),
        ("[::1]:8080", "::1"),
        ("[::1]", "::1"),
        ("", None),
        ("a b", None),
        ("a;script-src *", None),
        ("user@a", None),
        ("a:b", None),
        ("a:1:2", None),
    ],
)
def test_host_name(host: str, expected: str | None) -> None:
    assert host_name(host) == expected


@pytest.mark.parametrize(
    ("bound", "allowed", "host", "known"),
    [
        ("127.0.0.1", (), "127.0.0.1:8080", True),
        ("127.0.0.1", (), "localhost:8080", True),
        ("127.0.0.1", (), "[::1]:8080", True),
        ("127.0.0.1", (), "evil.example", False),
        ("127.0.0.1", (), "evil.example:8080", False),
        ("127.0.0.1", (), "", False),
        ("127.0.0.1", ("http://proxy.example",), "proxy.example", True),
        ("localhost", (), "evil.example", False),
        ("0.0.0.0", (), "any.example", True),
        ("0.0.0.0", (), "a;b", False),
        ("my.host", (), "other.example", True),
    ],
)
def test_knows_host(bound: str, allowed: tuple[str, ...], host: str, known: bool) -> None:
    assert Gatekeeper(bound, allowed).knows_host(host) is known


@pytest.mark.parametrize(
    ("origin", "host", "admitted"),
    [
        (None, "a:1", True),
        ("http://a:1", "a:1", True),
        ("HTTP://A:1", "a:1", True),
        ("https://a:1", "a:1", True),
        ("http://a", "a", True),
        ("http://a", "a:80", True),
        ("https://a", "a:443", True),
        ("http://a", "a:443", False),
        ("http://a:2", "a:1", False),
        ("http://b:1", "a:1", False),
        ("http://a.b:1", "a:1", False),
        ("null", "a:1", False),
        ("", "a:1", False),
        ("file://", "a:1", False),
        ("chrome-extension://a:1", "a:1", False),
        ("http://good.example:3", "a:1", True),
        ("https://good.example:3", "a:1", False),
        ("https://tls.example", "a:1", True),
    ],
)
def test_admits_origin(origin: str | None, host: str, admitted: bool) -> None:
    gatekeeper = Gatekeeper("127.0.0.1", ("http://good.example:3/", "https://TLS.example:443"))
    assert gatekeeper.admits_origin(origin, host) is admitted


def test_null_can_be_allowed() -> None:
    assert Gatekeeper("127.0.0.1", ("null",)).admits_origin("null", "a:1")


@pytest.mark.parametrize(
    "origin", ["", "*", "a.example", "http://", "ftp://a", "http://a/b", "http://a?b", "http://[a"]
)
def test_what_is_no_origin(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        Gatekeeper("127.0.0.1", (origin,))
