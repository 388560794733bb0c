from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from pystomp_web.protocol import Decoder, Frame, Headers
from pystomp_web.protocol.frame import frame_of

PAIRS = (("foo", "World"), ("foo", "Hello"), ("bar", "1"), ("a:b", "x:y"), ("empty", ""), ("passcode", "hush"))


def lazy(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Headers as the decoder makes them, still text (1.0 has no escapes: names hold no colon)."""
    text = "".join(f"{name}:{value}\n" for name, value in pairs)
    (frame,) = Decoder("1.0").feed(f"MESSAGE\n{text}\n\0".encode())
    assert frame.headers._text is not None
    return frame.headers


def unescaped(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Headers as the decoder makes them when there was an escape."""
    text = "".join(f"{n}:{v}\n" for n, v in ((n.replace(":", "\\c"), v.replace(":", "\\c")) for n, v in pairs))
    (frame,) = Decoder("1.2").feed(f"MESSAGE\n{text}\n\0".encode())
    return frame.headers


# ------------------------------------------------------------------------------------------------ Headers


@pytest.mark.parametrize("make", [Headers, unescaped])
def test_headers_are_a_mapping(make: Callable[..., Headers]) -> None:
    headers = make(PAIRS)
    assert issubclass(Headers, Mapping)
    assert headers["foo"] == "World"
    assert headers.get("foo") == "World"
    assert headers["empty"] == ""
    assert headers["a:b"] == "x:y"
    assert len(headers) == 5
    assert [*headers] == ["foo", "bar", "a:b", "empty", "passcode"]
    assert [*headers.items()] == [PAIRS[0], *PAIRS[2:]]
    assert [*headers.values()] == ["World", "1", "x:y", "", "hush"]
    assert "foo" in headers
    assert "Foo" not in headers
    for odd in (5, None, b"foo", ("foo",)):
        assert not headers.__contains__(odd)
    assert headers.get("no") is None
    assert headers.get("no", "default") == "default"
    with pytest.raises(KeyError, match="no"):
        headers["no"]
    assert headers.multi_items() == PAIRS
    assert dict(headers) == {"foo": "World", "bar": "1", "a:b": "x:y", "empty": "", "passcode": "hush"}


def test_no_headers() -> None:
    for headers in (Headers(), Headers([]), Headers({}), lazy([]), Headers(Headers())):
        assert len(headers) == 0
        assert not headers
        assert [*headers] == []
        assert headers.multi_items() == ()
        assert "a" not in headers
        assert "" not in headers
        assert headers == {}
        assert headers == Headers()
        assert repr(headers) == "Headers([])"


READINGS: dict[str, Callable[[Any], object]] = {
    "len": len,
    "iter": list,
    "items": lambda headers: [*headers.items()],
    "multi_items": lambda headers: headers.multi_items(),
    "get": lambda headers: [
        headers.get(name) for name in ("a", "b", "c", "", "a:1", "a:1\nb", "\na", "a\n", "1", " c")
    ],
    "contains": lambda headers: [name in headers for name in ("a", "b", "c", "", "a:1", "a:1\nb", "\na", "\n", 1)],
    "hash": hash,
    "repr": repr,
    "eq": lambda headers: (headers == Headers([("a", "1")]), headers == {"a": "1", "b": "2:3", " c": "\r "}),
    "masked": lambda headers: headers.masked().multi_items(),
}


@pytest.mark.parametrize("second", READINGS)
@pytest.mark.parametrize("first", READINGS)
def test_lazily_parsed_is_eagerly_parsed(first: str, second: str) -> None:
    pairs = [("a", "1"), ("b", "2:3"), ("a", "4"), (" c", "\r ")]
    one, other = lazy(pairs), Headers(pairs)
    assert READINGS[first](one) == READINGS[first](other)
    assert READINGS[second](one) == READINGS[second](other)
    assert one == other
    assert hash(one) == hash(other)


def test_a_name_is_not_found_inside_another_line() -> None:
    headers = lazy([("xfoo", "1"), ("foobar", "2"), ("v", "foo:3"), ("foo", "4")])
    assert headers["foo"] == "4"
    assert headers.get("bar") is None
    assert headers.get("v:foo") is None
    assert headers.get("1\nfoobar") is None


@pytest.mark.parametrize("char", ["\x1c", "\x85", "\u2028", "\v", "\f"])
def test_only_lf_ends_a_line(char: str) -> None:
    headers = lazy([("a", f"1{char}2"), ("b", "3")])
    assert headers["a"] == f"1{char}2"
    assert headers.multi_items() == (("a", f"1{char}2"), ("b", "3"))


def test_what_headers_equal() -> None:
    headers = Headers(PAIRS)
    assert headers == Headers(list(PAIRS)) == Headers(headers)
    assert headers == dict(headers)
    assert dict(headers) == headers
    assert headers != Headers(PAIRS[1:])
    assert headers != {**headers, "more": ""}
    assert headers != Headers(dict(headers).items())  # one entry less
    assert headers != list(PAIRS)
    assert headers != "foo"
    assert len({headers, Headers(PAIRS), lazy(PAIRS[:1])}) == 2


def test_made_from_pairs_or_a_mapping() -> None:
    expected = (("a", "1"), ("b", "2"))
    for source in ({"a": "1", "b": "2"}, expected, [*expected], iter(expected), Headers(expected), lazy(expected)):
        assert Headers(source).multi_items() == expected


def test_the_source_can_change() -> None:
    source = {"a": "1"}
    headers = Headers(source)
    source["a"] = "2"
    assert headers == {"a": "1"}


@pytest.mark.parametrize(
    "bad", [{"a": 1}, {1: "a"}, {b"a": "b"}, {"a": b"b"}, {"a": None}, [("a", ["b"])], [(None, "a")]]
)
def test_only_str(bad: Any) -> None:
    with pytest.raises(TypeError, match="must be str"):
        Headers(bad)


@pytest.mark.parametrize("name", ["passcode", b"passcode"])
def test_the_type_error_keeps_the_secret(name: Any) -> None:
    with pytest.raises(TypeError) as raised:
        Headers({name: ["hush"]})
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("bad", [5, None, ["a"], [("a", "b", "c")]])
def test_no_pairs(bad: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        Headers(bad)


def test_headers_are_immutable() -> None:
    headers: Any = Headers(PAIRS)
    with pytest.raises(TypeError):
        headers["a"] = "b"
    with pytest.raises(TypeError):
        del headers["foo"]
    with pytest.raises(AttributeError):
        headers.anything = 1


SECRETS = (
    "passcode password PASS login-pass Authorization x-auth oauth token access_token X-Csrf-Token "
    "secret client-secret Cookie set-cookie key api-key APIKEY monkey"
).split()


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("make", [Headers, lazy])
def test_secrets_are_masked(make: Any, name: str) -> None:
    headers = make([("login", "alice"), (name, "hush"), ("destination", "/a")])
    for shown in (
        repr(headers),
        str(headers),
        f"{headers}",
        repr(Frame("CONNECT", headers)),
        repr(Frame("CONNECT", headers).masked()),
    ):
        assert "hush" not in shown
        assert "***" in shown
        assert "alice" in shown
        assert "'/a'" in shown
    assert headers.masked() == Headers([("login", "alice"), (name, "***"), ("destination", "/a")])
    assert headers[name] == "hush"


# ------------------------------------------------------------------------------------------------ Frame


def test_a_frame() -> None:
    frame = Frame("SEND", [("destination", "/a")], b"hello")
    assert frame.command == "SEND"
    assert type(frame.headers) is Headers
    assert frame.headers == {"destination": "/a"}
    assert frame.body == b"hello"
    assert frame.damaged is False
    assert Frame("X").headers == {}
    assert Frame("X").body == b""
    assert Frame("SEND", {"destination": "/a"}, b"hello") == frame
    headers = Headers({"destination": "/a"})
    assert Frame("SEND", headers).headers is headers
    assert Frame(command="SEND", headers={"destination": "/a"}, body=b"hello") == frame


@pytest.mark.parametrize("name", ["command", "headers", "body", "damaged", "anything"])
def test_a_frame_is_frozen(name: str) -> None:
    frame = Frame("SEND", {"a": "b"}, b"x")
    with pytest.raises(AttributeError):
        setattr(frame, name, "other")
    with pytest.raises(AttributeError):
        delattr(frame, name)
    assert frame == Frame("SEND", {"a": "b"}, b"x")


def test_frames_are_equal_by_value() -> None:
    frame = Frame("SEND", [("a", "1"), ("a", "2")], b"x")
    same = Frame("SEND", [("a", "1"), ("a", "2")], b"x")
    assert frame == same
    assert hash(frame) == hash(same)
    for other in (
        Frame("MESSAGE", [("a", "1"), ("a", "2")], b"x"),
        Frame("SEND", [("a", "2"), ("a", "1")], b"x"),
        Frame("SEND", [("a", "1")], b"x"),
        Frame("SEND", [("a", "1"), ("a", "2")], b"y"),
        "SEND",
        None,
    ):
        assert frame != other
    assert len({frame, same}) == 1


def test_a_decoded_frame_equals_a_made_one() -> None:
    (frame,) = Decoder().feed(b"MESSAGE\na:b\nc:d\n\nx\0")
    made = Frame("MESSAGE", {"a": "b", "c": "d"}, b"x")
    assert frame == made
    assert hash(frame) == hash(made)
    assert repr(frame) == repr(made)


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
def test_the_body_is_copied_to_bytes(make: Any) -> None:
    source = bytearray(b"hello")
    frame = Frame("SEND", (), make(source))
    source[:] = b"xxxxx"
    assert frame.body == b"hello"
    assert type(frame.body) is bytes


@pytest.mark.parametrize("body", ["hello", None, 5, [1, 2], {"a": 1}])
def test_the_body_is_octets(body: Any) -> None:
    with pytest.raises(TypeError, match="body is bytes"):
        Frame("SEND", (), body)


@pytest.mark.parametrize("command", [b"SEND", None, 5])
def test_the_command_is_str(command: Any) -> None:
    with pytest.raises(TypeError, match="command is a str"):
        Frame(command)


def test_repr() -> None:
    assert repr(Frame("BEGIN")) == "Frame('BEGIN')"
    assert repr(Frame("SEND", {"a": "b"})) == "Frame('SEND', [('a', 'b')])"
    assert repr(Frame("SEND", {"a": "b"}, b"x")) == "Frame('SEND', [('a', 'b')], body=b'x')"
    assert repr(Frame("SEND", (), b"x")) == "Frame('SEND', [], body=b'x')"
    short, long = b"x" * 64, b"x" * 64 + b"y"
    assert repr(short) in repr(Frame("SEND", (), short))
    shown = repr(Frame("SEND", (), long))
    assert repr(long[:64]) in shown
    assert repr(long) not in shown
    assert "65 octets" in shown
    assert len(repr(Frame("SEND", (), bytes(10_000_000)))) < 400


def test_a_damaged_frame_says_so() -> None:
    frame = frame_of("MESSAGE", Headers({"passcode": "a"}), b"x", damaged=True)
    assert frame.damaged is True
    assert repr(frame) == "Frame('MESSAGE', [('passcode', '***')], body=b'x', damaged=True)"
    assert frame.masked().damaged is True
    assert frame == Frame("MESSAGE", {"passcode": "a"}, b"x")


def test_masked_keeps_the_rest() -> None:
    frame = Frame("CONNECT", [("login", "a"), ("passcode", "b"), ("passcode", "c")], b"")
    assert frame.masked() == Frame("CONNECT", [("login", "a"), ("passcode", "***"), ("passcode", "***")])
    assert frame.headers["passcode"] == "b"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda frame: pickle.loads(pickle.dumps(frame))])
def test_copies(again: Any) -> None:
    (read,) = Decoder().feed(b"MESSAGE\na:b\n\nx\0")
    for frame in (read, Frame("MESSAGE", {"a": "b"}, b"x")):
        assert again(frame) == frame
