"""stomp.py, a client that nobody here wrote, on the embedded broker: over plain TCP and over a WebSocket."""

from __future__ import annotations

import queue
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import stomp

from pystomp_web.server.config import ServerConfig
from pystomp_web.server.serving import Serving, serving
from tests.support.loopthread import LoopThread

WAIT = 20
KINDS = ["tcp-1.0", "tcp-1.1", "tcp-1.2", "ws-1.2"]
TCP = {"tcp-1.0": stomp.StompConnection10, "tcp-1.1": stomp.StompConnection11, "tcp-1.2": stomp.StompConnection12}


class Listener(stomp.ConnectionListener):  # type: ignore[misc]
    """Puts everything that comes into one queue."""

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()

    def on_connected(self, frame: Any) -> None:
        self.events.put(("connected", frame))

    def on_message(self, frame: Any) -> None:
        self.events.put(("message", frame))

    def on_receipt(self, frame: Any) -> None:
        self.events.put(("receipt", frame))

    def on_error(self, frame: Any) -> None:
        self.events.put(("error", frame))

    def on_disconnected(self) -> None:
        self.events.put(("disconnected", None))

    def get(self, kind: str) -> Any:
        got, frame = self.events.get(timeout=WAIT)
        assert got == kind, (got, frame)
        return frame


@pytest.fixture(scope="module")
def server(loop_thread: LoopThread) -> Iterator[Serving]:
    context = serving(ServerConfig(tcp_port=0, login="al", passcode="geheim"))
    started = loop_thread.run(context.__aenter__())
    yield started
    loop_thread.run(context.__aexit__(None, None, None))


def make(server: Serving, kind: str, **options: Any) -> tuple[Any, Listener]:
    if kind == "ws-1.2":
        connection = stomp.WSStompConnection([("127.0.0.1", server.port)], ws_path="/stomp", **options)
    else:
        connection = TCP[kind]([("127.0.0.1", server.tcp_port)], **options)
    listener = Listener()
    connection.set_listener("", listener)
    return connection, listener


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(server: Serving, kind: str) -> Iterator[tuple[Any, Listener]]:
    connection, listener = make(server, kind)
    connection.connect("al", "geheim", wait=True)
    frame = listener.get("connected")
    assert frame.headers["version"] == kind[-3:]
    yield connection, listener
    if connection.is_connected():
        leave(connection, listener)


def leave(connection: Any, listener: Listener) -> None:
    """DISCONNECT with a receipt; stomp.py tells of it behind, or before, the end that it brings about."""
    connection.disconnect(receipt="bye")
    assert {listener.events.get(timeout=WAIT)[0] for _ in range(2)} == {"receipt", "disconnected"}


def subscribe(connection: Any, destination: str, kind: str, **options: Any) -> None:
    if kind == "tcp-1.0":
        connection.subscribe(destination, headers={"receipt": "sub"}, **options)
    else:
        connection.subscribe(destination, "1", headers={"receipt": "sub"}, **options)


def settle(connection: Any, kind: str, frame: Any, command: str = "ack", **options: Any) -> None:
    names = {
        "tcp-1.0": [frame.headers["message-id"]],
        "tcp-1.1": [frame.headers["message-id"], "1"],
        "tcp-1.2": [frame.headers.get("ack")],
        "ws-1.2": [frame.headers.get("ack")],
    }
    getattr(connection, command)(*names[kind], **options)


def unique(prefix: str) -> str:
    return f"{prefix}{uuid.uuid4().hex}"


def test_publish_and_subscribe(client: tuple[Any, Listener], kind: str) -> None:
    connection, listener = client
    topic = unique("/topic/")
    subscribe(connection, topic, kind)
    assert listener.get("receipt").headers["receipt-id"] == "sub"
    connection.send(topic, "grüße: \\ 😀", headers={"foo": "b:r"}, content_type="text/plain")
    message = listener.get("message")
    assert message.body == "grüße: \\ 😀"
    assert message.headers["foo"] == "b:r"
    assert message.headers["destination"] == topic
    assert message.headers["content-type"] == "text/plain"


