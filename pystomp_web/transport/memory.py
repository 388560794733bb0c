"""A WebSocket without a network: two linked ends in one event loop, for tests, with the faults a real line has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from ..errors import ConnectError
from .base import Transport, close_reason, encode_text, report

OnConnect: TypeAlias = Callable[["MemoryTransport"], Awaitable[None] | None]
TransportFactory: TypeAlias = Callable[..., "MemoryTransport"]  # (url, subprotocols=())
_End: TypeAlias = tuple[int, str, bool]


class MemoryTransport(Transport):
    """One end of a linked pair. What one end sends is delivered by the other, in order, in a later turn of the loop.

    Make both ends with `pair`, or let a client open one by `factory`. The attributes below bend what THIS end sends;
    set them at any time, they hold for what is sent from then on (`split` for what is delivered from then on). Nothing
    waits longer than `delay` says.

    Args:
        url: what the other end sees as `url`; nothing is looked up.
        subprotocols: asked for; the server end chooses by setting its `subprotocol`, the first one if it does not.
        on_connect: called by `open` with the server end; see `factory`. None for an end that is open from the start.

    Attributes:
        delay: seconds that each message is on its way.
        split: at most this many octets in one call of the other end's `on_data`, cut anywhere; 0 leaves messages whole.
            An end whose `joined` is False gets whole messages all the same.
        drop: which messages are lost: a number counts down the next ones, a callable is asked for each.
        capacity: octets that a stalled line still takes in before `buffered` rises.
        received: every message that was delivered here, whole: str where it was text, bytes where it was binary.
        peer: the other end, once there is one.
    """

    def __init__(
        self,
        url: str = "ws://memory.invalid/stomp",
        subprotocols: Sequence[str] = (),
        *,
        on_connect: OnConnect | None = None,
    ) -> None:
        super().__init__(url, subprotocols)
        self.delay = 0.0
        self.split = 0
        self.drop: int | Callable[[str | bytes], bool] = 0
        self.capacity = 0
        self.received: list[str | bytes] = []
        self.peer: MemoryTransport | None = None
        self._on_connect = on_connect
        self._subprotocol = ""
        self._line: deque[_Item] = deque()
        self._stalled = False
        self._open = on_connect is None
        self._paused = False
        self._ended = False
        self._delivering = False
        self._handle: asyncio.Handle | None = None

    @classmethod
    def pair(
        cls, url: str = "ws://memory.invalid/stomp", subprotocol: str = "v12.stomp"
    ) -> tuple[MemoryTransport, MemoryTransport]:
        """Two ends, linked and open.

        Returns:
            (client end, server end); they differ in nothing but the order.
        """
        subprotocols = (subprotocol,) if subprotocol else ()
        client, server = cls(url, subprotocols), cls(url, subprotocols)
        client._link(server)
        return client, server

    @classmethod
    def factory(cls, on_connect: OnConnect) -> TransportFactory:
        """What `Client(transport=...)` takes: each connection that the client opens is handed to `on_connect`.

        Args:
            on_connect: called with the server end, which has `url`, `subprotocols` and a `subprotocol` to set. Plain or
                async; the client's `open` waits for it. Raises ConnectError to refuse; other exceptions are passed on.
        """

        def create(url: str, subprotocols: Sequence[str] = ()) -> MemoryTransport:
            return cls(url, subprotocols, on_connect=on_connect)

        return create

    async def open(self) -> None:
        """Hand the server end to `on_connect`; nothing to do for an end of `pair`.

        Raises:
            ConnectError: `on_connect` refused.
        """
        if self._on_connect is None or self.peer is not None:
            return
        server = type(self)(self.url, self.subprotocols)
        self._link(server)
        try:
            answer = self._on_connect(server)
            if answer is not None:
                await answer
            self._open = not self._ended
        finally:
            if not self._open:
                self._leave()
                server._arrive_end((1006, "", False))
        if not self._open:
            raise ConnectError("the transport was closed while it opened")
        self._schedule()

    def send(self, data: str | bytes) -> None:
        """Put one message on the line."""
        if self._ended or self.peer is None or self._loses(data):
            return
        self._put(_Item(data, encode_text(data) if isinstance(data, str) else bytes(data)))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection: the other end gets on_close(code, reason, True) behind everything sent before."""
        if self._ended:
            return
        self._leave()
        if self.peer is not None:
            self._put(_Item(end=(code, close_reason(reason), True)))

    def cut(self, code: int = 1006, reason: str = "", *, clean: bool = False) -> None:
        """Break the line: both ends get on_close(code, reason, clean), each behind what has arrived at it.

        What a delay or a stall still holds back is lost.
        """
        for end in (self, self.peer):
            if end is not None:
                end._arrive_end((code, reason, clean))

    def stall(self) -> None:
        """Stop the line: what this end sent and sends is not delivered until `go`."""
        self._stalled = True

    def go(self) -> None:
        """Let the line run again."""
        self._stalled = False
        if self.peer is not None:
            self.peer._schedule()

    @property
    def buffered(self) -> int:
        """Octets above `capacity` that wait on a stalled line; 0 while it runs."""
        if not self._stalled:
            return 0
        return max(0, sum(len(item.octets) for item in self._line) - self.capacity)

    @property
    def subprotocol(self) -> str:
        """What the server end chose; setting it at one end sets both."""
        return self._subprotocol

    @subprotocol.setter
    def subprotocol(self, value: str) -> None:
        self._subprotocol = value
        if self.peer is not None:
            self.peer._subprotocol = value

    @property
    def ended(self) -> bool:
        """Whether `close` was called or `on_close` reported."""
        return self._ended

    def pause(self) -> None:
        """Leave on the line what arrives, until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Go on in a later turn of the loop."""
        self._paused = False
        self._schedule()

    def drain(self) -> None:
        """Deliver what has arrived, unless paused or already delivering."""
        if self.peer is not None and not self._delivering:
            self._deliver()

    def _link(self, server: MemoryTransport) -> None:
        self.peer, server.peer = server, self
        self.subprotocol = self.subprotocols[0] if self.subprotocols else ""

    def _leave(self) -> None:
        self._ended = True
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self.peer is not None:
            self.peer._line.clear()

    def _loses(self, data: str | bytes) -> bool:
        if callable(self.drop):
            return self.drop(data)
        if self.drop <= 0:
            return False
        self.drop -= 1
        return True

    def _put(self, item: _Item) -> None:
        assert self.peer is not None
        if self.peer._ended:
            return
        item.due_at = asyncio.get_running_loop().time() + self.delay
        if self._line:  # a shorter delay overtakes nothing
            item.due_at = max(item.due_at, self._line[-1].due_at)
        self._line.append(item)
        self.peer._schedule()

    def _arrive_end(self, end: _End) -> None:
        if self._ended or self.peer is None:
            return
        sender = self.peer
        now = asyncio.get_running_loop().time()
        arrived = [] if sender._stalled else [item for item in sender._line if item.due_at <= now]
        if arrived and arrived[-1].end is not None:
            return
        sender._line = deque([*arrived, _Item(end=end, due_at=now)])
        sender._stalled = False
        if self._handle is not None:  # it may be set for later
            self._handle.cancel()
            self._handle = None
        self._schedule()

    def _next(self) -> _Item | None:
        """The first item on the way to this end, due or not; None if none may be delivered."""
        if self.peer is None or self.peer._stalled or not self._open or self._paused or self._ended:
            return None
        return self.peer._line[0] if self.peer._line else None

    def _schedule(self) -> None:
        item = self._next()
        if item is None or self._handle is not None or self._delivering:
            return
        loop = asyncio.get_running_loop()
        if item.due_at <= loop.time():
            self._handle = loop.call_soon(self._run)
        else:
            self._handle = loop.call_at(item.due_at, self._run)

    def _run(self) -> None:
        self._handle = None
        self._deliver()

    def _deliver(self) -> None:
        assert self.peer is not None
        now = asyncio.get_running_loop().time()
        last = self.peer._line[-1] if self.peer._line else None  # what is sent meanwhile has its own turn
        self._delivering = True
        try:
            while (item := self._next()) is not None and item.due_at <= now:
                try:
                    self._hand_over(item)
                except Exception as error:
                    report(error)
                if item is last and item.offset == len(item.octets):
                    break
        finally:
            self._delivering = False
            self._schedule()

    def _hand_over(self, item: _Item) -> None:
        assert self.peer is not None
        split = self.peer.split if self.joined else 0
        if item.end is not None:
            self._leave()
            self.on_close(*item.end)
            return
        if item.offset == 0:
            self.received.append(item.data)
        view = memoryview(item.octets)
        while True:
            start = item.offset
            item.offset = min(len(view), start + split) if split > 0 else len(view)
            done = item.offset == len(view)
            if done:
                self.peer._line.popleft()
            self.on_data(view[start : item.offset])
            if done or self._paused or self._ended:
                return


class _Item:
    """A message on its way, or the end of the connection behind the last one."""

    __slots__ = ("data", "due_at", "end", "octets", "offset")

    def __init__(
        self, data: str | bytes = b"", octets: bytes = b"", *, end: _End | None = None, due_at: float = 0.0
    ) -> None:
        self.data = data
        self.octets = octets
        self.end = end
        self.due_at = due_at
        self.offset = 0
