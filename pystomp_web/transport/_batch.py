"""From a JavaScript array of WebSocket payloads to octets in Python's memory, many messages in one crossing.

Only native functions of the browser, bound and composed from here: nothing is evaluated, so a Content-Security-Policy
without `unsafe-eval` is enough. Imported by browser.py alone.
"""

from __future__ import annotations

from itertools import groupby

import js
from pyodide.ffi import JsException, create_proxy, to_js

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .base import Buffer

CAPACITY = 1 << 20
_SHORT = 1 << 16
#: Between texts that are to come out one by one: of the octets that UTF-8 has alone, the one that texts have least.
_SEPARATOR = "\x1c"

_js_call = js.Function.prototype.call
_js_join = js.Array.prototype.join
_js_at = js.Array.prototype.at
_js_slice = js.String.prototype.slice
_js_encoder = js.TextEncoder.new()
_js_encode_into = _js_encoder.encodeInto
_js_data = js.Object.getOwnPropertyDescriptor(js.MessageEvent.prototype, "data").get
_js_get_data = _js_call.bind(_js_data)
_js_is_buffer = js.Reflect.get(js.Function.prototype, js.Symbol.hasInstance).bind(js.ArrayBuffer)


class SharedBuffer:
    """The octets that text is encoded into: one for all connections, there while one of them is.

    Attributes:
        depth: how many drains are running. In one that runs inside another's `on_data` the buffer is taken.
        octets: the memory; empty while there is no user.
        js_view: the same memory as a Uint8Array.
    """

    def __init__(self) -> None:
        self.depth = 0
        self.octets = bytearray()
        self.js_view: Any = None
        self._users = 0
        self._js_octets: Any = None
        self._js_buffer: Any = None

    def acquire(self) -> None:
        """One more user."""
        self._users += 1
        if self._users == 1:
            self.octets = bytearray(CAPACITY)
            self._js_octets = create_proxy(self.octets)
            self.look()

    def release(self) -> None:
        """One user less; the last one's memory is given back."""
        self._users -= 1
        if self._users == 0:
            self._let_go_of_view()
            self._js_octets.destroy()
            self._js_octets = None
            self.octets = bytearray()

    def look(self) -> None:
        """Make the view, anew where there was one: when WebAssembly's memory grows, views of it become empty."""
        self._let_go_of_view()
        js_get_buffer = js.Reflect.get(self._js_octets, "getBuffer")
        self._js_buffer = js.Reflect.apply(js_get_buffer, self._js_octets, to_js(["u8"]))
        self.js_view = self._js_buffer.data

    def _let_go_of_view(self) -> None:
        if self._js_buffer is not None:
            self._js_buffer.release()
            self._js_buffer = self.js_view = None


shared = SharedBuffer()


def payloads(js_events: Any, *, joined: bool) -> Iterator[tuple[Buffer, int, bool]]:
    """The octets of message events, in order.

    Args:
        js_events: an Array of MessageEvents whose data are strings and ArrayBuffers.
        joined: whether messages may come together and in pieces; else each is one item.

    Yields:
        Octets, text as UTF-8, good until the next item is asked for; how many messages they are, or are the first piece
        of, 0 for the other pieces; and whether they were text.
    """
    js_batch = js_events.map(_js_get_data)
    if not js_batch.some(_js_is_buffer):
        yield from _texts(js_batch, joined=joined)
        return
    start = 0
    for binary, run in groupby(js_batch.map(_js_is_buffer).to_py()):
        end = start + len(list(run))
        js_run = js_batch.slice(start, end)
        if binary:
            octets = js_run.to_py()
            if joined and max(map(len, octets)) < _SHORT:
                # One by one, each would wake whoever waits; long ones are no cheaper together.
                yield b"".join(octets), len(octets), False
            else:
                for each in octets:
                    yield each, 1, False
        else:
            yield from _texts(js_run, joined=joined)
        start = end


def long_text(js_event: Any, *, joined: bool) -> Iterator[tuple[Buffer, int, bool]]:
    """As `payloads` of one event, which most likely has long text: with fewer crossings."""
    js_event.toString = _js_data
    pieces = _pieces(js_event)
    count = 1
    try:
        for octets in pieces if joined else [b"".join(map(bytes, pieces))]:
            yield octets, count, True
            count = 0
    except JsException:  # it has no text
        yield js_event.data.to_bytes(), 1, False


def _texts(js_batch: Any, *, joined: bool) -> Iterator[tuple[Buffer, int, bool]]:
    count = js_batch.length
    # Whatever wants a string of the array gets the joined text, which so never becomes a str.
    js_batch.toString = _js_join.bind(js_batch, "" if joined else _SEPARATOR)
    try:
        if joined:
            told = count
            for octets in _pieces(js_batch):
                yield octets, told, True
                told = 0
            return
        texts = b"".join(map(bytes, _pieces(js_batch))).split(_SEPARATOR.encode())
    except JsException:
        # Together they are longer than the engine's longest string; one by one they are not.
        texts = []
    if len(texts) == count:
        for text in texts:
            yield text, 1, True
        return
    for index in range(count):
        js_text = js.Object.new()
        js_text.toString = _js_at.bind(js_batch, index)
        if joined:
            for octets in _pieces(js_text):
                yield octets, 1, True
        else:
            yield b"".join(map(bytes, _pieces(js_text))), 1, True


def _pieces(js_source: Any) -> Iterator[Buffer]:
    """The text that `js_source.toString()` answers, as UTF-8 in pieces that fit the buffer, cut between characters."""
    while js_source is not None:
        if shared.depth > 1:
            if octets := _js_encoder.encode(js_source).to_bytes():
                yield octets
            return
        js_result = _js_encode_into(js_source, shared.js_view)
        written = js_result.written
        if not written and not shared.js_view.byteLength:
            shared.look()
            continue
        js_source = _rest(js_source, js_result.read) if written >= CAPACITY - 3 else None
        if written:
            yield memoryview(shared.octets)[:written]


def _rest(js_source: Any, start: int) -> Any:
    """The same text from the UTF-16 unit `start` on, again as an object with toString; None if nothing is left."""
    js_text = js.String.new(js_source)  # an object, which stays in JavaScript
    if start >= js_text.length:
        return None
    js_rest = js.Object.new()
    js_rest.toString = _js_slice.bind(js_text, start)
    return js_rest
