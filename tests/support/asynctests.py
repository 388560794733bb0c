"""Run an asynchronous test function: in a loop, in a thread of its own, within a time limit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

SECONDS = 60.0


def run_async(function: Callable[..., Awaitable[object]], kwargs: dict[str, Any], seconds: float = SECONDS) -> None:
    """Await `function(**kwargs)` and raise what it raises; TimeoutError when that takes longer than `seconds`.

    A fresh thread, because Playwright's synchronous interface leaves a running loop in the main thread. What a callback
    of the loop raises, and what asyncio would only log, fails the test too, unless it sets a handler of its own.
    """
    unhandled: list[dict[str, Any]] = []
    raised: list[BaseException] = []

    async def limited() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unhandled.append(context))
        async with asyncio.timeout(seconds):
            await function(**kwargs)

    def main() -> None:
        try:
            asyncio.run(limited())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=main, name="async-test", daemon=True)
    thread.start()
    # Longer than the limit inside: only a test that blocks its loop gets here.
    thread.join(seconds + 10)
    if thread.is_alive():
        raise TimeoutError(f"the test blocks its event loop for more than {seconds} s")
    if raised:
        raise raised[0]
    if unhandled:
        raise AssertionError(f"in the event loop: {unhandled}") from unhandled[0].get("exception")
