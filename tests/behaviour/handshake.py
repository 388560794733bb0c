"""Opening, CONNECT and what is answered."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from situation import Recorder, raises, situation, told, turns, until

import pystomp_web as stomp

if TYPE_CHECKING:
    from tests.support.scripted import Peer

FAST = stomp.Backoff(initial=0.01, jitter=0)


async def greets_with_1_1(peer: Peer) -> None:
    connect = await peer.connect(version="1.1")
    assert connect.headers["accept-version"] == "1.0,1.1,1.2"
    assert connect.headers["host"] == "127.0.0.1"
    assert connect.headers["heart-beat"] == "10000,10000"
    assert connect.headers["login"] == "alice"
    assert connect.headers["passcode"] == "s:e"
    await peer.serve()


@situation(greets_with_1_1)
async def the_version_is_what_connected_says(url: str) -> None:
    async with stomp.connect(url, login="alice", passcode="s:e") as client:
        assert client.version == "1.1"
        assert client.server == "scripted/1"
        assert client.session_id == "s-1"
        assert client.state == "connected"
    assert client.state == "closed"


async def greets_without_version(peer: Peer) -> None:
    await peer.connect(version=None)
    await peer.serve()


@situation(greets_without_version)
async def connected_without_version_is_1_0(url: str) -> None:
    async with stomp.connect(url) as client:
        assert client.version == "1.0"


@situation(greets_without_version)
async def connected_without_version_when_1_0_was_not_offered(url: str) -> None:
    with raises(stomp.VersionMismatch, "1.0"):
        await stomp.connect(url, versions=["1.1", "1.2"])


async def rejects(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.error("Access refused", body="for user 'alice'")
    await peer.close(1008)


@situation(rejects)
async def a_wrong_passcode_is_final_and_says_so(url: str) -> None:
    with raises(stomp.ConnectRejected, "Access refused") as caught:
        await stomp.connect(url, login="alice", passcode="wrong-word")
    assert caught[0].frame.command == "ERROR"
    assert "wrong-word" not in repr(caught[0])


# Versions.


async def offers_are(peer: Peer) -> None:
    await peer.open()
    connect = await peer.expect("CONNECT")
    offers = {1: "1.0", 2: "1.1", 3: "1.1,1.2"}
    assert connect.headers["accept-version"] == offers[peer.number]
    await peer.send("CONNECTED", {"version": offers[peer.number][-3:]})
    await peer.serve()


@situation(offers_are)
async def what_is_offered_is_what_versions_says_ascending(url: str) -> None:
    for versions, chosen in ((["1.0"], "1.0"), (["1.1"], "1.1"), (["1.2", "1.1"], "1.2")):
        async with stomp.connect(url, versions=versions, reconnect=None) as client:
            assert client.version == chosen


async def chooses_1_3(peer: Peer) -> None:
    assert peer.number == 1
    await peer.expect("CONNECT")
    await peer.send("CONNECTED", {"version": "1.3"})
    await peer.until_gone()


@situation(chooses_1_3)
async def a_version_that_was_not_offered_fails_at_once_and_closes_the_socket(url: str) -> None:
    with raises(stomp.VersionMismatch, "1.3") as caught:
        await stomp.connect(url, reconnect=FAST)
    assert isinstance(caught[0], stomp.ConnectError)


async def chooses_1_1(peer: Peer) -> None:
    assert peer.number == 1
    await peer.connect(version="1.1")
    await peer.until_gone()


@situation(chooses_1_1)
async def a_known_version_that_was_not_offered_fails_too(url: str) -> None:
    with raises(stomp.VersionMismatch, "1.1"):
        await stomp.connect(url, versions=["1.2"])


async def ends_lines_with_crlf(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send_raw("CONNECTED\r\nversion:1.2\r\nsession:a\\cb\r\n\r\n\0\r\n")
    await peer.serve()


@situation(ends_lines_with_crlf)
async def connected_may_end_its_lines_with_crlf_and_is_never_unescaped(url: str) -> None:
    async with stomp.connect(url) as client:
        assert client.version == "1.2"
        assert client.session_id == "a\\cb"
        await client.send("/queue/a", "x", receipt=True)


async def sends_line_ends_first(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send_raw("\n\r\n\n")
    await peer.send_raw("\n")
    await peer.send("CONNECTED", {"version": "1.2"})
    await peer.serve()


@situation(sends_line_ends_first)
async def line_ends_ahead_of_connected_are_skipped(url: str) -> None:
    async with stomp.connect(url) as client:
        assert client.version == "1.2"


# What else may come in answer to CONNECT.


async def says_something_else(peer: Peer) -> None:
    await peer.open()
    await peer.expect("CONNECT")
    answers = (
        "MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/queue/a\n\n\0",
        "RECEIPT\nreceipt-id:1\n\n\0",
        "o",
        "<!DOCTYPE html>\n<html></html>\0",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "SEND\ndestination:/queue/a\n\n\0",
    )
    await peer.send_raw(answers[peer.number - 1])
    if peer.number != 3:
        await peer.until_gone()
        return
    await peer.send_raw("[...]\n\0")
    await peer.until_gone()


@situation(says_something_else)
async def anything_but_connected_fails_at_once_and_closes_the_socket(url: str) -> None:
    for _ in range(6):
        with raises(stomp.ProtocolError):
            await stomp.connect(url, reconnect=None)


async def connects_twice(peer: Peer) -> None:
    await peer.connect()
    await peer.send("CONNECTED", {"version": "1.1"})
    assert await peer.until_gone() == 4002
    assert [frame.command for frame in peer.received] == ["CONNECT"]


@situation(connects_twice)
async def a_second_connected_is_no_new_negotiation(url: str) -> None:
    client = await stomp.connect(url, reconnect=None)
    with raises(stomp.ConnectionLost) as caught:
        await client.wait_closed()
    assert isinstance(caught[0].__cause__, stomp.ProtocolError)


async def closes_before_connected(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.close(4001, "not today")


@situation(closes_before_connected)
async def a_close_before_connected_is_told_with_code_and_reason(url: str) -> None:
    with raises(stomp.ConnectError, "4001", "not today") as caught:
        await stomp.connect(url, reconnect=None)
    assert not isinstance(caught[0], stomp.ConnectTimeout)


async def connects_and_goes_in_one_breath(peer: Peer) -> None:
    if peer.number == 2:
        await peer.connect()
        await peer.serve()
        return
    await peer.expect("CONNECT")
    await peer.send_raw("CONNECTED\nversion:1.2\n\n\0")
    await peer.close(1000)


@situation(connects_and_goes_in_one_breath)
async def a_close_right_behind_connected_is_a_loss_like_any_other(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    client.start()
    await until(lambda: client.session_id == "s-2" and client.state == "connected")
    await client.close()


async def connects_and_complains_in_one_breath(peer: Peer) -> None:
    if peer.number == 2:
        await peer.connect()
        await peer.serve()
        return
    await peer.expect("CONNECT")
    await peer.send_raw("CONNECTED\nversion:1.2\n\n\0ERROR\nmessage:changed my mind\n\n\0")
    await peer.until_gone()


@situation(connects_and_complains_in_one_breath)
async def an_error_right_behind_connected_ends_that_connection(url: str) -> None:
    client = stomp.Client(url, reconnect=FAST)
    client.start()
    await until(lambda: client.session_id == "s-2" and client.state == "connected")
    assert "changed my mind" in str(client.stats.last_error)
    await client.close()


# Time.


async def opens_and_says_nothing(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.until_gone()


@situation(opens_and_says_nothing)
async def silence_after_open_times_out_and_closes_the_socket(url: str) -> None:
    with raises(stomp.ConnectTimeout) as caught:
        await stomp.connect(url, connect_timeout=0.2)
    assert isinstance(caught[0], TimeoutError)


async def only_beats(peer: Peer) -> None:
    await peer.expect("CONNECT")
    gone = asyncio.ensure_future(peer.until_gone())
    while not gone.done():
        await asyncio.wait([gone], timeout=0.03)
        if not gone.done():
            await peer.send_raw("\n")


@situation(only_beats)
async def beats_without_connected_time_out_all_the_same(url: str) -> None:
    with raises(stomp.ConnectTimeout):
        await stomp.connect(url, connect_timeout=0.3, reconnect=None)


async def never_answers_the_handshake(peer: Peer) -> None:
    while peer.request.transport is not None and not peer.request.transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    peer.refuse(400)


@situation(never_answers_the_handshake)
async def a_handshake_without_answer_times_out(url: str) -> None:
    with raises(stomp.ConnectTimeout, "did not open"):
        await stomp.connect(url, connect_timeout=0.2)


async def refuses_for_ever(peer: Peer) -> None:
    peer.refuse(503)


@situation(refuses_for_ever)
async def connect_tries_again_until_its_time_is_over_and_raises_the_last_error(url: str) -> None:
    begun = time.monotonic()
    tried: list[int] = []

    async def credentials(attempt: int) -> dict[str, str]:
        tried.append(attempt)
        return {}

    with raises(stomp.ConnectError) as caught:
        await stomp.connect(
            url,
            connect_timeout=1.2,
            reconnect=stomp.Backoff(initial=0.1, factor=1, jitter=0),
            credentials=credentials,
            subprotocols=["v12.stomp"],
        )
    assert not isinstance(caught[0], stomp.ConnectTimeout)
    assert time.monotonic() - begun >= 1.2
    assert len(set(tried)) >= 2


async def is_down_at_first(peer: Peer) -> None:
    if peer.number <= 4:
        peer.refuse(503)
        return
    await peer.connect()
    await peer.serve()


@situation(is_down_at_first)
async def connect_outlives_a_server_that_is_down_at_first(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        assert client.state == "connected"
        assert client.stats.reconnects == 0


@situation(is_down_at_first)
async def without_reconnect_a_url_is_tried_once(url: str) -> None:
    with raises(stomp.ConnectError):
        await stomp.connect(url, reconnect=None, subprotocols=["v12.stomp"])
    with raises(stomp.ConnectError):  # with the fall-back: connections 2 and 3
        await stomp.connect(url, reconnect=None)
    with raises(stomp.ConnectError):  # the fourth and last refusal: there was no other
        await stomp.connect(url, reconnect=None, subprotocols=["v12.stomp"])
    async with stomp.connect(url, reconnect=None) as client:
        assert client.session_id == "s-5"


async def waits_for_the_client_to_go(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.until_gone()


@situation(waits_for_the_client_to_go)
async def a_cancelled_connect_leaves_no_socket_and_no_task(url: str) -> None:
    client = stomp.Client(url)
    seen = Recorder()
    client.on_frame(seen)
    before = asyncio.all_tasks()
    connecting = asyncio.ensure_future(client.__aenter__())
    await seen.wait(1)
    connecting.cancel()
    with raises(asyncio.CancelledError):
        await connecting
    assert client.state == "closed"
    await turns()
    assert not [task for task in asyncio.all_tasks() - before if "_wait_for_the_end" not in repr(task)]


@situation(never_answers_the_handshake)
async def a_connect_cancelled_while_it_opens_leaves_nothing_either(url: str) -> None:
    before = asyncio.all_tasks()
    for count in range(6):
        connecting = asyncio.ensure_future(stomp.Client(url).__aenter__())
        await turns(count * 3)
        connecting.cancel()
        with raises(asyncio.CancelledError):
            await connecting
    await turns()
    await until(lambda: not [task for task in asyncio.all_tasks() - before if "_wait_for_the_end" not in repr(task)])


# CONNECT's headers.


async def takes_these_headers(peer: Peer) -> None:
    connect = await peer.connect()
    assert connect.headers["Authorization"] == "Bearer x"
    assert connect.headers["client-id"] == "7"
    assert connect.headers["passcode"] == "a:b\\c"
    assert connect.headers["host"] == "my vhost"
    assert connect.headers["heart-beat"] == "0,2500"
    assert "receipt" not in connect.headers
    assert "passcode:a:b\\c\n" in str(peer.messages[0])
    await peer.serve()


@situation(takes_these_headers)
async def connect_carries_own_headers_raw_and_changes_no_mapping(url: str) -> None:
    headers = {"Authorization": "Bearer x", "client-id": 7}
    async with stomp.connect(
        url, login="l", passcode="a:b\\c", headers=headers, host="my vhost", heartbeat=(0, 2.5)
    ) as client:
        assert client.state == "connected"
    assert headers == {"Authorization": "Bearer x", "client-id": 7}


async def is_not_reached(peer: Peer) -> None:
    raise AssertionError("a WebSocket was opened")


@situation(is_not_reached)
async def what_connect_cannot_say_is_refused_before_a_socket_is_used(url: str) -> None:
    for bad in ("a\nb", "a\rb", "a\0b", "x\n\nSEND\ndestination:/a\n\n\0"):
        for options in (
            {"login": bad},
            {"passcode": bad},
            {"headers": {"x": bad}},
            {"headers": {bad: "x"}},
            {"host": bad},
        ):
            with raises(ValueError):
                await stomp.connect(url, **options, reconnect=None)
    with raises(ValueError):
        stomp.Client(url, headers={"a:b": "x"})
    for name in ("accept-version", "heart-beat", "host", "login", "passcode"):
        with raises(ValueError, name):
            stomp.Client(url, headers={name: "x"})


# Subprotocols.


async def wants_one_subprotocol(peer: Peer) -> None:
    peer.shared.setdefault("offers", []).append(peer.offered)
    if len(peer.offered) > 1:
        peer.refuse(400)
        return
    await peer.connect(version="1.1")
    if peer.number == 2:
        await peer.expect("SEND")
        peer.cut()
        return
    assert peer.shared["offers"] == [["v12.stomp", "v11.stomp", "v10.stomp"], ["v11.stomp"], ["v11.stomp"]]
    await peer.serve()


@situation(wants_one_subprotocol)
async def a_list_of_subprotocols_that_does_not_open_is_followed_by_one_alone_which_is_remembered(url: str) -> None:
    asked: list[int] = []

    async def credentials(attempt: int) -> dict[str, str]:
        asked.append(attempt)
        return {}

    async with stomp.connect(
        url, reconnect=stomp.Backoff(initial=0.01, jitter=0, attempts=1), credentials=credentials
    ) as client:
        assert client.version == "1.1"
        assert asked == [1, 1]
        client.send_nowait("/queue/a", "cut")
        await until(lambda: client.session_id == "s-3" and client.state == "connected")
        assert len(asked) == 3


async def takes_no_list(peer: Peer) -> None:
    if len(peer.offered) > 1:
        peer.refuse(400)
        return
    await peer.connect(version="1.1")
    await peer.serve()


@situation(takes_no_list)
async def the_fall_back_of_subprotocols_works_without_reconnect(url: str) -> None:
    async with stomp.connect(url, reconnect=None) as client:
        assert client.version == "1.1"


async def refuses_all(peer: Peer) -> None:
    assert peer.number <= 2
    assert peer.offered == (["v12.stomp", "v11.stomp", "v10.stomp"] if peer.number == 1 else ["v11.stomp"])
    peer.refuse(400)


@situation(refuses_all)
async def both_ways_of_asking_count_as_one_attempt(url: str) -> None:
    with raises(stomp.ConnectError):
        await stomp.connect(url, reconnect=stomp.Backoff(initial=0.01, attempts=1))


async def chooses_none(peer: Peer) -> None:
    assert peer.number == 1
    assert peer.offered == []
    await peer.open("")
    await peer.connect()
    await peer.serve()


@situation(chooses_none)
async def no_subprotocol_is_asked_for_when_none_is_wanted(url: str) -> None:
    async with stomp.connect(url, subprotocols=(), reconnect=None) as client:
        assert client.version == "1.2"


async def ignores_what_was_asked(peer: Peer) -> None:
    assert peer.offered == ["v12.stomp"]
    await peer.open("")
    await peer.until_gone()


@situation(ignores_what_was_asked)
async def a_subprotocol_asked_for_but_not_chosen_fails(url: str) -> None:
    with raises(stomp.ConnectError):
        await stomp.connect(url, subprotocols=["v12.stomp"], reconnect=None)


async def chooses_v11_and_speaks_1_2(peer: Peer) -> None:
    await peer.open("v11.stomp")
    await peer.connect(version="1.2")
    await peer.serve()


@situation(chooses_v11_and_speaks_1_2)
async def the_subprotocol_does_not_say_the_version(url: str) -> None:
    async with stomp.connect(url) as client:
        assert client.version == "1.2"


# The host.


async def wants_its_own_host(peer: Peer) -> None:
    connect = await peer.expect("CONNECT")
    words = peer.shared.setdefault("words", "Virtual host '127.0.0.1' access denied")
    if peer.number == 1:
        assert connect.headers["host"] == "127.0.0.1"
        await peer.error("Bad CONNECT", body=words)
        await peer.until_gone()
        return
    assert "host" not in connect.headers
    await peer.send("CONNECTED", {"version": "1.2", "server": "scripted/1", "session": f"s-{peer.number}"})
    if peer.number == 2:
        await peer.expect("SEND")
        peer.cut()
        return
    await peer.serve()


@situation(wants_its_own_host)
async def a_refused_host_is_left_out_from_then_on(url: str) -> None:
    async with stomp.connect(url, reconnect=stomp.Backoff(initial=0.01, jitter=0, attempts=1)) as client:
        assert client.version == "1.2"
        client.send_nowait("/queue/a", "cut")
        await until(lambda: client.session_id == "s-3" and client.state == "connected")


async def knows_no_virtual_host(peer: Peer) -> None:
    connect = await peer.expect("CONNECT")
    if peer.number == 1:
        await peer.error("Unknown Virtual Host")
        await peer.close(1008)
        return
    assert "host" not in connect.headers
    await peer.send("CONNECTED", {"version": "1.1"})
    await peer.serve()


@situation(knows_no_virtual_host)
async def the_words_virtual_host_are_enough_and_reconnect_is_not_needed(url: str) -> None:
    async with stomp.connect(url, reconnect=None) as client:
        assert client.version == "1.1"


async def refuses_the_given_host(peer: Peer) -> None:
    assert peer.number == 1
    await peer.expect("CONNECT", host="mine")
    await peer.error("virtual host mine is unknown")
    await peer.close(1008)


@situation(refuses_the_given_host)
async def a_host_that_was_given_is_not_left_out(url: str) -> None:
    with raises(stomp.ConnectRejected, "mine"):
        await stomp.connect(url, host="mine")


# Rejected.


async def rejects_and_stays(peer: Peer) -> None:
    assert peer.number == 1
    await peer.expect("CONNECT")
    await peer.send("ERROR", {"message": "no", "version": "1.0,1.1,1.2"}, "the reason\nin lines")
    await peer.until_gone()
    assert [frame.command for frame in peer.received] == ["CONNECT"]


@situation(rejects_and_stays)
async def a_rejection_is_final_though_the_server_leaves_the_socket_open(url: str) -> None:
    with raises(stomp.ConnectRejected, "no", "the reason") as caught:
        await stomp.connect(url, reconnect=FAST)
    assert caught[0].frame.headers["version"] == "1.0,1.1,1.2"


@situation(rejects_and_stays)
async def a_rejection_is_no_timeout_though_time_is_short(url: str) -> None:
    with raises(stomp.ConnectRejected, "no"):
        await stomp.connect(url, connect_timeout=0.4, reconnect=None)


async def rejects_without_words(peer: Peer) -> None:
    await peer.expect("CONNECT")
    await peer.send_raw("ERROR\n\n\0" if peer.number == 1 else b"ERROR\n\n\xff\xfe\0")
    await peer.close(1002)


@situation(rejects_without_words)
async def a_rejection_without_words_is_one_too(url: str) -> None:
    for body in (b"", b"\xff\xfe"):
        with raises(stomp.ConnectRejected) as caught:
            await stomp.connect(url)
        assert caught[0].frame.body == body


async def is_a_gateway_whose_broker_is_away(peer: Peer) -> None:
    await peer.expect("CONNECT")
    if peer.number <= 4:
        await peer.error("the broker is away")
        await peer.close(1010 + peer.number)
        return
    await peer.send("CONNECTED", {"version": "1.2"})
    await peer.serve()


@situation(is_a_gateway_whose_broker_is_away)
async def a_rejection_with_a_gateway_close_code_passes(url: str) -> None:
    if told(1012) != 1012:  # nothing tells a gateway's rejection from another
        with raises(stomp.ConnectRejected, "away"):
            await stomp.connect(url, reconnect=FAST)
        return
    async with stomp.connect(url, reconnect=FAST) as client:
        assert client.state == "connected"


@situation(is_a_gateway_whose_broker_is_away)
async def without_reconnect_a_gateways_rejection_is_raised(url: str) -> None:
    with raises(stomp.ConnectRejected, "away"):
        await stomp.connect(url, reconnect=None)


async def forgets_the_login_after_the_first_connection(peer: Peer) -> None:
    if peer.number == 1:
        await peer.connect()
        await peer.expect("SUBSCRIBE")
        await peer.expect("SEND")
        peer.cut()
        return
    assert peer.number <= 4
    await peer.expect("CONNECT")
    await peer.error(f"rejection {peer.number - 1}")
    await peer.close(1000)


@situation(forgets_the_login_after_the_first_connection)
async def the_third_rejection_in_a_row_is_final_on_a_client_that_was_connected(url: str) -> None:
    client = await stomp.connect(url, reconnect=FAST)
    subscription = client.subscribe("/queue/a")
    await client.send("/queue/a", "cut")
    with raises(stomp.ConnectRejected, "rejection 3"):
        await client.wait_closed()
    assert client.state == "closed"
    with raises(stomp.ConnectRejected, "rejection 3"):
        await subscription.get()
    with raises(stomp.ClientClosed):
        await client.send("/queue/a", "x")


async def rejects_for_a_while(peer: Peer) -> None:
    if peer.number in {1, 4, 7}:
        await peer.connect()
        if peer.number < 7:
            await peer.expect("SEND")
            peer.cut()
            return
        await peer.serve()
        return
    await peer.expect("CONNECT")
    await peer.error("not now")
    await peer.close(1000)


@situation(rejects_for_a_while)
async def two_rejections_in_a_row_are_not_and_the_count_starts_afresh(url: str) -> None:
    async with stomp.connect(url, reconnect=FAST) as client:
        for session in ("s-4", "s-7"):
            client.send_nowait("/queue/a", "cut")
            await until(lambda session=session: client.session_id == session and client.state == "connected")  # type: ignore[misc]
        assert client.stats.reconnects == 2


async def takes_the_second_token(peer: Peer) -> None:
    connect = await peer.expect("CONNECT")
    if connect.headers["passcode"] != "token-2":
        await peer.error("token expired")
        await peer.close(1008)
        return
    await peer.send("CONNECTED", {"version": "1.2"})
    await peer.serve()


@situation(takes_the_second_token)
async def a_rejection_is_transient_where_credentials_are_asked(url: str) -> None:
    async def credentials(attempt: int) -> dict[str, str]:
        return {"login": "a", "passcode": f"token-{attempt}"}

    async with stomp.connect(url, reconnect=FAST, credentials=credentials) as client:
        assert client.state == "connected"


async def rejects_the_backslash(peer: Peer) -> None:
    await peer.expect("CONNECT", passcode="a\\b")
    await peer.error("Bad CONNECT")
    await peer.close(1008)


@situation(rejects_the_backslash)
async def a_rejected_backslash_names_the_way_out(url: str) -> None:
    with raises(stomp.ConnectRejected, "backslash", "broker=") as caught:
        await stomp.connect(url, login="x", passcode="a\\b")
    assert "a\\b" not in str(caught[0])


async def greets_plainly(peer: Peer) -> None:
    assert peer.number == 1
    await peer.connect()
    await peer.serve()


@situation(greets_plainly)
async def starting_twice_and_entering_makes_one_connection(url: str) -> None:
    client = stomp.Client(url)
    client.start()
    client.start()
    async with client as entered:
        assert entered is client
        client.start()
        await client.send("/queue/a", "x", receipt=True)
    with raises(stomp.ClientClosed):
        client.start()
