"""Sessions with the broker, without a socket."""

from __future__ import annotations

from itertools import product

import pytest

from pystomp_web.server.broker import Broker
from pystomp_web.server.config import BrokerLimits
from tests.unit.server.peers import Clock, Peer

VERSIONS = ("1.0", "1.1", "1.2")


@pytest.fixture
def broker() -> Broker:
    return Broker()


# ------------------------------------------------------------------------------------------------ CONNECT


@pytest.mark.parametrize("command", ["CONNECT", "STOMP"])
@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        (None, "1.0"),
        ("1.0", "1.0"),
        ("1.1", "1.1"),
        ("1.2", "1.2"),
        ("1.0,1.1,1.2", "1.2"),
        ("1.2,1.1,1.0", "1.2"),
        ("1.0, 1.1", "1.1"),
        ("1.1,2.0", "1.1"),
    ],
)
def test_the_highest_common_version(broker: Broker, command: str, offered: str | None, agreed: str) -> None:
    peer = Peer(broker, None)
    peer.raw(f"{command}\n{f'accept-version:{offered}' if offered else 'x:y'}\nhost:any\n\n\0".encode())
    connected = peer.one()
    assert connected.command == "CONNECTED"
    assert connected.headers["version"] == agreed == peer.connection.version
    assert connected.headers["session"] == peer.connection.session_id
    assert ("heart-beat" in connected.headers) is (agreed != "1.0")


def test_no_common_version(broker: Broker) -> None:
    peer = Peer(broker, None)
    peer.send("CONNECT", accept_version="1.3,2.0", host="h")
    error = peer.error()
    assert error.headers["version"] == "1.0,1.1,1.2"
    assert error.headers["message"] == "Version mismatch"
    assert peer.closed == (1002, "Version mismatch: supported protocol versions are 1.0,1.1,1.2")


def test_a_missing_host_is_forgiven_and_line_ends_may_be_crlf(broker: Broker) -> None:
    peer = Peer(broker, None)
    peer.raw(b"CONNECT\r\naccept-version:1.2\r\n\r\n\0")
    assert peer.one().headers["version"] == "1.2"


def test_a_frame_before_connect(broker: Broker) -> None:
    peer = Peer(broker, None)
    peer.send("SEND", destination="/topic/a", receipt="r")
    error = peer.error()
    assert error.headers["message"] == "Not connected"
    assert error.headers["receipt-id"] == "r"


def test_a_receipt_that_1_0_cannot_say_is_left_out(broker: Broker) -> None:
    peer = Peer(broker, None)
    peer.send("SEND", destination="/topic/a", receipt="a\nb")
    assert "receipt-id" not in peer.error().headers


@pytest.mark.parametrize("command", ["CONNECT", "STOMP"])
def test_connecting_twice(broker: Broker, command: str) -> None:
    peer = Peer(broker)
    peer.send(command, accept_version="1.2", host="h")
    assert peer.error().headers["message"] == "Already connected"


def test_connect_gets_no_receipt(broker: Broker) -> None:
    peer = Peer(broker, receipt="r")
    assert peer.take() == []


