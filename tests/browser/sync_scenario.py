"""The blocking face, in a page."""

from __future__ import annotations

import pystomp_web as stomp


async def blocks(url: str) -> list[str]:
    """What plain code reads, called from a coroutine, as a prompt does it."""
    return _plain(url)


def _plain(url: str) -> list[str]:
    seen = []
    with stomp.sync.connect(url) as client:
        messages = client.subscribe("/topic/sync")
        messages.confirmed(timeout=10)
        for text in ("a", "b", "c"):
            client.send("/topic/sync", text, receipt=True)
        seen.append(messages.get(timeout=10).text)
        for message in messages:
            seen.append(message.text)
            if len(seen) == 3:
                break
        try:
            messages.get(timeout=0.01)
        except TimeoutError:
            seen.append("timeout")
    seen.append(str(client.state))
    return seen


def cannot(url: str) -> None:
    """Called by JavaScript from an event, where Python cannot wait."""
    stomp.sync.connect(url)
