"""Runs inside Pyodide, for test_page_life.py: what a page's life does to a client, and what a client leaves in it."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Self

import js
from pyodide.ffi import create_proxy

import pystomp_web as stomp
from pystomp_web.client.alarm import Alarm
from pystomp_web.transport import _batch, browser, page

NEVER = stomp.Backoff(initial=3000, maximum=3000, jitter=0)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def dispatch(name: str) -> None:
    target = js.document if name in {"visibilitychange", "resume"} else js.self
    target.dispatchEvent(js.Event.new(name))


async def reconnects_on(name: str, url: str) -> None:
    """A client that waits for its next attempt makes it when the page comes back."""
    client = stomp.Client(url, reconnect=NEVER)
    client.start()
    await until(lambda: client.state == "waiting")
    await asyncio.sleep(0)
    dispatch(name)
    await until(lambda: client.state == "connected")
    assert client.stats.reconnects == 0
    await client.close()
    dispatch(name)
    assert client.state == "closed"


async def beats_on(name: str, url: str) -> None:
    """A connection that seems open is tried: a beat goes out at once, long before it is due."""
    async with stomp.connect(url, heartbeat=(1000, 0), reconnect=NEVER) as client:
        before = client.stats.bytes_out
        dispatch(name)
        assert client.stats.bytes_out == before + 1


async def finds_the_dead_on(name: str, url: str) -> None:
    """After a sleep, told by the clock, a silent connection is let go, though no timer has fired."""
    real = page.PageTimer.set
    page.PageTimer.set = lambda self, delay: None if delay > 0.05 else real(self, delay)  # type: ignore[method-assign]
    client = await stomp.connect(url, heartbeat=(0, 0.3), reconnect=NEVER)
    try:
        time.sleep(0.8)  # noqa: ASYNC251
        await asyncio.sleep(0.05)
        assert client.state == "connected"  # no timer told
        page.PageTimer.set = real  # type: ignore[method-assign]
        dispatch(name)
        await until(lambda: client.state == "waiting")
        assert isinstance(client.stats.last_error, stomp.HeartbeatTimeout)
    finally:
        page.PageTimer.set = real  # type: ignore[method-assign]
        await client.close(0)


async def octets_wake_late_timers(url: str) -> None:
    """Where the tab's timers sleep, the server's beats make ours go out."""
    client = await stomp.connect(url, heartbeat=(0.05, 0.05), heartbeat_tolerance=200, reconnect=NEVER)
    real = page.PageTimer.set
    page.PageTimer.set = lambda self, delay: None  # type: ignore[method-assign]
    try:
        before = client.stats.bytes_out
        give_up_at = time.monotonic() + 5
        while client.stats.bytes_out < before + 3:
            assert time.monotonic() < give_up_at
            await _turn()
    finally:
        page.PageTimer.set = real  # type: ignore[method-assign]
        await client.close(1)


async def timers_set(count: int) -> int:
    """How often so many deadlines set the page's timer, one after the other."""
    sets = 0

    class Counted(page.PageTimer):
        def set(self, delay: float) -> None:
            nonlocal sets
            sets += 1
            super().set(delay)

    alarm = Alarm(Counted)
    for number in range(count):
        due = asyncio.get_running_loop().create_future()
        alarm.after(0.00037 * (number + 1), partial(due.set_result, None))
        await due
    alarm.close()
    return sets


async def _turn() -> None:
    await asyncio.sleep(0.01)  # asyncio's own timer, which still runs


class Counting:
    """What a client makes in the page and must give back: listeners, and proxies, which every timer has one of."""

    def __init__(self) -> None:
        self.proxies: list[Any] = []
        self.listening: list[tuple[str, str]] = []
        self._restore: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        for module in (page, browser, _batch):
            self._patch(module, "create_proxy", self._create_proxy)
        self._patch(page, "js", _Js(self))
        return self

    def _patch(self, where: Any, name: str, value: Any) -> None:
        before = getattr(where, name)
        setattr(where, name, value)
        self._restore.append(lambda: setattr(where, name, before))

    def _create_proxy(self, thing: Any, **options: Any) -> Any:
        js_proxy = create_proxy(thing, **options)
        self.proxies.append(js_proxy)
        return js_proxy

    def __exit__(self, *_arguments: object) -> None:
        for restore in self._restore:
            restore()

    @property
    def alive(self) -> int:
        """Proxies that were not destroyed."""
        count = 0
        for js_proxy in self.proxies:
            try:
                js_proxy.unwrap()
            except Exception:
                continue
            count += 1
        return count


class _Target:
    """An event target whose listeners are counted."""

    def __init__(self, counting: Counting, name: str, js_target: Any) -> None:
        self._counting, self._name, self._js_target = counting, name, js_target

    def addEventListener(self, name: str, js_listener: Any) -> None:  # noqa: N802
        self._counting.listening.append((self._name, name))
        self._js_target.addEventListener(name, js_listener)

    def removeEventListener(self, name: str, js_listener: Any) -> None:  # noqa: N802
        self._counting.listening.remove((self._name, name))
        self._js_target.removeEventListener(name, js_listener)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._js_target, name)


class _Js:
    """`js` with everything counted that outlives a call."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting
        self.self = _Target(counting, "self", js.self)
        if hasattr(js, "document"):
            self.document = _Target(counting, "document", js.document)

    def __getattr__(self, name: str) -> Any:
        if name == "document" and not hasattr(js, "document"):
            raise AttributeError(name)
        return getattr(js, name)


async def leaks(url: str, refused: str, rounds: int) -> list[int]:
    """Rounds of connect, subscribe, send, close, and of what fails; what is left of it."""
    before = asyncio.all_tasks()
    fired = 0
    with Counting() as counting:
        for _ in range(rounds):
            async with stomp.connect(url, heartbeat=(5, 5)) as client:
                seen: list[str] = []
                client.on_state(lambda *_arguments: None)
                client.subscribe("/queue/b", lambda message, seen=seen: seen.append(message.text))  # type: ignore[misc]
                subscription = client.subscribe("/queue/a")
                await client.send("/queue/a", "x", receipt=True)
                assert (await subscription.get(10)).text == "x"
                await client.send("/queue/b", "y", receipt=True)
                await until(lambda seen=seen: seen == ["y"])  # type: ignore[misc]
                fired += len(seen)
        for _ in range(3):
            with suppress(stomp.ConnectError):
                await stomp.connect(refused, reconnect=None)
            waiting = stomp.Client(refused, reconnect=NEVER)
            waiting.start()
            await until(lambda waiting=waiting: waiting.state == "waiting")  # type: ignore[misc]
            await waiting.close()
            opening = stomp.Client(url)
            opening.start()
            await asyncio.sleep(0)
            await opening.close()
        await until(lambda: not asyncio.all_tasks() - before)
        del client, subscription, waiting, opening
        gc.collect()
        assert counting.proxies
        return [fired, counting.alive, len(counting.listening), len(asyncio.all_tasks() - before)]
