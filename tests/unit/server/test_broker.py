"""Destinations, acknowledgement, redelivery, transactions and limits, without a socket."""

from __future__ import annotations

import logging
from itertools import product

import pytest

from pystomp_web.server.broker import Broker, QueueFull
from pystomp_web.server.config import BrokerLimits
from pystomp_web.server.messages import Message
from tests.unit.server.peers import Peer

VERSIONS = ("1.0", "1.1", "1.2")
TRACKED = ("client", "client-individual")


@pytest.fixture
def broker() -> Broker:
    return Broker()


def fill(broker: Broker, destination: str, count: int) -> None:
    for number in range(1, count + 1):
        broker.publish(destination, str(number))


# ------------------------------------------------------------------------------------------------ topics and queues


def test_a_topic_goes_to_all_who_are_there(broker: Broker) -> None:
    peers = [Peer(broker, version) for version in VERSIONS]
    broker.publish("/topic/a", "nobody")
    for peer in peers:
        peer.subscribe("/topic/a")
    broker.publish("/topic/a", "all")
    peers[0].send("UNSUBSCRIBE", id="1")
    broker.publish("/topic/a", "two")
    peers[1].connection.lost()
    broker.publish("/topic/a", "one")
    broker.publish("/topic/b", "other")
    assert [peer.bodies() for peer in peers] == [["all"], ["all", "two"], ["all", "two", "one"]]
    peers[2].connection.lost()
    assert list(broker.destinations) == []


def test_two_subscriptions_of_one_connection_each_get_a_copy(broker: Broker) -> None:
    peer = Peer(broker)
    peer.subscribe("/topic/a")
    peer.subscribe("/topic/a", id="2")
    broker.publish("/topic/a", "x")
    first, second = peer.take()
    assert (first.headers["subscription"], second.headers["subscription"]) == ("1", "2")
    assert first.headers["message-id"] == second.headers["message-id"]


def test_a_queue_keeps_its_order_until_somebody_comes(broker: Broker) -> None:
    fill(broker, "/queue/a", 3)
    assert broker.length("/queue/a") == 3
    assert list(broker.destinations) == ["/queue/a"]
    peer = Peer(broker)
    peer.subscribe("/queue/a")
    assert peer.bodies() == ["1", "2", "3"]
    assert broker.length("/queue/a") == 0
    peer.send("UNSUBSCRIBE", id="1")
    assert list(broker.destinations) == []


def test_a_queue_goes_round_robin(broker: Broker) -> None:
    peers = [Peer(broker) for _ in range(3)]
    for peer in peers:
        peer.subscribe("/queue/a")
    fill(broker, "/queue/a", 7)
    assert [peer.bodies() for peer in peers] == [["1", "4", "7"], ["2", "5"], ["3", "6"]]


# ------------------------------------------------------------------------------------------------ acknowledgement


@pytest.mark.parametrize("version", VERSIONS)
def test_auto_needs_none_and_takes_none(broker: Broker, version: str) -> None:
    fill(broker, "/queue/a", 1)
    peer = Peer(broker, version)
    peer.subscribe("/queue/a", "auto")
    message = peer.one()
    assert "ack" not in message.headers
    given = {"message_id": message.headers["message-id"], "subscription": "1", "id": message.headers["message-id"]}
    peer.send("ACK", **given)
    assert peer.error().headers["message"] == "Unexpected ACK"
    assert broker.length("/queue/a") == 0


@pytest.mark.parametrize(("version", "mode"), list(product(VERSIONS, TRACKED)))
def test_what_is_not_acknowledged_goes_back_when_the_connection_is_lost(
    broker: Broker, version: str, mode: str
) -> None:
    fill(broker, "/queue/a", 4)
    peer = Peer(broker, version)
    peer.subscribe("/queue/a", mode)
    messages = peer.take()
    peer.settle("ACK", messages[2])
    peer.connection.lost()
    peer.connection.lost()
    # Cumulative: 1 and 2 went with 3.
    assert broker.length("/queue/a") == (1 if mode == "client" else 3)
    second = Peer(broker)
    second.subscribe("/queue/a")
    assert second.bodies() == (["4*"] if mode == "client" else ["1*", "2*", "4*"])