def test_acknowledgement_and_redelivery(server: Serving, client: tuple[Any, Listener], kind: str) -> None:
    connection, listener = client
    name = unique("/queue/")
    for number in range(3):
        connection.send(name, f"{number}")
    subscribe(connection, name, kind, ack="client-individual")
    events = [listener.events.get(timeout=WAIT) for _ in range(4)]
    messages = [frame for what, frame in events if what == "message"]
    assert [message.body for message in messages] == ["0", "1", "2"]
    settle(connection, kind, messages[1], receipt="acked") if kind != "tcp-1.0" else settle(
        connection, kind, messages[1]
    )
    if kind != "tcp-1.0":
        assert listener.get("receipt").headers["receipt-id"] == "acked"
        settle(connection, kind, messages[0], "nack")
        again = listener.get("message")
        assert (again.body, again.headers["redelivered"]) == ("0", "true")
    connection.send(unique("/topic/"), "x", headers={"receipt": "sent"})
    assert listener.get("receipt").headers["receipt-id"] == "sent"
    leave(connection, listener)
    assert server.broker is not None
    assert server.broker.length(name) == 2


def test_transactions(client: tuple[Any, Listener], kind: str) -> None:
    connection, listener = client
    topic = unique("/topic/")
    subscribe(connection, topic, kind)
    listener.get("receipt")
    aborted = connection.begin()
    connection.send(topic, "aborted", transaction=aborted)
    connection.abort(aborted)
    committed = connection.begin()
    connection.send(topic, "committed", transaction=committed)
    connection.send(topic, "beside")
    connection.commit(committed)
    assert [listener.get("message").body for _ in range(2)] == ["beside", "committed"]


def test_unsubscribe(client: tuple[Any, Listener], kind: str) -> None:
    connection, listener = client
    topic = unique("/topic/")
    subscribe(connection, topic, kind)
    listener.get("receipt")
    if kind == "tcp-1.0":
        connection.unsubscribe(destination=topic)
    else:
        connection.unsubscribe("1")
    connection.send(topic, "unheard", headers={"receipt": "sent"})
    assert listener.get("receipt").headers["receipt-id"] == "sent"


def test_an_error_ends_the_connection(client: tuple[Any, Listener], kind: str) -> None:
    connection, listener = client
    connection.send("/nowhere", "x", headers={"receipt": "r"})
    error = listener.get("error")
    assert error.headers["message"] == "Unknown destination"
    assert error.headers["receipt-id"] == "r"
    listener.get("disconnected")


def test_a_wrong_passcode(server: Serving, kind: str) -> None:
    connection, listener = make(server, kind, reconnect_attempts_max=1)
    connection.connect("al", "falsch")
    error = listener.get("error")
    assert error.headers["message"] == "Access refused"
    assert "passcode" in error.body
    listener.get("disconnected")


@pytest.mark.parametrize("kind", ["tcp-1.1", "tcp-1.2", "ws-1.2"])
def test_heart_beats_keep_the_connection(loop_thread: LoopThread, kind: str) -> None:
    context = serving(ServerConfig(tcp_port=0, heartbeat=(100, 100)))
    quick = loop_thread.run(context.__aenter__())
    connection, listener = make(quick, kind, heartbeats=(400, 400))
    beats: queue.Queue[None] = queue.Queue()
    listener.on_heartbeat = lambda: beats.put(None)
    connection.connect(wait=True)
    assert listener.get("connected").headers["heart-beat"] == "100,100"
    for _ in range(4):  # of ours: without its own the connection would be dead long since
        beats.get(timeout=WAIT)
    leave(connection, listener)
    loop_thread.run(context.__aexit__(None, None, None))


def test_a_large_message(client: tuple[Any, Listener], kind: str) -> None:
    connection, listener = client
    topic = unique("/topic/")
    subscribe(connection, topic, kind)
    listener.get("receipt")
    body = "äx" * 300_000
    connection.send(topic, body)
    assert listener.get("message").body == body
