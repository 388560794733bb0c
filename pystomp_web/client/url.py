"""Where to connect: a URL made absolute and checked. In a page the browser's own URL takes it apart."""

from __future__ import annotations

import sys

_SCHEMES = frozenset({"ws", "wss", "http", "https"})


def resolve(url: str) -> str:
    """The absolute ws or wss URL.

    Args:
        url: `ws://` or `wss://`; in a page also relative, `http://` or `https://`, resolved against the page.

    Raises:
        ValueError: it cannot be the URL of a WebSocket, or would carry a secret. The text says why.
        TypeError: it is not a str.
    """
    if not isinstance(url, str):
        raise TypeError(f"a URL is a str, not {type(url).__name__}")
    if not url.strip():
        raise ValueError("the URL is empty: give one such as '/stomp' or 'wss://host/stomp'")
    if "#" in url:
        raise ValueError("a WebSocket's URL has no #fragment: leave it out")
    scheme, colon, rest = url.strip().partition(":")
    if colon and scheme.lower() in _SCHEMES and (not rest.startswith("//") or rest[2:3] in {"", "/", "\\", "?"}):
        raise ValueError(f"{_shown(url)} has no host")  # which a browser would make of what follows
    if sys.platform == "emscripten":
        from ..transport.browser import resolve_url

        try:
            absolute = resolve_url(url)
        except ValueError:
            raise ValueError(f"the browser takes {_shown(url)} for no URL") from None
    else:
        absolute = url.strip(" ")
        if any(char <= " " or char in "\x7f\\" for char in absolute):
            raise ValueError(f"{_shown(url)} holds a space, a backslash or a control character: write %20 and so on")
    scheme, separator, rest = absolute.partition("://")
    if scheme.lower() not in ("ws", "wss") or not separator:
        where = "" if sys.platform == "emscripten" else " (relative and http URLs are for pages, which have an address)"
        raise ValueError(f"{_shown(url)} is no WebSocket URL: it must begin with ws:// or wss://{where}")
    authority = rest.replace("\\", "/").replace("?", "/").partition("/")[0]
    if "@" in authority:
        raise ValueError("a URL must not hold user:password@, which ends in logs: use login= and passcode=")
    if not host_of(absolute):
        raise ValueError(f"{_shown(url)} has no host")
    if sys.platform != "emscripten":
        _check_port(authority, url)
    return absolute


def host_of(url: str) -> str:
    """The host name of an absolute URL, without port; that of an IPv6 address keeps its brackets."""
    authority = url.partition("://")[2].replace("?", "/").partition("/")[0]
    if authority.startswith("["):
        return authority.partition("]")[0] + "]"
    return authority.partition(":")[0]


def _check_port(authority: str, url: str) -> None:
    port = authority.rpartition("]")[2].partition(":")
    if port[1] and port[2] and not (port[2].isascii() and port[2].isdigit() and 0 < int(port[2]) < 65536):
        raise ValueError(f"{_shown(url)} has no valid port")


def _shown(url: str) -> str:
    """The URL for a message, without what may be a secret."""
    scheme, separator, rest = url.partition("://")
    return repr(f"{scheme}{separator}{rest.rpartition('@')[2]}".partition("?")[0])
