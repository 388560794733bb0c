"""The browser's own WebSocket. This module, and what it imports here, alone know `js` and `pyodide`.

Events do not enter Python one by one. A native, bound `push` puts them into a JavaScript array; the first one after a
quiet time is handled inside its own event, and those that follow in hops of a MessageChannel, each posted after the
work of the one before, so that what comes meanwhile is taken in one batch. A hop that finds a few messages above 1 KiB
goes round once more, for Chromium hands over no more than some 128 KiB at a time. Long messages, each of which would be
a batch of its own, are handled inside their own events as long as none waits.
"""

from __future__ import annotations

import asyncio
from time import monotonic

import js
from pyodide.ffi import JsException, create_proxy, to_js

from ..errors import ConnectError
from ._batch import long_text, payloads, shared
from .base import Transport, address, close_reason, report
from .page import page_events, resolve_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .base import Buffer

__all__ = ["BrowserTransport", "page_events", "resolve_url"]

_BATCH = 256  # messages at the most
_JOINED = 272 * 1024  # octets of a batch of long messages: twice what Chromium hands over at a time
_ALONE = 96 * 1024  # octets: messages from here on are batches of their own
_BUDGET = 0.008  # seconds: half a frame of the screen
_LARGE = 2048  # octets: from here on text must not become a str on its way
_LONG = 16 * 1024  # characters: where one is not ASCII, Pyodide hands them to JavaScript one by one
_CLOSED = 3

_js_decode = js.TextDecoder.prototype.decode
_js_utf16 = js.TextDecoder.new("utf-16le")  # it drops the one mark that Python begins with


