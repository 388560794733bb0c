"""Why a WebSocket did not open. A browser hides it from the page; this finds out what can be found out, in words."""

from __future__ import annotations

from ..transport import page
from .url import host_of

#: The ports that browsers refuse (Fetch standard, "bad port").
_BLOCKED_PORTS = frozenset(
    int(port)
    for port in (
        "0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 "
        "123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 "
        "989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 "
        "10080"
    ).split()
)
#: Seconds that the probe may take.
_PROBE = 2.0
#: Seconds that the page's policy has to say that it was the one to refuse.
_LATE = 0.25
_GATEWAY = "a gateway (python -m pystomp_web.server --broker tcp://host:port)"
#: What it means when something answers the probe, nothing does, or not in time.
_FINDINGS = {
    True: "an HTTP server is there but refused the WebSocket handshake: see the path of the URL, the subprotocols, and "
    "whether the server allows this page's Origin",
    False: "nothing that speaks HTTP answers there: nothing listens (is the server running, are host and port right?), "
    "TLS failed (open the address with https:// in a tab and look at the certificate), or it is a plain STOMP port "
    f"such as 61613, which cannot answer a WebSocket handshake: use the broker's WebSocket port, or {_GATEWAY}",
    None: "something listens there but does not answer HTTP: perhaps a plain STOMP port such as 61613, which cannot "
    f"answer a WebSocket handshake: use the broker's WebSocket port, or {_GATEWAY}",
}


class Diagnostician:
    """Watches one client's page. The probe is made at most once between two `refresh()`."""

    def __init__(self) -> None:
        self._violations = page.Violations()
        self._probed: dict[str, str] = {}

    async def explain(self, url: str, known: str = "") -> str:
        """Why the WebSocket at this URL did not open, and what to do about it.

        Args:
            url: absolute.
            known: what the browser said by itself, where it said anything.
        """
        scheme, _, rest = url.partition("://")
        place = rest.replace("?", "/").partition("/")[0]
        vague = "SecurityError" in known  # WebKit raises it for a policy and for mixed content, of local hosts too
        if scheme == "ws" and page.page_is_secure() and (vague or not _is_local(host_of(url))):
            return "mixed content: this page came over https, so it may open wss:// only; use a wss:// URL"
        refused = known and "SyntaxError" not in known
        if vague or (await self._was_blocked(scheme, place) if refused else self._is_blocked(scheme, place)):
            return f"blocked by this page's Content-Security-Policy: add {scheme}://{place} to its connect-src"
        if not page.is_online():
            return "offline: the browser has no network; it will be tried again when it has"
        port = place.rpartition("]")[2].partition(":")[2]
        if port and int(port) in _BLOCKED_PORTS:
            return (
                f"a blocked port: browsers refuse {port}, whatever listens there; let the server listen on another port"
            )
        if known:
            return known
        asked = url.partition("?")[0]
        if asked not in self._probed:
            if self._probed:
                return ""
            self._probed[asked] = await self._probe(url, place)
        return self._probed[asked]

    async def _probe(self, url: str, place: str) -> str:
        answer = await page.answers_http(url, _PROBE)
        scheme = "https" if url.startswith("wss:") else "http"
        if answer is False and await self._was_blocked(scheme, place):
            return (
                f"not found out, since this page's Content-Security-Policy does not let it ask {scheme}://{place}: "
                "nothing listens there, TLS failed, it is a plain STOMP port, or an HTTP server refused the WebSocket "
                "handshake (path, subprotocol, Origin)"
            )
        return _FINDINGS[answer]

    async def _was_blocked(self, scheme: str, place: str) -> bool:
        """Of what has just failed: Firefox and WebKit tell of the policy in an event behind the failure."""
        if not self._is_blocked(scheme, place):
            await self._violations.next(_LATE)
        return self._is_blocked(scheme, place)

    def _is_blocked(self, scheme: str, place: str) -> bool:
        """Whether the page's policy has blocked just this; browsers name the whole URL, its origin or its scheme."""
        origin = f"{scheme}://{place}"
        return any(
            blocked in {scheme, origin} or blocked.startswith((f"{origin}/", f"{origin}?"))
            for blocked in self._violations.blocked
        )

    def refresh(self) -> None:
        """Connected: what was found before is old."""
        self._probed.clear()
        self._violations.blocked.clear()

    def close(self) -> None:
        """Stop watching."""
        self._violations.close()


def _is_local(host: str) -> bool:
    """Whether browsers trust the host without TLS."""
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "[::1]"
