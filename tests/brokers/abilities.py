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
_BODIES = dict.fromkeys(("text", "UTF-8", "text with NUL", "empty", "64 KiB", "1 MiB", "octets"), "same")
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
    {**EXPECTED["restart"], "confirmed": "gone"}, "set up here to keep queues in memory: they end with the process"
)
NO_LOGIN = Deviation("any login is taken", "set up here without accounts")

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
            {**_BODIES, "octets": "the receiver's connection breaks"},
            "sends text, which octets are not: web_stomp.ws_frame = binary cures it",
        ),
        "error": Deviation(
            {"reported": "ConnectionLost", "then": "alive"}, "closes without ERROR when SUBSCRIBE names no exchange"
        ),
        "clean_close": Deviation(
            {**EXPECTED["clean_close"], "receipt": False}, "closes instead of confirming DISCONNECT", merely=True
        ),
    },
}


def expected(broker: str, scenario: str) -> Any:
    """What is to be observed."""
    deviation = DEVIATIONS.get(broker, {}).get(scenario)
    return EXPECTED[scenario] if deviation is None else deviation.observed
