"""The fixture `stomp_pair`: a client and a test at the two ends of a line in memory."""

from __future__ import annotations

import asyncio

import pytest

import pystomp_web as stomp
from pystomp_web.testing import StompPair

URL = "ws://test.invalid/stomp"


@pytest.fixture
def client(stomp_pair: StompPair) -> stomp.Client:
    backoff = stomp.Backoff(initial=0.01, maximum=0.05)
    return stomp.Client(URL, login="al", transport=stomp_pair.transport, reconnect=backoff)


async def connected(pair: StompPair, client: stomp.Client, version: str = "1.2") -> stomp.Frame:
    """Connect, and wait until the client knows."""
    known = asyncio.Event()
    forget = client.on_state(lambda state, _error: known.set() if state is stomp.State.CONNECTED else None)
    if pair.end is None:
        client.start()
    frame = await pair.connected(version, {"server": "mine/1"})
    await known.wait()
    forget()
    return frame


async def test_a_conversation(stomp_pair: StompPair, client: stomp.Client) -> None:
    connect = await connected(stomp_pair, client)
    assert connect.headers["login"] == "al"
    messages = client.subscribe("/topic/a")
    subscribe = await stomp_pair.receive("SUBSCRIBE")
    await messages.confirmed(timeout=10)  # its receipt came
    fields = {"subscription": subscribe.headers["id"], "message-id": "1", "destination": "/topic/a"}
    stomp_pair.send("MESSAGE", fields, "text")
    stomp_pair.send("MESSAGE", fields, b"\xff")
    assert (await messages.get(timeout=10)).text == "text"
    assert (await messages.get(timeout=10)).body == b"\xff"
    assert client.server == "mine/1"
    await client.send("/queue/a", "x")
    assert (await stomp_pair.receive()).body == b"x"
    await client.close(timeout=0)


async def test_receipts_can_be_kept_back(stomp_pair: StompPair, client: stomp.Client) -> None:
    await connected(stomp_pair, client, "1.1")
    assert client.version == "1.1"
    stomp_pair.receipts = False
    with pytest.raises(stomp.ReceiptTimeout):
        await client.send("/queue/a", receipt=True, timeout=0.01)
    send = await stomp_pair.receive("SEND")
    assert "receipt" in send.headers
    await client.close(timeout=0)


async def test_the_next_connection_takes_the_place_of_the_one_that_was_cut(
    stomp_pair: StompPair, client: stomp.Client
) -> None:
    await connected(stomp_pair, client)
    first = stomp_pair.end
    assert first is not None
    first.cut()
    await connected(stomp_pair, client)
    assert stomp_pair.end is not first
    assert client.stats.reconnects == 1
    await client.close(timeout=0)


async def test_what_is_not_as_scripted_is_said(stomp_pair: StompPair, client: stomp.Client) -> None:
    with pytest.raises(RuntimeError, match=r"transport=stomp_pair\.transport"):
        stomp_pair.send("RECEIPT", {"receipt-id": "1"})
    with pytest.raises(TimeoutError, match=r"no frame came within 0\.01 s"):
        await stomp_pair.receive(timeout=0.01)
    client.start()
    with pytest.raises(AssertionError, match=r"CONNECT.* came, SEND was due"):
        await stomp_pair.receive("SEND")
    with pytest.raises(TimeoutError, match="no SEND came"):
        await stomp_pair.receive("SEND", timeout=0.01)
    await client.close(timeout=0)
