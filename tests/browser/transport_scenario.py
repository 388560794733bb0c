"""Runs inside Pyodide, for test_transport.py: BrowserTransport against transport_server.py."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_proxy, to_js

from pystomp_web.errors import ConnectError
from pystomp_web.transport import _batch
from pystomp_web.transport.browser import BrowserTransport, page_events, resolve_url

SUBPROTOCOLS = ("v12.stomp",)


class Peer:
    """A transport whose deliveries are kept."""

    def __init__(self, url: str, subprotocols: tuple[str, ...] = SUBPROTOCOLS) -> None:
        self.transport = BrowserTransport(url, subprotocols)
        self.transport.on_data = self._on_data
        self.transport.on_close = self._on_close
        self.items: list[bytes] = []
        self.octets = 0
        self.end: tuple[int, str, bool] | None = None
        self.ends = 0
        self.hook: Callable[[bytes], None] = lambda _data: None
        self._changed = asyncio.Event()

    def _on_data(self, data: Any) -> None:
        assert self.end is None, "data behind the end"
        item = bytes(data)
        self.items.append(item)
        self.octets += len(item)
        self._changed.set()
        self.hook(item)

    def _on_close(self, code: int, reason: str, clean: bool) -> None:
        self.end = (code, reason, clean)
        self.ends += 1
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    @property
    def data(self) -> bytes:
        return b"".join(self.items)

    def numbers(self) -> list[int]:
        return [int(line.partition(":")[0]) for line in self.data.decode().splitlines()]


def script(origin: str, *steps: list[Any]) -> str:
    return f"{origin}/script?steps={js.encodeURIComponent(json.dumps(steps))}"


async def connect(origin: str, *steps: list[Any], joined: bool = True) -> Peer:
    peer = Peer(script(origin, *steps))
    peer.transport.joined = joined
    await peer.transport.open()
    return peer


async def echo(origin: str) -> None:
    peer = await connect(origin, ["echo", 4])
    assert peer.transport.subprotocol == "v12.stomp"
    peer.transport.send("grüße \N{PILE OF POO}\0")
    await peer.until(lambda: len(peer.items) == 1)
    peer.transport.send(bytes(range(256)))
    await peer.until(lambda: len(peer.items) == 2)
    peer.transport.send("a\ud800b")
    await peer.until(lambda: len(peer.items) == 3)
    peer.transport.send(b"")
    peer.transport.send("after close")
    peer.transport.close()
    peer.transport.close()
    peer.transport.send("after close")
    assert peer.items == ["grüße \N{PILE OF POO}\0".encode(), bytes(range(256)), "a\ufffdb".encode()]
    assert peer.transport.buffered == 0


async def echo_long(origin: str) -> None:
    """What is not ASCII goes out by another way where it is long."""
    text = "\ufeffgr\xfc\xdfe \x80\x9f \u6f22 \N{PILE OF POO} \ud800 \udc00 \ud83d\udca9\0"
    came = "\ufeffgr\xfc\xdfe \x80\x9f \u6f22 \N{PILE OF POO} \ufffd \ufffd \N{PILE OF POO}\0"
    lengths = (16_383, 16_384, 40_000)
    peer = await connect(origin, ["echo", 2 * len(lengths)], joined=False)
    for length in lengths:
        peer.transport.send("x" * (length - len(text)) + text)
        peer.transport.send("\ufeff" + "\xe9" * (length - 1))
    await peer.until(lambda: len(peer.items) == 2 * len(lengths))
    for length, mixed, narrow in zip(lengths, peer.items[::2], peer.items[1::2], strict=True):
        assert mixed == b"x" * (length - len(text)) + came.encode()
        assert narrow == ("\ufeff" + "\xe9" * (length - 1)).encode()
    peer.transport.close()


async def order(origin: str, count: int, size: int) -> None:
    peer = await connect(origin, ["texts", count, size], ["close", 4001, "ende"])
    await peer.until(lambda: peer.end is not None)
    assert peer.numbers() == list(range(count))
    assert (peer.end, peer.ends) == ((4001, "ende", True), 1)


async def mixed(origin: str, count: int, joined: bool) -> None:
    peer = await connect(origin, ["mixed", count], ["close"], joined=joined)
    await peer.until(lambda: peer.end is not None)
    assert peer.numbers() == list(range(count))
    if not joined:
        assert len(peer.items) == count


async def long(origin: str, count: int, joined: bool, every: int) -> None:
    """Long messages are handled in their own events, text, binary and short ones between them in order.

    After each `every` items comes a pause.
    """
    peer = await connect(origin, ["long", count], ["close"], joined=joined)
    pauses = 0

    def stop(_data: bytes) -> None:
        nonlocal pauses
        if len(peer.items) % every == 0:
            pauses += 1
            peer.transport.pause()
            asyncio.get_running_loop().call_soon(peer.transport.resume)

    peer.hook = stop
    await peer.until(lambda: peer.end is not None)
    assert peer.numbers() == list(range(count))
    assert pauses or every > count
    if not joined:
        assert len(peer.items) == count


async def whole(origin: str, count: int) -> None:
    """Each message by itself, the empty ones too."""
    large = ["text", "é", 1_000_000]
    peer = await connect(origin, ["texts", count, 30], ["text", ""], ["binary", ""], large, ["close"], joined=False)
    await peer.until(lambda: peer.end is not None)
    assert len(peer.items) == count + 3
    assert [int(item.partition(b":")[0]) for item in peer.items[:count]] == list(range(count))
    assert peer.items[count:] == [b"", b"", "é".encode() * 1_000_000]


async def large(origin: str, joined: bool) -> None:
    """Messages around and above the buffer's size, with characters of 1 to 4 octets across its end."""
    capacity = _batch.CAPACITY
    for character in "aé€\N{PILE OF POO}":
        width = len(character.encode())
        for size in (capacity - 4, capacity - 3, capacity, capacity + 1, 2 * capacity + 2):
            head = "x" * (size % width)
            text = head + character * (size // width)
            peer = await connect(origin, ["echo", 4], joined=joined)
            # After a large message the next one goes through the buffer even when it is alone.
            peer.transport.send("x" * 3000)
            await peer.until(lambda peer=peer: bool(peer.items))  # type: ignore[misc]
            peer.transport.send(text)
            await peer.until(lambda size=size, peer=peer: peer.octets >= 3000 + size)  # type: ignore[misc]
            assert peer.data[3000:] == text.encode()
            assert peer.transport._most == 1  # that its last piece may be short does not count
            peer.transport.send("€")
            peer.transport.send(text.encode())
            await peer.until(lambda size=size, peer=peer: peer.octets >= 3003 + 2 * size)  # type: ignore[misc]
            assert peer.data[3000 + size :] == "€".encode() + text.encode()
            assert joined or len(peer.items) == 4
            peer.transport.close()


async def burst(origin: str, count: int, size: int) -> None:
    """More in one batch than the buffer holds."""
    peer = await connect(origin, ["texts", count, size], ["text", "last"])
    await peer.until(lambda: peer.data[-4:] == b"last" if peer.octets > count * size else False)
    peer.items[-1] = peer.items[-1][:-4]
    assert peer.numbers() == list(range(count))
    peer.transport.close()


async def growth(origin: str) -> None:
    """WebAssembly's memory grows between messages: views of it go blank, and nothing may be lost."""
    kept: list[bytearray] = []
    grown: list[bool] = []

    def grow(_data: bytes) -> None:
        js_view = _batch.shared.js_view
        if len(kept) < 8:
            kept.append(bytearray(40 << 20))
        grown.append(not js_view.byteLength)

    peer = await connect(origin, ["texts", 4000, 3000], ["close"])
    peer.hook = grow
    await peer.until(lambda: peer.end is not None)
    assert peer.numbers() == list(range(4000))
    assert any(grown)


async def close_at_once(origin: str, rounds: int) -> None:
    for _ in range(rounds):
        peer = await connect(origin, ["texts", 1000, 100], ["close", 3000, "x"])
        await peer.until(lambda peer=peer: peer.end is not None)  # type: ignore[misc]
        assert peer.numbers() == list(range(1000))
        assert (peer.end, peer.ends) == ((3000, "x", True), 1)
        peer = await connect(origin, ["text", "one"], ["close"])
        await peer.until(lambda peer=peer: peer.end is not None)  # type: ignore[misc]
        assert peer.data == b"one"


async def broken(origin: str) -> None:
    peer = await connect(origin, ["texts", 100, 50], ["abort"])
    await peer.until(lambda: peer.end is not None)
    assert peer.numbers() == list(range(100))
    assert (peer.end, peer.ends) == ((1006, "", False), 1)
    # A text message that is not UTF-8.
    peer = await connect(origin, ["texts", 10, 50], ["raw", "8102c328"])
    await peer.until(lambda: peer.end is not None)
    assert peer.numbers() == list(range(10))
    assert (peer.end, peer.ends) == ((1006, "", False), 1)
    # A close frame without a status.
    peer = await connect(origin, ["raw", "8800"], ["wait"], ["abort"])
    await peer.until(lambda: peer.end is not None)
    assert peer.end == (1005, "", True)
    peer.transport.send("nobody hears it")
    peer.transport.close()
    peer.transport.resume()


async def pause_and_resume(origin: str) -> None:
    peer = await connect(origin, ["texts", 2000, 40], ["close", 3001, ""])
    stops = 0

    def stop(_data: bytes) -> None:
        nonlocal stops
        stops += 1
        peer.transport.pause()
        asyncio.get_running_loop().call_later(0.02, check, len(peer.items))

    def check(items: int) -> None:
        peer.transport.drain()
        assert len(peer.items) == items
        assert peer.end is None
        peer.transport.resume()

    peer.hook = stop
    await peer.until(lambda: peer.end is not None)
    assert peer.numbers() == list(range(2000))
    assert stops >= 2
    assert peer.end == (3001, "", True)


async def pause_amid_batches(origin: str, joined: bool) -> None:
    """Whatever item it is that pauses, the rest of its batch is neither lost nor delivered early."""
    peer = await connect(origin, ["mixed", 300], ["text", "é", 3_000_000], ["close"], joined=joined)
    paused = False

    def stop(_data: bytes) -> None:
        nonlocal paused
        assert not paused
        paused = True
        peer.transport.pause()
        asyncio.get_running_loop().call_soon(go)

    def go() -> None:
        nonlocal paused
        paused = False
        peer.transport.resume()

    peer.hook = stop
    await peer.until(lambda: peer.end is not None)
    lines = peer.data.decode().splitlines()
    assert [int(line.partition(":")[0]) for line in lines[:-1]] == list(range(300))
    assert lines[-1] == "é" * 3_000_000


async def arrival(peer: Peer, last: str) -> None:
    """Until the browser has this text for a transport that is paused."""
    js_arrived = js.Promise.withResolvers()
    js_listener = create_proxy(lambda js_event: js_event.data == last and js_arrived.resolve())
    peer.transport._js_socket.addEventListener("message", js_listener)
    await js_arrived.promise
    peer.transport._js_socket.removeEventListener("message", js_listener)


async def together(origin: str, joined: bool) -> None:
    """Binary messages that wait are one item where all of them are short, and texts are; else each is its own.

    Whatever the texts hold: \\x1c is what this client puts between them.
    """
    short = [bytes([number]) * (1 << number) for number in range(16)]
    for messages, alone in ((short, False), ([*short, bytes(1 << 16)], True), ([bytes(1 << 16), b"x"], True)):
        peer = await connect(origin, ["echo", len(messages) + 2], joined=joined)
        peer.transport.pause()
        for message in messages:
            peer.transport.send(message)
        peer.transport.send("te")
        peer.transport.send("xt")
        await arrival(peer, "xt")
        peer.transport.resume()
        peer.transport.drain()
        expected = messages if alone or not joined else [b"".join(messages)]
        assert peer.items == [*expected, *([b"text"] if joined else [b"te", b"xt"])]
        peer.transport.close()
    for texts in (["", "é", ""], ["a", "\x1c", "b"], ["\x1c"], ["", ""], ["x\x1c", "\x1c", ""], ["é" * 700_000] * 3):
        peer = await connect(origin, ["echo", len(texts) + 1], joined=joined)
        peer.transport.pause()
        for text in (*texts, "end"):
            peer.transport.send(text)
        await arrival(peer, "end")
        peer.transport.resume()
        peer.transport.drain()
        assert joined or peer.items == [text.encode() for text in (*texts, "end")]
        assert peer.data == "".join([*texts, "end"]).encode()
        peer.transport.close()


async def gathered(origin: str) -> None:
    """Of messages that are not short, those that come one turn after the first few are in the same batch."""
    peer = await connect(origin, ["echo", 3])
    first, second, third = (letter * 20_000 for letter in "abc")
    peer.transport.send(first)  # by which it learns how long they are
    await peer.until(lambda: bool(peer.items))
    peer.transport.pause()
    peer.transport.send(first)
    peer.transport.send(second)
    await arrival(peer, second)
    filling = peer.transport._filling

    def one_more() -> bool:
        found = filling()
        if found:
            late = to_js({"data": third}, dict_converter=js.Object.fromEntries)
            peer.transport._js_push(js.MessageEvent.new("message", late))
        return found

    peer.transport._filling = one_more  # type: ignore[method-assign]
    peer.transport.resume()
    await peer.until(lambda: len(peer.items) > 1)
    assert peer.items[1:] == [(first + second + third).encode()]
    peer.transport.close()


async def drain(origin: str) -> None:
    """What the browser has handed over while Python was busy elsewhere is there at once."""
    peer = await connect(origin, ["wait"], ["text", "a"], ["texts", 500, 30], ["text", "b"])
    other = await connect(origin, ["echo", 1])
    peer.transport.pause()
    peer.transport.send("go")
    await arrival(peer, "b")
    assert peer.items == []
    peer.transport.drain()
    assert peer.items == []
    peer.transport.resume()
    peer.transport.drain()
    assert peer.data[-1:] == b"b"
    peer.transport.drain()
    peer.transport.close()
    peer.transport.drain()
    other.transport.close()


async def drain_within(origin: str) -> None:
    """One connection drained inside another's on_data: neither overwrites the other's octets."""
    inner = await connect(origin, ["wait"], ["texts", 3000, 100], ["close"])
    outer = Peer(script(origin, ["texts", 3000, 100], ["close"]))
    seen: list[bytes] = []

    def on_data(data: Any) -> None:
        before = bytes(data)
        inner.transport.drain()
        outer.transport.drain()
        assert bytes(data) == before
        seen.append(before)

    outer.transport.on_data = on_data
    await outer.transport.open()
    inner.transport.send("go")
    await outer.until(lambda: outer.end is not None)
    await inner.until(lambda: inner.end is not None)
    outer.items = seen
    assert outer.numbers() == list(range(3000))
    assert inner.numbers() == list(range(3000))


async def close_within(origin: str) -> None:
    """After close() inside on_data nothing more is delivered, on_close neither."""
    for size in (10, 5000):
        peer = await connect(origin, ["texts", 2000, size], ["close"])

        def stop(_data: bytes, peer: Peer = peer) -> None:
            peer.transport.close(3000, "ü" * 100)

        peer.hook = stop
        await peer.until(lambda peer=peer: bool(peer.items))  # type: ignore[misc]
        other = await connect(origin, ["close"])
        await other.until(lambda other=other: other.end is not None)  # type: ignore[misc]
        assert len(peer.items) == 1
        assert peer.end is None


async def failing_consumer(origin: str) -> int:
    """An exception of on_data goes to the loop; what follows is delivered all the same."""
    reported: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: reported.append(context.get("exception")))
    peer = await connect(origin, ["wait"], ["text", "0:\n"], ["wait"], ["mixed", 1000], ["close"])
    raised: list[Exception] = []

    def fail(_data: bytes) -> None:
        if len(raised) < 5:
            raised.append(LookupError("on purpose"))
            raise raised[-1]

    def fail_at_the_end(code: int, reason: str, clean: bool) -> None:
        peer._on_close(code, reason, clean)
        raised.append(LookupError("on purpose"))
        raise raised[-1]

    peer.hook = fail
    peer.transport.on_close = fail_at_the_end
    try:
        peer.transport.send("go")
        await peer.until(lambda: bool(peer.items))
        peer.transport.send("go")
        await peer.until(lambda: peer.end is not None)
    finally:
        loop.set_exception_handler(None)
    assert peer.numbers() == [0, *range(1000)]
    assert reported == raised
    return len(raised)


