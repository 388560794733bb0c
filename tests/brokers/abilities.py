"""What is expected of a broker in each scenario, and what some cannot do: the observation that proves it, and why.

A deviation is tested like everything else: the day a broker can, the test says so.
"""

from __future__ import annotations

from typing import Any, NamedTuple

_LISTS = (
    *("v12.stomp v11.stomp v10.stomp", "v10.stomp v11.stomp v12.stomp"),
    *("v12.stomp", "v11.stomp", "v10.stomp", "none"),
)
_ALL_LISTS = dict.fromkeys(_LISTS, "1.2")
_BODIES = dict.fromkeys(
    ("text", "UTF-8", "text with NUL", "empty", "64 KiB", "1 MiB", "octets", "octets as text"), "same"
)
_HEADERS = dict.fromkeys(("colon", "newline", "backslash", "emoji", "carriage return", "spaces"), "same")
_CONFIRMED = ["ACK", "COMMIT", "DISCONNECT", "SEND", "SUBSCRIBE"]

#: What is observed where the broker does all that STOMP 1.2 says, and what this client makes of it.
EXPECTED: dict[str, Any] = {
    "nothing_else": {"version": "1.2"},
    "handshake": _ALL_LISTS,
    "versions": {"1.0": "1.0", "1.1": "1.1", "1.2": "1.2"},
    "passcode": "refused",
    "topic": ["in order", "in order"],
    "burst": "in order",
    "ack_client": {"left": ["m3"], "redelivered": True},
    "ack_individual": {"left": ["m0", "m3"], "redelivered": True},
    "nack": "redelivered",
    "receipts": {"confirmed": _CONFIRMED, "refused": {}},
    "transactions": ["first committed", "first begun"],
    "transactions_in_turn": ["committed", "both"],
    "request": ["re: one", "re: two"],
    "bodies": _BODIES,
    "headers": _HEADERS,
    "heartbeats": {"in": True, "out": True, "alive": True},
    "error": {"reported": "BrokerError", "then": "alive"},
    "clean_close": {"state": "closed", "error": "None", "receipt": True},
    "restart": {"outbox": ["out 1", "out 2", "out 3"], "reconnects": 1, "confirmed": "kept"},
}
SCENARIOS = tuple(EXPECTED)
TITLES = {
    "nothing_else": "`connect(url)`: version",
    "handshake": "every list of subprotocols",
    "versions": "1.0, 1.1 and 1.2 alone",
    "passcode": "wrong passcode",
    "topic": "topic, two subscribers",
    "burst": "many SENDs at once",
    "ack_client": "ack: client",
    "ack_individual": "ack: client-individual",
    "nack": "NACK",
    "receipts": "receipts",
    "transactions": "transactions side by side",
    "transactions_in_turn": "abort, then commit",
    "request": "request and reply",
    "bodies": "text, UTF-8, NUL, empty, 64 KiB, 1 MiB, octets",
    "headers": "headers of any characters",
    "heartbeats": "heart-beats both ways",
    "error": "ERROR reported",
    "clean_close": "clean close",
    "restart": "broker killed and started again",
}
#: What a launcher's `topic` and `queue` are asked for.
NAMES = (*SCENARIOS, "replies")


class Deviation(NamedTuple):
    """What a broker does instead.

    Attributes:
        observed: what the scenario returns.
        reason: why, in a few words.
        merely: whether all was done, only differently, so that no ability is missing.
    """

    observed: Any
    reason: str
    merely: bool = False


IN_MEMORY = Deviation(
    {**EXPECTED["restart"], "confirmed": "gone"},
    "its queues, or those of this set-up, are in memory and end with the process",
    merely=True,
)
NO_LOGIN = Deviation("any login is taken", "set up here without accounts")
NO_OCTETS = "takes text only: this client says so before it sends"
_NO_QUEUES = "its simple broker has topics only: no queue, no acknowledgement"
ACKED = "NACK is the same as ACK"


