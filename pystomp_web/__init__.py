"""STOMP over the browser's own WebSocket, in Python.

::

    import pystomp_web as stomp

    async with stomp.connect("/stomp") as client:
        async with client.subscribe("/topic/prices") as prices:
            await client.send("/topic/prices", {"eur": 1.08})
            async for message in prices:
                print(message.json())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client.backoff import Backoff
from .client.client import Client, connect
from .client.state import State
from .errors import (
    BrokerError,
    ClientClosed,
    ConnectError,
    ConnectionLost,
    ConnectRejected,
    ConnectTimeout,
    FrameTooLarge,
    HeartbeatTimeout,
    OutboxFull,
    ProtocolError,
    ReceiptTimeout,
    SlowConsumer,
    StaleMessage,
    StompError,
    VersionMismatch,
)
from .protocol import Frame, Headers, Limits, Version
from .transport.base import Transport

if TYPE_CHECKING:
    from . import sync
    from .client.message import Message
    from .client.subscription import Subscription
    from .client.transaction import Transaction
    from .transport.memory import MemoryTransport

__all__ = [
    "Backoff",
    "BrokerError",
    "Client",
    "ClientClosed",
    "ConnectError",
    "ConnectRejected",
    "ConnectTimeout",
    "ConnectionLost",
    "Frame",
    "FrameTooLarge",
    "Headers",
    "HeartbeatTimeout",
    "Limits",
    "MemoryTransport",
    "Message",
    "OutboxFull",
    "ProtocolError",
    "ReceiptTimeout",
    "SlowConsumer",
    "StaleMessage",
    "State",
    "StompError",
    "Subscription",
    "Transaction",
    "Transport",
    "Version",
    "VersionMismatch",
    "connect",
    "sync",
]

#: Imported when used: a page does not pay for what it does not need yet.
_LATER = {
    "MemoryTransport": ("transport.memory", "MemoryTransport"),
    "Message": ("client.message", "Message"),
    "Subscription": ("client.subscription", "Subscription"),
    "Transaction": ("client.transaction", "Transaction"),
    "sync": ("sync", None),
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _LATER[name]
    value = import_module(f".{module}", __name__)
    value = value if attribute is None else getattr(value, attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