async def buffered(origin: str) -> None:
    peer = await connect(origin, ["wait"], ["text", "got it"])
    peer.transport.send("x" * (8 << 20))
    assert peer.transport.buffered >= 8 << 20
    await peer.until(lambda: bool(peer.items))
    assert peer.transport.buffered == 0
    peer.transport.close()


async def refused(url: str, *subprotocols: str) -> list[str]:
    """The ConnectError of a connection that must not come about: its text and diagnosis."""
    peer = Peer(url, subprotocols)
    try:
        await peer.transport.open()
    except ConnectError as error:
        assert peer.ends == 0
        return [str(error), error.diagnosis]
    raise AssertionError("it opened")


async def cancelled(origin: str) -> None:
    transport = BrowserTransport(f"{origin}/never", SUBPROTOCOLS)
    opening = asyncio.create_task(transport.open())
    await asyncio.sleep(0)
    js_socket = transport._js_socket
    opening.cancel()
    try:
        await opening
    except asyncio.CancelledError:
        pass
    else:
        raise AssertionError("not cancelled")
    assert js_socket.readyState >= 2
    assert transport._js_socket is None
    # close() ends an attempt too.
    opening = asyncio.create_task(transport.open())
    await asyncio.sleep(0)
    transport.close()
    try:
        await opening
    except ConnectError:
        pass
    else:
        raise AssertionError("opened")


