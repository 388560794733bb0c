"""What a page does with every broker. Runs inside Pyodide, for test_brokers.py.

Each scenario takes what it must know of the broker, uses the public interface with nothing set but login and passcode,
and returns what it observed. What is expected is in abilities.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

import pystomp_web as stomp
from pystomp_web.brokers import BY_NAME
from pystomp_web.transport.browser import BrowserTransport

T = TypeVar("T")
Broker = Mapping[str, Any]
Scenario = Callable[[Broker], Coroutine[Any, Any, Any]]

#: Seconds until something that must come is missing.
SOON = 20.0


def connect(broker: Broker, **options: Any) -> Any:
    """Nothing but what the broker asks for."""
    return stomp.connect(broker["url"], **{**login(broker), **options})


def login(broker: Broker) -> dict[str, Any]:
    return {name: broker[name] for name in ("login", "passcode") if broker[name] is not None}


async def ready(broker: Broker, client: stomp.Client, *subscriptions: stomp.Subscription) -> None:
    """Until the broker has taken the subscriptions."""
    confirmed_by = BY_NAME[broker["row"]].receipts
    if confirmed_by is None or "SUBSCRIBE" in confirmed_by:
        for subscription in subscriptions:
            await subscription.confirmed(SOON)
        return
    # It handles one connection's frames in order: what comes back was behind the SUBSCRIBEs.
    echo = f"{broker['topic']}-echo-{subscriptions[0].id}-{id(client)}"
    async with client.subscribe(echo) as probe:
        await client.send(echo, "ready")
        await probe.get(SOON)


async def texts(subscription: stomp.Subscription, count: int) -> list[str]:
    return [(await subscription.get(SOON)).text for _ in range(count)]


async def _ack(broker: Broker, message: stomp.Message) -> None:
    if broker["acks"]:
        await message.ack()
        return
    try:
        await message.ack()
    except stomp.ProtocolError:
        return
    raise AssertionError("it sends an ack header after all")


async def until_end(broker: Broker, subscription: stomp.Subscription, *, settle: bool = True) -> list[stomp.Message]:
    """The messages before the one that says "end"; each is acknowledged."""
    seen: list[stomp.Message] = []
    while True:
        message = await subscription.get(SOON)
        if settle:
            await _ack(broker, message)
        if message.text == "end":
            return seen
        seen.append(message)


# ------------------------------------------------------------------------------------------------ connecting


async def nothing_else(broker: Broker) -> Any:
    """connect(url) finds its way: the version, and the row that it was recognised by."""
    async with connect(broker) as client:
        return {"version": client.version, "row": client._engine.broker.name}


LISTS = ("v12.stomp v11.stomp v10.stomp", "v10.stomp v11.stomp v12.stomp", "v12.stomp", "v11.stomp", "v10.stomp", "")


async def handshake(broker: Broker) -> Any:
    """Which lists of subprotocols open, and which version they lead to."""
    results = {}
    for names in LISTS:
        try:
            async with connect(broker, subprotocols=names.split(), reconnect=None) as client:
                results[names or "none"] = str(client.version)
        except stomp.ConnectRejected:
            raise
        except stomp.ConnectError:
            results[names or "none"] = "fails"
    return results


async def versions(broker: Broker) -> Any:
    """Each version offered alone."""
    results = {}
    for version in ("1.0", "1.1", "1.2"):
        try:
            async with connect(broker, versions=[version]) as client:
                results[version] = str(client.version)
        except stomp.StompError as error:
            results[version] = type(error).__name__
    return results


async def passcode(broker: Broker) -> Any:
    """A wrong passcode."""
    try:
        async with connect(broker, login="alice", passcode="not this one"):
            return "any login is taken"
    except stomp.ConnectRejected:
        return "refused"


# ------------------------------------------------------------------------------------------------ messages


async def topic(broker: Broker) -> Any:
    """Two subscribers, each on its own connection, get everything in order."""
    name = broker["topic"]
    expected = [f"m{number}" for number in range(20)]
    async with connect(broker) as one, connect(broker) as two, connect(broker) as sender:
        subscriptions = []
        for client in (one, two):
            subscriptions.append(client.subscribe(name))
            await ready(broker, client, subscriptions[-1])
        for text in expected:
            await sender.send(name, text)
        return ["in order" if await texts(each, 20) == expected else "not in order" for each in subscriptions]


async def burst(broker: Broker) -> Any:
    """Many messages to a destination that nobody sent to before, none waiting for another."""
    name = broker["topic"]
    count = broker["burst"]
    expected = [f"m{number}" for number in range(count)]
    async with connect(broker) as client, client.subscribe(name) as subscription:
        await ready(broker, client, subscription)
        for text in expected:
            client.send_nowait(name, text)
        return "in order" if await texts(subscription, count) == expected else "not in order"


async def _unless_lost(client: stomp.Client, call: Coroutine[Any, Any, T]) -> T | None:
    """What the call returns; None when the connection ends before."""
    lost = asyncio.Event()
    forget = client.on_state(lambda state, error: lost.set() if state is stomp.State.WAITING else None)
    calling = asyncio.ensure_future(call)
    losing = asyncio.ensure_future(lost.wait())
    await asyncio.wait([calling, losing], return_when=asyncio.FIRST_COMPLETED)
    losing.cancel()
    forget()
    if calling.done():
        return calling.result()
    calling.cancel()
    return None


async def _left(broker: Broker, queue: str) -> Any:
    """What a new connection finds in a queue."""
    async with connect(broker) as client, client.subscribe(queue, ack="client-individual") as subscription:
        await ready(broker, client, subscription)
        await client.send(queue, "end")
        left = await until_end(broker, subscription)
        return {"left": [message.text for message in left], "redelivered": any(message.redelivered for message in left)}


async def _settle(broker: Broker, ack: str, settled: tuple[int, ...]) -> None:
    """Send four messages, take them and acknowledge some."""
    queue = broker["queue"]
    async with connect(broker) as client:
        subscription = client.subscribe(queue, ack=ack)
        await ready(broker, client, subscription)
        for number in range(4):
            await client.send(queue, f"m{number}")
        if broker["window"] == 1:
            for number in range(4):
                message = await subscription.get(SOON)
                if number < 3:
                    await message.ack()
            return
        messages = [await subscription.get(SOON) for _ in range(4)]
        for number in settled:
            await _ack(broker, messages[number])


async def ack_client(broker: Broker) -> Any:
    """In the mode "client" the ACK of the third of four leaves the fourth."""
    await _settle(broker, "client", (2,))
    return await _left(broker, broker["queue"])


async def ack_individual(broker: Broker) -> Any:
    """In the mode "client-individual" the ACK of the second and third of four leaves the first and last."""
    await _settle(broker, "client-individual", (1, 2))
    return await _left(broker, broker["queue"])


async def nack(broker: Broker) -> Any:
    """What becomes of a message that is refused once."""
    queue = broker["queue"]
    async with connect(broker) as client:
        subscription = client.subscribe(queue, ack="client-individual")
        await ready(broker, client, subscription)
        await client.send(queue, "m0")
        message = await subscription.get(SOON)
        try:
            await message.nack()
        except stomp.ProtocolError:
            return "no ack header"
        await client.send(queue, "end")
        left = await _unless_lost(client, until_end(broker, subscription))
        if left is None:
            return "the connection ends"
        again = [message.text for message in left]
        return "redelivered" if again == ["m0"] else again or "gone"


async def receipts(broker: Broker) -> Any:
    """Which frames the broker confirms, and what a call says that asks for more."""
    asked: dict[str, str] = {}
    confirmed: set[str] = set()
    refused: dict[str, str] = {}

    def on_frame(direction: str, frame: stomp.Frame) -> None:
        if direction == "out" and "receipt" in frame.headers:
            asked[frame.headers["receipt"]] = frame.command
        elif frame.command == "RECEIPT":
            confirmed.add(asked[frame.headers["receipt-id"]])

    async def ask(command: str, call: Coroutine[Any, Any, Any]) -> None:
        try:
            await call
        except stomp.StompError as error:
            refused[command] = type(error).__name__

    async def commit(client: stomp.Client) -> None:
        async with client.transaction(receipt=True, timeout=SOON) as tx:
            await tx.send(broker["topic"], "in a transaction")

    async with connect(broker) as client:
        client.on_frame(on_frame)
        subscription = client.subscribe(broker["queue"], ack="client-individual")
        await ready(broker, client, subscription)
        await ask("SEND", client.send(broker["queue"], "end", receipt=True, timeout=SOON))
        if "SEND" in refused:
            await client.send(broker["queue"], "end")
        message = await subscription.get(SOON)
        await ask("ACK", message.ack(receipt=True, timeout=SOON))
        await ask("COMMIT", commit(client))
    return {"confirmed": sorted(confirmed), "refused": refused}


class _Undo(Exception):
    pass


def _undo() -> None:
    raise _Undo


async def _warm(client: stomp.Client, subscription: stomp.Subscription) -> None:
    """Have a message go through: Apollo may lose the first one to a destination in a transaction."""
    await client.send(subscription.destination, "warm")
    assert await texts(subscription, 1) == ["warm"]


async def transactions(broker: Broker) -> Any:
    """Two transactions side by side, committed in the other order; a third is aborted."""
    name = broker["topic"]

    async with connect(broker) as client, client.subscribe(name) as subscription:
        await ready(broker, client, subscription)
        await _warm(client, subscription)
        one, two, three = client.transaction(), client.transaction(), client.transaction()
        async with one:
            await one.send(name, "first begun")
            async with two:
                await two.send(name, "first committed")
        try:
            async with three:
                await three.send(name, "aborted")
                _undo()
        except _Undo:
            pass
        await client.send(name, "end")
        return [message.text for message in await until_end(broker, subscription, settle=False)]


async def transactions_in_turn(broker: Broker) -> Any:
    """One transaction is aborted, the next is committed."""
    name = broker["topic"]

    async with connect(broker) as client, client.subscribe(name) as subscription:
        await ready(broker, client, subscription)
        await _warm(client, subscription)
        try:
            async with client.transaction() as tx:
                await tx.send(name, "aborted")
                _undo()
        except _Undo:
            pass
        async with client.transaction() as tx:
            await tx.send(name, "committed")
            await tx.send(name, "both")
        await client.send(name, "end")
        return [message.text for message in await until_end(broker, subscription, settle=False)]


async def request(broker: Broker) -> Any:
    """A request is answered by another client, to where it says."""
    name = broker["topic"]
    async with connect(broker) as server, connect(broker) as client:

        async def answer(message: stomp.Message) -> None:
            headers = {"correlation-id": message.headers["correlation-id"]}
            await server.send(message.headers["reply-to"], f"re: {message.text}", headers=headers)

        subscription = server.subscribe(name, answer)
        await ready(broker, server, subscription)
        try:
            return [(await client.request(name, text, timeout=SOON)).text for text in ("one", "two")]
        except ValueError:
            pass
        # The error names the way out: a destination of one's own.
        reply = await client.request(name, "mine", reply_to=broker["replies"], timeout=SOON)
        return ["nowhere by itself", reply.text]


# ------------------------------------------------------------------------------------------------ bodies, headers

BODIES = {
    "text": b"hello",
    "UTF-8": "grüße, 世界 \U0001f600".encode(),
    "text with NUL": b"a\0b\0\0c",
    "empty": b"",
    "64 KiB": (b"\xe2\x82\xac" * 21846)[:65535] + b"!",
    "1 MiB": b"0123456789abcde\n" * 65535 + "\U0001f600".encode() * 4,
    "octets": bytes(range(256)),
    "octets as text": b"\0\1\xff\xfe\x80Z\0",
}


async def bodies(broker: Broker) -> Any:
    """What comes back of each body."""
    name = broker["topic"]
    results = {}
    for kind, body in BODIES.items():
        async with connect(broker) as client, client.subscribe(name) as subscription:
            await ready(broker, client, subscription)
            try:
                await client.send(name, body, content_type="text/plain" if kind.endswith(" as text") else None)
            except stomp.StompError as error:
                results[kind] = type(error).__name__
                continue
            results[kind] = await _delivered(client, subscription, body)
    return results


async def _delivered(client: stomp.Client, subscription: stomp.Subscription, body: bytes) -> str:
    message = await _unless_lost(client, subscription.get(SOON))
    if message is None:
        return "the receiver's connection breaks"
    if message.damaged:
        return "damaged"
    return "same" if message.body == body else "another"


HEADERS = {
    "colon": "a:b::c",
    "newline": "a\nb",
    "backslash": "a\\b\\\\c\\n",
    "emoji": "\U0001f600 grüße",
    "carriage return": "a\rb",
    "spaces": " a b ",
}


async def headers(broker: Broker) -> Any:
    """What comes back of each header's value."""
    name = broker["topic"]
    results = {}
    async with connect(broker) as client, client.subscribe(name) as subscription:
        await ready(broker, client, subscription)
        for kind, value in HEADERS.items():
            try:
                await client.send(name, "x", headers={"probe": value})
            except stomp.StompError as error:
                results[kind] = type(error).__name__
                continue
            seen = (await subscription.get(SOON)).headers.get("probe")
            results[kind] = "same" if seen == value else repr(seen)
    return results


