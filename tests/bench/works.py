"""What is measured: one row of a table each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

KB = 1024
JAVASCRIPT = ("bare", "stompjs", "rx-stomp", "webstomp-client")
BINARY = ("bare", "stompjs", "rx-stomp")  # webstomp-client reads no binary frames
CONFIRMING = ("stompjs", "rx-stomp", "callback")
OURS = ("callback", "async for")
RECEIVED = {100: 20_000, KB: 20_000, 16 * KB: 4_000, 256 * KB: 300}
PUBLISHED = {100: 10_000, KB: 10_000, 16 * KB: 2_000, 256 * KB: 150}
THROUGH_RABBITMQ = {100: 10_000, KB: 10_000, 16 * KB: 2_000, 256 * KB: 150}


class Work(NamedTuple):
    """One row.

    Attributes:
        name: what is done.
        calls: of each column, in JavaScript; it gives milliseconds, or a list of them.
        messages: how many.
        percentile: whether the slowest of a hundred count, too.
        before: what the host does before each call; `given` in the call is what that returned.
    """

    name: str
    calls: Mapping[str, str]
    messages: int
    percentile: bool = False
    before: Callable[[], str] | None = None


def label(size: int) -> str:
    """A size in words."""
    return f"{size} B" if size < KB else f"{size // KB} KiB"


def _each(arms: Sequence[str], call: str) -> dict[str, str]:
    return {arm: f"arms[{arm!r}].{call}" for arm in arms}


FLOOD = [
    *(
        Work(f"receive {label(size)} text", _each((*JAVASCRIPT, *OURS), f"receive({count}, {size})"), count)
        for size, count in RECEIVED.items()
    ),
    *(
        Work(f"receive {label(size)} binary", _each((*BINARY, *OURS), f"receive({count}, {size}, true)"), count)
        for size, count in RECEIVED.items()
    ),
    Work(
        "receive 1 KiB text as from ActiveMQ",
        _each((*JAVASCRIPT, *OURS), f"receive(20000, {KB}, false, 1, 'activemq')"),
        20_000,
    ),
    *(
        Work(f"publish {label(size)}", _each((*JAVASCRIPT, "callback"), f"publish({count}, {size})"), count)
        for size, count in PUBLISHED.items()
    ),
    Work("publish 1 KiB with receipts", _each(CONFIRMING, f"publish(2000, {KB}, true)"), 2000),
    Work("round trip, busy", _each((*JAVASCRIPT, *OURS), "roundTrip(300, 0)"), 1, percentile=True),
    Work("round trip, idle", _each((*JAVASCRIPT, *OURS), "roundTrip(50, 20)"), 1, percentile=True),
]

#: What a second browser is measured by.
FLOOD_IN_SHORT = [
    work for work in FLOOD if work.name == "publish 1 KiB" or work.name.endswith((" text", "receipts", ", idle"))
]

#: Where a developer tool watches the network, as Playwright does: the frames cost more than all else.
FLOOD_WATCHED = [work for work in FLOOD if work.name.endswith((" text", "B", ", idle"))]

#: The columns are numbers of subscriptions. That messages differ costs something without any client, too.
SUBSCRIPTIONS = [
    Work(
        f"{arm}, 1 KiB",
        {f"{count:,}": f"arms[{arm!r}].receive(20000, {KB}, false, {count})" for count in (1, 100, 10_000)},
        20_000,
    )
    for arm in ("bare", "stompjs", "callback")
]


def through_rabbitmq(fill: Callable[[int, int], str]) -> list[Work]:
    """What waits in a queue is taken.

    Args:
        fill: puts (messages, octets of each) into a new queue, and gives its destination.
    """
    return [
        Work(
            f"receive {label(size)} text",
            _each((*JAVASCRIPT, *OURS), f"drain({count}, given)"),
            count,
            before=partial(fill, count, size),
        )
        for size, count in THROUGH_RABBITMQ.items()
    ] + [Work("publish 1 KiB with receipts", _each(CONFIRMING, f"publish(2000, {KB}, true)"), 2000)]