async def leaks(origin: str, closed_port_url: str, rounds: int) -> None:
    """After `rounds` of connections of every fate no socket lives, and no proxy."""
    transports: list[weakref.ref[BrowserTransport]] = []
    finalised: list[object] = []
    js_registry = js.FinalizationRegistry.new(create_proxy(finalised.append))
    original = BrowserTransport._listen

    def listen(self: BrowserTransport, js_socket: Any) -> None:
        transports.append(weakref.ref(self))
        js_registry.register(js_socket, "socket")
        original(self, js_socket)

    BrowserTransport._listen = listen  # type: ignore[method-assign]
    try:
        for _ in range(rounds):
            peer = await connect(origin, ["texts", 300, 3000], ["mixed", 20], ["close"])
            await peer.until(lambda peer=peer: peer.end is not None)  # type: ignore[misc]
            peer = await connect(origin, ["texts", 10, 30])
            await peer.until(lambda peer=peer: bool(peer.items))  # type: ignore[misc]
            peer.transport.close()
            peer = await connect(origin, ["texts", 10, 3000])
            peer.hook = lambda _data, peer=peer: peer.transport.close()  # type: ignore[misc]
            await peer.until(lambda peer=peer: bool(peer.items))  # type: ignore[misc]
            await refused(closed_port_url)
            opening = asyncio.create_task(BrowserTransport(f"{origin}/never").open())
            await asyncio.sleep(0)
            opening.cancel()
            await asyncio.wait([opening])
            del peer, opening
    finally:
        BrowserTransport._listen = original  # type: ignore[method-assign]
    assert len(transports) == 5 * rounds
    assert _batch.shared.js_view is None
    async with asyncio.timeout(30):
        while len(finalised) < len(transports):
            gc.collect()
            # In a task of its own: called from here the stack would be looked at for what only seems to be a pointer.
            await js.gc(js.Object.fromEntries([["type", "major"], ["execution", "async"]]))
            await asyncio.sleep(0.01)
    assert [transport for transport in transports if transport() is not None] == []