# ------------------------------------------------------------------------------------------------ the connection


class Counting(BrowserTransport):
    """Counts heart-beats both ways."""

    beat = "\n"
    beats_in = 0
    beats_out = 0
    on_beat: Callable[[], None] = staticmethod(lambda: None)

    def _hand_over(self, octets: Any) -> None:
        data = bytes(octets)
        if not data.strip(b"\r\n"):
            self.beats_in += data.count(b"\n")
            self.on_beat()
        super()._hand_over(octets)

    def send(self, data: str | bytes) -> None:
        if data == self.beat:
            self.beats_out += 1
            self.on_beat()
        super().send(data)


async def heartbeats(broker: Broker) -> Any:
    """Beats go both ways, and the connection lives."""
    name = broker["topic"]
    enough = asyncio.Event()
    made: list[Counting] = []

    def transport(url: str, subprotocols: Any) -> Counting:
        made.append(Counting(url, subprotocols))
        made[-1].on_beat = on_beat
        made[-1].beat = BY_NAME[broker["row"]].beat
        return made[-1]

    def on_beat() -> None:
        if made[-1].beats_out >= broker["beats_out"] and made[-1].beats_in >= broker["beats_in"]:
            enough.set()

    async with (
        connect(broker, heartbeat=(0.5, 0.5), transport=transport) as client,
        client.subscribe(name) as subscription,
    ):
        await ready(broker, client, subscription)
        agreed = client._engine.latest.session.heartbeat
        async with asyncio.timeout(50):
            await enough.wait()
        await client.send(name, "alive")
        return {
            "in": bool(agreed.expect_every),
            "out": bool(agreed.send_every),
            "alive": (await subscription.get(SOON)).text == "alive" and client.stats.reconnects == 0,
        }


