"""What the client does differently by a broker's row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

import pystomp_web as stomp
from pystomp_web import brokers
from pystomp_web.protocol import Frame, encode
from tests.unit.client.line import End, Line, until

APOLLO = {"version": "1.2", "server": "apache-apollo/1.7.1", "session": "apollo-8", "heart-beat": "100,10000"}
ACTIVEMQ = {"version": "1.2", "server": "ActiveMQ/5.19.1", "session": "ID:1", "heart-beat": "0,0"}
SPRING = {"version": "1.2", "heart-beat": "10000,10000"}
HORNETQ = {
    "version": "1.2",
    "session": "-1",
    "server": "HornetQ/2.5.0.SNAPSHOT (Wild Hornet, 124) HornetQ Messaging Engine",
}
HORNETQ_23 = {"version": "1.2", "session": "-1", "server": "HornetQ/2.3.25.Final (2.3.x, 123) HornetQ Messaging Engine"}
ARTEMIS = {"version": "1.1", "session": "8", "server": "ActiveMQ-Artemis/2.44.0 ActiveMQ Artemis Messaging Engine"}
STILTS = {"version": "1.1", "server": "Stilts/0.1.40", "session": "session-20", "heart-beat": "1000,1000"}
RABBITMQ = {"version": "1.2", "server": "RabbitMQ/3.10.8", "session": "session-x", "heart-beat": "0,0"}
COILMQ = {"version": "1.2", "server": "coilmq/1.1.0", "session": "x", "heart-beat": "500,500"}


@asynccontextmanager
async def connected(
    headers: Mapping[str, str], answer: Any = End.receipt, **options: Any
) -> AsyncIterator[tuple[stomp.Client, Line]]:
    line = Line(answer, headers)
    async with line.client(**options) as client:
        yield client, line


def silent(end: End, frame: Frame) -> None:
    if frame.command == "DISCONNECT":
        end.receipt(frame)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (APOLLO, "apollo"),
        (ACTIVEMQ, "activemq"),
        (SPRING, "spring"),
        (HORNETQ, "hornetq"),
        (HORNETQ_23, "hornetq-2.3"),
        (ARTEMIS, "artemis"),
        (STILTS, "stilts"),
        (RABBITMQ, "rabbitmq"),
        (COILMQ, "coilmq"),
        ({"version": "1.2", "server": "another/1"}, "unknown"),
        ({"version": "1.2", "session": "1"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_recognised(headers: Mapping[str, str], name: str) -> None:
    assert brokers.recognise(headers).name == name


def test_by_name() -> None:
    assert brokers.named("torquebox") is brokers.named("stilts")
    with pytest.raises(ValueError, match=r"'mosquitto'.*activemq, apollo"):
        brokers.named("mosquitto")


# Content-length that does not fit.


@pytest.mark.parametrize("headers", [APOLLO, ACTIVEMQ, SPRING], ids=["apollo", "activemq", "spring"])
async def test_a_length_that_does_not_fit_marks_the_message(headers: Mapping[str, str]) -> None:
    async with connected(headers) as (client, line), client.subscribe("/a") as subscription:
        await until(lambda: line.end.sent("SUBSCRIBE"))
        head = f"MESSAGE\nsubscription:{subscription.id}\nmessage-id:1\ndestination:/a\ncontent-length:4\n\n"
        line.end.transport.send(f"{head}\ufffd\ufffd\0\ufffd\0\n")
        line.end.message(subscription.id, b"good")
        first, second = await subscription.get(5), await subscription.get(5)
        assert (first.text, first.damaged) == ("\ufffd\ufffd\0\ufffd", True)
        assert (second.text, second.damaged) == ("good", False)


async def test_the_others_are_strict() -> None:
    async with connected(HORNETQ) as (client, line), client.subscribe("/a") as subscription:
        await until(lambda: line.end.sent("SUBSCRIBE"))
        head = f"MESSAGE\nsubscription:{subscription.id}\nmessage-id:1\ndestination:/a\ncontent-length:1\n\n"
        line.end.transport.send(f"{head}abc\0")
        await until(lambda: len(line.ends) == 2)
        assert isinstance(client.stats.last_error, stomp.ProtocolError | stomp.ConnectionLost)


# First SENDs.


async def test_sends_wait_for_the_first_one_to_their_destination() -> None:
    held: list[Frame] = []

    def answer(end: End, frame: Frame) -> None:
        if frame.command == "SEND":
            held.append(frame)
        else:
            end.receipt(frame)

    async with connected(APOLLO, answer) as (client, line):
        for text in ("m0", "m1", "m2"):
            client.send_nowait("/queue/a", text)
        sending = asyncio.ensure_future(client.send("/queue/a", "m3"))
        await until(lambda: held)
        await asyncio.sleep(0)
        assert line.end.sent("SEND") == ["m0"]
        assert not sending.done()
        line.end.receipt(held[0])
        await sending
        await until(lambda: len(held) == 4)
        assert line.end.sent("SEND") == ["m0", "m1", "m2", "m3"]
        assert ["receipt" in frame.headers for frame in held] == [True, False, False, False]


async def test_a_first_send_with_a_receipt_of_its_own_and_another_destination() -> None:
    async with connected(APOLLO) as (client, line):
        await client.send("/queue/a", "m0", receipt=True)
        await client.send("/queue/a", "m1")
        await client.send("/queue/b", "m2")
        await client.send("/queue/b", "m3")
        await until(lambda: len(line.end.sent("SEND")) == 4)
        asked = ["receipt" in frame.headers for frame in line.end.frames if frame.command == "SEND"]
        assert asked == [True, False, True, False]


async def test_sends_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("pystomp_web.client.sending._FIRST_SEND", 0.01)
    async with connected(APOLLO, silent) as (client, line):
        client.send_nowait("/queue/a", "m0")
        await client.send("/queue/a", "m1")
        await until(lambda: line.end.sent("SEND") == ["m0", "m1"])
        assert "did not confirm the first SEND to '/queue/a'" in caplog.text


async def test_each_connection_has_first_sends_of_its_own() -> None:
    async with connected(APOLLO) as (client, line):
        await client.send("/queue/a", "m0")
        line.end.transport.cut()
        await until(lambda: len(line.ends) == 2)
        await client.send("/queue/a", "m1")
        await until(lambda: line.end.sent("SEND"))
        assert "receipt" in line.end.frames[0].headers


async def test_a_transaction_does_not_wait() -> None:
    async with connected(APOLLO) as (client, line):
        async with client.transaction() as tx:
            await tx.send("/queue/a", "m0")
            await tx.send("/queue/a", "m1")
        await until(lambda: line.end.sent("SEND") == ["m0", "m1"])
        assert not any("receipt" in frame.headers for frame in line.end.frames)


async def test_a_first_send_that_is_refused_leaves_nothing() -> None:
    async with connected(APOLLO) as (client, line):
        with pytest.raises(stomp.ProtocolError, match="text only"):
            await client.send("/queue/a", b"\xff")
        assert len(client._engine.sender.receipts) == 0
        await client.send("/queue/a", "m0")
        await until(lambda: line.end.sent("SEND") == ["m0"])


# RECEIPTs that never come.


async def test_a_receipt_that_never_comes_is_refused_before_sending() -> None:
    async with connected(SPRING) as (client, line):
        with pytest.raises(stomp.ReceiptTimeout, match=r"not sent: spring confirms DISCONNECT only"):
            await client.send("/topic/a", "x", receipt=True)
        await client.send("/topic/a", "y")
        await until(lambda: line.end.sent("SEND") == ["y"])
        async with client.subscribe("/topic/a"):
            await until(lambda: line.end.sent("SUBSCRIBE"))
            assert not any("receipt" in frame.headers for frame in line.end.frames)


async def test_a_receipt_that_never_comes_is_refused_behind_the_outbox() -> None:
    line = Line(connected=SPRING)
    client = line.client()
    sending = asyncio.ensure_future(client.send("/topic/a", "x", receipt=True))
    await asyncio.sleep(0)
    client.start()
    with pytest.raises(stomp.ReceiptTimeout, match="spring"):
        await sending
    assert client.stats.dropped == 1
    await client.close()


async def test_the_first_of_error_and_receipt_counts() -> None:
    def answer(end: End, frame: Frame) -> None:
        if frame.command == "SUBSCRIBE" and frame.headers["destination"] == "/deny/x":
            end.send("ERROR", {"receipt-id": frame.headers["receipt"]}, b"denied: /deny/x")
        end.receipt(frame)

    async with connected(STILTS, answer) as (client, line):
        with pytest.raises(stomp.BrokerError, match="denied"):
            await client.subscribe("/deny/x").confirmed(5)
        await client.send("/a", "x", receipt=True)
        assert len(line.ends) == 1


# Sizes.


async def test_what_is_too_large_is_refused_where_nothing_is_joined() -> None:
    async with connected(STILTS) as (client, line):
        with pytest.raises(stomp.FrameTooLarge, match="at most 16384"):
            await client.send("/a", "x" * 16_384)
        await client.send("/a", "x" * 16_000)
        await until(lambda: line.end.sent("SEND") == ["x" * 16_000])


async def test_what_is_too_large_is_split_where_it_is_joined() -> None:
    async with connected(HORNETQ) as (client, line):
        body = "\u20ac" * 60_000
        await client.send("/a", body)
        await until(lambda: line.end.sent("SEND") == [body])
        pieces = line.end.transport.received[1:]
        assert [type(piece) for piece in pieces] == [str] * 3
        assert max(len(piece.encode()) for piece in pieces if isinstance(piece, str)) <= 65_536


# Acknowledging.


@pytest.mark.parametrize(("headers", "wanted"), [(HORNETQ, "79"), (APOLLO, "fake")])
async def test_which_ack_header_counts(headers: Mapping[str, str], wanted: str) -> None:
    async with connected(headers) as (client, line):
        subscription = client.subscribe("/a", ack="client-individual")
        await until(lambda: line.end.sent("SUBSCRIBE"))
        pairs = [("subscription", subscription.id), ("message-id", "1"), ("ack", "fake"), ("ack", "79")]
        line.end.transport.send(encode(Frame("MESSAGE", pairs), "1.2").decode())
        await (await subscription.get(5)).ack()
        await until(lambda: line.end.frames[-1].command == "ACK")
        assert line.end.frames[-1].headers["id"] == wanted


async def test_coilmq_settles_and_unsubscribes_in_its_own_way() -> None:
    async with connected(COILMQ) as (client, line):
        subscription = client.subscribe("/queue/a", ack="client")
        await until(lambda: line.end.sent("SUBSCRIBE"))
        line.end.message(subscription.id, b"x")
        await (await subscription.get(5)).ack()
        await subscription.unsubscribe()
        await until(lambda: line.end.frames[-1].command == "UNSUBSCRIBE")
        ack, unsubscribe = line.end.frames[-2:]
        assert dict(ack.headers) == {"id": subscription.id, "message-id": "m", "subscription": subscription.id}
        assert dict(unsubscribe.headers) == {"id": subscription.id, "destination": "/queue/a"}


# Escapes.


async def test_hornetq_2_3_has_an_escape_of_its_own() -> None:
    async with connected(HORNETQ_23) as (client, line):
        subscription = client.subscribe("/a")
        await until(lambda: line.end.sent("SUBSCRIBE"))
        line.end.transport.send(f"MESSAGE\nsubscription:{subscription.id}\na:x\\:y\nb:x\\cy\n\n\0\n")
        headers = (await subscription.get(5)).headers
        assert (headers["a"], headers["b"]) == ("x:y", "x:y")
        line.end.transport.on_data = lambda _data: None  # the helper's decoder does not know this escape
        await client.send("/a", "", headers={"a": "x:y"})
        await until(lambda: "\na:x\\:y\n" in str(line.end.transport.received[-1]))


async def test_artemis_escapes_carriage_returns_in_1_1() -> None:
    async with connected(ARTEMIS) as (client, line):
        subscription = client.subscribe("/a")
        await until(lambda: line.end.sent("SUBSCRIBE"))
        line.end.transport.send(f"MESSAGE\nsubscription:{subscription.id}\na:x\\ry\n\n\0\n")
        assert (await subscription.get(5)).headers["a"] == "x\ry"
        with pytest.raises(stomp.ProtocolError, match="CR"):
            await client.send("/a", "", headers={"a": "x\ry"})


# Heart-beats.


async def test_promised_beats_that_never_come_are_not_waited_for() -> None:
    async with connected(STILTS, heartbeat=(1, 1)) as (client, _line):
        beat = client._engine.latest.session.heartbeat  # type: ignore[union-attr]
        assert (beat.send_every, beat.expect_every) == (1, 0)


async def test_coilmq_gets_beats_that_its_parser_survives() -> None:
    async with connected(COILMQ, heartbeat=(1, 0)) as (client, line):
        client._engine.link.beat_now()  # type: ignore[union-attr]
        await until(lambda: len(line.end.frames) == 2)
        assert [frame.command for frame in line.end.frames] == ["BEGIN", "ABORT"]


@pytest.mark.parametrize(("headers", "warned"), [(HORNETQ, True), (RABBITMQ, False)])
async def test_an_idle_client_that_will_be_killed_is_warned(
    headers: Mapping[str, str], warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(headers, heartbeat=(0, 0)):
        assert ("silent for 60 s" in caplog.text) is warned


# Requests.


@pytest.mark.parametrize(
    "headers", [HORNETQ, ARTEMIS, RABBITMQ, ACTIVEMQ], ids=["hornetq", "artemis", "rabbitmq", "activemq"]
)
async def test_requests_are_answered_where_the_row_says(headers: Mapping[str, str]) -> None:
    row = brokers.recognise(headers)

    def answer(end: End, frame: Frame) -> None:
        end.receipt(frame)
        if frame.command == "SEND":
            reply_to = frame.headers["reply-to"]
            assert row.reply_to is not None
            assert reply_to.startswith(row.reply_to)
            subscribed = [each.headers for each in end.frames if each.command == "SUBSCRIBE"]
            assert bool(subscribed) is row.reply_subscribes
            id = subscribed[0]["id"] if subscribed else reply_to
            end.message(id, b"reply", **{"correlation-id": frame.headers["correlation-id"]})

    async with connected(headers, answer) as (client, _line):
        assert (await client.request("/a", "x", timeout=5)).text == "reply"


@pytest.mark.parametrize("headers", [STILTS, SPRING], ids=["stilts", "spring"])
async def test_requests_need_a_destination_where_there_is_none(headers: Mapping[str, str]) -> None:
    async with connected(headers) as (client, _line):
        with pytest.raises(ValueError, match="reply_to="):
            await client.request("/a", "x")


# CONNECT.


async def test_connect_is_escaped_where_the_broker_is_named_that_wants_it() -> None:
    seen: list[str] = []
    line = Line(connected=RABBITMQ)
    async with line.client(broker="rabbitmq", login="a", passcode="x\\y:z"):
        seen.extend(str(message) for message in line.end.transport.received)
    assert "\npasscode:x\\\\y\\cz\n" in seen[0]
    async with line.client(login="a", passcode="x\\y:z"):
        assert "\npasscode:x\\y:z\n" in str(line.end.transport.received[0])