@pytest.mark.parametrize(("version", "mode"), list(product(VERSIONS[1:], TRACKED)))
def test_nack_redelivers(broker: Broker, version: str, mode: str) -> None:
    fill(broker, "/queue/a", 4)
    peer = Peer(broker, version)
    peer.subscribe("/queue/a", mode)
    messages = peer.take()
    peer.settle("NACK", messages[2])
    again = peer.take()
    # 1.2 alone says that NACK is cumulative in mode client.
    expected = ["1", "2", "3"] if (version, mode) == ("1.2", "client") else ["3"]
    assert [frame.body.decode() for frame in again] == expected
    assert all(frame.headers["redelivered"] == "true" for frame in again)
    assert again[-1].headers["message-id"] == messages[2].headers["message-id"]
    if version == "1.2":
        assert again[-1].headers["ack"] != messages[2].headers["ack"]
    peer.settle("ACK", again[-1])
    assert peer.closed is None


@pytest.mark.parametrize(("version", "mode"), list(product(VERSIONS, TRACKED)))
def test_a_second_ack_is_unexpected(broker: Broker, version: str, mode: str) -> None:
    fill(broker, "/queue/a", 2)
    peer = Peer(broker, version)
    peer.subscribe("/queue/a", mode)
    _, message = peer.take()
    peer.settle("ACK", message)
    peer.settle("ACK", message)
    assert peer.error().headers["message"] == "Unexpected ACK"


def test_an_ack_is_for_its_own_subscription(broker: Broker) -> None:
    peer = Peer(broker, "1.1")
    peer.subscribe("/topic/a", "client")
    peer.subscribe("/topic/a", "client", id="2")
    broker.publish("/topic/a", "x")
    first, second = peer.take()
    peer.settle("ACK", second)
    peer.settle("ACK", first)
    assert peer.closed is None
    peer.send("ACK", message_id=first.headers["message-id"], subscription="3")
    assert peer.error().headers["message"] == "Unexpected ACK"


def test_1_0_acks_without_naming_a_subscription_or_with(broker: Broker) -> None:
    peer = Peer(broker, "1.0")
    for number in "123":
        peer.subscribe("/topic/a", "client", id=number)
    broker.publish("/topic/a", "x")
    message = peer.take()[0]
    peer.settle("ACK", message, subscription="2")
    assert [len(subscription.unsettled) for subscription in peer.connection.subscriptions.values()] == [1, 0, 1]
    peer.settle("ACK", message)
    peer.settle("ACK", message)
    assert peer.closed is None
    assert [len(subscription.unsettled) for subscription in peer.connection.subscriptions.values()] == [0, 0, 0]


@pytest.mark.parametrize("version", VERSIONS)
def test_unsubscribing_gives_back_and_late_acks_do_no_harm(broker: Broker, version: str) -> None:
    fill(broker, "/queue/a", 3)
    first, second = Peer(broker, version), Peer(broker)
    first.subscribe("/queue/a", "client")
    messages = first.take()
    second.subscribe("/queue/a")
    first.settle("ACK", messages[0])
    first.send("UNSUBSCRIBE", id="1")
    assert second.bodies() == ["2*", "3*"]
    first.settle("ACK", messages[1])
    assert first.closed is None
    first.settle("ACK", messages[0])
    assert first.error().headers["message"] == "Unexpected ACK"


def test_what_comes_back_finds_its_old_place(broker: Broker) -> None:
    fill(broker, "/queue/a", 4)
    first = Peer(broker)
    first.subscribe("/queue/a", "client-individual")
    messages = first.take()
    second = Peer(broker)
    first.buffered = 2 * 1024 * 1024  # nothing more for it
    broker.publish("/queue/a", "5")
    for number in (3, 0, 2):
        first.settle("NACK", messages[number])
    second.subscribe("/queue/a")
    assert second.bodies() == ["1*", "3*", "4*", "5"]
    first.connection.lost()
    assert second.bodies() == ["2*"]


