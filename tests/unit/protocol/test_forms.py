"""Heads like an earlier one: read as if it had not been."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol import Decoder, Frame, Headers, Version
from pystomp_web.protocol.forms import LAST, SOMEWHERE, UNTOLD, Form
from pystomp_web.protocol.frame import subscription_of


def limited(version: str = "1.2") -> Decoder:
    """A decoder whose limits are in reach."""
    return Decoder(version, max_frame_size=280, max_header_size=260)


def wire(body: bytes = b"body", eols: bytes = b"", command: bytes = b"MESSAGE", **headers: bytes) -> bytes:
    """A frame's octets. Where a header is "LENGTH", that of the body."""
    lines = [
        name.replace("_", "-").encode() + b":" + (b"%d" % len(body) if value == b"LENGTH" else value)
        for name, value in headers.items()
    ]
    return eols + b"\n".join([command, *lines]) + b"\n\n" + body + b"\0"


def first(**others: bytes) -> dict[str, bytes]:
    return {"subscription": b"s-1", "message_id": b"m-1", "destination": b"/topic/a", **others}


def read(decoder: Decoder, octets: bytes) -> list[Frame] | str:
    try:
        return list(decoder.feed(octets))
    except ProtocolError as error:
        return f"{type(error).__name__}: {error}"


KINDS = {
    "untold": (first(), UNTOLD),
    "told": (first(content_length=b"LENGTH"), LAST),
    "told first": ({"content_length": b"LENGTH", **first()}, SOMEWHERE),
    "told amid": ({**first(content_length=b"LENGTH"), "timestamp": b"17"}, SOMEWHERE),
    "colons": (first(subscription=b"a\\cb-1", message_id=b"ID\\ch\\cm-1", content_length=b"LENGTH"), LAST),
    "numbers": (first(subscription=b"7", message_id=b"7", destination=b"/topic/7", content_length=b"LENGTH"), LAST),
}

#: What stands in the place of a value that had a number.
LATER = [
    *(b"m-2", b"m-002", b"m-", b"m-x", b"m-2x", b"m-2 ", b"m", b"", b"2", b"m-2:3", b"m-+2", b"m-\xc3", b"m-\xd9\xa3"),
    *(
        b"m-\\c2",
        b"m\\cm-2",
        b"m\\\\cm-2",
        b"m-2\\c",
        b"ID\\ch\\cm-77",
        b"ID\\ch\\\\cm-7",
        b"ID\\ch\\nm-7",
        b"ID:h:m-7",
    ),
    *(b"m-\0002", b"m-2\0", b"m-2\r", b"m\\n2", b"m-\\x2", b"m-2\nx", b"m-2\nx:1"),
    *(b"m-" + b"9" * digits for digits in (18, 19, 60)),
]


def taught(kind: dict[str, bytes], version: str = "1.2") -> tuple[Decoder, Form]:
    """A decoder that has seen three of the kind, each with other numbers."""
    decoder = limited(version)
    for number, body in ((b"8", b"some body"), (b"9", b"other body"), (b"10", b"")):
        octets = wire(body, **{name: value.replace(b"1", number).replace(b"7", number) for name, value in kind.items()})
        assert read(decoder, octets) == read(Decoder(version), octets)
    assert decoder._form is not None
    return decoder, decoder._form


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_alike_has_the_form(kind: str) -> None:
    headers, length = KINDS[kind]
    decoder, form = taught(headers)
    assert form.length == length
    octets = wire(b"the next", **{name: value.replace(b"m-1", b"m-77") for name, value in headers.items()})
    assert read(decoder, octets) == read(Decoder(), octets)
    assert decoder._form is form


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("version", ["1.0", "1.2"])
def test_another_value_is_read_as_ever(kind: str, later: bytes, version: str) -> None:
    for name in ("message_id", "subscription", "destination"):
        octets = wire(b"the next", **KINDS[kind][0] | {name: later})
        assert read(taught(KINDS[kind][0], version)[0], octets) == read(limited(version), octets)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("said", [b"0", b"3", b"5", b"04", b"x", b"", b" 4", b"-4", b"9" * 9, b"9" * 18, b"9" * 30])
def test_another_length_is_read_as_ever(kind: str, said: bytes) -> None:
    octets = wire(b"body", **KINDS[kind][0] | {"content_length": said})
    for following in (b"", b"\n", b"MESSAGE\n\n\0"):
        fresh = limited()
        seen, _ = taught(KINDS[kind][0])
        assert read(seen, octets + following) == read(fresh, octets + following)
        assert seen.idle == fresh.idle


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [*range(20, 250, 3)])
def test_the_limits_hold(kind: str, size: int) -> None:
    for headers, body in (
        (KINDS[kind][0], b"x" * size),
        (KINDS[kind][0] | {"destination": b"/topic/" + b"1" * size}, b""),
    ):
        octets = wire(body, **headers)
        assert read(taught(KINDS[kind][0])[0], octets) == read(limited(), octets)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
@pytest.mark.parametrize("eols", [b"\n", b"\n\n", b"\r\n"])
@pytest.mark.parametrize("command", [b"MESSAGE", b"RECEIPT", b"ERROR", b"MESSAGES", b"MESSAGE\r", b" MESSAGE"])
def test_other_commands_and_eols_are_read_as_ever(kind: str, version: str, eols: bytes, command: bytes) -> None:
    for before in (b"", eols):
        octets = wire(eols=before, command=command, **KINDS[kind][0])
        assert read(taught(KINDS[kind][0], version)[0], octets) == read(limited(version), octets)


