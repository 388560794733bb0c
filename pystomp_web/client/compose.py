"""From what a caller gives to a frame: bodies, headers and destinations, checked before anything is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ProtocolError
from ..protocol.encoder import encode_head
from ..protocol.frame import MASK, Frame, Headers, frame_of, headers_from_pairs, is_secret
from ..protocol.version import RULES

#: What this client sets by itself: from a caller's headers a broker would hand them on as if they were its own.
RESERVED = {
    "SEND": frozenset("destination receipt transaction content-length ack message-id subscription".split()),
    "SUBSCRIBE": frozenset("destination id ack receipt".split()),
    "ACK": frozenset("id message-id subscription receipt transaction".split()),
    "CONNECT": frozenset("accept-version host heart-beat login passcode receipt".split()),
}
RESERVED["NACK"] = RESERVED["ACK"]
#: `json.dumps` makes such an encoder for each call.
_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
ACK_MODES = ("auto", "client", "client-individual")


def body_of(body: Any) -> tuple[bytes, str | None]:
    """The octets of a body and the content-type that goes with them, or None.

    Args:
        body: str, bytes-like, a JavaScript value, or anything that JSON takes.

    Raises:
        TypeError: it is none of these.
        ValueError: JSON has no NaN, no infinity, and nothing that holds itself.
        ProtocolError: a str that UTF-8 cannot say.
    """
    if isinstance(body, str):
        return utf8(body), None
    if isinstance(body, bytes):
        return body, (None if _is_text(body) else "application/octet-stream")
    if hasattr(body, "to_py"):  # a JavaScript object: a buffer becomes a memoryview, the rest what JSON takes
        body = body.to_py()
        if hasattr(body, "to_py"):
            raise TypeError(f"a body can't be made of the JavaScript value {body!r}: send text, a buffer or plain data")
    try:
        octets = memoryview(body).tobytes()
    except TypeError:
        pass
    else:
        return octets, (None if _is_text(octets) else "application/octet-stream")
    return utf8(json_of(body)), "application/json"


def json_of(body: Any) -> str:
    """The body as JSON; raises as `body_of`."""
    try:
        return _json(body)
    except ValueError as error:
        raise ValueError(f"the body can't be written as JSON: {error}") from None
    except TypeError as error:
        raise TypeError(
            f"a body is str, bytes-like or anything that JSON takes, not {type(body).__name__}: {error}"
        ) from None


def utf8(text: str) -> bytes:
    """The octets of a body's text.

    Raises:
        ProtocolError: there are none.
    """
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ProtocolError("the body holds a lone surrogate, which UTF-8 can't say") from None


def _is_text(octets: bytes) -> bool:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


def headers_of(command: str, headers: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """A caller's own headers as pairs; numbers and booleans are written as a person would.

    Raises:
        ValueError: one of them is set by this client.
        TypeError: a name is not a str, or a value is neither str, number nor bool.
    """
    pairs = []
    for name, value in (headers or {}).items():
        if not isinstance(name, str):
            raise TypeError(f"a header's name is a str, not {name!r}")
        if name in RESERVED[command]:
            raise ValueError(f"the header {name!r} is set by the client: use the argument for it, not headers=")
        pairs.append((name, _written(name, value)))
    return pairs


def _written(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise TypeError(f"the value of header {name!r} is a str, not {MASK if is_secret(name) else repr(value)}")


def destination_of(destination: str) -> str:
    """The destination, checked.

    Raises:
        TypeError, ValueError: it is not a str, or empty.
    """
    if not isinstance(destination, str):
        raise TypeError(f"a destination is a str, not {type(destination).__name__}")
    if not destination:
        raise ValueError("the destination is empty")
    return destination


def send_frame(
    destination: str,
    body: Any,
    headers: Mapping[str, Any] | None,
    content_type: str | None,
    *more: tuple[str, str],
) -> Frame:
    """A SEND frame, without a receipt.

    Args:
        more: headers of the client's own, such as `transaction`.

    Raises:
        TypeError, ValueError: an argument is not what it must be.
    """
    octets, implied = body_of(body)
    first = ("destination", destination_of(destination))
    if not headers and (content_type is None or type(content_type) is str):
        chosen = implied if content_type is None else content_type
        own = () if chosen is None else (("content-type", chosen),)
        return frame_of("SEND", headers_from_pairs((first, *more, *own)), octets)
    pairs = headers_of("SEND", headers)
    given = next((value for name, value in pairs if name == "content-type"), None)
    if content_type is not None and given is not None:
        raise ValueError("content_type= and a content-type header: give one of them")
    chosen = content_type if content_type is not None else None if given is not None else implied
    if chosen is not None:
        pairs.append(("content-type", chosen))
    return frame_of("SEND", headers_from_pairs((first, *more, *Headers(pairs).multi_items())), octets)


def check_sayable(frame: Frame, versions: Sequence[str], *, content_length: bool = True) -> None:
    """Refuse what none of the versions can say.

    Raises:
        ProtocolError: why the last of them cannot.
    """
    refusal: ProtocolError | None = None
    for version in reversed(versions):
        try:
            encode_head(frame, RULES[version], content_length=content_length)
        except ProtocolError as error:
            refusal = refusal or error
        else:
            return
    assert refusal is not None
    raise refusal


def with_header(frame: Frame, name: str, value: str) -> Frame:
    """The frame with one more header, behind its destination or first."""
    first, *rest = frame.headers.multi_items() or (None,)
    pairs = ((name, value),) if first is None else (first, (name, value), *rest)
    return Frame(frame.command, headers_from_pairs(pairs), frame.body)
