"""The parts of the console beyond its first screen that need no browser."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
from typing import Any

import pytest

import pystomp_web as stomp
from web.console import bodies, filters, fragment, meters, profiles, recording, replies, scripts, snippet, words
from web.console.collector import Collector
from web.console.history import Filtered, History
from web.console.publisher import Publisher
from web.console.recorder import Recorder


def message(body: str | bytes = "", destination: str = "/topic/x", **headers: str) -> stomp.Message:
    content = body.encode() if isinstance(body, str) else body
    return stomp.Message(stomp.Frame("MESSAGE", {"destination": destination, **headers}, content), None, 1, 1)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("TEA berlin", True),
        ("tea paris", False),
        ('"tea, hot"', True),
        ('"hot tea"', False),
        ("-paris", True),
        ("-tea", False),
        ("-", False),
        ("paris OR tea", True),
        ("body:hot", True),
        ("body:berlin", False),
        ("destination:/queue", True),
        ("shop=berlin", True),
        ("shop=ber", False),
        ("shop:ber", True),
        ("priority>3", True),
        ("priority>=4 priority<=4", True),
        ("priority<4", False),
        ("shop>1", False),
        ("missing:x", False),
        ("size<20", True),
        (".a.1.b>1", False),
        ("/h.t/", True),
        ('shop:"ber lin"', False),
        ("number-77", False),  # the broker's own numbers fit nothing by chance
    ],
)
def test_filters(text: str, fits: bool) -> None:
    test = filters.parse(text)
    assert test is not None
    headers = {"shop": "berlin", "priority": "4", "message-id": "number-77"}
    assert test(message("tea, hot", "/queue/orders", **headers)) is fits


def test_fields_of_json() -> None:
    for text, fits in ((".a.1.b>1", True), (".a.5.b>1", False), (".a.x>1", False), (".c=yes", True), (".a:1", True)):
        test = filters.parse(text)
        assert test is not None
        assert test(message('{"a": [1, {"b": 2}], "c": "yes"}')) is fits, text


@pytest.mark.parametrize("text", ['"', "OR x", "x OR", "OR", "size>x", "/(x/"])
def test_what_is_no_filter(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        filters.parse(text)


def test_no_filter() -> None:
    assert filters.parse("  ") is None


def test_the_filtered_list_follows_its_history() -> None:
    history = History(3)
    filtered = Filtered(history)
    for body in ("a1", "b", "a2"):
        filtered.add(history.add(message(body), 1))
    assert len(filtered) == 0  # without a test it is not used
    filtered.begin(filters.parse("body:a"))
    assert filtered.busy
    assert filtered.work(0)
    filtered.add(history.add(message("a3"), 1))
    while filtered.work(0):
        pass
    filtered.trim()
    assert [record.number for record in filtered] == [3, 4]
    history.clear()
    filtered.trim()
    assert len(filtered) == 0


def test_the_message_before_of_the_same_destination() -> None:
    history = History(5)
    records = [history.add(message("x", f"/topic/{name}"), 1) for name in "abab"]
    assert history.previous(records[3]) is records[1]
    assert history.previous(records[0]) is None
    history.clear()
    assert history.previous(records[3]) is None


def test_the_fragment_there_and_back() -> None:
    state = fragment.State(
        "ws://h:1/s?x=1&y", "al ice", "/", True, [("/topic/ä&=#", "auto"), ("/queue/b", "client")], "a OR #b&c"
    )
    assert fragment.loads(f"#{fragment.dumps(state)}") == state
    assert fragment.loads("passcode=x&sub.wrong=/a&sub=&unknown") == fragment.State(subscriptions=[("/a", "auto")])
    assert fragment.dumps(fragment.State()) == ""


def test_profiles_there_and_back_without_a_passcode() -> None:
    own = profiles.Profile("home", "/stomp", "alice", subscriptions=[["/topic/x", "auto"]])
    assert profiles.loads(profiles.dumps([own])) == [own]
    data = {"pystomp_web profiles": [{"name": "n", "url": "u", "passcode": "sesame", "beats": "1,2"}]}
    (loaded,) = profiles.loads(json.dumps(data))
    assert "sesame" not in profiles.dumps([loaded])
    assert loaded.beats == "1,2"
    for wrong in ("{", "[]", '{"pystomp_web profiles": [{"name": ""}]}', '{"pystomp_web profiles": [1]}'):
        with pytest.raises(ValueError, match=r"\S"):
            profiles.loads(wrong)
    assert profiles.free_name("a", {"a", "a 2"}) == "a 3"


@pytest.mark.parametrize("subscriptions", [[], [("/topic/a", "auto"), ("/queue/b", "client")]])
def test_the_snippet_is_python(subscriptions: list[tuple[str, str]]) -> None:
    options: dict[str, object] = {"login": "alice", "host": "", "heartbeat": (5.0, 5.0)}
    messages: list[tuple[str, str | bytes, dict[str, str], str] | None]
    messages = [None, ("/topic/x", "it's", {"a": "1"}, "text/plain"), ("/topic/x", b"\0", {}, "")]
    for sent in messages:
        code = snippet.python("ws://h/stomp", options, subscriptions, sent)
        compile(code, "snippet", "exec")
        assert "passcode=getpass(" in code
        assert "host" not in code
        assert code.count("await message.ack()") == len(subscriptions) // 2


@pytest.mark.parametrize("form", ["jsonl", "csv"])
async def test_a_recording_there_and_back(form: str) -> None:
    taken = [
        recording.Taken(2.5, "/topic/b", [("a", "1,\n2"), ("message-id", "7")], b"\x00\xff" * 200_000),
        recording.Taken(1.25, "/topic/ä", [], 'Grüße "x"\r\n'.encode()),
    ]
    text = "".join([recording.head(form), *(recording.line(each, form) for each in taken)])
    back = await recording.loads(text.encode())
    assert back == [taken[1], taken[0]]
    assert recording.sendable(back[1]) == {"a": "1,\n2"}


@pytest.mark.parametrize("text", ["", "\xff", "[]", "{}", '{"at": "x"}', "at,destination,headers,body_base64\n1,2,3,4"])
async def test_what_is_no_recording(text: str) -> None:
    with pytest.raises(ValueError, match="That file"):
        await recording.loads(text.encode("latin-1"))


class File:
    """A file that grows, as the recorder wants it."""

    where = "a file"
    own = True

    def __init__(self, room: int | None = None, slow: bool = False) -> None:
        self.room = room
        self.batches: list[bytes] = []
        self.closed = False
        self.fails = False
        self.free = asyncio.Event()
        if not slow:
            self.free.set()

    async def write(self, octets: bytes) -> None:
        await self.free.wait()
        if self.fails:
            raise OSError("no disk")
        self.batches.append(octets)

    async def close(self) -> None:
        self.closed = True
        if self.fails:
            raise OSError("no disk either")

    async def file(self) -> None:
        """Not asked for here."""


async def test_the_recorder_writes_in_batches_and_keeps_nothing() -> None:
    history, recorder, file = History(1000), Recorder(), File(slow=True)
    recorder.take(history.add(message("not running"), 1))
    recorder.start(file, "csv")
    task = asyncio.create_task(recorder.run(lambda: None))
    for number in range(500):
        recorder.take(history.add(message(str(number)), 1))
    await asyncio.sleep(0)
    assert (recorder.count, recorder.waiting) == (0, 500)
    file.free.set()
    recorder.stop()
    await task
    assert (recorder.count, recorder.waiting, recorder.running, file.closed) == (500, 0, False, True)
    assert len(file.batches) < 100
    written = b"".join(file.batches)
    assert recorder.octets == len(written)
    assert [each.body for each in await recording.loads(written)] == [b"%d" % number for number in range(500)]


async def test_the_recorder_stops_where_there_is_no_room() -> None:
    history, recorder, file = History(10), Recorder(), File(room=700)
    recorder.start(file, "jsonl")
    task = asyncio.create_task(recorder.run(lambda: None))
    for _ in range(5):
        recorder.take(history.add(message("x" * 100), 1))
        await asyncio.sleep(0)
    await task
    assert (recorder.full, recorder.running, recorder.waiting, file.closed) == (True, False, 0, True)
    assert 0 <= recorder.octets <= 700


async def test_the_recorder_does_not_gather_what_a_slow_file_does_not_take() -> None:
    history, recorder, file = History(10), Recorder(backlog=1000), File(slow=True)
    recorder.start(file, "csv")
    task = asyncio.create_task(recorder.run(lambda: None))
    for _ in range(20):
        recorder.take(history.add(message("x" * 100), 1))
    assert not recorder.running
    assert recorder.waiting == 4
    file.free.set()
    with pytest.raises(OSError, match="came faster"):
        await task
    assert recorder.count == 4


async def test_the_recorder_tells_what_the_disk_says() -> None:
    recorder, file = Recorder(), File()
    file.fails = True
    recorder.start(file, "csv")
    with pytest.raises(OSError, match=r"no disk$"):
        await recorder.run(lambda: None)
    assert (recorder.closed, recorder.running) == (True, False)


def test_the_collector_looks_at_everything_in_quiet_times_only() -> None:
    collector = Collector()
    try:
        assert not gc.isenabled()
        for kept, hidden, looks in ((100_000, False, 0), (100_000, True, 1), (10, False, 2)):
            for second in range(50):
                collector.second(1000 if second < 3 else 0, kept, hidden=hidden)
            assert collector.full == looks
        for _ in range(70):
            collector.second(1, 10, hidden=False)
        assert collector.full == 2
        many = [[number] for number in range(20_000)]
        assert gc.get_count()[0] > 10_000
        collector.frame()
        assert gc.get_count()[0] < len(many) / 2
    finally:
        gc.enable()


def test_scripts() -> None:
    assert scripts.compiled("lambda i: i + 1")(1) == ("", 2, {})
    assert scripts.compiled("def message(i):\n  return '/a', 'b', {'c': 'd'}")(0) == ("/a", "b", {"c": "d"})
    assert scripts.compiled("import math\ndef message(i):\n  return '/a', math.floor(2.5)")(0) == ("/a", 2, {})
    for text, words_ in (("1 +", "Line 1"), ("x = 1", "no function"), ("1 / 0", "ZeroDivisionError")):
        with pytest.raises(scripts.ScriptError, match=words_):
            scripts.compiled(text)
    for text, words_ in (
        ("lambda i: 1 / i", "Line 1 of the script: ZeroDivisionError"),
        ("lambda i: None", "returned None"),
        ("lambda i: (1, 2)", "tuple"),
        ("lambda i: ('/a',)", "tuple"),
    ):
        with pytest.raises(scripts.ScriptError, match=words_):
            scripts.compiled(text)(0)


def test_replies() -> None:
    rule = replies.Rule("/queue/*", "tea", "", "{destination}: {body}")
    responder = replies.Responder([rule])
    assert responder.answers(message("tea", "/queue/a")) == []  # nowhere to
    asked = message("tea", "/queue/a", **{"reply-to": "/queue/b", "correlation-id": "7"})
    assert responder.answers(asked) == [("/queue/b", "/queue/a: tea", {"correlation-id": "7"})]
    assert responder.answers(message("/queue/a: tea", "/queue/b", **{"reply-to": "/queue/b"})) == []  # its own
    assert responder.answers(message("coffee", "/queue/a", **{"reply-to": "/queue/b"})) == []
    rule.on = False
    assert responder.answers(asked) == []
    assert rule.answers == 1
    assert "answers" not in rule.kept()


def test_numbers_in_json() -> None:
    body = b'{"a": 1, "b": {"c": [2.5, true, null]}, "d": "3", "e": 1e999}'
    assert dict(meters.numbers(body)) == {"a": 1.0, "b.c.0": 2.5}
    assert dict(meters.numbers(b"7")) == {"value": 7.0}
    for body in (b"", b"x", b"{", b"[" * 50_000):
        assert dict(meters.numbers(body)) == {}


async def test_meters() -> None:
    history = History(10)
    measured = meters.Meters()
    first = history.add(message('{"eur": 1}'), 1, 0.002)
    measured.take(first)
    assert measured.seen == {"/topic/x": ["eur"]}
    assert list(measured.round_trips.values[0]) == [2.0]
    series = await measured.plot("/topic/x", "eur", list(history))
    measured.take(history.add(message('{"eur": 2}'), 1))
    measured.take(history.add(message("no number"), 1))
    assert list(series.values[0]) == [1.0, 2.0]
    for body in (*["no number"] * 5, '{"late": 1}'):
        measured.take(history.add(message(body, "/topic/words"), 1))
    assert "/topic/words" not in measured.seen  # it is not looked at for ever


async def test_a_publisher_ends_with_its_count_when_stopped_and_with_an_error() -> None:
    sent: list[int] = []

    async def send(number: int) -> None:
        sent.append(number)
        if number == 7:
            raise ValueError("no")

    await Publisher(send, 3, lambda i: i * 0.001, lambda: None).run()
    assert sent == [0, 1, 2]
    endless = Publisher(send, None, lambda _: 1e9, lambda: None)
    task = asyncio.create_task(endless.run())
    await asyncio.sleep(0)
    endless.stop()
    await task
    assert not endless.running
    failing = Publisher(send, 100, lambda _: 0.0, lambda: None)
    with pytest.raises(ValueError, match="no"):
        await failing.run()
    assert (failing.sent, str(failing.error)) == (7, "no")


async def test_a_publisher_takes_a_loop_that_sets_no_timer_in_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Pyodide's, on a machine where a millisecond is soon over."""
    loop = asyncio.get_running_loop()
    time, call_at = loop.time, loop.call_at
    looks = itertools.count()

    def call_later(delay: float, *args: Any, **kwargs: Any) -> asyncio.TimerHandle:
        if delay < 0:
            raise ValueError("Can't schedule in the past")
        return call_at(time() + delay, *args, **kwargs)

    async def send(number: int) -> None:
        sent.append(number)

    sent: list[int] = []
    monkeypatch.setattr(loop, "time", lambda: time() + next(looks) * 0.0006)
    monkeypatch.setattr(loop, "call_later", call_later)
    monkeypatch.setattr(loop, "call_at", lambda when, *rest, **more: call_later(when - loop.time(), *rest, **more))
    await Publisher(send, 20, lambda number: number * 0.001, lambda: None).run()
    assert sent == list(range(20))


def test_bodies_written_in_other_forms() -> None:
    assert bodies.from_text("00 ff", "hex") == bodies.from_text("AP8=\n", "base64") == b"\x00\xff"
    assert bodies.from_text("x", "text") == "x"
    for text, form in (("0", "hex"), ("!", "base64")):
        with pytest.raises(ValueError, match=f"no {form}"):
            bodies.from_text(text, form)
    assert bodies.difference("a\nb", "a\nc") == [(" ", "a"), ("-", "b"), ("+", "c")]


def test_durations() -> None:
    times = (0.0012, 0.25, 2.44, 150, 7200)
    assert [words.duration(seconds) for seconds in times] == ["1.2 ms", "250 ms", "2.4 s", "2 min", "2 h"]
