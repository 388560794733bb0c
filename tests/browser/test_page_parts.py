"""The parts of the console (web/console) that need no browser."""

from __future__ import annotations

import pytest

import pystomp_web as stomp
from web.console import bodies, headers, words
from web.console.history import History


class Text:
    """What a Message has of its body."""

    def __init__(self, body: bytes, charset: str = "utf-8") -> None:
        self.body = body
        self.charset = charset

    @property
    def text(self) -> str:
        return self.body.decode(self.charset)


def message() -> stomp.Message:
    return stomp.Message(stomp.Frame("MESSAGE", {"destination": "/topic/x"}, b"x"), None, 1, 1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ""),
        (b"one\n  two\ttree", "one two tree"),
        ("Grüße 世界".encode(), "Grüße 世界"),
        (b"\x00\x01", "hex 00 01"),
        (b"\xff" * 40, f"hex {'ff ' * 31}ff …"),
        (b"a" * 5000, "a" * bodies.PREVIEW),
        (b"a" * (bodies.PREVIEW - 1) + "ü".encode() * 1000, "a" * (bodies.PREVIEW - 1)),  # cut within a character
        (b"\xff" + b"a" * 5000, f"hex ff {'61 ' * 30}61 …"),
    ],
)
def test_preview(body: bytes, expected: str) -> None:
    assert bodies.preview(Text(body)) == expected


def test_text_json_and_hex() -> None:
    assert bodies.as_text(Text("ü".encode("latin-1"), "latin-1")) == "ü"
    assert bodies.as_text(Text(b"\xff")) is None
    assert bodies.as_text(Text(b"x", "no-such-charset")) is None
    assert bodies.as_text(Text(b"bell \x07")) is None
    assert bodies.as_json(Text(b'{"a": [1]}')) == '{\n  "a": [\n    1\n  ]\n}'
    assert bodies.as_json(Text(b"{")) is None
    assert bodies.as_json(Text(b"[" * 100_000)) is None
    assert bodies.as_json(Text(b"1" * (bodies.SHOWN + 1))) is None
    assert bodies.as_hex(bytes(range(65, 83))).splitlines() == [
        "00000000  41 42 43 44 45 46 47 48  49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP",
        "00000010  51 52                                             QR",
    ]
    assert [bodies.octets_in_words(size) for size in (0, 1023, 1024, 1536, 5 << 20, 3 << 40)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "1.5 KiB",
        "5.0 MiB",
        "3072.0 GiB",
    ]


def test_headers() -> None:
    assert headers.parse("a: 1\n\n b :2:3 \n") == {"a": "1", "b": "2:3"}
    assert headers.lines([("a", "1"), ("b", "2:3")]) == "a: 1\nb: 2:3"
    for wrong, what in (("a: 1\nb", "line 2 is no"), (": x", "line 1 is no"), ("a:1\na:2", "line 2 names 'a' again")):
        with pytest.raises(ValueError, match=what):
            headers.parse(wrong)


def test_the_history_is_bounded() -> None:
    history = History(3)
    for _ in range(5):
        history.add(message(), 1)
    assert [history.newest(index).number for index in range(len(history))] == [5, 4, 3]
    assert (history.total, history.appended) == (5, 5)
    found = history.find(4)
    assert found is not None
    assert history.index_of(found) == 1
    assert history.find(2) is None
    assert history.find(6) is None
    history.resize(2)
    assert len(history) == history.limit == 2
    history.clear()
    assert (len(history), history.total, history.find(1)) == (0, 0, None)


def test_a_pause_is_bounded_too() -> None:
    history = History(3)
    history.add(message(), 1)
    history.paused = True
    for _ in range(5):
        history.add(message(), 1)
    assert (len(history), history.held, history.lost, history.total) == (1, 3, 2, 6)
    history.resume()
    assert [history.newest(index).number for index in range(3)] == [6, 5, 4]
    assert (history.paused, history.held, history.lost) == (False, 0, 0)


def test_numbers_with_a_gap_are_found() -> None:
    history = History(10)
    history.add(message(), 1)
    history.paused = True
    history.resize(2)
    for _ in range(4):
        history.add(message(), 1)
    history.resize(10)
    history.resume()
    assert [history.newest(index).number for index in range(len(history))] == [5, 4, 1]
    assert [number for number in range(7) if history.find(number) is not None] == [1, 4, 5]


@pytest.mark.parametrize(
    ("asked", "granted", "expected"),
    [
        ("10000,10000", "5000,20000", "we send every 20 s, the server every 10 s"),
        ("10000,10000", "0,1500", "we send every 10 s, the server none"),
        ("0,0", "10000,10000", "none"),
        ("10000,10000", None, "none"),
        ("10000,10000", "soon", "none"),
    ],
)
def test_heartbeats_in_words(asked: str, granted: str | None, expected: str) -> None:
    assert words.heartbeats(asked, granted) == expected


def test_every_error_has_words() -> None:
    frame = stomp.Frame("ERROR", {"message": "no"})
    for error in (
        stomp.ConnectRejected("the broker refused CONNECT: no", frame),
        stomp.ConnectError("it did not open", diagnosis="offline"),
        stomp.ConnectTimeout("late"),
        stomp.ConnectionLost("gone"),
        stomp.BrokerError("no", frame),
        stomp.OutboxFull("full"),
        ValueError("no"),
    ):
        told = words.trouble(error)
        assert "Something went wrong" not in told.title
        assert str(told).endswith((".", "?"))
    assert str(words.trouble(stomp.ConnectRejected("the broker refused CONNECT: no", frame))).startswith(
        "The broker refused the connection: no. Check"
    )
    assert words.trouble(KeyError("x")).title == "Something went wrong in this page"
    assert set(words.LIGHTS) == set(stomp.State)
    assert [words.many(count, "message") for count in (0, 1, 1000)] == ["0 messages", "1 message", "1,000 messages"]
    assert words.sentence("so? ") == "so?"
