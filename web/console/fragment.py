"""The state in the URL's fragment: a link that opens, connects and subscribes. Never a passcode."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

_MODES = ("auto", "client", "client-individual")


@dataclass
class State:
    """What a link says.

    Attributes:
        url: the address.
        login: the login.
        host: the virtual host.
        connect: whether to connect at once.
        subscriptions: (destination, ack mode).
        filter: the filter's text.
    """

    url: str = ""
    login: str = ""
    host: str = ""
    connect: bool = False
    subscriptions: list[tuple[str, str]] = field(default_factory=list)
    filter: str = ""


def dumps(state: State) -> str:
    """The fragment, without #."""
    pairs = [(name, getattr(state, name)) for name in ("url", "login", "host")]
    pairs += [("sub" if ack == "auto" else f"sub.{ack}", destination) for destination, ack in state.subscriptions]
    pairs.append(("filter", state.filter))
    parts = [f"{name}={quote(value, safe='/:*')}" for name, value in pairs if value]
    return "&".join([*parts, "connect"] if state.connect else parts)


def loads(text: str) -> State:
    """The other way round; what it does not know is left out."""
    state = State()
    for name, value in parse_qsl(text.removeprefix("#"), keep_blank_values=True):
        if name in ("url", "login", "host", "filter"):
            setattr(state, name, value)
        elif name == "connect":
            state.connect = True
        elif name == "sub" and value:
            state.subscriptions.append((value, "auto"))
        elif name.startswith("sub.") and value:
            ack = name.removeprefix("sub.")
            state.subscriptions.append((value, ack if ack in _MODES else "auto"))
    return state