@pytest.mark.parametrize(
    ("login", "passcode", "admitted"),
    [("al", "s:é\\", True), ("al", "s", False), ("bo", "s:é\\", False), (None, None, False), ("al", None, False)],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_login(version: str, login: str | None, passcode: str | None, admitted: bool) -> None:
    broker = Broker(login="al", passcode="s:é\\")
    peer = Peer(broker, None)
    headers = {name: value for name, value in (("login", login), ("passcode", passcode)) if value is not None}
    peer.send("CONNECT", accept_version=version, host="h", **headers)
    if admitted:
        assert peer.one().command == "CONNECTED"
        assert broker.connections[0].login == "al"
    else:
        error = peer.error()
        assert error.headers["message"] == "Access refused"
        assert error.body == b"login or passcode is wrong\n"
        assert peer.closed == (1008, "Access refused: login or passcode is wrong")
        assert broker.connections == ()


# ------------------------------------------------------------------------------------------------ wrong frames

CONNECTED_ERRORS = [
    ("SEND\nx:y\n\nbody\0", "Header missing"),
    ("SEND\ndestination:/exchange/a\n\n\0", "Unknown destination"),
    ("SEND\ndestination:/topic/\n\n\0", "Unknown destination"),
    ("SEND\ndestination:\n\n\0", "Unknown destination"),
    ("SUBSCRIBE\nid:1\n\n\0", "Header missing"),
    ("SUBSCRIBE\nid:1\ndestination:a\n\n\0", "Unknown destination"),
    ("SUBSCRIBE\nid:1\ndestination:/topic/a\nack:sometimes\n\n\0", "Unknown ack mode"),
    ("UNSUBSCRIBE\nid:9\n\n\0", "Unknown subscription"),
    ("BEGIN\n\n\0", "Header missing"),
    ("COMMIT\ntransaction:t\n\n\0", "Unknown transaction"),
    ("ABORT\ntransaction:t\n\n\0", "Unknown transaction"),
    ("SEND\ndestination:/topic/a\ntransaction:t\n\n\0", "Unknown transaction"),
    ("BEGIN\ntransaction:t\n\n\0BEGIN\ntransaction:t\n\n\0", "Duplicate transaction"),
    ("MESSAGE\ndestination:/topic/a\n\n\0", "Unexpected command"),
    ("RECEIPT\nreceipt-id:1\n\n\0", "Unexpected command"),
    ("BOGUS\n\n\0", "Malformed frame"),
    ("SEND\nno colon\n\n\0", "Malformed frame"),
    ("SUBSCRIBE\nid:1\ndestination:/topic/a\n\nbody\0", "Malformed frame"),
]


@pytest.mark.parametrize(("wire", "message"), CONNECTED_ERRORS)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_wrong_in_every_version(broker: Broker, version: str, wire: str, message: str) -> None:
    peer = Peer(broker, version)
    peer.raw(wire.encode())
    assert peer.error().headers["message"] == message
    assert peer.closed is not None
    assert peer.closed[0] == 1002


@pytest.mark.parametrize(
    ("version", "wire", "message"),
    [
        ("1.1", "SUBSCRIBE\ndestination:/topic/a\n\n\0", "Header missing"),
        ("1.2", "UNSUBSCRIBE\ndestination:/topic/a\n\n\0", "Header missing"),
        ("1.0", "UNSUBSCRIBE\n\n\0", "Header missing"),
        ("1.0", "NACK\nmessage-id:1\n\n\0", "Unexpected command"),
        ("1.0", "ACK\nid:1\n\n\0", "Header missing"),
        ("1.1", "ACK\nmessage-id:1\n\n\0", "Header missing"),
        ("1.1", "NACK\nsubscription:1\n\n\0", "Header missing"),
        ("1.2", "ACK\nmessage-id:1\nsubscription:1\n\n\0", "Header missing"),
        ("1.0", "ACK\nmessage-id:1\n\n\0", "Unexpected ACK"),
        ("1.1", "NACK\nmessage-id:1\nsubscription:1\n\n\0", "Unexpected NACK"),
        ("1.2", "ACK\nid:1-1\n\n\0", "Unexpected ACK"),
        ("1.2", "ACK\nid:\n\n\0", "Unexpected ACK"),
        ("1.1", "SEND\ndestination:/topic/a\\r\n\n\0", "Malformed frame"),
        ("1.2", "SEND\ndestination:/topic/a\\r\n\n\0", "Unknown destination"),
        ("1.0", "SUBSCRIBE\ndestination:/topic/a\r\n\n\0", "Unknown destination"),
        ("1.0", "SEND\r\ndestination:/topic/a\n\n\0", "Malformed frame"),
    ],
)
def test_what_is_wrong_by_version(broker: Broker, version: str, wire: str, message: str) -> None:
    peer = Peer(broker, version)
    peer.raw(wire.encode())
    assert peer.error().headers["message"] == message


def test_error_names_the_receipt_and_nothing_behind_it_counts(broker: Broker) -> None:
    peer = Peer(broker)
    seen: list[str] = []
    broker.on_message(lambda message: seen.append(message.body.decode()))
    peer.raw(
        b"SEND\ndestination:/topic/a\n\nbefore\0SEND\ndestination:bad\nreceipt:r\\c1\n\n\0SEND\ndestination:/topic/a\n\nbehind\0"
    )
    assert peer.error().headers["receipt-id"] == "r:1"
    peer.send("SEND", b"later", destination="/topic/a")
    peer.connection.fail(AssertionError, None)  # type: ignore[arg-type]
    assert seen == ["before"]
    assert peer.take() == []
    assert broker.connections == ()


def test_a_frame_above_a_limit() -> None:
    broker = Broker(limits=BrokerLimits(max_frame_size=200))
    peer = Peer(broker)
    peer.send("SEND", b"x" * 201, destination="/queue/a")
    assert peer.error().headers["message"] == "Frame too large"
    assert peer.closed is not None
    assert peer.closed[0] == 1009


def test_too_many_subscriptions() -> None:
    peer = Peer(Broker(limits=BrokerLimits(max_subscriptions=1)))
    peer.subscribe("/topic/a")
    peer.subscribe("/topic/a", id="2")
    assert peer.error().headers["message"] == "Too many subscriptions"
    assert peer.closed is not None
    assert peer.closed[0] == 1008


# ------------------------------------------------------------------------------------------------ receipts, DISCONNECT


@pytest.mark.parametrize("version", VERSIONS)
def test_every_frame_has_its_receipt(broker: Broker, version: str) -> None:
    peer = Peer(broker, version)
    peer.send("SUBSCRIBE", id="1", destination="/queue/a", ack="client-individual", receipt="subscribe")
    peer.send("BEGIN", transaction="t", receipt="begin")
    peer.send("SEND", b"1", destination="/queue/a", transaction="t", receipt="send-in-t")
    peer.send("COMMIT", transaction="t", receipt="commit")
    peer.send("SEND", b"2", destination="/queue/a", receipt="send")
    frames = peer.take()
    messages = [frame for frame in frames if frame.command == "MESSAGE"]
    receipts = [frame.headers["receipt-id"] for frame in frames if frame.command == "RECEIPT"]
    assert receipts == ["subscribe", "begin", "send-in-t", "commit", "send"]
    peer.settle("ACK", messages[0], receipt="ack")
    peer.settle("ACK" if version == "1.0" else "NACK", messages[1], receipt="n:ack")
    frames = peer.take()
    assert [f.headers["receipt-id"] for f in frames if f.command == "RECEIPT"] == ["ack", "n:ack"]
    peer.send("BEGIN", transaction="t")
    peer.send("ABORT", transaction="t", receipt="abort")
    peer.send("UNSUBSCRIBE", id="1", receipt="unsubscribe")
    peer.send("DISCONNECT", receipt="disconnect")
    assert [frame.headers["receipt-id"] for frame in peer.take()] == ["abort", "unsubscribe", "disconnect"]
    assert peer.closed == (1000, "")


def test_disconnect_without_a_receipt(broker: Broker) -> None:
    peer = Peer(broker)
    peer.send("DISCONNECT")
    assert peer.take() == []
    assert peer.closed == (1000, "")


# ------------------------------------------------------------------------------------------------ MESSAGE


@pytest.mark.parametrize(("version", "mode"), list(product(VERSIONS, ["auto", "client", "client-individual", None])))
def test_headers_of_a_message(broker: Broker, version: str, mode: str | None) -> None:
    peer = Peer(broker, version)
    peer.subscribe("/topic/a", mode, id="s:1")
    headers = {"content_type": "text/plain", "x": "1", "message_id": "forged", "ack": "forged", "redelivered": "true"}
    peer.send("SEND", b"hi", destination="/topic/a", subscription="forged", priority="9", **headers)
    message = peer.one()
    expected = {
        "subscription": "s:1",
        "message-id": message.headers["message-id"],
        "destination": "/topic/a",
        "content-type": "text/plain",
        "x": "1",
        "priority": "9",
        "content-length": "2",
    }
    if version == "1.2" and mode not in (None, "auto"):
        expected["ack"] = "1-1"
    assert message.headers == expected
    assert message.headers["message-id"] != "forged"
    assert message.body == b"hi"


def test_repeated_headers_pass_and_an_empty_body_has_no_length(broker: Broker) -> None:
    peer = Peer(broker)
    peer.subscribe("/topic/a")
    peer.raw(b"SEND\ndestination:/topic/a\nx:1\nx:2\ndestination:/topic/b\nreceipt:r\n\n\0")
    message, _ = peer.take()
    assert [item for item in message.headers.multi_items() if item[0] == "x"] == [("x", "1"), ("x", "2")]
    assert "content-length" not in message.headers
    assert message.headers["destination"] == "/topic/a"


def test_1_0_without_an_id(broker: Broker) -> None:
    peer = Peer(broker, "1.0")
    peer.send("SUBSCRIBE", destination="/topic/a")
    peer.send("SUBSCRIBE", destination="/topic/b")
    broker.publish("/topic/a", "1")
    assert "subscription" not in peer.one().headers
    peer.send("UNSUBSCRIBE", destination="/topic/a")
    broker.publish("/topic/a", "2")
    assert peer.take() == []
    peer.send("SUBSCRIBE", destination="/topic/b")
    assert peer.error().headers["message"] == "Duplicate subscription"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_id_twice(broker: Broker, version: str) -> None:
    peer = Peer(broker, version)
    peer.subscribe("/topic/a")
    peer.subscribe("/topic/b")
    assert peer.error().headers["message"] == "Duplicate subscription"


def test_text_when_utf8_else_binary(broker: Broker) -> None:
    peer = Peer(broker)
    peer.subscribe("/topic/a")
    for body in (b"", "grüße".encode(), b"\0", b"\xff"):
        peer.send("SEND", body, destination="/topic/a")
    assert [text for _, text in peer.sent] == [True, True, True, True, False]
    assert [frame.body for frame in peer.take()] == [b"", "grüße".encode(), b"\0", b"\xff"]


def test_headers_cross_versions(broker: Broker) -> None:
    peers = {version: Peer(broker, version) for version in VERSIONS}
    for peer in peers.values():
        peer.subscribe("/topic/a")
    peers["1.2"].send("SEND", destination="/topic/a", eol="a\nb", cr="a\rb", colon="a:b", back="a\\nb", **{"n:": "v"})
    got = {version: dict(peer.one().headers) for version, peer in peers.items()}
    for headers in got.values():
        assert headers["colon"] == "a:b"
        assert headers["back"] == "a\\nb"
    assert {version: headers.get("eol") for version, headers in got.items()} == {
        "1.0": None,
        "1.1": "a\nb",
        "1.2": "a\nb",
    }
    assert {version: headers.get("cr") for version, headers in got.items()} == {"1.0": None, "1.1": None, "1.2": "a\rb"}
    assert {version: headers.get("n:") for version, headers in got.items()} == {"1.0": None, "1.1": "v", "1.2": "v"}


# ------------------------------------------------------------------------------------------------ heart-beats


@pytest.mark.parametrize(
    ("ours", "theirs", "send_every", "dead_after"),
    [
        ((10_000, 10_000), "5000,20000", 20.0, 20.0),
        ((10_000, 5_000), "0,0", None, None),
        ((10_000, 5_000), "0,1000", 10.0, None),
        ((10_000, 5_000), "1000,0", None, 10.0),
        ((0, 0), "1000,1000", None, None),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_heart_beats(
    version: str, ours: tuple[int, int], theirs: str, send_every: float | None, dead_after: float | None
) -> None:
    clock = Clock()
    broker = Broker(heartbeat=ours, clock=clock)
    peer = Peer(broker, version, heart_beat=theirs)
    assert peer.connected.headers["heart-beat"] == f"{ours[0]},{ours[1]}"
    start = clock.now
    wanted = [start + seconds for seconds in (send_every, dead_after) if seconds is not None]
    assert peer.connection.deadline() == min(wanted, default=float("inf"))
    if send_every is not None:
        clock.now = start + send_every - 0.1
        peer.raw(b"\n")
        peer.connection.tick()
        assert len(peer.sent) == 1
        clock.now = start + send_every
        peer.connection.tick()
        assert peer.sent[1:] == [(b"\n", True)]
        peer.connection.tick()
        assert len(peer.sent) == 2
        peer.raw(b"\n")
        start = clock.now
    if dead_after is not None:
        clock.now = start + dead_after - 0.1
        peer.connection.tick()
        assert peer.closed is None
        clock.now = start + dead_after
        peer.connection.tick()
        assert peer.error().headers["message"] == "Heart-beat missing"
        assert broker.connections == ()
        assert peer.connection.deadline() == float("inf")
        peer.connection.tick()


def test_no_heart_beats_in_1_0() -> None:
    peer = Peer(Broker(), "1.0", heart_beat="rubbish")
    assert peer.connection.deadline() == float("inf")
    peer.connection.tick()
    assert len(peer.sent) == 1


@pytest.mark.parametrize("value", ["1", "a,b", "-1,0", "1,2,3", "1000, 1000"])
def test_a_malformed_heart_beat(broker: Broker, value: str) -> None:
    peer = Peer(broker, None)
    peer.send("CONNECT", accept_version="1.2", host="h", heart_beat=value)
    assert peer.error().headers["message"] == "Malformed heart-beat"


def test_connect_must_come_in_time() -> None:
    clock = Clock()
    broker = Broker(clock=clock, limits=BrokerLimits(connect_timeout=3))
    peer = Peer(broker, None)
    assert peer.connection.deadline() == clock.now + 3
    peer.connection.tick()
    assert peer.closed is None
    clock.now += 3
    peer.connection.tick()
    assert peer.error().headers["message"] == "No CONNECT"
