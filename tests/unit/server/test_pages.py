"""Static files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pystomp_web.server.pages import (
    MIME_TYPES,
    Folder,
    file_response,
    page_policy,
    security_headers,
    socket_source,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / ".git").mkdir()
    for name in ("index.html", "sub/index.html", "a.js", ".env", ".git/config"):
        (root / name).write_text(name)
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "inside").symlink_to(root / "a.js")
    return root


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", "index.html"),
        ("index.html", "index.html"),
        ("a.js", "a.js"),
        ("inside", "a.js"),
        ("sub/", "sub/index.html"),
        ("sub/index.html", "sub/index.html"),
        ("sub", None),
        ("empty/", None),
        ("none", None),
        ("../secret", None),
        ("sub/../../secret", None),
        ("link", None),
        ("//etc/passwd", None),
        (".env", None),
        (".git/config", None),
        ("./a.js", None),
        ("a\0.js", None),
    ],
)
def test_find(root: Path, path: str, found: str | None) -> None:
    assert Folder(root).find(path) == (None if found is None else root / found)


def test_types() -> None:
    assert MIME_TYPES[".wasm"] == "application/wasm"
    assert MIME_TYPES[".mjs"].startswith("text/javascript")
    assert file_response(Path("a.WHL")).headers["Content-Type"] == "application/zip"
    assert file_response(Path("a")).headers["Content-Type"] == "application/octet-stream"
    assert file_response(Path("a")).headers["Cache-Control"] == "no-cache"


def test_the_policy() -> None:
    headers = security_headers("a.example:8080")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; "
        "connect-src 'self' ws://a.example:8080 wss://a.example:8080; "
    )
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-inline" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_pages_may_open_the_sockets_that_are_named() -> None:
    policy = security_headers("a.example", sockets=["wss://b.example", "ws://[::1]:15674"])["Content-Security-Policy"]
    assert "connect-src 'self' ws://a.example wss://a.example wss://b.example ws://[::1]:15674; " in policy


def test_a_sockets_origin() -> None:
    assert socket_source("WS://127.0.0.1:15674") == "ws://127.0.0.1:15674"
    for wrong in ("", "http://a", "ws://a/ws", "ws://a; script-src *", "ws://*", "ws://a b", "ws://a:x", "ws://u@a"):
        with pytest.raises(ValueError, match="is no WebSocket's origin"):
            socket_source(wrong)


def test_only_the_pages_of_pyscript_may_make_code_of_text() -> None:
    strict = security_headers("a.example")
    assert security_headers("a.example", "/pyscript") == security_headers("a.example", "/x/pyscript/") == strict
    for path in ("/pyscript/", "/pyscript/main/index.html"):
        headers = security_headers("a.example", path)
        directives = dict(part.split(" ", 1) for part in headers.pop("Content-Security-Policy").split("; "))
        assert directives.pop("script-src") == "'self' 'unsafe-eval'"
        assert directives.pop("worker-src") == "'self' blob:"
        assert directives["connect-src"] == "'self' blob: ws://a.example wss://a.example"
        assert directives["default-src"] == "'self'"
        assert {"base-uri", "form-action", "frame-ancestors", "object-src"} < set(directives)
        assert headers.pop("Cross-Origin-Embedder-Policy") == "require-corp"
        assert headers.items() < strict.items()


def test_what_a_page_says_itself_is_the_servers_policy_for_one_origin() -> None:
    assert page_policy() == (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; base-uri 'none'; "
        "form-action 'self'; object-src 'none'"
    )
    assert "; connect-src 'self' ws://b.example wss://c.example; " in page_policy(
        "/", ["ws://b.example", "wss://c.example"]
    )
    assert "script-src 'self' 'unsafe-eval'; worker-src 'self' blob:; connect-src 'self' blob:; " in page_policy(
        "/pyscript/main/"
    )