class BrowserTransport(Transport):
    """A WebSocket in a page or a worker.

    What the browser does not tell stays untold: a failed attempt has no reason, a broken connection code 1006.
    """

    def __init__(self, url: str, subprotocols: Sequence[str] = ()) -> None:
        super().__init__(url, subprotocols)
        self._subprotocol = ""
        self._opening: asyncio.Future[bool] | None = None
        self._ended = True  # while there is no socket
        self._paused = True  # until open() has returned, and by pause()
        self._end: tuple[int, str, bool] | None = None  # not yet reported
        self._current: Iterator[tuple[Buffer, int, bool]] | None = None  # of the batch that is being delivered
        self._large = False  # whether the last message was long text
        self._most = _BATCH  # for messages as long as the last ones
        self._attentive = False  # whether events are handled one by one
        self._hopping = False
        self._gathered = False  # whether the last hop went round once more
        self._draining = False
        self._inside = 0  # calls of our own that are running
        self._js_socket: Any = None
        self._js_send: Any = None
        self._js_queue: Any = None
        self._js_push: Any = None
        self._js_channel: Any = None
        self._js_post: Any = None
        self._js_first: Any = None
        self._js_hop: Any = None
        self._js_opened: Any = None
        self._js_over: Any = None

    async def open(self) -> None:
        """Open the WebSocket.

        Raises:
            ConnectError: it did not open. With a `diagnosis` only where the browser would not even try: mixed content,
                a subprotocol that is no token.
        """
        message = f"no WebSocket connection to {address(self.url)}"
        try:
            js_socket = js.WebSocket.new(self.url, to_js(list(self.subprotocols)))
        except JsException as error:
            raise ConnectError(message, diagnosis=str(error).replace(self.url, address(self.url))) from error
        self._opening = asyncio.get_running_loop().create_future()
        self._listen(js_socket)
        opened = False
        try:
            opened = await self._opening
        finally:
            if not opened:
                self.close()
        if not opened:
            raise ConnectError(message)
        self._subprotocol = str(js_socket.protocol)
        self.resume()

    def send(self, data: str | bytes) -> None:
        """Send one message. Lone surrogates go out as U+FFFD."""
        if self._ended:
            return
        if not isinstance(data, str):
            self._js_send(to_js(data))
        elif len(data) >= _LONG and not data.isascii():
            js_text = js.Object.new()
            js_text.toString = _js_decode.bind(_js_utf16, to_js(data.encode("utf-16", "surrogatepass")))
            self._js_send(js_text)
        else:
            self._js_send(data)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket and let go of it; the browser does the rest. An `open` that still waits fails."""
        if self._ended:
            return
        self._ended = True
        if self._opening is not None and not self._opening.done():
            self._opening.set_result(False)
        try:
            self._js_socket.close(code, close_reason(reason))
        finally:
            self._let_go()

    @property
    def buffered(self) -> int:
        """The WebSocket's bufferedAmount."""
        return 0 if self._ended else int(self._js_socket.bufferedAmount)

    @property
    def subprotocol(self) -> str:
        """What the server chose, or ""."""
        return self._subprotocol

    def pause(self) -> None:
        """Leave in JavaScript what arrives."""
        self._paused = True

    def resume(self) -> None:
        """Go on in a later event."""
        self._paused = False
        self._hop_later()

    def drain(self) -> None:
        """Deliver what waits in JavaScript, however long it takes."""
        self._inside += 1
        try:
            self._drain(None)
        finally:
            self._leave()

    # What the browser calls.

    def _on_open(self, _js_event: Any) -> None:
        if self._opening is not None and not self._opening.done():
            self._opening.set_result(True)

    def _on_first(self, js_event: Any) -> None:
        """The first message after a quiet time, or one of the long ones: no other is in the queue."""
        if self._paused or self._ended:
            return
        self._inside += 1
        try:
            if self._large:
                self._js_queue.length = 0
                self._current = long_text(js_event, joined=self.joined)
                self._drain(_BUDGET)
            else:
                data = js_event.data
                self._js_queue.length = 0
                text = isinstance(data, str)
                octets = data.encode() if text else data.to_bytes()
                self._learn(len(octets), text)
                self._hand_over(octets)
            # After the work, never before: what has come meanwhile is one batch.
            self._go_on(self._most)
        finally:
            self._leave()

    def _on_hop(self, _js_event: Any) -> None:
        self._hopping = False
        if self._paused or self._ended:
            return
        self._inside += 1
        try:
            self._gathered = not self._gathered and self._filling()
            if self._gathered:
                self._hop_later()
            elif self._waiting():
                self._drain(_BUDGET)
                self._go_on(self._most)
            elif self._end is not None:
                self._report(self._end)
            else:
                self._go_on(1)
        finally:
            self._leave()

    def _on_over(self, js_event: Any) -> None:
        """A close event, or an error: a socket that CSP blocked has no other end than its error."""
        if self._ended:
            return
        if self._opening is not None and not self._opening.done():
            # WebKit says error alone where it refuses a port, in the state CONNECTING.
            self._opening.set_result(False)
            return
        if js_event.type == "close":
            self._end = (int(js_event.code), str(js_event.reason), bool(js_event.wasClean))
        elif self._js_socket.readyState == _CLOSED and self._end is None:
            self._end = (1006, "", False)
        if self._end is None:
            return
        self._inside += 1
        try:
            # The close event overtakes messages that wait in the queue.
            self._drain(None)
            if self._waiting():
                self._hop_later()
            elif not self._paused and not self._ended:
                self._report(self._end)
        finally:
            self._leave()

    # Inside.

    def _listen(self, js_socket: Any) -> None:
        shared.acquire()
        js_socket.binaryType = "arraybuffer"
        self._js_socket = js_socket
        self._js_send = js_socket.send
        self._js_queue = js.Array.new()
        self._js_push = js.Array.prototype.push.bind(self._js_queue)
        self._js_channel = js.MessageChannel.new()
        self._js_post = self._js_channel.port2.postMessage
        self._js_first = create_proxy(self._on_first)
        self._js_hop = create_proxy(self._on_hop)
        self._js_opened = create_proxy(self._on_open)
        self._js_over = create_proxy(self._on_over)
        self._js_channel.port1.onmessage = self._js_hop
        js_socket.addEventListener("message", self._js_push)
        for name, js_listener in self._listeners():
            js_socket.addEventListener(name, js_listener)
        self._ended = False

    def _listeners(self) -> tuple[tuple[str, Any], ...]:
        return ("open", self._js_opened), ("close", self._js_over), ("error", self._js_over)

    def _waiting(self) -> bool:
        return self._draining or self._current is not None or (not self._ended and self._js_queue.length > 0)

    def _filling(self) -> bool:
        """Whether a burst of messages that are not short has filled a part of a batch."""
        return self._most < _BATCH and self._current is None and 1 < self._js_queue.length < self._most

    def _go_on(self, most: int) -> None:
        # Long messages would be batches of one: each is handled in its own event, without a hop.
        if most == 1 and self._end is None and not (self._paused or self._ended or self._waiting()):
            if not self._attentive:
                self._attentive = True
                self._js_socket.addEventListener("message", self._js_first)
        else:
            self._hop_later()

    def _hop_later(self) -> None:
        if self._attentive:
            self._attentive = False
            self._js_socket.removeEventListener("message", self._js_first)
        if not (self._hopping or self._paused or self._ended):
            self._hopping = True
            self._js_post(0)

    def _drain(self, seconds: float | None) -> None:
        """Deliver what waits, for so many seconds; None: all of it."""
        if self._draining:
            return
        self._draining = True
        shared.depth += 1
        until = None if seconds is None else monotonic() + seconds
        try:
            while not (self._paused or self._ended):
                taken = most = self._most
                if self._current is None:
                    js_events = self._js_queue.splice(0, most)
                    taken = js_events.length
                    if not taken:
                        return
                    self._current = payloads(js_events, joined=self.joined)
                elif seconds is not None:
                    taken = 0  # what else there is waits for the next turn
                for data, count, text in self._current:
                    if count:
                        self._learn(len(data) // count, text)
                    self._hand_over(data)
                    if self._paused or self._ended or (until is not None and monotonic() >= until):
                        return
                self._current = None
                if taken < most:  # while Python runs no event is added
                    return
        finally:
            shared.depth -= 1
            self._draining = False

    def _learn(self, size: int, text: bool) -> None:
        self._large = text and size > _LARGE
        self._most = 1 if size >= _ALONE else min(_BATCH, _JOINED // (size + 1))

    def _hand_over(self, data: Buffer) -> None:
        try:
            self.on_data(data)
        except Exception as error:
            report(error)

    def _report(self, end: tuple[int, str, bool]) -> None:
        self._ended = True
        try:
            self.on_close(*end)
        except Exception as error:
            report(error)
        self._let_go()

    def _leave(self) -> None:
        self._inside -= 1
        if self._ended and not self._inside:
            self._destroy()

    def _let_go(self) -> None:
        self._attentive = False
        js_socket, js_channel = self._js_socket, self._js_channel
        js_socket.removeEventListener("message", self._js_push)
        js_socket.removeEventListener("message", self._js_first)
        for name, js_listener in self._listeners():
            js_socket.removeEventListener(name, js_listener)
        js_channel.port1.onmessage = None
        js_channel.port1.close()
        js_channel.port2.close()
        if not self._inside:
            self._destroy()

    def _destroy(self) -> None:
        """Free what JavaScript holds of Python: as the last thing, for one of the proxies may be being called."""
        if self._js_socket is None:
            return
        for js_proxy in (self._js_first, self._js_hop, self._js_opened, self._js_over):
            js_proxy.destroy()
        self._js_first = self._js_hop = self._js_opened = self._js_over = None
        self._js_socket = self._js_send = self._js_queue = self._js_push = self._js_channel = self._js_post = None
        self._current = None
        shared.release()
