"""What can be set, in frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """What one client may ask of the embedded broker.

    Attributes:
        max_frame_size: octets of a frame, inclusive.
        max_header_size: octets of a frame's head, inclusive.
        max_header_count: headers of a frame, inclusive.
        max_subscriptions: subscriptions of a connection.
        max_transactions: open transactions of a connection.
        max_transaction_frames: SEND, ACK and NACK frames within one transaction.
        max_queue_length: messages that wait in one queue; what comes back unacknowledged is taken above it.
        max_deliveries: a message that was delivered so often and came back goes to the dead-letter queue.
        max_outstanding: octets that may wait to be written to a consumer; with more it is too slow and is cut off.
        flow_mark: octets above which queues (not topics) hold back from a consumer until it has taken some.
        connect_timeout: seconds until CONNECT must have come.
        close_timeout: seconds that a closing socket may take to write what is left.
        heartbeat_tolerance: a client is dead after this many of the intervals that it promised.
    """

    max_frame_size: int = 16 * MIB
    max_header_size: int = 128 * 1024
    max_header_count: int = 1000
    max_subscriptions: int = 1000
    max_transactions: int = 100
    max_transaction_frames: int = 10_000
    max_queue_length: int = 100_000
    max_deliveries: int = 5
    max_outstanding: int = 16 * MIB
    flow_mark: int = MIB
    connect_timeout: float = 10.0
    close_timeout: float = 2.0
    heartbeat_tolerance: float = 2.0


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What the server serves, and to whom.

    Attributes:
        host: the address to listen on.
        port: the port; 0 is a free one.
        root: the folder of the pages; None: none are served.
        pyodide: the folder served at /pyodide/; None: none.
        vendor: the folder served at /vendor/: scripts and styles of others that the pages use; None: none.
        wheel: the file served at /wheel/; None: none.
        broker: "embedded" or "tcp://host:port".
        vhost: the value that the gateway gives to CONNECT's `host`; None: CONNECT stays as it came.
        connect: WebSockets elsewhere that the pages may open, such as "ws://127.0.0.1:15674": for connect-src.
        allow_origins: origins other than this one that may open the WebSocket, such as "http://example.com:8000".
        login: who may connect to the embedded broker; None: everybody.
        passcode: that login's passcode.
        tcp_port: the port on which the embedded broker also takes plain TCP; 0 is a free one, None is none.
        heartbeat: milliseconds, as in CONNECTED: (the broker sends, the broker wants).
        demo: messages a second that the embedded broker publishes by itself, for pages to show; None: none.
        limits: what one client may ask.
    """

    host: str = "127.0.0.1"
    port: int = 0
    root: Path | None = None
    pyodide: Path | None = None
    vendor: Path | None = None
    wheel: Path | None = None
    broker: str = "embedded"
    vhost: str | None = None
    connect: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()
    login: str | None = None
    passcode: str | None = field(default=None, repr=False)
    tcp_port: int | None = None
    heartbeat: tuple[int, int] = (10_000, 10_000)
    demo: float | None = None
    limits: BrokerLimits = field(default_factory=BrokerLimits)
