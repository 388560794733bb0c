r"""What real brokers sent (tests/vectors/server-frames.jsonl): each is read, or refused for a reason that is known.

The recording does not say which version a message was sent under. CONNECTED is always read under the highest one
offered. The rest is read under the version that the broker's probes negotiated, which is told by `case`, and, where one
case went through several versions, by the place in the recording: the probes of Artemis and HornetQ sent the same
headers in 1.2, in 1.1 and in 1.0 one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol import Decoder, Frame
from pystomp_web.protocol.version import RULES
from tests.vectors.load import BrokerMessage, Failures, broker_messages

MESSAGES = broker_messages()

#: Broker -> the version that its probes negotiated, unless one of the tables below knows better.
NEGOTIATED = {
    "ActiveMQ 5.19.1": "1.2",
    "Apollo 1.7.1": "1.2",
    "Artemis 2.44.0": "1.2",
    "HornetQ 2.4.9": "1.2",
    "HornetQ 2.3.25": "1.2",
    "Spring 6.2 (Boot 3.5.7)": "1.2",
    "Stilts 0.1.40": "1.1",
    "TorqueBox 3 setup on Stilts 0.1.40": "1.1",
}
CASE_VERSIONS = {
    "message-1.0": "1.0",
    "message-1.0-header-injection": "1.0",
    "message-1.1": "1.1",
    "message-1.1-no-ack": "1.1",
    "message-1.1-cr-not-decoded": "1.1",
    "message-raw-cr-header": "1.1",
    "ver[1.1]": "1.1",
    "ver[1.0]": "1.0",
    "esc[1.0]": "1.0",
    "nack10": "1.0",
}
#: Lines of the recording that were sent under another version than the rest of their case.
LINE_VERSIONS = {
    **dict.fromkeys(range(136, 141), "1.1"),
    **dict.fromkeys(range(142, 146), "1.0"),  # Artemis: raw colons kept, leading blanks trimmed
    **dict.fromkeys(range(366, 370), "1.1"),
    **dict.fromkeys(range(370, 374), "1.0"),  # HornetQ 2.4: the same
    **dict.fromkeys(range(544, 549), "1.1"),
    **dict.fromkeys(range(549, 559), "1.0"),  # HornetQ 2.3: the same, and escapes come back untouched
}

_NO_FIT = "content-length counts the octets that the broker had; those that are not UTF-8 went out as U+FFFD"
_COLON = r"HornetQ 2.3 writes a colon as \: (its own escape: brokers.py has rules that read it)"
#: Line -> (what the error says, why the broker is to blame).
REFUSED = {
    39: ("content-length", f"ActiveMQ: {_NO_FIT}"),
    40: (
        "no STOMP frame",
        "ActiveMQ: a JMS text that holds NUL has no content-length: the rest of its body is no frame",
    ),
    69: ("content-length", f"Apollo: {_NO_FIT}"),
    429: ("undefined escape", "HornetQ 2.4 does not escape RECEIPT: the backslash stands raw"),
    482: ("no colon", "HornetQ 2.4 does not escape RECEIPT: the LF of the receipt id ends the line"),
    545: ("undefined escape", _COLON),
    546: ("undefined escape", _COLON),
    605: ("undefined escape", _COLON),
    612: ("undefined escape", _COLON),
    614: ("undefined escape", "HornetQ 2.3 does not escape RECEIPT: the backslash stands raw"),
    672: ("no colon", "HornetQ 2.3 does not escape RECEIPT: the LF of the receipt id ends the line"),
    694: ("content-length", f"Spring: {_NO_FIT}"),
}
#: The good frames before such a fault.
BEFORE_REFUSED = {40: 1}
#: Large messages, of which the recorder kept the beginning.
CUT_BY_THE_RECORDER = {279, 280, 281, 283, 285, 468, 654, 655, 656, 657, 658}
#: Frames in a message, where it is not one.
SEVERAL = {
    "message-and-receipt-in-one-ws-message": 2,
    "two-messages-one-ws-message": 2,
    "three-messages-one-ws-message": 3,
    "receipt-then-message": 2,
    "message-1.1": 2,  # Apollo's, with a RECEIPT behind it
    "message-with-foreign-receipt-header": 2,
}


def version_of(message: BrokerMessage) -> str:
    if message.data.startswith(b"CONNECTED\n"):
        return "1.2"
    by_case = CASE_VERSIONS.get(message.case, NEGOTIATED[message.broker])
    return LINE_VERSIONS.get(message.line, by_case)


def read(message: BrokerMessage, pieces: Iterable[bytes]) -> tuple[list[Frame], str, bool]:
    """The frames, what the error behind them says, and whether a frame is under way."""
    decoder = Decoder(version_of(message))
    frames: list[Frame] = []
    try:
        for piece in pieces:
            frames.extend(decoder.feed(piece))
    except ProtocolError as error:
        return frames, str(error), False
    return frames, "", not decoder.idle


def expected_count(message: BrokerMessage) -> int:
    if message.line in REFUSED:
        return BEFORE_REFUSED.get(message.line, 0)
    if message.line in CUT_BY_THE_RECORDER or not message.data.strip(b"\n"):
        return 0
    return SEVERAL.get(message.case, 1)


def test_each_is_read_or_refused_for_the_known_reason() -> None:
    assert len(MESSAGES) == 867
    with Failures() as failures:
        for message in MESSAGES:
            with failures.noted(f"line {message.line}: {message.broker} {message.case}"):
                frames, error, waits = read(message, [message.data])
                assert len(frames) == expected_count(message)
                assert waits is (message.line in CUT_BY_THE_RECORDER)
                if message.line in REFUSED:
                    assert REFUSED[message.line][0] in error
                else:
                    assert error == ""


def test_cut_at_will() -> None:
    with Failures() as failures:
        for message in MESSAGES:
            with failures.noted(f"line {message.line}: {message.broker} {message.case}"):
                data = message.data
                frames, error, waits = read(message, [data])
                step = max(1, len(data) // 60)
                octets = [bytes([octet]) for octet in data]
                for pieces in (octets, *([data[:at], data[at:]] for at in range(0, len(data), step))):
                    got, got_error, got_waits = read(message, pieces)
                    assert (got, got_waits, bool(got_error)) == (frames, waits, bool(error))


def test_what_is_read_is_what_is_meant() -> None:
    found: dict[str, Frame] = {}
    for message in MESSAGES:
        for frame in read(message, [message.data])[0]:
            found.setdefault(f"{message.broker.split()[0]} {message.case}", frame)
            if frame.command == "MESSAGE":
                assert frame.headers["subscription"]
                assert "message-id" in frame.headers
            elif frame.command == "RECEIPT":
                assert frame.headers["receipt-id"]
            elif frame.command == "CONNECTED":
                assert frame.headers.get("version", "1.0") in RULES
    assert found["ActiveMQ connected-1.2"].headers["session"].startswith("ID:vm-")
    assert found["ActiveMQ message-1.2-plain"].headers["message-id"].startswith("ID:vm-")
    assert found["ActiveMQ message-1.0"].headers["message-id"].startswith("ID:vm-")
    assert found["ActiveMQ message-escapes-1.2"].headers["esc"] == "a\nb:c\\d"
    assert found["ActiveMQ message-escapes-1.2"].headers["k:ey"] == "v"
    assert found["ActiveMQ message-escapes-1.2-cr"].headers["cr"] == "a\rb"
    assert found["ActiveMQ message-1.1-cr-not-decoded"].headers["cr"] == "a\\rb"
    assert found["ActiveMQ message-raw-cr-header"].headers["rawcr"] == "a\rb"
    assert found["ActiveMQ message-nul-body"].body == b"a\0b\0c"
    assert found["ActiveMQ receipt-escaped"].headers["receipt-id"] == "r:1 \\ x"
    injected = found["ActiveMQ message-1.0-header-injection"].headers
    assert (injected["esc"], injected["b"]) == ("a", "c\\d")
    assert found["Apollo message-escapes-1.2-unescaped-colon"].headers["raw-colon"] == "x:y:z"
    assert found["Apollo message-two-reply-to"].headers["reply-to"].startswith("/queue/temp.")
    assert found["Spring esc[1.0]"].headers["raw"] == "a\\cb\\cc"
    assert found["Stilts esc[1.0]"].headers["sp"] == " lead "


@pytest.mark.parametrize("line", [545, 546, 605, 612])
def test_hornetq_2_3_is_read_with_its_own_rules(line: int) -> None:
    decoder = Decoder("1.1")
    rules = RULES["1.1"]
    decoder.rules = rules._replace(unescapes={**rules.unescapes, ":": ":"})
    (frame,) = decoder.feed(MESSAGES[line].data)
    # The colon behind the backslash still ends a name: only values of theirs hold it.
    assert any(":" in value for _, value in frame.headers.multi_items())
