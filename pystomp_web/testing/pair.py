"""A client's other end without a socket, in the hands of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from ..protocol import Decoder, Frame, encode
from ..transport.base import Buffer
from ..transport.memory import MemoryTransport


class StompPair:
    """The server's end of a client that lives in the same event loop; what the fixture `stomp_pair` gives.

    ::

        async def test_what_is_ordered(stomp_pair):
            client = stomp.Client("ws://test/stomp", transport=stomp_pair.transport)
            client.start()
            await stomp_pair.connected()
            await client.send("/queue/orders", "tea")
            order = await stomp_pair.receive("SEND")
            assert order.body == b"tea"

    Attributes:
        transport: for `connect` and `Client`; each connection that the client opens replaces the one before.
        end: the server's end of the latest connection: cut it, delay it, stall it (see `MemoryTransport`).
        receipts: whether `receive` answers frames that want a receipt.
        version: spoken since `connected`.
    """

    def __init__(self) -> None:
        self.transport = MemoryTransport.factory(self._connect)
        self.end: MemoryTransport | None = None
        self.receipts = True
        self.version = "1.2"
        self._decoder = Decoder()
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()

    async def connected(self, version: str = "1.2", headers: Mapping[str, str] | None = None) -> Frame:
        """Take the client's CONNECT and answer CONNECTED, which the client sees in one of the loop's next turns.

        Args:
            version: the one agreed.
            headers: more headers of CONNECTED, such as heart-beat (there are no beats without).

        Returns:
            The CONNECT.
        """
        frame = await self.receive("CONNECT")
        self.send("CONNECTED", {"version": version, **(headers or {})})
        self.version = self._decoder.version = version
        return frame

    async def receive(self, command: str | None = None, timeout: float = 10.0) -> Frame:
        """The client's next frame.

        Raises:
            AssertionError: it has another command than the one given.
            TimeoutError: none came within `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                frame = await self._frames.get()
        except TimeoutError:
            raise TimeoutError(f"no {command or 'frame'} came within {timeout:g} s") from None
        if command not in (None, frame.command):
            raise AssertionError(f"{frame} came, {command} was due")
        if self.receipts and "receipt" in frame.headers:
            self.send("RECEIPT", {"receipt-id": frame.headers["receipt"]})
        return frame

    def send(
        self, command: str, headers: Mapping[str, str] | Iterable[tuple[str, str]] = (), body: str | bytes = b""
    ) -> None:
        """Send a frame to the client, as text where it is UTF-8.

        Raises:
            RuntimeError: no client has opened a connection.
        """
        octets = encode(Frame(command, headers, body.encode() if isinstance(body, str) else body), self.version)
        if self.end is None:
            raise RuntimeError("no client has opened a connection: give it transport=stomp_pair.transport")
        try:
            self.end.send(octets.decode())
        except UnicodeDecodeError:
            self.end.send(octets)

    def _connect(self, end: MemoryTransport) -> None:
        self.end, self._decoder = end, Decoder()
        end.on_data = self._take

    def _take(self, data: Buffer) -> None:
        for frame in self._decoder.feed(data):
            self._frames.put_nowait(frame)
