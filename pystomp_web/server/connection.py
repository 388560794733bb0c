"""One client's session with the embedded broker: octets in, octets out, no I/O."""

from __future__ import annotations

import itertools
import math
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING

from pystomp_web.errors import FrameTooLarge, ProtocolError
from pystomp_web.protocol import Decoder, Frame, Version, encode
from pystomp_web.protocol.heartbeat import BEAT, Heartbeat, negotiate, parse
from pystomp_web.protocol.version import RULES, SERVER_COMMANDS

from .messages import Pairs, error_frame
from .subscriptions import DIALECTS, MODES, Subscription
from .transactions import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from .broker import Broker
    from .destinations import Delivery

SERVER = "pystomp_web"
NORMAL, PROTOCOL, POLICY, TOO_BIG = 1000, 1002, 1008, 1009
#: Acknowledgements that come for messages which an UNSUBSCRIBE has already sent back are remembered and passed over.
_RETURNED_KEPT = 10_000


class State(Enum):
    """Where a session is."""

    WAITING = auto()
    OPEN = auto()
    CLOSED = auto()


class Refused(Exception):
    """What a client asked for can't be done: it gets an ERROR and its connection is closed.

    Attributes:
        message: for the ERROR's `message` header: a few fixed words.
        detail: for its body.
        code: the WebSocket close code.
        headers: more headers for the ERROR.
    """

    def __init__(self, message: str, detail: str, code: int = PROTOCOL, headers: Pairs = ()) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.code = code
        self.headers = headers


