"""No secret is shown: not by on_frame, not by repr, not by logs, not by errors."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from situation import Recorder, raises, situation, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)
SECRET = "hush-hush-7"


class Log(logging.Handler):
    """Everything that is logged, from DEBUG on, with the tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(message)s"))
        self._logger = logging.getLogger("pystomp_web")
        self._before = self._logger.level

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def __enter__(self) -> Self:
        self._logger.addHandler(self)
        self._logger.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_arguments: object) -> None:
        self._logger.removeHandler(self)
        self._logger.setLevel(self._before)


async def serves_twice(peer: Peer) -> None:
    connect = await peer.connect()
    assert connect.headers["passcode"] == SECRET
    assert connect.headers["Authorization"] == f"Bearer {SECRET}"
    assert peer.request.query["token"] == SECRET
    await peer.send("MESSAGE", {"subscription": "?", "message-id": "1", "destination": "/q", "api-key": SECRET})
    if peer.number == 1:
        await peer.expect("SEND")
        await peer.error("no")
        await peer.until_gone()
        return
    await peer.serve()


@situation(serves_twice)
async def on_frame_sees_each_frame_once_with_its_secrets_masked(url: str) -> None:
    headers = {"Authorization": f"Bearer {SECRET}", "plain": "shown"}
    with Log() as log:
        client = stomp.Client(
            f"{url}?token={SECRET}", login="alice", passcode=SECRET, headers=headers, reconnect=FAST, heartbeat=(0, 0)
        )
        seen = Recorder()
        client.on_frame(lambda direction, frame: seen((direction, frame)))
        async with client:
            await client.send("/queue/a", "body", headers={"x-auth": SECRET, "cookie": SECRET}, receipt=False)
            await until(lambda: client.stats.reconnects == 1 and client.state == "connected")
            subscription = client.subscribe("/queue/b", headers={"token": SECRET})
            await subscription.confirmed()
            shown = [repr(client), repr(subscription), repr(client.stats), repr(client.stats.last_error)]
            shown += [repr(vars(client)), repr(vars(client._engine))]
        frames = seen.calls
        shown += [repr(frames), str(log.lines)]
        shown += [str(frame.headers.multi_items()) for _, frame in frames]
        assert SECRET not in "".join(shown)
        names = [(direction, frame.command) for direction, frame in frames]
        assert names[:2] == [("out", "CONNECT"), ("in", "CONNECTED")]
        assert sorted(names) == sorted(
            [
                *(("out", "CONNECT"), ("in", "CONNECTED"), ("in", "MESSAGE")) * 2,
                *(("out", "SEND"), ("in", "ERROR")),
                *(("out", "SUBSCRIBE"), ("in", "RECEIPT"), ("out", "DISCONNECT"), ("in", "RECEIPT")),
            ]
        )
        connect = frames[0][1]
        assert connect.headers["login"] == "alice"
        assert connect.headers["plain"] == "shown"
        assert {"passcode", "Authorization"} <= set(connect.headers)
        sent = next(frame for _, frame in frames if frame.command == "SEND")
        assert sent.body == b"body"


async def rejects(peer: Peer) -> None:
    if peer.number == 2:
        peer.refuse(403)
        return
    await peer.expect("CONNECT", passcode=SECRET)
    await peer.error("Access refused")
    await peer.close(1008)


@situation(rejects)
async def a_failure_shows_no_secret(url: str) -> None:
    with Log() as log:
        for _ in range(2):
            with raises(stomp.ConnectError) as caught:
                await stomp.connect(
                    f"{url}?token={SECRET}", passcode=SECRET, reconnect=None, subprotocols=["v12.stomp"]
                )
            assert SECRET not in str(caught[0]) + repr(caught[0]) + repr(caught[0].__cause__)
    assert SECRET not in str(log.lines)


async def is_not_reached(peer: Peer) -> None:
    raise AssertionError("a WebSocket was opened")


@situation(is_not_reached)
async def refusing_an_option_shows_no_secret(url: str) -> None:
    for options in (
        {"passcode": f"{SECRET}\n"},
        {"headers": {"Authorization": f"{SECRET}\n"}},
        {"headers": {"Authorization": [SECRET]}},
        {"passcode": [SECRET]},
    ):
        with raises((ValueError, TypeError)) as caught:  # type: ignore[arg-type]
            stomp.Client(url, **options)
        assert SECRET not in str(caught[0])
    for bad in (f"ws://u:{SECRET}@host/", f"http://u:{SECRET}@host/", f"ftp://host/?token={SECRET}", f"ws://?{SECRET}"):
        with raises(ValueError) as caught:
            stomp.Client(bad)
        assert SECRET not in str(caught[0])
