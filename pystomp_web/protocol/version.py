"""The versions of STOMP, and in one table everything that differs between them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Version(StrEnum):
    """A version of the protocol. A plain `str` of the same value is taken wherever a Version is."""

    V1_0 = "1.0"
    V1_1 = "1.1"
    V1_2 = "1.2"


class Rules(NamedTuple):
    r"""What one version says differently from the others.

    Attributes:
        version: whose rules these are.
        escapes: character -> how it is written in a header name or value. Empty: nothing is ever escaped.
        unescapes: the character behind a backslash -> what the pair means.
        crlf: whether a line may end with CR LF (1.2, "STOMP Frames"). Where not, a CR in a head is data.
        commands: the client's and server's commands that can be said.
        heartbeats: whether there are heart-beats ("Heart-beating").
        settles_by: for ACK and NACK: (their header, the MESSAGE's header that its value is taken from).
    """

    version: Version
    escapes: dict[str, str]
    unescapes: dict[str, str]
    crlf: bool
    commands: frozenset[str]
    heartbeats: bool
    settles_by: tuple[tuple[str, str], ...]


CLIENT_COMMANDS = frozenset("CONNECT STOMP SEND SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT".split())
SERVER_COMMANDS = frozenset("CONNECTED MESSAGE RECEIPT ERROR".split())
COMMANDS = CLIENT_COMMANDS | SERVER_COMMANDS
#: "Bodies": "Only the SEND, MESSAGE, and ERROR frames MAY have a body."
WITH_BODY = frozenset({"SEND", "MESSAGE", "ERROR"})
#: "Value Encoding": these are never escaped. STOMP is handled "in the same manner" as CONNECT.
NEVER_ESCAPED = frozenset({"CONNECT", "CONNECTED", "STOMP"})

_ESCAPES_1_1 = {"\\": "\\\\", "\n": "\\n", ":": "\\c"}
_ESCAPES_1_2 = {**_ESCAPES_1_1, "\r": "\\r"}


def _unescapes(escapes: dict[str, str]) -> dict[str, str]:
    return {written[1]: char for char, written in escapes.items()}


RULES: dict[str, Rules] = {
    Version.V1_0: Rules(
        version=Version.V1_0,
        escapes={},
        unescapes={},
        crlf=False,
        commands=COMMANDS - {"NACK"},
        heartbeats=False,
        settles_by=(("message-id", "message-id"),),
    ),
    Version.V1_1: Rules(
        version=Version.V1_1,
        escapes=_ESCAPES_1_1,
        unescapes=_unescapes(_ESCAPES_1_1),
        crlf=False,
        commands=COMMANDS,
        heartbeats=True,
        settles_by=(("message-id", "message-id"), ("subscription", "subscription")),
    ),
    Version.V1_2: Rules(
        version=Version.V1_2,
        escapes=_ESCAPES_1_2,
        unescapes=_unescapes(_ESCAPES_1_2),
        crlf=True,
        commands=COMMANDS,
        heartbeats=True,
        settles_by=(("id", "ack"),),
    ),
}


def rules_for(version: str) -> Rules:
    """The rules of a version.

    Raises:
        ValueError: there is no such version.
    """
    try:
        return RULES[version]
    except (KeyError, TypeError):
        raise ValueError(f"{version!r} is no version of STOMP: use '1.0', '1.1' or '1.2'") from None