def test_a_topic_redelivers_to_the_same_subscription_only(broker: Broker) -> None:
    first, second = Peer(broker), Peer(broker)
    first.subscribe("/topic/a", "client")
    second.subscribe("/topic/a", "client")
    broker.publish("/topic/a", "x")
    first.settle("NACK", first.one())
    assert first.bodies() == ["x*"]
    first.connection.lost()
    assert second.bodies() == ["x"]
    second.send("UNSUBSCRIBE", id="1")
    assert list(broker.destinations) == []


# ------------------------------------------------------------------------------------------------ dead letters


@pytest.mark.parametrize("destination", ["/queue/a/b", "/topic/a/b"])
def test_after_five_deliveries_a_message_is_dead(broker: Broker, destination: str) -> None:
    peer = Peer(broker)
    peer.subscribe(destination, "client")
    peer.send("SEND", b"x", destination=destination, foo="bar")
    for delivery in range(5):
        message = peer.one()
        assert ("redelivered" in message.headers) is bool(delivery)
        peer.settle("NACK", message)
    assert peer.take() == []
    assert broker.length("/queue/dlq.a/b") == 1
    peer.subscribe("/queue/dlq.a/b", "client", id="2")
    dead = peer.one()
    assert dead.body == b"x"
    assert dead.headers["original-destination"] == destination
    assert dead.headers["destination"] == "/queue/dlq.a/b"
    assert dead.headers["foo"] == "bar"
    assert dead.headers["message-id"] == message.headers["message-id"]
    assert "redelivered" not in dead.headers


def test_lost_connections_count_as_deliveries_too(broker: Broker) -> None:
    broker.publish("/queue/a", "x")
    for _ in range(5):
        peer = Peer(broker)
        peer.subscribe("/queue/a", "client")
        assert len(peer.take()) == 1
        peer.connection.lost()
    assert (broker.length("/queue/a"), broker.length("/queue/dlq.a")) == (0, 1)


def test_a_dead_letter_stays_until_it_is_consumed(broker: Broker) -> None:
    broker.publish("/queue/dlq.a", "x")
    peer = Peer(broker)
    peer.subscribe("/queue/dlq.a", "client")
    for _ in range(20):
        peer.settle("NACK", peer.one())
    peer.settle("ACK", peer.one())
    assert broker.length("/queue/dlq.dlq.a") == 0


# ------------------------------------------------------------------------------------------------ temporary queues


def test_a_reply_comes_to_a_temporary_queue(broker: Broker) -> None:
    asker, answerer = Peer(broker), Peer(broker)
    answerer.subscribe("/queue/service")
    asker.subscribe("/temp-queue/r1")
    asker.send("SEND", b"?", destination="/queue/service", reply_to="/temp-queue/r1", correlation_id="c")
    question = answerer.one()
    answerer.send("SEND", b"!", destination=question.headers["reply-to"], receipt="r")
    assert answerer.one().command == "RECEIPT"
    assert asker.bodies() == ["!"]


def test_a_temporary_queue_is_private_and_goes_with_its_connection(broker: Broker) -> None:
    owner, other = Peer(broker), Peer(broker)
    owner.subscribe("/temp-queue/r1")
    owner.send("UNSUBSCRIBE", id="1")
    other.send("SEND", b"kept", destination="/temp-queue/r1")
    owner.subscribe("/temp-queue/r1", id="2")
    assert owner.bodies() == ["kept"]
    other.subscribe("/temp-queue/r1")
    assert other.error().headers["message"] == "Not your queue"
    with pytest.raises(ValueError, match="read by the connection"):
        broker.subscribe("/temp-queue/r1", print)
    owner.connection.lost()
    assert list(broker.destinations) == []
    broker.publish("/temp-queue/r1", "dropped")
    assert list(broker.destinations) == []


