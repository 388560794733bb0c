"""A client in a page that is hidden, frozen, restored, offline; and what a client leaves behind in it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.loopthread import LoopThread
from tests.support.pyodide_page import PyodidePage
from tests.support.scripted import Peer, PeerGone, ScriptedServer

SCENARIO = Path(__file__).with_name("page_life_scenario.py")
EVENTS = [("main", name) for name in ("visibilitychange", "pageshow", "resume", "online")] + [("worker", "online")]


@pytest.fixture(scope="module")
def scripted(loop_thread: LoopThread) -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    loop_thread.run(server.start())
    yield server
    loop_thread.run(server.stop())


@pytest.fixture(params=EVENTS, ids="-".join)
def page_and_event(request: pytest.FixtureRequest) -> tuple[PyodidePage, str]:
    where, name = request.param
    return request.getfixturevalue(f"pyodide_{where}"), name


async def is_down_at_first(peer: Peer) -> None:
    if peer.number <= 2:  # both ways of asking for a subprotocol
        peer.refuse(503)
        return
    await peer.connect()
    await peer.serve()


async def serves(peer: Peer) -> None:
    await peer.connect(heart_beat="0,1000")
    await peer.serve()


async def serves_whoever_stays(peer: Peer) -> None:
    with suppress(PeerGone):
        await serves(peer)


async def promises_beats_and_sends_none(peer: Peer) -> None:
    await peer.connect(heart_beat="300,0")
    await peer.until_gone()


async def beats(peer: Peer) -> None:
    await peer.connect(heart_beat="50,50")
    gone = asyncio.ensure_future(peer.serve())
    while not gone.done():
        await peer.send_raw("\n")
        await asyncio.wait([gone], timeout=0.05)


def test_a_client_that_waits_connects_at_once(
    page_and_event: tuple[PyodidePage, str], scripted: ScriptedServer
) -> None:
    page, name = page_and_event
    url, failures = scripted.add(is_down_at_first)
    page.run(SCENARIO, "reconnects_on", name, url)
    assert failures == []


def test_an_open_connection_is_tried_by_a_beat(
    page_and_event: tuple[PyodidePage, str], scripted: ScriptedServer
) -> None:
    page, name = page_and_event
    url, failures = scripted.add(serves)
    page.run(SCENARIO, "beats_on", name, url)
    assert failures == []


def test_a_dead_connection_is_let_go(page_and_event: tuple[PyodidePage, str], scripted: ScriptedServer) -> None:
    page, name = page_and_event
    url, failures = scripted.add(promises_beats_and_sends_none)
    page.run(SCENARIO, "finds_the_dead_on", name, url)
    assert failures == []


@pytest.mark.parametrize("where", ["main", "worker"])
def test_beats_go_out_though_timers_sleep(request: pytest.FixtureRequest, where: str, scripted: ScriptedServer) -> None:
    page: PyodidePage = request.getfixturevalue(f"pyodide_{where}")
    url, failures = scripted.add(beats)
    page.run(SCENARIO, "octets_wake_late_timers", url)
    assert failures == []


@pytest.mark.parametrize("where", ["main", "worker"])
def test_a_deadline_sets_the_timer_once(request: pytest.FixtureRequest, where: str) -> None:
    page: PyodidePage = request.getfixturevalue(f"pyodide_{where}")
    # One that fires a fraction of a millisecond early must be set again, and the browser takes 4 ms for that.
    assert page.run(SCENARIO, "timers_set", 40) <= 44


@pytest.mark.parametrize("where", ["main", "worker"])
def test_fifty_rounds_leave_nothing_behind(
    request: pytest.FixtureRequest, where: str, scripted: ScriptedServer
) -> None:
    page: PyodidePage = request.getfixturevalue(f"pyodide_{where}")
    page.clear()
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        refused = f"ws://127.0.0.1:{bound.getsockname()[1]}/"
    url, failures = scripted.add(serves_whoever_stays)
    assert page.run(SCENARIO, "leaks", url, refused, 50) == [50, 0, 0, 0]
    assert failures == []
    assert not [line for line in page.console if line.startswith("pageerror")]