class Connection:
    """The server's side of one STOMP session. Made by `Broker.connect`.

    Attributes:
        session_id: as in CONNECTED.
        state: where it is.
        version: what was agreed.
        login: the login that CONNECT gave, or None.
        subscriptions: by id; in 1.0 by destination where none was given.
    """

    def __init__(
        self,
        broker: Broker,
        session_id: str,
        send: Callable[[bytes, bool], None],
        close: Callable[[int, str], None],
        buffered: Callable[[], int],
    ) -> None:
        self.broker = broker
        self.session_id = session_id
        self.state = State.WAITING
        self.version = Version.V1_0
        self.login: str | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self._send = send
        self._close = close
        self._buffered = buffered
        self._limits = limits = broker.limits
        # CONNECT may come with the line ends of 1.2, so until it came those are understood.
        self._decoder = Decoder(
            Version.V1_2,
            max_frame_size=limits.max_frame_size,
            max_header_size=limits.max_header_size,
            max_header_count=limits.max_header_count,
        )
        self._serials = itertools.count(1)
        self._by_serial: dict[str, Subscription] = {}
        self._transactions: dict[str, Transaction] = {}
        self._returned: deque[str] = deque(maxlen=_RETURNED_KEPT)
        self._held = False
        self._connect_by = broker.clock() + limits.connect_timeout
        self._beats = Heartbeat(0, 0, now=broker.clock())

    # --- for the transport

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self.state is State.CLOSED

    def receive(self, data: bytes) -> None:
        """Octets have come. What is wrong with them is answered, never raised."""
        if self.closed:
            return
        self._beats.received(self.broker.clock())
        try:
            for frame in self._decoder.feed(data):
                if not self._take(frame):  # closed by that frame: nothing behind it counts
                    return
        except FrameTooLarge as error:
            self.fail(Refused("Frame too large", str(error), TOO_BIG))
        except ProtocolError as error:
            self.fail(Refused("Malformed frame", str(error)))

    def lost(self) -> None:
        """The socket has ended: what the client had not settled goes back."""
        if not self.closed:
            self._release()

    def drained(self) -> None:
        """The transport has written what it had: queues may go on."""
        if self._held:
            self._held = False
            for subscription in tuple(self.subscriptions.values()):
                self.broker.resume(subscription.destination)

    def deadline(self) -> float:
        """When `tick` is to be called next, by the broker's clock; infinity: never."""
        if self.state is State.WAITING:
            return self._connect_by
        if self.state is State.CLOSED:
            return math.inf
        now = self.broker.clock()
        return min(self._beats.next_send(now), self._beats.dead_at(now))

    def tick(self) -> None:
        """Do what is due. Calling it too early does no harm."""
        now = self.broker.clock()
        if self.state is State.WAITING:
            if now >= self._connect_by:
                self.fail(Refused("No CONNECT", f"no CONNECT came within {self._limits.connect_timeout:g} s"))
        elif self.state is State.OPEN:
            if now >= self._beats.dead_at(now):
                silence = self._beats.expect_every * self._beats.tolerance
                self.fail(
                    Refused("Heart-beat missing", f"nothing came for {silence:g} s, though heart-beats were promised")
                )
            elif now >= self._beats.next_send(now):
                self.transmit(BEAT)

    # --- for the broker and its subscriptions

    @property
    def ready(self) -> bool:
        """Whether a queue may hand over another message now; if not, it is resumed once there is room."""
        if self.state is State.OPEN and self._buffered() <= self._limits.flow_mark:
            return True
        self._held = True
        return False

    def transmit(self, data: bytes, *, is_text: bool = True) -> None:
        """Send a frame or a beat, unless too much waits already: then the connection is given up."""
        if self.closed:
            return
        if self._buffered() > self._limits.max_outstanding:
            limit = self._limits.max_outstanding
            self.fail(Refused("Slow consumer", f"more than {limit} octets wait to be read by this client", POLICY))
            return
        self._beats.sent(self.broker.clock())
        self._send(data, is_text)

    def fail(self, refused: Refused, receipt: str | None = None) -> None:
        """Send ERROR and close ("ERROR": "the server MUST then close the connection")."""
        if self.closed:
            return
        extra = refused.headers if receipt is None else (*refused.headers, ("receipt-id", receipt))
        self._send(error_frame(refused.message, refused.detail, self.version, extra), True)
        self.end(refused.code, f"{refused.message}: {refused.detail}")

    def end(self, code: int, reason: str) -> None:
        """Close without a word."""
        if not self.closed:
            self._release()
            self._close(code, reason)

    def _release(self) -> None:
        """Let everything go: transactions abort, subscriptions end, what was not settled goes back."""
        self.state = State.CLOSED
        self._abort_all()
        subscriptions = tuple(self.subscriptions.values())
        self.subscriptions.clear()
        self._by_serial.clear()
        # All of them end before the first message goes back, or it would come to another one of this connection.
        for subscription in subscriptions:
            self.broker.detach(subscription.destination, subscription)
        for subscription in subscriptions:
            subscription.give_back(subscription.unsettled)
            subscription.unsettled = {}
        self.broker.forget(self)

    def _abort_all(self) -> None:
        for transaction in self._transactions.values():
            transaction.abort()
        self._transactions.clear()

    # --- frames

    def _take(self, frame: Frame) -> bool:
        """Do what a frame asks for; whether the session goes on."""
        receipt: str | None = frame.headers.get("receipt")
        command = frame.command
        try:
            if self.state is State.WAITING:
                receipt = None if command in _CONNECTS else receipt
                self._take_first(frame)
                return True
            handler = _HANDLERS.get(command)
            if handler is None or command not in RULES[self.version].commands:
                raise self._misplaced(command)
            handler(self, frame)
        except Refused as refused:
            self.fail(refused, receipt)
            return False
        if receipt is not None:
            self._answer("RECEIPT", (("receipt-id", receipt),))
        if command == "DISCONNECT":
            self.end(NORMAL, "")
        return not self.closed

    def _take_first(self, frame: Frame) -> None:
        if frame.command not in _CONNECTS:
            raise Refused("Not connected", f"{frame.command} came before CONNECT")
        headers = frame.headers
        offered = [item.strip() for item in headers.get("accept-version", Version.V1_0).split(",")]
        common = [version for version in Version if version in offered]
        if not common:
            ours = ",".join(Version)
            detail = f"supported protocol versions are {ours}"
            raise Refused("Version mismatch", detail, PROTOCOL, (("version", ours),))
        login = headers.get("login")
        if not self.broker.admits(login, headers.get("passcode")):
            raise Refused("Access refused", "login or passcode is wrong", POLICY)
        version = max(common)
        answer = [("version", version.value), ("session", self.session_id), ("server", SERVER)]
        if RULES[version].heartbeats:
            try:
                theirs = parse(headers.get("heart-beat"))
            except ProtocolError as error:
                raise Refused("Malformed heart-beat", str(error)) from None
            ours_ms = self.broker.heartbeat
            send_every, expect_every = negotiate(ours_ms, theirs)
            answer.append(("heart-beat", f"{ours_ms[0]},{ours_ms[1]}"))
            self._beats = Heartbeat(
                send_every / 1000,
                expect_every / 1000,
                now=self.broker.clock(),
                tolerance=self._limits.heartbeat_tolerance,
            )
        self.login = login
        self.version = self._decoder.version = version
        self.state = State.OPEN
        self._answer("CONNECTED", tuple(answer))

    def _answer(self, command: str, headers: Pairs) -> None:
        self.transmit(encode(Frame(command, headers), self.version))

    def _misplaced(self, command: str) -> Refused:
        if command in _CONNECTS:
            return Refused("Already connected", f"{command} came a second time")
        if command in SERVER_COMMANDS:
            return Refused("Unexpected command", f"{command} is a server's frame")
        return Refused("Unexpected command", f"STOMP {self.version} has no {command} frame")

    def _on_send(self, frame: Frame) -> None:
        destination = _required(frame, "destination")
        self.broker.check(destination)
        message = self.broker.message(destination, frame.headers.multi_items(), frame.body)
        transaction = self._transaction(frame)
        if transaction is not None:
            transaction.sends.append(message)
            return
        self.broker.check_room([message])
        self.broker.route(message)

    def _on_subscribe(self, frame: Frame) -> None:
        destination = _required(frame, "destination")
        key = self._subscription_key(frame, destination)
        name = frame.headers.get("ack", "auto")
        mode = MODES.get(name)
        if mode is None:
            raise Refused("Unknown ack mode", f"{name!r} is none of {', '.join(MODES)}")
        if key in self.subscriptions:
            raise Refused("Duplicate subscription", f"there is a subscription {key!r} already")
        if len(self.subscriptions) >= self._limits.max_subscriptions:
            limit = self._limits.max_subscriptions
            raise Refused("Too many subscriptions", f"a connection may have {limit}", POLICY)
        serial = next(self._serials)
        subscription = Subscription(
            self, key=key, id=frame.headers.get("id"), destination=destination, mode=mode, serial=serial
        )
        # Known before it is attached: what waits in a queue comes at once.
        self.subscriptions[key] = self._by_serial[str(serial)] = subscription
        try:
            self.broker.attach(destination, subscription, owner=self)
        except Refused:
            del self.subscriptions[key], self._by_serial[str(serial)]
            raise

    def _on_unsubscribe(self, frame: Frame) -> None:
        key = self._subscription_key(frame, frame.headers.get("destination"))
        subscription = self.subscriptions.pop(key, None)
        if subscription is None:
            raise Refused("Unknown subscription", f"there is no subscription {key!r}")
        del self._by_serial[str(subscription.serial)]
        self.broker.detach(subscription.destination, subscription)
        deliveries, subscription.unsettled = subscription.unsettled, {}
        self._returned.extend(deliveries)
        subscription.give_back(deliveries)

    def _subscription_key(self, frame: Frame, destination: str | None) -> str:
        if DIALECTS[self.version].id_required:
            return _required(frame, "id")
        key: str | None = frame.headers.get("id", destination)
        if key is None:
            raise Refused("Header missing", f"{frame.command} needs an id or a destination")
        return key

    def _on_ack(self, frame: Frame) -> None:
        self._settle(frame, consumed=True)

    def _on_nack(self, frame: Frame) -> None:
        self._settle(frame, consumed=False)

    def _settle(self, frame: Frame, *, consumed: bool) -> None:
        values = [_required(frame, name) for name, _ in RULES[self.version].settles_by]
        key = values[0]
        transaction = self._transaction(frame)
        candidates = self._candidates(key, frame.headers.get("subscription"))
        for subscription in candidates:
            cumulative = subscription.mode.cumulative and (consumed or subscription.dialect.nack_cumulative)
            deliveries = subscription.settle(key, cumulative=cumulative)
            if deliveries is not None:
                self._settled(subscription, deliveries, consumed=consumed, transaction=transaction)
                return
        if key not in self._returned:
            names = " and ".join(f"{value!r}" for value in values)
            raise Refused(f"Unexpected {frame.command}", f"nothing that waits to be settled is named {names}")

    def _candidates(self, key: str, subscription_id: str | None) -> tuple[Subscription, ...]:
        """The subscriptions that may hold what an ACK names; 1.0 need not say which."""
        if DIALECTS[self.version].ack_header:
            found = self._by_serial.get(key.partition("-")[0])
        elif subscription_id is not None:
            found = self.subscriptions.get(subscription_id)
        else:
            return tuple(self.subscriptions.values())
        return () if found is None else (found,)

    def _settled(
        self,
        subscription: Subscription,
        deliveries: dict[str, Delivery],
        *,
        consumed: bool,
        transaction: Transaction | None,
    ) -> None:
        if transaction is not None:
            transaction.settled.append((subscription, deliveries, consumed))
        elif not consumed:
            subscription.give_back(deliveries)

    def _on_begin(self, frame: Frame) -> None:
        name = _required(frame, "transaction")
        if name in self._transactions:
            raise Refused("Duplicate transaction", f"the transaction {name!r} is open already")
        if len(self._transactions) >= self._limits.max_transactions:
            limit = self._limits.max_transactions
            raise Refused("Too many transactions", f"a connection may have {limit} open", POLICY)
        self._transactions[name] = Transaction()

    def _on_commit(self, frame: Frame) -> None:
        transaction = self._ended_transaction(frame)
        try:
            self.broker.check_room(transaction.sends)  # all of it or nothing
        except Refused:
            transaction.abort()
            raise
        transaction.commit()
        for message in transaction.sends:
            self.broker.route(message)

    def _on_abort(self, frame: Frame) -> None:
        self._ended_transaction(frame).abort()

    def _ended_transaction(self, frame: Frame) -> Transaction:
        name = _required(frame, "transaction")
        transaction = self._transactions.pop(name, None)
        if transaction is None:
            raise Refused("Unknown transaction", f"there is no open transaction {name!r}")
        return transaction

    def _transaction(self, frame: Frame) -> Transaction | None:
        """The open transaction that a SEND, ACK or NACK belongs to, if any."""
        name = frame.headers.get("transaction")
        if name is None:
            return None
        transaction = self._transactions.get(name)
        if transaction is None:
            raise Refused("Unknown transaction", f"there is no open transaction {name!r}")
        if len(transaction) >= self._limits.max_transaction_frames:
            limit = self._limits.max_transaction_frames
            raise Refused("Transaction too large", f"a transaction may hold {limit} frames", POLICY)
        return transaction

    def _on_disconnect(self, frame: Frame) -> None:
        """Nothing: the receipt, and the end behind it, are the same for all."""


def _required(frame: Frame, name: str) -> str:
    value: str | None = frame.headers.get(name)
    if value is None:
        raise Refused("Header missing", f"{frame.command} needs the header {name!r}")
    return value


_CONNECTS = frozenset({"CONNECT", "STOMP"})
_HANDLERS: dict[str, Callable[[Connection, Frame], None]] = {
    "SEND": Connection._on_send,
    "SUBSCRIBE": Connection._on_subscribe,
    "UNSUBSCRIBE": Connection._on_unsubscribe,
    "ACK": Connection._on_ack,
    "NACK": Connection._on_nack,
    "BEGIN": Connection._on_begin,
    "COMMIT": Connection._on_commit,
    "ABORT": Connection._on_abort,
    "DISCONNECT": Connection._on_disconnect,
}