def test_what_a_temporary_queue_can_not_deliver_is_dropped(broker: Broker) -> None:
    peer = Peer(broker)
    peer.subscribe("/temp-queue/r1", "client")
    broker.publish("/temp-queue/r1", "x")
    for _ in range(5):
        peer.settle("NACK", peer.one())
    assert list(broker.destinations) == ["/temp-queue/r1"]
    assert broker.length("/temp-queue/r1") == 0
    broker.publish("/temp-queue/r1", "y")
    peer.connection.lost()
    assert list(broker.destinations) == []


# ------------------------------------------------------------------------------------------------ transactions


@pytest.mark.parametrize("version", VERSIONS)
def test_commit_publishes_in_order_and_abort_nothing(broker: Broker, version: str) -> None:
    peer = Peer(broker, version)
    peer.subscribe("/topic/a")
    for name in ("t", "u"):
        peer.send("BEGIN", transaction=name)
        peer.send("SEND", f"1{name}".encode(), destination="/topic/a", transaction=name)
        peer.send("SEND", f"2{name}".encode(), destination="/topic/a", transaction=name)
    peer.send("SEND", b"beside", destination="/topic/a")
    assert peer.bodies() == ["beside"]
    peer.send("ABORT", transaction="u")
    assert peer.bodies() == []
    peer.send("COMMIT", transaction="t")
    assert peer.bodies() == ["1t", "2t"]
    peer.send("BEGIN", transaction="t")
    peer.send("COMMIT", transaction="t")
    peer.send("COMMIT", transaction="t")
    assert peer.error().headers["message"] == "Unknown transaction"


@pytest.mark.parametrize(("version", "end"), list(product(VERSIONS, ["COMMIT", "ABORT", "lost"])))
def test_acks_in_a_transaction(broker: Broker, version: str, end: str) -> None:
    fill(broker, "/queue/a", 3)
    peer = Peer(broker, version)
    peer.subscribe("/queue/a", "client-individual")
    messages = peer.take()
    peer.send("BEGIN", transaction="t")
    peer.settle("ACK", messages[1], transaction="t")
    if end == "lost":
        peer.connection.lost()
        assert broker.length("/queue/a") == 3
        return
    peer.send(end, transaction="t")
    peer.settle("ACK", messages[1])
    if end == "COMMIT":
        assert peer.error().headers["message"] == "Unexpected ACK"
        assert broker.length("/queue/a") == 2
    else:
        assert peer.closed is None
        peer.connection.lost()
        assert broker.length("/queue/a") == 2


def test_nacks_in_a_transaction(broker: Broker) -> None:
    fill(broker, "/queue/a", 2)
    peer = Peer(broker)
    peer.subscribe("/queue/a", "client-individual")
    messages = peer.take()
    peer.send("BEGIN", transaction="t")
    peer.settle("NACK", messages[0], transaction="t")
    assert peer.take() == []
    peer.send("COMMIT", transaction="t")
    assert peer.bodies() == ["1*"]
    peer.send("BEGIN", transaction="t")
    peer.settle("NACK", messages[1], transaction="t")
    peer.settle("ACK", messages[1])
    assert peer.error().headers["message"] == "Unexpected ACK"


def test_an_aborted_cumulative_ack_is_undone_in_order(broker: Broker) -> None:
    fill(broker, "/queue/a", 4)
    peer = Peer(broker)
    peer.subscribe("/queue/a", "client")
    messages = peer.take()
    peer.send("BEGIN", transaction="t")
    peer.settle("ACK", messages[1], transaction="t")
    peer.send("ABORT", transaction="t")
    peer.settle("ACK", messages[2])
    peer.connection.lost()
    assert broker.length("/queue/a") == 1


