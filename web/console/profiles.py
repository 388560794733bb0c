"""Connections with a name: presets for the brokers that this client knows, and the user's own. Never a passcode."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass
class Profile:
    """How to connect, but for the passcode.

    Attributes:
        name: what the user calls it.
        url: the address.
        login: the login.
        host: the virtual host; empty: the address's.
        broker: the broker's name where it must be known before it says it.
        beats: heart-beats in seconds, "10,10".
        subscriptions: (destination, ack mode), made when the profile is chosen.
        note: what to know about it.
    """

    name: str
    url: str
    login: str = ""
    host: str = ""
    broker: str = ""
    beats: str = "10,10"
    subscriptions: list[list[str]] = field(default_factory=list)
    note: str = ""


PRESETS = (
    Profile("Embedded server", "/stomp", note="The broker of this page's own server: ./build.sh."),
    Profile("RabbitMQ", "ws://localhost:15674/ws", "guest", note="Its plugin Web-STOMP."),
    Profile("ActiveMQ", "ws://localhost:61614", "admin", note="Its ws connector."),
    Profile("Artemis", "ws://localhost:61614", "artemis", note="An acceptor with the protocol STOMP."),
    Profile("HornetQ", "ws://localhost:61614/stomp", "guest", broker="hornetq", note="An acceptor of stomp_ws."),
    Profile("Apollo", "ws://localhost:61623", "admin", note="Its ws connector."),
    Profile("Stilts, TorqueBox", "ws://localhost:8675/", note="It takes one subprotocol only: tried by itself."),
    Profile("Spring", "ws://localhost:8080/ws", note="The endpoint of registerStompEndpoints, without SockJS."),
    Profile(
        "CoilMQ, by the gateway",
        "/stomp",
        note="CoilMQ speaks plain TCP: ./build.sh --broker tcp://localhost:61613 is the gateway to it.",
    ),
)


def dumps(profiles: list[Profile]) -> str:
    """As a file."""
    return json.dumps({"pystomp_web profiles": [asdict(profile) for profile in profiles]}, indent=2)


def loads(text: str) -> list[Profile]:
    """The profiles of a file, or of what was kept; what it does not know, such as a passcode, is left out.

    Raises:
        ValueError: it is none.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"That file is no JSON: {error}") from None
    many = data.get("pystomp_web profiles") if isinstance(data, dict) else None
    if not isinstance(many, list):
        raise ValueError("That file holds no profiles: an exported one does")  # noqa: TRY004 - a file, no argument
    return [load(one) for one in many]


def load(data: Any) -> Profile:
    """One of them.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(data, dict) or not all(isinstance(data.get(key), str) and data[key] for key in ("name", "url")):
        raise ValueError("A profile has a name and a url")
    known = {each.name for each in fields(Profile)} - {"subscriptions"}
    kept = {key: str(value) for key, value in data.items() if key in known}
    entries = data.get("subscriptions") or []
    return Profile(**kept, subscriptions=[[str(part) for part in entry[:2]] for entry in entries if len(entry) >= 2])


def free_name(name: str, taken: set[str]) -> str:
    """The name, or with a number where it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"
