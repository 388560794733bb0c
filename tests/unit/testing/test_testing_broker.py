"""The fixture `stomp_broker`, used as its users do: from plain tests and from coroutines."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import pystomp_web as stomp
from pystomp_web.testing import StompBroker

QUICK = stomp.Backoff(initial=0.01, maximum=0.05)


async def ended(call: Callable[[], Awaitable[Any]], error: type[stomp.StompError]) -> None:
    """Call until it raises."""
    with pytest.raises(error):
        while True:
            await call()


def test_what_clients_sent_is_received_and_what_the_test_published_is_not(stomp_broker: StompBroker) -> None:
    assert stomp_broker.received(count=0) == []
    with stomp.sync.connect(stomp_broker.url) as client:
        prices = client.subscribe("/topic/prices")
        stomp_broker.wait_subscribed("/topic/prices")
        stomp_broker.publish("/topic/prices", {"eur": 1.08}, {"source": "test"})
        message = prices.get(timeout=10)
        assert message.json() == {"eur": 1.08}
        assert message.content_type == "application/json"
        assert message.headers["source"] == "test"
        client.send("/queue/orders", {"tea": 2}, headers={"priority": "4"})
        client.send("/queue/orders", "coffee")
        client.send("/topic/log", b"\xff")
        orders = stomp_broker.received("/queue/orders", count=2)
        assert [order.text for order in orders] == ['{"tea":2}', "coffee"]
        assert orders[0].json() == {"tea": 2}
        assert orders[0].headers["priority"] == "4"
        assert orders[0].destination == "/queue/orders"
        assert [message.body for message in stomp_broker.received(count=3)][2] == b"\xff"
        assert stomp_broker.connections == 1
    assert len(stomp_broker.received()) == 3


def test_bodies_have_the_type_that_a_client_would_give(stomp_broker: StompBroker) -> None:
    with stomp.sync.connect(stomp_broker.url) as client:
        types = client.subscribe("/queue/types")
        for body in ("text", b"text", b"\xff", ["json"]):
            stomp_broker.publish("/queue/types", body)
        stomp_broker.publish("/queue/types", {}, {"content-type": "application/vnd.x+json"})
        stomp_broker.publish("/queue/types")
        assert [types.get(timeout=10).content_type for _ in range(6)] == [
            *(None, None, "application/octet-stream", "application/json", "application/vnd.x+json", None)
        ]
    with pytest.raises(ValueError, match="none of /topic"):
        stomp_broker.publish("nowhere", "x")


def test_what_did_not_come_is_said(stomp_broker: StompBroker) -> None:
    stomp_broker.publish("/queue/mine", "x")
    with pytest.raises(TimeoutError, match=r"^0 of 2 messages to /queue/orders came within 0\.01 s$"):
        stomp_broker.received("/queue/orders", count=2, timeout=0.01)
    with pytest.raises(TimeoutError, match="0 of 1 messages to any destination"):
        stomp_broker.received(timeout=0.01)
    with pytest.raises(TimeoutError, match="0 of 1 clients were connected"):
        stomp_broker.wait_connected(timeout=0.01)
    with stomp.sync.connect(stomp_broker.url) as client:
        client.subscribe("/topic/b")
        stomp_broker.wait_subscribed("/topic/b")
        with pytest.raises(
            TimeoutError, match=r"^0 of 1 subscriptions to /topic/a came within .* s, but: \['/topic/b'\]$"
        ):
            stomp_broker.wait_subscribed("/topic/a", timeout=0.01)


async def test_a_call_that_blocked_its_own_loop_is_told(stomp_broker: StompBroker) -> None:
    with pytest.raises(TimeoutError) as raised:
        stomp_broker.received(timeout=0.01)
    assert "await the one in `.aio`" in raised.value.__notes__[0]
    with pytest.raises(TimeoutError) as raised:
        await stomp_broker.aio.received(timeout=0.01)
    assert not hasattr(raised.value, "__notes__")


async def test_a_dead_letter_is_no_second_message(stomp_broker: StompBroker) -> None:
    async with stomp.connect(stomp_broker.url) as client:
        dead = client.subscribe("/queue/dlq.a")
        messages = client.subscribe("/queue/a", ack="client-individual")
        await client.send("/queue/a", "bad")
        for _ in range(5):
            await (await messages.get(timeout=10)).nack()
        assert (await dead.get(timeout=10)).headers["original-destination"] == "/queue/a"
    assert [message.destination for message in stomp_broker.received()] == ["/queue/a"]


async def test_cut_and_come_back(stomp_broker: StompBroker) -> None:
    states: list[tuple[stomp.State, Exception | None]] = []
    async with stomp.connect(stomp_broker.url, reconnect=QUICK) as client:
        client.on_state(lambda *change: states.append(change))
        async with client.subscribe("/topic/a") as messages:
            await stomp_broker.aio.wait_subscribed("/topic/a")
            await stomp_broker.aio.cut()
            await stomp_broker.aio.wait_subscribed("/topic/a")  # the new one: the old one has gone
            stomp_broker.publish("/topic/a", "again")
            assert (await messages.get(timeout=10)).text == "again"
        assert client.stats.reconnects == 1
    error = states[0][1]
    assert isinstance(error, stomp.ConnectionLost)
    assert (error.code, error.clean) == (1006, False)


async def test_refuse_and_accept(stomp_broker: StompBroker) -> None:
    stomp_broker.refuse(status=401)
    with pytest.raises(stomp.ConnectError):
        await stomp.connect(stomp_broker.url, reconnect=None)
    with pytest.raises(urllib.error.HTTPError) as refused:
        await asyncio.to_thread(urllib.request.urlopen, f"{stomp_broker.origin}/stomp")
    refused.value.close()
    assert refused.value.code == 401
    client = stomp.Client(stomp_broker.url, reconnect=QUICK)
    failed = asyncio.Event()
    client.on_state(lambda _state, error: failed.set() if error else None)
    client.start()
    await failed.wait()
    assert stomp_broker.connections == 0
    stomp_broker.accept()
    await stomp_broker.aio.wait_connected()
    await client.close()


async def test_what_is_delayed_stays_in_order_and_comes_only_then(stomp_broker: StompBroker) -> None:
    async with stomp.connect(stomp_broker.url) as client, client.subscribe("/topic/a") as messages:
        await messages.confirmed(timeout=10)
        stomp_broker.delay(3600)
        stomp_broker.publish("/topic/a", "late")
        with pytest.raises(stomp.ReceiptTimeout):
            await client.send("/topic/b", receipt=True, timeout=0.05)
        assert messages.pending == 0
        await stomp_broker.aio.received("/topic/b")  # only what goes out is held back
        await stomp_broker.aio.cut()
        stomp_broker.delay(0)
    async with stomp.connect(stomp_broker.url) as client, client.subscribe("/topic/a") as messages:
        await messages.confirmed(timeout=10)
        stomp_broker.delay(0.05)
        for number in range(100):
            stomp_broker.publish("/topic/a", str(number))
        stomp_broker.delay(0)
        stomp_broker.publish("/topic/a", "100")
        assert [(await messages.get(timeout=10)).text for _ in range(101)] == [str(number) for number in range(101)]


async def test_stop_start_and_restart_on_the_same_port(stomp_broker: StompBroker) -> None:
    stomp_broker.start()
    url = stomp_broker.url
    client = await stomp.connect(url, reconnect=QUICK)
    await client.send("/queue/a", "1")
    await stomp_broker.aio.received("/queue/a")
    await stomp_broker.aio.stop()
    await stomp_broker.aio.stop()
    assert stomp_broker.connections == 0
    with pytest.raises(RuntimeError, match="start"):
        stomp_broker.publish("/topic/a", "x")
    with pytest.raises(stomp.ConnectError):
        await stomp.connect(url, reconnect=None)
    await stomp_broker.aio.start()
    assert stomp_broker.url == url
    await stomp_broker.aio.wait_connected()
    await stomp_broker.aio.restart()
    await stomp_broker.aio.wait_connected()
    await client.send("/queue/a", "2")
    assert [message.text for message in await stomp_broker.aio.received("/queue/a", 2)] == ["1", "2"]
    await client.close()


@pytest.mark.stomp_broker(login="al", passcode="secret", heartbeat=(0.5, 0), allow_origins=["http://a.example"])
class TestOptions:
    async def test_login(self, stomp_broker: StompBroker) -> None:
        with pytest.raises(stomp.ConnectRejected):
            await stomp.connect(stomp_broker.url, login="al", passcode="wrong")
        async with stomp.connect(stomp_broker.url, login="al", passcode="secret"):
            assert stomp_broker.connections == 1

    async def test_heartbeat(self, stomp_broker: StompBroker) -> None:
        frames: list[stomp.Frame] = []
        client = stomp.Client(stomp_broker.url, login="al", passcode="secret")
        client.on_frame(lambda _way, frame: frames.append(frame))
        client.start()
        await stomp_broker.aio.wait_connected()
        await client.send("/topic/a", receipt=True)
        await client.close()
        assert next(frame for frame in frames if frame.command == "CONNECTED").headers["heart-beat"] == "500,0"

    @pytest.mark.stomp_broker(passcode="other")
    def test_the_nearest_marker_counts(self, stomp_broker: StompBroker) -> None:
        with stomp.sync.connect(stomp_broker.url, login="al", passcode="other"):
            stomp_broker.wait_connected()

    @pytest.mark.parametrize(("origin", "status"), [("http://a.example", 426), ("http://b.example", 403)])
    def test_origins(self, stomp_broker: StompBroker, origin: str, status: int) -> None:
        request = urllib.request.Request(f"{stomp_broker.origin}/stomp", headers={"Origin": origin})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        refused.value.close()
        assert refused.value.code == status


@pytest.mark.parametrize(
    ("csp", "policy"), [("", "default-src 'self'; script"), (None, "None"), ("default-src *", "default-src *")]
)
def test_pages_and_their_policy(tmp_path: Path, csp: str | None, policy: str) -> None:
    (tmp_path / "index.html").write_text("<p>Hello", encoding="utf-8")
    with StompBroker() as broker:
        before = broker.url
        broker.serve(tmp_path, csp=csp)
        assert broker.url == before
        with urllib.request.urlopen(broker.origin) as answer:
            assert answer.read() == b"<p>Hello"
            assert str(answer.headers["Content-Security-Policy"]).startswith(policy)


async def test_closing_does_not_wait_for_a_client_that_hangs() -> None:
    with StompBroker() as broker:
        client = await stomp.connect(broker.url, reconnect=None)
    # This loop had no turn meanwhile, so nobody answered a closing handshake.
    await ended(lambda: client.send("/topic/a", receipt=True, timeout=10), stomp.StompError)
    broker.close()


def test_a_broker_that_cannot_start_leaves_nothing_behind() -> None:
    broker = StompBroker(allow_origins=["nonsense"])
    with pytest.raises(ValueError, match="is no origin"), broker:
        pass
    assert not broker._thread.is_alive()


def test_the_package_names_what_it_has() -> None:
    from pystomp_web import testing

    assert all(hasattr(testing, name) for name in testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'StompServer'"):
        _ = testing.StompServer