async def _refuse_for_good(message: stomp.Message) -> None:
    await message.nack()
    await asyncio.Event().wait()


async def error(broker: Broker) -> Any:
    """An ERROR is provoked, and reported to who is concerned; then the client goes on."""
    name = broker["topic"]
    provoke = broker["provoke"]
    unhandled: asyncio.Queue[Any] = asyncio.Queue()
    async with connect(broker) as client:
        client.on_unhandled(unhandled.put_nowait)
        nack = provoke.get("nack", False)
        subscription = client.subscribe(
            provoke.get("destination", broker["queue"]),
            headers=provoke.get("headers"),
            ack="client" if nack else "auto",
        )
        try:
            await subscription.confirmed(SOON)
            if "raw" in provoke:
                client._engine.link.transport.send(provoke["raw"])
                await _unless_lost(client, asyncio.Event().wait())
                reported = f"last_error {type(client.stats.last_error).__name__}"
                await subscription.unsubscribe()
            elif nack:
                await client.send(broker["queue"], "x")
                message = await subscription.get(SOON)
                await _unless_lost(client, _refuse_for_good(message))
                reported = f"last_error {type(client.stats.last_error).__name__}"
                await subscription.unsubscribe()
            elif provoke.get("unsubscribe"):
                await subscription.unsubscribe()
                async with asyncio.timeout(SOON):
                    reported = f"unhandled {type(await unhandled.get()).__name__}"
            else:
                reported = "not at all"
        except stomp.StompError as error:
            reported = type(error).__name__
        async with client.subscribe(name) as other:
            await ready(broker, client, other)
            await client.send(name, "alive")
            return {"reported": reported, "then": (await other.get(SOON)).text}


