"""The linked pair and its faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pystomp_web.errors import ConnectError
from pystomp_web.transport.memory import MemoryTransport


class Heard:
    """What a transport delivered; `turn` lets everything that is due arrive."""

    def __init__(self, transport: MemoryTransport) -> None:
        self.items: list[bytes] = []
        self.ends: list[tuple[int, str, bool]] = []
        self.ended = asyncio.Event()
        self.hook: Callable[[bytes], None] = lambda _data: None
        transport.on_data = self._on_data
        transport.on_close = self._on_close

    def _on_data(self, data: Any) -> None:
        assert not self.ends
        self.items.append(bytes(data))
        self.hook(self.items[-1])

    def _on_close(self, code: int, reason: str, clean: bool) -> None:
        self.ends.append((code, reason, clean))
        self.ended.set()


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_both_ways_in_order_in_a_later_turn() -> None:
    client, server = MemoryTransport.pair(subprotocol="v11.stomp")
    at_client, at_server = Heard(client), Heard(server)
    await client.open()
    assert client.subprotocol == server.subprotocol == "v11.stomp"
    client.send("grüße\ud800")
    client.send(b"\0")
    client.send("")
    server.send("x")
    assert at_server.items == at_client.items == []
    await turns()
    assert at_server.items == ["grüße\ufffd".encode(), b"\0", b""]
    assert server.received == ["grüße\ud800", b"\0", ""]
    assert at_client.items == [b"x"]
    assert client.buffered == 0


async def test_an_answer_from_within_a_delivery_has_its_own_turn() -> None:
    client, server = MemoryTransport.pair()
    at_client, at_server = Heard(client), Heard(server)
    depth = 0

    def ping(_data: bytes) -> None:
        nonlocal depth
        depth += 1
        assert depth == 1
        client.send("ping")
        server.send("pong")
        depth -= 1

    at_client.hook = at_server.hook = ping
    client.send("ping")
    await turns()
    assert at_server.items
    assert at_client.items
    client.close()


async def test_without_a_subprotocol() -> None:
    client, _server = MemoryTransport.pair(subprotocol="")
    assert (client.subprotocols, client.subprotocol) == ((), "")


async def test_close_comes_behind_what_was_sent() -> None:
    client, server = MemoryTransport.pair()
    at_client, at_server = Heard(client), Heard(server)
    client.send("last")
    server.send("never seen")
    client.close(3000, "é" * 100)
    client.close()
    client.send("too late")
    await turns()
    assert at_server.items == [b"last"]
    assert at_server.ends == [(3000, "é" * 61, True)]
    assert (at_client.items, at_client.ends) == ([], [])
    assert client.ended
    assert server.ended
    server.send("to nobody")
    server.close()
    await turns()
    assert client.received == []


async def test_close_within_a_delivery() -> None:
    client, server = MemoryTransport.pair()
    at_client = Heard(client)
    at_client.hook = lambda _data: client.close()
    server.split = 1
    server.send("abc")
    server.send("def")
    await turns()
    assert (at_client.items, at_client.ends) == ([b"a"], [])


async def test_cut_comes_behind_what_arrived_and_loses_the_rest() -> None:
    client, server = MemoryTransport.pair()
    at_client, at_server = Heard(client), Heard(server)
    client.send("arrived")
    server.send("arrived too")
    server.delay = 3600
    server.send("on its way")
    client.cut()
    client.cut(1001, "again")
    await turns()
    assert at_server.items == [b"arrived"]
    assert at_client.items == [b"arrived too"]
    assert at_server.ends == at_client.ends == [(1006, "", False)]


async def test_cut_with_a_code_within_a_delivery() -> None:
    client, server = MemoryTransport.pair()
    at_client, at_server = Heard(client), Heard(server)
    server.split = 2
    at_client.hook = lambda _data: None if at_client.items[1:] else client.cut(1012, "restart", clean=True)
    server.send("abcd")
    await turns(6)
    assert at_client.items == [b"ab", b"cd"]
    assert at_client.ends == at_server.ends == [(1012, "restart", True)]


async def test_cut_does_not_overtake_a_close() -> None:
    client, server = MemoryTransport.pair()
    at_server = Heard(server)
    client.close(3000, "mine")
    server.cut()
    await turns()
    assert at_server.ends == [(3000, "mine", True)]


async def test_a_stalled_line_holds_back_and_counts() -> None:
    client, server = MemoryTransport.pair()
    at_client, at_server = Heard(client), Heard(server)
    client.send("before")
    client.stall()
    client.capacity = 4
    client.send("ümlaut")
    await turns()
    server.drain()
    assert at_server.items == []
    assert client.buffered == len("before") + len("ümlaut".encode()) - 4
    client.go()
    assert client.buffered == 0
    await turns()
    assert at_server.items == [b"before", "ümlaut".encode()]
    client.stall()
    client.send("lost")
    server.cut()
    await turns()
    assert at_server.items[2:] == []
    assert at_server.ends == at_client.ends == [(1006, "", False)]
    client.go()


async def test_delay_keeps_the_order() -> None:
    client, server = MemoryTransport.pair()
    at_server = Heard(server)
    client.delay = 0.01
    client.send("slow")
    client.delay = 0
    client.send("fast")
    client.close()
    await turns()
    assert at_server.items == []
    await at_server.ended.wait()
    assert at_server.items == [b"slow", b"fast"]


async def test_drop_by_number_and_by_choice() -> None:
    client, server = MemoryTransport.pair()
    at_server = Heard(server)
    client.drop = 2
    for text in "abc":
        client.send(text)
    client.drop = lambda data: data == b"x"
    client.send(b"x")
    client.send("x")
    await turns()
    assert at_server.items == [b"c", b"x"]
    assert server.received == ["c", "x"]


@pytest.mark.parametrize("joined", [True, False])
async def test_split(joined: bool) -> None:
    client, server = MemoryTransport.pair()
    server.joined = joined
    at_server = Heard(server)
    client.split = 3
    client.send("aöbcdef")
    client.send("")
    client.send(b"xyz")
    await turns()
    assert at_server.items == (
        [b"a\xc3\xb6", b"bcd", b"ef", b"", b"xyz"] if joined else ["aöbcdef".encode(), b"", b"xyz"]
    )
    assert server.received == ["aöbcdef", "", b"xyz"]


async def test_pause_resume_and_drain() -> None:
    client, server = MemoryTransport.pair()
    at_server = Heard(server)
    at_server.hook = lambda _data: server.pause()
    client.split = 2
    client.send("abcd")
    client.close(3001)
    await turns()
    server.drain()
    assert at_server.items == [b"ab"]
    server.resume()
    assert at_server.items == [b"ab"]
    server.drain()
    assert at_server.items == [b"ab", b"cd"]
    server.resume()
    await turns()
    assert at_server.ends == [(3001, "", True)]
    server.drain()


async def test_drain_within_a_delivery_does_nothing() -> None:
    client, server = MemoryTransport.pair()
    at_server = Heard(server)
    at_server.hook = lambda _data: server.drain()
    client.send("a")
    client.send("b")
    await turns()
    assert at_server.items == [b"a", b"b"]


async def test_an_exception_of_the_receiver_goes_to_the_loop() -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    client, server = MemoryTransport.pair()
    at_server = Heard(server)

    def fail(_data: bytes) -> None:
        raise LookupError("on purpose")

    at_server.hook = fail
    client.split = 1
    client.send("ab")
    client.send("c")
    client.close()
    await turns()
    assert at_server.items == [b"a", b"b", b"c"]
    assert at_server.ends == [(1000, "", True)]
    assert [type(context["exception"]) for context in reported] == [LookupError] * 3


async def test_a_factory_hands_over_the_server_end() -> None:
    servers: list[MemoryTransport] = []

    async def on_connect(server: MemoryTransport) -> None:
        assert (server.url, server.subprotocols) == ("ws://h/x", ("v12.stomp", "v11.stomp"))
        server.subprotocol = "v11.stomp"
        server.send("early")
        await turns()
        servers.append(server)

    client = MemoryTransport.factory(on_connect)("ws://h/x", ("v12.stomp", "v11.stomp"))
    at_client = Heard(client)
    client.send("not open: nothing happens")
    client.cut()
    client.go()
    client.drain()
    await client.open()
    assert at_client.items == []
    assert client.subprotocol == "v11.stomp"
    assert client.peer is servers[0]
    client.send("x")
    await turns()
    assert at_client.items == [b"early"]
    assert servers[0].received == ["x"]


async def test_a_plain_factory_that_ends_at_once() -> None:
    client = MemoryTransport.factory(lambda server: server.close(1013, "later"))("ws://h/")
    at_client = Heard(client)
    await client.open()
    await turns()
    assert at_client.ends == [(1013, "later", True)]


async def test_a_factory_refuses() -> None:
    ends: list[Heard] = []

    def refuse(server: MemoryTransport) -> None:
        ends.append(Heard(server))
        raise ConnectError("no")

    client = MemoryTransport.factory(refuse)("ws://h/")
    at_client = Heard(client)
    with pytest.raises(ConnectError, match="no"):
        await client.open()
    await turns()
    assert at_client.ends == []
    assert ends[0].ends == [(1006, "", False)]


@pytest.mark.parametrize("how", ["cancel", "close"])
async def test_open_is_given_up(how: str) -> None:
    entered = asyncio.Event()
    go_on = asyncio.Event()
    ends: list[Heard] = []

    async def on_connect(server: MemoryTransport) -> None:
        ends.append(Heard(server))
        entered.set()
        await go_on.wait()

    client = MemoryTransport.factory(on_connect)("ws://h/")
    opening = asyncio.create_task(client.open())
    await entered.wait()
    if how == "cancel":
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
    else:
        client.close()
        go_on.set()
        with pytest.raises(ConnectError):
            await opening
    await turns()
    assert ends[0].ends == [(1006, "", False) if how == "cancel" else (1000, "", True)]
    assert client.ended