def _some(scenario: str, observed: dict[str, Any], reason: str, *, merely: bool = False) -> dict[str, Deviation]:
    """A scenario of which some parts are different."""
    assert set(observed) <= set(EXPECTED[scenario])
    return {scenario: Deviation({**EXPECTED[scenario], **observed}, reason, merely)}


_HORNETQ = {
    **_some("handshake", {"v12.stomp": "fails"}, "knows v10.stomp and v11.stomp"),
    "passcode": NO_LOGIN,
    "nack": Deviation("gone", ACKED),
    **_some("bodies", {"octets": "ProtocolError", "octets as text": "ProtocolError"}, NO_OCTETS),
}
_ARTEMIS = {"passcode": NO_LOGIN, "nack": Deviation("gone", ACKED)}
_ACTIVEMQ = {
    **_some("handshake", {"none": "fails"}, "answers a subprotocol that was not asked for, or HTTP 500"),
    "nack": Deviation("gone", "what is refused goes to ActiveMQ.DLQ if it is persistent"),
    **_some(
        "bodies",
        {
            "64 KiB": "FrameTooLarge",
            "1 MiB": "FrameTooLarge",
            "octets": "ProtocolError",
            "octets as text": "ProtocolError",
        },
        "takes text of at most 65,536 octets a message and joins none: this client says so before it sends",
    ),
    "restart": IN_MEMORY,
}
_STILTS = {
    **_some("nothing_else", {"version": "1.1"}, "speaks 1.1 at most"),
    "handshake": Deviation(
        {
            **dict.fromkeys(_LISTS, "1.1"),
            **dict.fromkeys(("v12.stomp v11.stomp v10.stomp", "v10.stomp v11.stomp v12.stomp"), "fails"),
        },
        "answers the whole list, which no browser takes: one alone, or none",
    ),
    **_some("versions", {"1.2": "ConnectRejected"}, "speaks 1.1 at most"),
    "passcode": NO_LOGIN,
    "ack_client": Deviation({"left": [], "redelivered": False}, "one ACK acknowledges everything"),
    "ack_individual": Deviation(
        {"left": [], "redelivered": False}, "hands what is left to the consumer that is just leaving"
    ),
    "request": Deviation(["nowhere by itself", "re: mine"], "no temporary destinations: reply_to= is needed"),
    **_some(
        "bodies",
        {
            "64 KiB": "FrameTooLarge",
            "1 MiB": "FrameTooLarge",
            "octets": "ProtocolError",
            "octets as text": "ProtocolError",
        },
        "takes text of at most 16,384 octets a message and joins none: this client says so before it sends",
    ),
    **_some("headers", {"carriage return": "ProtocolError"}, "STOMP 1.1 can't say CR in a header"),
    "heartbeats": Deviation({"in": False, "out": True, "alive": True}, "promises beats and sends none"),
    "restart": IN_MEMORY,
}
_TORQUEBOX = {
    **_STILTS,
    "ack_client": Deviation({"left": [], "redelivered": False}, "its JMS bridge acknowledges by itself"),
    "ack_individual": Deviation({"left": [], "redelivered": False}, "its JMS bridge acknowledges by itself"),
    "nack": Deviation("gone", "its JMS bridge acknowledges by itself"),
    "error": Deviation(
        {"reported": "unhandled BrokerError", "then": "alive"},
        "no SUBSCRIBE is refused; an UNSUBSCRIBE is",
        merely=True,
    ),
}