def test_unsubscribing_amid_a_transaction(broker: Broker) -> None:
    fill(broker, "/queue/a", 2)
    peer = Peer(broker)
    peer.subscribe("/queue/a", "client-individual")
    messages = peer.take()
    peer.send("BEGIN", transaction="t")
    peer.settle("ACK", messages[0], transaction="t")
    peer.settle("ACK", messages[1])
    peer.send("UNSUBSCRIBE", id="1")
    assert list(broker.destinations) == []
    peer.send("ABORT", transaction="t")
    assert broker.length("/queue/a") == 1


def test_limits_of_transactions() -> None:
    broker = Broker(limits=BrokerLimits(max_transactions=1, max_transaction_frames=1))
    peer = Peer(broker)
    peer.send("BEGIN", transaction="t")
    peer.send("BEGIN", transaction="u")
    assert peer.error().headers["message"] == "Too many transactions"
    peer = Peer(broker)
    peer.send("BEGIN", transaction="t")
    peer.send("SEND", destination="/topic/a", transaction="t")
    peer.send("SEND", destination="/topic/a", transaction="t")
    assert peer.error().headers["message"] == "Transaction too large"


# ------------------------------------------------------------------------------------------------ limits


def test_a_full_queue_refuses() -> None:
    broker = Broker(limits=BrokerLimits(max_queue_length=2))
    fill(broker, "/queue/a", 2)
    peer = Peer(broker)
    peer.send("SEND", b"x", destination="/queue/a", receipt="r")
    error = peer.error()
    assert error.headers["message"] == "Queue full"
    assert error.headers["receipt-id"] == "r"
    assert peer.closed is not None
    assert peer.closed[0] == 1008
    with pytest.raises(QueueFull, match="holds 2 messages"):
        broker.publish("/queue/a", "x")


def test_what_does_not_fit_is_not_committed_at_all() -> None:
    broker = Broker(limits=BrokerLimits(max_queue_length=2))
    broker.publish("/queue/in", "x")
    peer = Peer(broker)
    peer.subscribe("/queue/in", "client")
    message = peer.one()
    peer.send("BEGIN", transaction="t")
    peer.settle("ACK", message, transaction="t")
    for _ in range(3):
        peer.send("SEND", b"x", destination="/queue/a", transaction="t")
    peer.send("COMMIT", transaction="t")
    assert peer.error().headers["message"] == "Queue full"
    assert (broker.length("/queue/a"), broker.length("/queue/in")) == (0, 1)


def test_what_comes_back_is_taken_above_the_limit() -> None:
    broker = Broker(limits=BrokerLimits(max_queue_length=1))
    peer = Peer(broker)
    peer.subscribe("/queue/a", "client")
    fill(broker, "/queue/a", 3)
    peer.connection.lost()
    assert broker.length("/queue/a") == 3


def test_a_slow_consumer_of_a_topic_is_cut_off_and_its_messages_go_back() -> None:
    broker = Broker(limits=BrokerLimits(max_outstanding=1000, flow_mark=100))
    slow, quick = Peer(broker), Peer(broker)
    slow.subscribe("/queue/a", "client", id="q")
    broker.publish("/queue/a", "x")
    for peer in (slow, quick):
        peer.subscribe("/topic/a")
    slow.buffered = 1000
    broker.publish("/topic/a", "1")
    assert len(slow.take()) == 2
    slow.buffered = 1001
    broker.publish("/topic/a", "2")
    assert slow.error().headers["message"] == "Slow consumer"
    assert slow.closed is not None
    assert slow.closed[0] == 1008
    broker.publish("/topic/a", "3")
    assert quick.bodies() == ["1", "2", "3"]
    assert broker.length("/queue/a") == 1


