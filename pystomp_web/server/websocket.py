"""The embedded broker behind a WebSocket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from .link import Link
from .sessions import Ending, first_of

if TYPE_CHECKING:
    from .broker import Broker

#: The subprotocols of STOMP over WebSocket, the best first.
SUBPROTOCOLS = ("v12.stomp", "v11.stomp", "v10.stomp")
#: What a WebSocket message may be larger than the largest frame: several frames may come in one.
_SLACK = 64 * 1024


def best_subprotocol(asked: str) -> tuple[str, ...]:
    """Of a Sec-WebSocket-Protocol header's value the best that we speak, alone; () when there is none."""
    names = {name.strip() for name in asked.split(",")}
    return tuple(name for name in SUBPROTOCOLS if name in names)[:1]


def open_socket(asked: str, max_frame_size: int, close_timeout: float) -> web.WebSocketResponse:
    """A WebSocket that is yet to be prepared.

    Args:
        asked: the request's Sec-WebSocket-Protocol.
        max_frame_size: octets of the largest STOMP frame.
        close_timeout: seconds to wait for the peer's part of the closing handshake.
    """
    return web.WebSocketResponse(
        protocols=best_subprotocol(asked),
        compress=False,  # permessage-deflate costs more than it saves on a loopback, and memory for every connection
        max_msg_size=max_frame_size + _SLACK,
        timeout=close_timeout,
    )


class BrokerEndpoint:
    """Serves WebSockets from the embedded broker.

    Args:
        broker: who answers.
    """

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.max_frame_size = broker.limits.max_frame_size
        self.close_timeout = broker.limits.close_timeout

    async def serve(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> Ending:
        """Serve one WebSocket until it ends, or the broker wants it to."""

        async def write(data: bytes, is_text: bool) -> None:
            await socket.send_frame(data, WSMsgType.TEXT if is_text else WSMsgType.BINARY)

        async def read() -> None:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    link.receive(message.data.encode())
                elif message.type is WSMsgType.BINARY:
                    link.receive(message.data)

        link = Link(self.broker, write, transport.abort)
        try:
            await first_of(asyncio.ensure_future(read()), asyncio.ensure_future(link.pump()))
        finally:
            link.ended()
        return link.ending or (1000, "")
