"""Every exception of the package.

::

    StompError
    ├── ProtocolError            what was received, or was to be sent, is not STOMP
    │   └── FrameTooLarge        a frame is larger than a limit
    ├── ConnectError             no STOMP session could be opened        .diagnosis
    │   ├── ConnectRejected      the broker answered CONNECT with ERROR  .frame
    │   ├── ConnectTimeout       no CONNECTED in time                    (a TimeoutError too)
    │   └── VersionMismatch      the broker chose a version that was not offered
    ├── ConnectionLost           an open session ended                   .code .reason .clean
    │   └── HeartbeatTimeout     the peer fell silent
    ├── BrokerError              the broker sent ERROR                   .frame .receipt_id
    ├── ReceiptTimeout           no RECEIPT or reply in time             (a TimeoutError too)
    ├── OutboxFull               no room for another send
    ├── SlowConsumer             a subscription's messages were not taken fast enough
    ├── StaleMessage             the message belongs to an earlier connection
    └── ClientClosed             the client was closed
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .protocol import Frame

__all__ = [
    "BrokerError",
    "ClientClosed",
    "ConnectError",
    "ConnectRejected",
    "ConnectTimeout",
    "ConnectionLost",
    "FrameTooLarge",
    "HeartbeatTimeout",
    "OutboxFull",
    "ProtocolError",
    "ReceiptTimeout",
    "SlowConsumer",
    "StaleMessage",
    "StompError",
    "VersionMismatch",
]


class StompError(Exception):
    """The base of every error that this package raises by itself."""


class ProtocolError(StompError):
    """Octets that are not STOMP, a frame that the version cannot say, or a frame out of its place."""


class FrameTooLarge(ProtocolError):
    """A frame, its head or the number of its headers is above a limit."""


class ConnectError(StompError):
    """No STOMP session could be opened.

    Attributes:
        diagnosis: in words, why the browser let the attempt fail, where that could be found out; else "".
    """

    def __init__(self, message: str, *, diagnosis: str = "") -> None:
        super().__init__(message)
        self.diagnosis = diagnosis
        self.unopened = False  # whether not even the WebSocket opened

    def __str__(self) -> str:
        message = str(self.args[0])
        return f"{message}: {self.diagnosis}" if self.diagnosis else message


class ConnectRejected(ConnectError):
    """The broker answered CONNECT with an ERROR frame.

    Attributes:
        frame: that ERROR frame.
        transient: whether a gateway said it, whose broker is away: then it may pass.
    """

    def __init__(self, message: str, frame: Frame, *, diagnosis: str = "") -> None:
        super().__init__(message, diagnosis=diagnosis)
        self.frame = frame
        self.transient = False

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.args[0], self.frame), self.__dict__


class ConnectTimeout(ConnectError, TimeoutError):
    """The time for one attempt was over before CONNECTED came."""


class VersionMismatch(ConnectError):
    """CONNECTED names a version that was not offered."""


class ConnectionLost(StompError):
    """An open session ended without close() having been called.

    Attributes:
        code: the WebSocket close code (RFC 6455, section 7.4); 1006 when the connection just broke.
        reason: the close reason as the peer gave it, or "".
        clean: whether there was a closing handshake.
    """

    def __init__(self, message: str, *, code: int = 1006, reason: str = "", clean: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.clean = clean
        self._blamed = False  # whether an ERROR named whose fault it was


class HeartbeatTimeout(ConnectionLost):
    """Nothing, not even a heart-beat, came within the agreed time and its tolerance."""


class BrokerError(StompError):
    """The broker sent an ERROR frame.

    Attributes:
        frame: the ERROR frame.
        receipt_id: its `receipt-id`: the frame that the broker complains of, or None.
    """

    def __init__(self, message: str, frame: Frame) -> None:
        super().__init__(message)
        self.frame = frame
        self.receipt_id = frame.headers.get("receipt-id")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.args[0], self.frame), self.__dict__


class ReceiptTimeout(StompError, TimeoutError):
    """The awaited RECEIPT, or the reply to a request, did not come in time."""


class OutboxFull(StompError):
    """The frame cannot be written now and the outbox has no room for it."""


class SlowConsumer(StompError):
    """Messages of a subscription were dropped because they were not taken fast enough."""


class StaleMessage(StompError):
    """The message came over an earlier connection: the broker redelivers it, it can't be settled any more."""


class ClientClosed(StompError):
    """The client, or this subscription, was closed."""
