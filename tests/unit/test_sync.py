"""The blocking face on CPython, against the embedded broker."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import pystomp_web as stomp
from pystomp_web import sync
from pystomp_web.server.config import ServerConfig
from pystomp_web.server.serving import serving
from tests.support.loopthread import LoopThread


@pytest.fixture(scope="module")
def url(loop_thread: LoopThread) -> Iterator[str]:
    context = serving(ServerConfig(login="alice", passcode="wonderland"))
    server = loop_thread.run(context.__aenter__())
    yield server.socket_url
    loop_thread.run(context.__aexit__(None, None, None))


@pytest.fixture
def client(url: str) -> Iterator[sync.Client]:
    with sync.connect(url, login="alice", passcode="wonderland") as connected:
        yield connected


def test_it_sends_and_receives(client: sync.Client) -> None:
    with client.subscribe("/topic/sync") as messages:
        messages.confirmed(timeout=10)
        client.send("/topic/sync", {"n": 1}, receipt=True)
        message = messages.get(timeout=10)
        assert message.json() == {"n": 1}
        assert message.text == '{"n":1}'
        assert message.body == b'{"n":1}'
        assert message.destination == "/topic/sync"
        assert message.content_type == "application/json"
        assert message.headers["destination"] == "/topic/sync"
        assert message.id
        assert not message.redelivered
        assert "/topic/sync" in repr(message)
        assert "<pre>" in message._repr_html_()
        assert messages.pending == 0
        assert messages.destination == "/topic/sync"
        assert messages.id in repr(messages)


def test_a_subscription_is_iterated_until_it_ends(client: sync.Client) -> None:
    messages = client.subscribe("/topic/loop")
    messages.confirmed()
    for number in range(3):
        client.send("/topic/loop", str(number))
    seen = []
    for message in messages:
        seen.append(message.text)
        if len(seen) == 3:
            messages.unsubscribe()
    assert seen == ["0", "1", "2"]


def test_nothing_comes_in_time(client: sync.Client) -> None:
    with pytest.raises(TimeoutError):
        client.subscribe("/topic/quiet").get(timeout=0.01)


def test_messages_are_settled(client: sync.Client) -> None:
    messages = client.subscribe("/queue/settle", ack="client-individual")
    client.send("/queue/settle", "once")
    messages.get(timeout=10).nack()
    again = messages.get(timeout=10)
    assert again.redelivered
    again.ack(receipt=True)
    with pytest.raises(ValueError, match="settled"):
        again.ack()


def test_a_transaction_commits_or_aborts(client: sync.Client) -> None:
    messages = client.subscribe("/queue/tx", ack="client-individual")
    with pytest.raises(KeyError), client.transaction() as tx:
        tx.send("/queue/tx", "never")
        raise KeyError
    with client.transaction(receipt=True) as tx:
        tx.send("/queue/tx", "committed", headers={"n": 1})
    message = messages.get(timeout=10)
    assert message.text == "committed"
    with client.transaction(receipt=True) as tx:
        tx.ack(message)
    client.send("/queue/tx", "refused")
    refused = messages.get(timeout=10)
    with client.transaction(receipt=True) as tx:
        tx.nack(refused)
    assert messages.get(timeout=10).redelivered


def test_a_request_is_answered(client: sync.Client, url: str) -> None:
    def answer() -> None:
        with sync.connect(url, login="alice", passcode="wonderland") as other:
            request = other.subscribe("/queue/ask").get(timeout=10)
            headers = {"correlation-id": request.headers["correlation-id"]}
            other.send(request.headers["reply-to"], request.text.upper(), headers=headers, receipt=True)

    thread = threading.Thread(target=answer)
    thread.start()
    assert client.request("/queue/ask", "hello", timeout=10).text == "HELLO"
    thread.join()


def test_it_tells_where_it_stands(client: sync.Client) -> None:
    assert client.state == "connected"
    assert client.version == "1.2"
    assert client.server
    assert client.stats.frames_out >= 1
    assert "connected" in repr(client)
    client.reconnect_now()


def test_closing_ends_the_thread(url: str) -> None:
    before = {thread for thread in threading.enumerate() if thread.name == "pystomp_web.sync"}
    client = sync.connect(url, login="alice", passcode="wonderland")
    client.close()
    client.close()
    assert client.state == "closed"
    assert {thread for thread in threading.enumerate() if thread.name == "pystomp_web.sync"} == before


def test_a_failure_is_raised_and_leaves_no_thread(url: str) -> None:
    before = set(threading.enumerate())
    with pytest.raises(stomp.ConnectRejected):
        sync.connect(url, login="alice", passcode="wrong")
    assert set(threading.enumerate()) == before