async def clean_close(broker: Broker) -> Any:
    """close() says DISCONNECT, and is over with the broker's answer, without an error."""
    answered = []
    client = await connect(broker)
    client.on_frame(lambda direction, frame: answered.append(frame.command) if direction == "in" else None)
    await client.close()
    await client.wait_closed()
    return {"state": str(client.state), "error": repr(client.stats.last_error), "receipt": "RECEIPT" in answered}


_kept: dict[str, Any] = {}


async def restart_before(broker: Broker) -> None:
    """Connect, subscribe, and have a message in a queue confirmed."""
    client = stomp.Client(broker["url"], reconnect=stomp.Backoff(0.1, 1.5, 1.0), **login(broker))
    states: asyncio.Queue[stomp.State] = asyncio.Queue()
    client.on_state(lambda state, error: states.put_nowait(state))
    client.start()
    subscription = client.subscribe(broker["topic"])
    async with asyncio.timeout(SOON):
        while await states.get() is not stomp.State.CONNECTED:
            pass
    await ready(broker, client, subscription)
    await client.send(broker["topic"], "before")
    assert await texts(subscription, 1) == ["before"]
    receipts = BY_NAME[broker["row"]].receipts
    _kept.update(client=client, states=states, subscription=subscription, receipts=not receipts or "SEND" in receipts)
    await client.send(
        broker["queue"], "confirmed", headers={"persistent": True}, receipt=_kept["receipts"], timeout=SOON
    )


async def restart_down(broker: Broker) -> None:
    """The broker is gone: send into the outbox."""
    client, states = _kept["client"], _kept["states"]
    async with asyncio.timeout(SOON):
        while await states.get() is not stomp.State.WAITING:
            pass
    client.send_nowait(broker["topic"], "out 1")
    await client.send(broker["topic"], "out 2")
    _kept["confirming"] = asyncio.create_task(
        client.send(broker["topic"], "out 3", receipt=_kept["receipts"], timeout=60)
    )
    await asyncio.sleep(0)


async def restart_up(broker: Broker) -> Any:
    """It is there again."""
    client = _kept["client"]
    got = [(await _kept["subscription"].get(50)).text for _ in range(3)]
    await _kept["confirming"]
    reconnects = client.stats.reconnects
    await client.close()
    left = await _left(broker, broker["queue"])
    return {"outbox": got, "reconnects": reconnects, "confirmed": "kept" if left["left"] == ["confirmed"] else "gone"}
