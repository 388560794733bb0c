"""credentials=: asked before every WebSocket, good for that one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from situation import raises, situation, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)


async def wants_a_fresh_token_each_time(peer: Peer) -> None:
    token = f"token-{peer.number}"
    if peer.number == 1:
        peer.refuse(401)
        return
    if peer.number == 3:
        await peer.expect("CONNECT", passcode=token, login="alice", x_tenant=token)
        await peer.error("expired")
        await peer.close(1008)
        return
    connect = await peer.connect(version="1.1")
    assert connect.headers["passcode"] == token
    assert connect.headers["login"] == "alice"
    assert connect.headers["x-tenant"] == token
    assert "static" not in connect.headers
    if peer.number < 5:
        await peer.expect("SEND")
        peer.cut()
        return
    await peer.serve()


@situation(wants_a_fresh_token_each_time)
async def credentials_are_fresh_for_every_websocket_that_is_opened(url: str) -> None:
    attempts: list[int] = []

    async def credentials(attempt: int) -> dict[str, Any]:
        attempts.append(attempt)
        token = f"token-{len(attempts)}"
        return {"login": "alice", "passcode": token, "headers": {"x-tenant": token}}

    async with stomp.connect(
        url, credentials=credentials, login="static", headers={"static": "1"}, reconnect=FAST
    ) as client:
        await client.send("/queue/a")
        # 1 was refused and 2 asked otherwise: one attempt. 2 was cut, 3 rejected, 4 taken and cut.
        await until(lambda: client.stats.reconnects == 1 and client.state == "connected")
        await client.send("/queue/a")
        await until(lambda: client.stats.reconnects == 2 and client.state == "connected")
        assert attempts == [1, 1, 1, 2, 1]


async def gives_its_number(peer: Peer) -> None:
    await peer.connect()
    assert peer.request.query.get("token") == f"t{peer.number}"
    if peer.number == 1:
        await peer.expect("SEND")
        peer.cut()
        return
    await peer.serve()


@situation(gives_its_number)
async def a_url_from_credentials_is_used_once_and_is_the_one_in_use(url: str) -> None:
    count = 0

    async def credentials(_attempt: int) -> dict[str, str]:
        nonlocal count
        count += 1
        return {"url": f"{url}?token=t{count}"}

    client = stomp.Client("ws://127.0.0.1:1/never", credentials=credentials, reconnect=FAST)
    async with client:
        assert client.url == f"{url}?token=t1"
        assert "token" not in repr(client)
        await client.send("/queue/a")
        await until(lambda: client.stats.reconnects == 1 and client.state == "connected")
        assert client.url == f"{url}?token=t2"


async def serves(peer: Peer) -> None:
    await peer.connect()
    await peer.serve()


@situation(serves)
async def an_exception_in_credentials_is_tried_again(url: str) -> None:
    calls = 0

    async def credentials(_attempt: int) -> dict[str, str]:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise OSError("secret-word")
        return {}

    async with stomp.connect(url, credentials=credentials, reconnect=FAST) as client:
        assert calls == 3
        assert client.state == "connected"


@situation(serves)
async def an_exception_in_credentials_is_the_cause_in_the_end(url: str) -> None:
    async def credentials(_attempt: int) -> dict[str, str]:
        raise LookupError("secret-word")

    with raises(stomp.ConnectError, "credentials", "LookupError") as caught:
        await stomp.connect(url, credentials=credentials, reconnect=None)
    assert isinstance(caught[0].__cause__, LookupError)
    assert "secret-word" not in str(caught[0])


async def is_not_reached(peer: Peer) -> None:
    raise AssertionError("a WebSocket was opened")


@situation(is_not_reached)
async def what_credentials_may_not_give_is_refused_at_once(url: str) -> None:
    for given in (
        {"user": "x"},
        {"url": "ftp://x/"},
        {"url": "ws://u:p@host/"},
        {"passcode": "a\nb"},
        {"headers": {"host": "x"}},
    ):

        async def credentials(_attempt: int, given: dict[str, Any] = given) -> dict[str, Any]:
            return given

        with raises(ValueError) as caught:
            await stomp.connect(url, credentials=credentials, reconnect=FAST)
        assert "u:p" not in str(caught[0])


@situation(is_not_reached)
async def a_slow_credentials_call_is_part_of_the_attempt(url: str) -> None:
    import asyncio

    cancelled = False

    async def credentials(_attempt: int) -> dict[str, str]:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled = True
            raise
        return {}

    with raises(stomp.ConnectTimeout):
        await stomp.connect(url, credentials=credentials, connect_timeout=0.1, reconnect=None)
    assert cancelled


@situation(serves)
async def a_plain_function_and_none_will_do(url: str) -> None:
    logging.getLogger("pystomp_web")
    async with stomp.connect(url, credentials=lambda _attempt: None, reconnect=None) as client:
        assert client.state == "connected"