async def long_strings(origin: str) -> None:
    """Where a batch is longer than the engine's strings may be, its messages come one by one."""
    peer = await connect(origin, ["texts", 1000, 50], ["close"])
    original = _batch._js_join
    _batch._js_join = js.Symbol.prototype.toString  # it throws, as Array.prototype.join does then
    try:
        await peer.until(lambda: peer.end is not None)
    finally:
        _batch._js_join = original
    assert peer.numbers() == list(range(1000))


def urls(origin: str) -> dict[str, str | None]:
    answers: dict[str, str | None] = {}
    for url in (
        "/stomp",
        "x?a=b",
        f"{origin}/stomp",
        "wss://host:1/x",
        "https://host",
        "//host/x",
        "ftp://host/",
        "ws://[",
        " /x ",
    ):
        try:
            answers[url] = resolve_url(url)
        except ValueError:
            answers[url] = None
    return answers


def events(main: bool) -> None:
    seen: list[str] = []
    stop = page_events(lambda: seen.append("check"))

    def dispatch() -> None:
        js.self.dispatchEvent(js.Event.new("online"))
        js.self.dispatchEvent(js.Event.new("pageshow"))
        if main:
            js.document.dispatchEvent(js.Event.new("visibilitychange"))
            js.document.dispatchEvent(js.Event.new("resume"))

    dispatch()
    assert len(seen) == (4 if main else 2)
    stop()
    stop()
    dispatch()
    assert len(seen) == (4 if main else 2)
