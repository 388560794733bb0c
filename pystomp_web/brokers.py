"""What differs between the brokers: one row each, holding only what the specification would not make one expect.

An unknown broker gets `SPECIFICATION`. `docs/brokers.md` says how each fact was observed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Broker(NamedTuple):
    r"""How a broker differs.

    Attributes:
        name: for `broker=` of connect().
        server: how CONNECTED's `server` begins; None: it is not recognised by that.
        subprotocols: to ask for, when the broker is named; None: the usual list.
        text_only: whether a frame that is not UTF-8 cannot be sent to it.
        joins: whether it joins a frame that is split over WebSocket messages.
        max_message: the largest WebSocket message that it takes, in octets; None: no limit is known.
        max_frame: the largest frame that it takes, in octets; None: no limit is known.
        receipts: the commands that get a RECEIPT; None: all.
        error_ends: whether the connection is over after an ERROR.
        beats: whether the heart-beats that it promises come.
        beat: what a heart-beat of ours is; "\n", where that does no harm.
        last_ack: whether the last `ack` header of a MESSAGE counts, a publisher's own coming before it.
        settles_by: for ACK and NACK: (their header, the MESSAGE's header that its value is taken from); None: as the
            version says.
        unsubscribes_from: whether UNSUBSCRIBE must name the destination, too.
        reads: escapes of its own that it sends: the character behind the backslash -> the meaning.
        writes: escapes of its own that it wants: character -> what is written.
        connect_escaped: whether it takes escapes in CONNECT for escapes.
        confirms_first: whether the first SEND to a destination must be confirmed before the next.
        loose_length: whether a content-length of its may not fit the body it sent.
        reply_to: where replies to a request can go: the beginning of a destination; None: nowhere.
        reply_subscribes: whether that destination must be subscribed to.
        idle_kill: seconds after which it ends a connection on which the client is silent; None: it does not.
    """

    name: str
    server: str | None = None
    subprotocols: tuple[str, ...] | None = None
    text_only: bool = False
    joins: bool = True
    max_message: int | None = None
    max_frame: int | None = None
    receipts: frozenset[str] | None = None
    error_ends: bool = True
    beats: bool = True
    beat: str = "\n"
    last_ack: bool = False
    settles_by: tuple[tuple[str, str], ...] | None = None
    unsubscribes_from: bool = False
    reads: tuple[tuple[str, str], ...] = ()
    writes: tuple[tuple[str, str], ...] = ()
    connect_escaped: bool = False
    confirms_first: bool = False
    loose_length: bool = False
    reply_to: str | None = "/temp-queue/"
    reply_subscribes: bool = True
    idle_kill: float | None = None


_ALL = frozenset("SUBSCRIBE UNSUBSCRIBE SEND ACK NACK BEGIN COMMIT ABORT DISCONNECT".split())

SPECIFICATION = Broker("unknown")

BROKERS = (
    Broker(
        "rabbitmq",
        server="RabbitMQ/",
        max_message=4 * 1024 * 1024,
        receipts=_ALL - {"DISCONNECT"},
        connect_escaped=True,
        reply_subscribes=False,
    ),
    Broker(
        "artemis",
        server="ActiveMQ-Artemis/",
        max_message=65_536,
        last_ack=True,
        reads=(("r", "\r"),),
        reply_to="reply.",
        idle_kill=60.0,
    ),
    Broker(
        "activemq",
        server="ActiveMQ/",
        text_only=True,
        joins=False,
        max_message=65_536,
        max_frame=65_536,
        error_ends=False,
        connect_escaped=True,
        loose_length=True,
    ),
    Broker(
        "apollo",
        server="apache-apollo/",
        text_only=True,
        max_message=16_384,
        confirms_first=True,
        loose_length=True,
    ),
    Broker(
        "hornetq-2.3",
        server="HornetQ/2.3",
        subprotocols=("v11.stomp", "v10.stomp"),
        text_only=True,
        max_message=65_536,
        error_ends=False,
        last_ack=True,
        reads=((":", ":"),),
        writes=((":", "\\:"),),
        reply_to="jms.topic.",
        idle_kill=60.0,
    ),
    Broker(
        "hornetq",
        server="HornetQ/",
        subprotocols=("v11.stomp", "v10.stomp"),
        text_only=True,
        max_message=65_536,
        error_ends=False,
        last_ack=True,
        reply_to="jms.topic.",
        idle_kill=60.0,
    ),
    Broker(
        "stilts",
        server="Stilts/",
        subprotocols=("v11.stomp",),
        text_only=True,
        joins=False,
        max_message=16_384,
        max_frame=16_384,
        error_ends=False,
        beats=False,
        reply_to=None,
    ),
    Broker(
        "spring",
        max_message=8_192,
        max_frame=65_536,
        receipts=frozenset({"DISCONNECT"}),
        loose_length=True,
        reply_to=None,
    ),
    Broker(
        "coilmq",
        server="coilmq/",
        settles_by=(("id", "subscription"), ("message-id", "message-id"), ("subscription", "subscription")),
        unsubscribes_from=True,
        # An EOL between frames makes its parser deaf, and silence makes it forget the subscriptions.
        beat="BEGIN\ntransaction:beat\n\n\0ABORT\ntransaction:beat\n\n\0",
    ),
)

BY_NAME = {broker.name: broker for broker in (*BROKERS, SPECIFICATION)} | {
    "torquebox": next(broker for broker in BROKERS if broker.name == "stilts")
}


def named(name: str) -> Broker:
    """The row of a name.

    Raises:
        ValueError: there is none.
    """
    try:
        return BY_NAME[name]
    except (KeyError, TypeError):
        raise ValueError(f"no broker is called {name!r}; known are {', '.join(sorted(BY_NAME))}") from None


def recognise(headers: Mapping[str, str]) -> Broker:
    """The row of the broker whose CONNECTED had these headers."""
    server = headers.get("server")
    if server is None:
        # Only Spring's simple broker sends these two and says nothing of itself or the session.
        anonymous = "session" not in headers and "version" in headers and "heart-beat" in headers
        return BY_NAME["spring"] if anonymous else SPECIFICATION
    for broker in BROKERS:
        if broker.server is not None and server.startswith(broker.server):
            return broker
    return SPECIFICATION