DEVIATIONS: dict[str, dict[str, Deviation]] = {
    "embedded": {"restart": IN_MEMORY},
    "coilmq": {
        "restart": IN_MEMORY,
        "passcode": NO_LOGIN,
        "ack_client": Deviation(
            {"left": ["m3"], "redelivered": False},
            "one message at a time, and none is marked as redelivered",
            merely=True,
        ),
        "ack_individual": Deviation({"left": [], "redelivered": False}, "takes client-individual for auto"),
        "headers": Deviation({**_HEADERS, "spaces": "' a b'"}, "cuts spaces off the end of a line", merely=True),
        "nack": Deviation("the connection ends", "NACK is not implemented: ERROR"),
        "error": Deviation(
            {"reported": "last_error BrokerError", "then": "alive"}, "no SUBSCRIBE is refused; a NACK is", merely=True
        ),
    },
    "rabbitmq": {
        "receipts": Deviation(
            {"confirmed": ["ACK", "COMMIT", "SEND", "SUBSCRIBE"], "refused": {}},
            "closes instead of confirming DISCONNECT",
        ),
        "bodies": Deviation(
            {**_BODIES, **dict.fromkeys(("octets", "octets as text"), "the receiver's connection breaks")},
            "sends text, which octets are not: web_stomp.ws_frame = binary cures it",
        ),
        "error": Deviation(
            {"reported": "ConnectionLost", "then": "alive"}, "closes without ERROR when SUBSCRIBE names no exchange"
        ),
        "clean_close": Deviation(
            {**EXPECTED["clean_close"], "receipt": False}, "closes instead of confirming DISCONNECT", merely=True
        ),
    },
    "hornetq-2.4": _HORNETQ,
    "hornetq-2.3": _HORNETQ,
    "activemq-5": _ACTIVEMQ,
    "activemq-6": _ACTIVEMQ,
    "apollo": {
        "passcode": NO_LOGIN,
        **_some("ack_client", {"redelivered": False}, "marks nothing as redelivered", merely=True),
        **_some("ack_individual", {"redelivered": False}, "marks nothing as redelivered", merely=True),
        **_some("bodies", {"octets": "ProtocolError", "octets as text": "ProtocolError"}, NO_OCTETS),
        "restart": IN_MEMORY,
    },
    "stilts": _STILTS,
    "torquebox": _TORQUEBOX,
    "artemis": _ARTEMIS,
    "artemis-2.55": _ARTEMIS,
    "spring": {
        "passcode": NO_LOGIN,
        "ack_client": Deviation({"left": [], "redelivered": False}, _NO_QUEUES),
        "ack_individual": Deviation({"left": [], "redelivered": False}, _NO_QUEUES),
        "nack": Deviation("no ack header", _NO_QUEUES),
        "receipts": Deviation(
            {
                "confirmed": ["DISCONNECT"],
                "refused": {"SEND": "ReceiptTimeout", "ACK": "ProtocolError", "COMMIT": "ReceiptTimeout"},
            },
            "confirms DISCONNECT only: this client says so before it sends",
        ),
        "transactions": Deviation(["first begun", "first committed", "aborted"], "ignores transactions"),
        "transactions_in_turn": Deviation(["aborted", "committed", "both"], "ignores transactions"),
        "request": Deviation(["nowhere by itself", "re: mine"], "no temporary destinations: reply_to= is needed"),
        **_some(
            "bodies",
            {"64 KiB": "FrameTooLarge", "1 MiB": "FrameTooLarge", "octets as text": "damaged"},
            "takes frames of at most 65,536 octets: this client says so before. Octets need their content-type",
        ),
        "error": Deviation(
            {"reported": "last_error BrokerError", "then": "alive"},
            "no SUBSCRIBE is refused; bad frames are",
            merely=True,
        ),
        **_some("restart", {"confirmed": "gone"}, "has no queues that keep messages, in memory or elsewhere"),
    },
}


#: What Firefox takes though Chromium does not: a handshake whose answer names no subprotocol of those that were asked
#: for, and one whose answer names one that was not.
IN_FIREFOX: dict[tuple[str, str], dict[str, Any]] = {
    ("hornetq-2.4", "handshake"): {"v12.stomp": "1.2"},
    ("activemq-5", "handshake"): {"none": "1.2"},
}


def expected(broker: str, scenario: str, *, firefox: bool = False) -> Any:
    """What is to be observed."""
    deviation = DEVIATIONS.get(broker, {}).get(scenario)
    observed = EXPECTED[scenario] if deviation is None else deviation.observed
    more = IN_FIREFOX.get((broker, scenario)) if firefox else None
    return observed if more is None else {**observed, **more}
