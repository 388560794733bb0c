"""Why a WebSocket did not open: what the browser hides from the page, found out and told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from situation import ENGINE, MAIN, WORKER, raises, situation

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

IN_PAGE = (MAIN, WORKER)


async def refuses(peer: Peer) -> None:
    assert peer.request.headers.get("Cookie") is None
    peer.refuse(403)


async def is_not_reached(peer: Peer) -> None:
    raise AssertionError("a WebSocket was opened")


@situation(refuses)
async def a_refused_handshake_is_told(url: str) -> None:
    with raises(stomp.ConnectError) as caught:
        await stomp.connect(f"{url}?token=hidden", reconnect=None)
    diagnosis = caught[0].diagnosis
    if ENGINE == "native":
        assert "HTTP 403" in diagnosis
    elif ENGINE == "webkit":  # the policy's ws://127.0.0.1:* lets http through too, as CSP 3 says (schemes, "ws")
        assert "an HTTP server is there but refused the WebSocket handshake" in diagnosis
    else:  # the page's own policy keeps the probe from asking another origin
        assert "Content-Security-Policy" in diagnosis
        assert "HTTP server refused the WebSocket handshake" in diagnosis
    assert "hidden" not in str(caught[0])
    assert diagnosis in str(caught[0])


@situation(is_not_reached, where=IN_PAGE)
async def a_violation_of_the_pages_policy_is_told(url: str) -> None:
    blocked = url.replace("127.0.0.1", "localhost")
    with raises(stomp.ConnectError, "Content-Security-Policy", "connect-src", "ws://localhost:") as caught:
        await stomp.connect(blocked, reconnect=None)
    assert "blocked" in caught[0].diagnosis
    # The violation of one address is none of another's.
    with raises(stomp.ConnectError) as caught:
        await stomp.connect("ws://127.0.0.1:1/", reconnect=None)
    assert "ws://127.0.0.1" not in caught[0].diagnosis


@situation(is_not_reached, where=IN_PAGE)
async def a_blocked_port_is_told(url: str) -> None:
    for port in (25, 6667):
        with raises(stomp.ConnectError, "blocked port", str(port)) as caught:
            await stomp.connect(f"ws://127.0.0.1:{port}/stomp", reconnect=None)
        assert "blocked port" in caught[0].diagnosis
        assert not isinstance(caught[0], stomp.ConnectTimeout), "the browser says at once that it refuses the port"


@situation(is_not_reached, where=IN_PAGE)
async def a_place_where_nothing_listens_is_told(url: str) -> None:
    with raises(stomp.ConnectError, "nothing listens") as caught:
        await stomp.connect("ws://127.0.0.1:3/", reconnect=None)
    assert not isinstance(caught[0], stomp.ConnectTimeout)


async def opens_and_says_nothing(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.until_gone()


@situation(opens_and_says_nothing)
async def what_opened_needs_no_diagnosis(url: str) -> None:
    with raises(stomp.ConnectTimeout, "no CONNECTED") as caught:
        await stomp.connect(url, connect_timeout=0.3, reconnect=None)
    assert caught[0].diagnosis == ""
