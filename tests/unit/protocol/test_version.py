from __future__ import annotations

from typing import Any

import pytest

from pystomp_web.protocol import Version
from pystomp_web.protocol.version import (
    CLIENT_COMMANDS,
    COMMANDS,
    NEVER_ESCAPED,
    RULES,
    SERVER_COMMANDS,
    WITH_BODY,
    rules_for,
)


def test_versions_are_strings() -> None:
    assert [*Version] == ["1.0", "1.1", "1.2"]
    assert Version("1.1") is Version.V1_1
    assert str(Version.V1_2) == f"{Version.V1_2}" == "1.2"
    assert sorted(Version) == [*Version]
    with pytest.raises(ValueError, match=r"1\.3"):
        Version("1.3")


@pytest.mark.parametrize("version", [*Version, "1.0", "1.1", "1.2"])
def test_rules_for(version: str) -> None:
    rules = rules_for(version)
    assert rules.version == version
    assert isinstance(rules.version, Version)
    assert rules is RULES[version]


@pytest.mark.parametrize("version", ["", "1", "1.3", "2.0", "1.2 ", "v1.2", None, 1.2, ["1.2"]])
def test_no_such_version(version: Any) -> None:
    with pytest.raises(ValueError, match="no version of STOMP"):
        rules_for(version)


def test_the_table() -> None:
    assert {version: rules.escapes for version, rules in RULES.items()} == {
        "1.0": {},
        "1.1": {"\\": "\\\\", "\n": "\\n", ":": "\\c"},
        "1.2": {"\\": "\\\\", "\n": "\\n", ":": "\\c", "\r": "\\r"},
    }
    for rules in RULES.values():
        assert rules.unescapes == {written[1]: char for char, written in rules.escapes.items()}
    assert [rules.crlf for rules in RULES.values()] == [False, False, True]
    assert [rules.heartbeats for rules in RULES.values()] == [False, True, True]
    assert [sorted(COMMANDS - rules.commands) for rules in RULES.values()] == [["NACK"], [], []]
    assert [rules.settles_by for rules in RULES.values()] == [
        (("message-id", "message-id"),),
        (("message-id", "message-id"), ("subscription", "subscription")),
        (("id", "ack"),),
    ]


def test_the_commands() -> None:
    assert sorted(CLIENT_COMMANDS) == [
        "ABORT", "ACK", "BEGIN", "COMMIT", "CONNECT", "DISCONNECT", "NACK", "SEND", "STOMP", "SUBSCRIBE", "UNSUBSCRIBE",
    ]  # fmt: skip
    assert sorted(SERVER_COMMANDS) == ["CONNECTED", "ERROR", "MESSAGE", "RECEIPT"]
    assert CLIENT_COMMANDS | SERVER_COMMANDS == COMMANDS
    assert sorted(WITH_BODY) == ["ERROR", "MESSAGE", "SEND"]
    assert sorted(NEVER_ESCAPED) == ["CONNECT", "CONNECTED", "STOMP"]