def test_eols_before_each_frame_belong_to_the_form() -> None:
    decoder = Decoder()
    frames = [wire(b"body", b"\n", **first(message_id=b"m-%d" % number)) for number in range(5)]
    assert list(decoder.feed(b"".join(frames))) == [frame for octets in frames for frame in Decoder().feed(octets)]
    assert decoder._form is not None
    assert decoder._form.literals[0][0].startswith(b"\nMESSAGE\n")


def test_a_frame_that_is_cut_waits_for_its_rest() -> None:
    for kind, _ in KINDS.values():
        octets = wire(b"the next", **kind)
        for cut in range(len(octets)):
            decoder, _form = taught(kind)
            assert list(decoder.feed(octets[:cut])) == []
            assert list(decoder.feed(octets[cut:])) == list(Decoder().feed(octets))


def by_line(version: Version, head: bytes) -> Headers | str:
    try:
        return Decoder(version)._parse_lines(head)[1]
    except ProtocolError as error:
        return f"{type(error).__name__}: {error}"


LINES = st.lists(
    st.sampled_from(["a", "b1", "7", ":", "\\c", "\\\\", "\\n", "\\r", "\\t", "\\", "é", " "]), min_size=1, max_size=6
)


@pytest.mark.parametrize("version", [*Version])
@pytest.mark.parametrize("command", [b"MESSAGE", b"RECEIPT", b"CONNECTED"])
@given(lines=st.lists(LINES.map(lambda parts: "".join(parts).encode()), max_size=4))
def test_a_head_is_read_as_line_by_line(version: Version, command: bytes, lines: list[bytes]) -> None:
    head = b"\n".join([command, *lines, b""])
    expected = by_line(version, head)
    whole, cut = Decoder(version), Decoder(version)
    for body in (b"first", b"the second has the form", b"third") if command == b"MESSAGE" else (b"", b""):
        octets = head + b"\n" + body + b"\0"
        read(cut, octets[:5])
        for frames in (read(whole, octets), read(cut, octets[5:])):
            if isinstance(expected, str):
                assert frames == expected
            else:
                assert [(frame.headers, frame.body) for frame in frames if isinstance(frame, Frame)] == [
                    (expected, body)
                ]
                assert [subscription_of(frame) for frame in frames if isinstance(frame, Frame)] == [
                    expected.get("subscription")
                ]


@pytest.mark.parametrize("version", [*Version])
@pytest.mark.parametrize("name", [b"a", b"a\\cb", b"subscription", b"content\\clength"])
@pytest.mark.parametrize("value", [b"x\\cy", b"\\c", b"x\\\\cy", b"\\c\\n\\c", b"x:y"])
def test_escaped_colons_are_read_as_line_by_line(version: Version, name: bytes, value: bytes) -> None:
    decoder = Decoder(version)
    for number in range(4):
        head = b"MESSAGE\nmessage-id:ID\\c%d\n%s:%s\n" % (number, name, value)
        expected = by_line(version, head)
        assert not isinstance(expected, str)
        (frame,) = decoder.feed(head + b"\nbody\0")
        assert frame.headers == expected
        assert subscription_of(frame) == expected.get("subscription")


def test_other_rules_are_learned_anew() -> None:
    decoder = Decoder("1.0")
    escaped = wire(**first(x=b"a\\cb"))
    assert [frame.headers["x"] for frame in decoder.feed(escaped * 2)] == ["a\\cb"] * 2
    decoder.version = "1.2"
    assert [frame.headers["x"] for frame in decoder.feed(escaped * 2)] == ["a:b"] * 2


def test_subscriptions_that_differ_in_a_number_have_one_form() -> None:
    decoder = Decoder()
    octets = [
        wire(subscription=b"s-%d" % number, message_id=b"m-%d" % number, destination=b"/topic/%d" % (number % 70))
        for number in range(1000)
    ]
    found = list(decoder.feed(b"".join(octets)))
    assert [subscription_of(frame) for frame in found] == [f"s-{number}" for number in range(1000)]
    assert decoder._forms._made < 10


def test_subscriptions_of_other_kinds_have_a_form_each() -> None:
    decoder = Decoder()
    names = [b"prices", b"sensors", b"log"]
    octets = [
        wire(subscription=name, message_id=b"%d" % number, destination=b"/topic/" + name)
        for number in range(100)
        for name in names
    ]
    found = list(decoder.feed(b"".join(octets)))
    assert [subscription_of(frame) for frame in found] == [name.decode() for name in names] * 100
    assert decoder._forms._made == 3


def test_what_is_never_alike_costs_little() -> None:
    """Neither memory nor, in the long run, the making of forms that fit nothing."""
    decoder = Decoder()
    for number in range(3000):
        name = b"%c" % (97 + number % 26) * (number % 40 + 1)
        (frame,) = decoder.feed(wire(subscription=name, message_id=name, destination=name + b"x"))
        assert subscription_of(frame) == name.decode()
    assert len(decoder._forms._by_first) <= 64
    assert decoder._forms._made < 400


def test_numbers_that_grow_longer_are_alike() -> None:
    decoder = Decoder()
    made = set()
    for one, other in pairwise(10**power for power in range(18)):
        (frame, _) = decoder.feed(wire(**first(message_id=b"%d" % one)) + wire(**first(message_id=b"%d" % other)))
        assert frame.headers["message-id"] == str(one)
        made.add(decoder._forms._made)
    assert made == {1}


@pytest.mark.parametrize("over", range(-2, 25))
def test_a_number_that_grows_past_the_limit_of_a_head_is_refused(over: int) -> None:
    head = wire(b"", **first()).rstrip(b"\0")
    seen, fresh = (Decoder(max_header_size=len(head) + over) for _ in range(2))
    if over >= 0:
        assert len(list(seen.feed(wire(b"", **first()) * 2))) == 2
    octets = wire(b"", **first(message_id=b"m-" + b"9" * 18))
    assert read(seen, octets) == read(fresh, octets)
