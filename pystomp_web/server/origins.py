"""Who may use the server: the Origin of a WebSocket handshake, and the Host of every request.

Browsers let any page open a WebSocket to any server (RFC 6455, section 10.2), so the server must look at Origin itself.
And a foreign page can give its own name this machine's address (DNS rebinding), so a server on a loopback address looks
at Host too.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
#: host or [IPv6], and a port. It goes into a header, so nothing else may be in it.
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)


class Gatekeeper:
    """Knows which hosts and origins are this server's.

    Args:
        host: the address that the server listens on.
        allow_origins: origins other than its own that are welcome, such as "http://example.com:8000".

    Raises:
        ValueError: an allowed origin is none.
    """

    def __init__(self, host: str, allow_origins: Iterable[str] = ()) -> None:
        self._host = host.lower()
        self._loopback = is_loopback(host)
        self._origins = {_origin(origin) for origin in allow_origins}
        self._hosts = {host_name(urlsplit(origin).netloc) for origin in self._origins}

    def knows_host(self, host: str) -> bool:
        """Whether a request with this Host header is meant for this server."""
        name = host_name(host)
        if name is None:
            return False
        return not self._loopback or is_loopback(name) or name == self._host or name in self._hosts

    def admits_origin(self, origin: str | None, host: str) -> bool:
        """Whether a handshake with this Origin (None: not from a browser) may go on."""
        if origin is None:
            return True
        origin = origin.lower()
        if origin in self._origins:
            return True
        scheme, _, place = origin.partition("://")
        default = _DEFAULT_PORTS.get(scheme)
        # Not the scheme: a proxy in front may have taken TLS off.
        return default is not None and place.removesuffix(default) == host.lower().removesuffix(default)


def host_name(host: str) -> str | None:
    """The name or address in a Host header, in lower case and without brackets and port; None when it is none."""
    found = _HOST.fullmatch(host)
    return None if found is None else found[1].lower().strip("[]")


def is_loopback(name: str) -> bool:
    """Whether this name or address is always this machine."""
    name = name.lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _origin(origin: str) -> str:
    if origin == "null":
        return origin
    try:
        parts = urlsplit(origin.lower())
        default = _DEFAULT_PORTS.get(parts.scheme)
        if default is not None and _HOST.fullmatch(parts.netloc) and parts.path in ("", "/") and not parts.query:
            return f"{parts.scheme}://{parts.netloc.removesuffix(default)}"
    except ValueError:
        pass
    raise ValueError(f"{origin!r} is no origin: give scheme, host and port only, such as http://example.com:8000")