def test_a_queue_holds_back_from_a_slow_consumer() -> None:
    broker = Broker(limits=BrokerLimits(max_outstanding=1000, flow_mark=100))
    slow, quick = Peer(broker), Peer(broker)
    slow.subscribe("/queue/a")
    slow.buffered = 101
    fill(broker, "/queue/a", 2)
    assert slow.bodies() == []
    quick.subscribe("/queue/a")
    assert quick.bodies() == ["1", "2"]
    quick.send("UNSUBSCRIBE", id="1")
    fill(broker, "/queue/a", 2)
    slow.connection.drained()
    assert slow.bodies() == []
    slow.buffered = 100
    slow.connection.drained()
    assert slow.bodies() == ["1", "2"]
    slow.connection.drained()


def test_a_consumer_that_is_cut_off_amid_a_topic_gets_nothing_more() -> None:
    broker = Broker(limits=BrokerLimits(max_outstanding=1000))
    peer = Peer(broker)
    peer.subscribe("/topic/a")
    peer.subscribe("/topic/a", "client", id="2")
    peer.buffered = 1001
    broker.publish("/topic/a", "x")
    assert peer.error().headers["message"] == "Slow consumer"
    assert list(broker.destinations) == []


def test_what_goes_back_does_not_go_to_the_connection_that_ended(broker: Broker) -> None:
    peer = Peer(broker)
    peer.subscribe("/queue/a", "client")
    peer.subscribe("/queue/a", "client", id="2")
    fill(broker, "/queue/a", 2)
    assert len(peer.take()) == 2
    peer.connection.lost()
    assert peer.take() == []
    assert broker.length("/queue/a") == 2


# ------------------------------------------------------------------------------------------------ in this process


def test_publish_subscribe_and_watch_from_the_same_process(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[tuple[str, bytes]] = []
    got: list[Message] = []

    def broken(message: Message) -> None:
        raise RuntimeError("on purpose")

    stop_watching = broker.on_message(lambda message: seen.append((message.destination, message.body)))
    broker.on_message(broken)
    stop = broker.subscribe("/queue/a", got.append)
    broker.subscribe("/topic/a", broken)
    with caplog.at_level(logging.ERROR):
        message_id = broker.publish("/queue/a", "grüße", {"x": "1", "destination": "/queue/b"})
        broker.publish("/topic/a", bytearray(b"2"), [("x", "1"), ("x", "2")])
    assert [record.exc_text is not None or record.exc_info is not None for record in caplog.records] == [True] * 3
    assert seen == [("/queue/a", "grüße".encode()), ("/topic/a", b"2")]
    assert [(message.id, message.headers, message.is_text) for message in got] == [(message_id, (("x", "1"),), True)]
    stop_watching()
    stop_watching()
    stop()
    stop()
    broker.publish("/queue/a", "kept")
    assert len(seen) == 2
    assert len(got) == 1
    assert broker.length("/queue/a") == 1
    assert broker.length("/queue/none") == 0


@pytest.mark.parametrize("destination", ["", "/topic", "/topic/", "a", "/queue/a\nb", "/queue/a\r"])
def test_destinations_that_are_none(broker: Broker, destination: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        broker.publish(destination)
    with pytest.raises(ValueError, match="is none of"):
        broker.subscribe(destination, print)


@pytest.mark.parametrize("destination", ["/topic/a", "/queue/a"])
def test_a_callback_that_publishes_keeps_the_order_for_all(broker: Broker, destination: str) -> None:
    order: list[str] = []

    def again(message: Message) -> None:
        order.append(f"first:{message.body.decode()}")
        if message.body == b"1":
            broker.publish(destination, "2")

    broker.subscribe(destination, again)
    broker.subscribe(destination, lambda message: order.append(f"second:{message.body.decode()}"))
    broker.publish(destination, "1")
    expected = ["first:1", "second:1", "first:2", "second:2"]
    assert order == (expected if destination == "/topic/a" else ["first:1", "second:2"])


def test_shutdown_closes_all(broker: Broker) -> None:
    peers = [Peer(broker), Peer(broker, None)]
    broker.shutdown()
    assert [peer.closed for peer in peers] == [(1001, "the server is stopping")] * 2
    assert broker.connections == ()
    broker.shutdown()
