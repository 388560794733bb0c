"""Who wants to be told: callbacks for states, frames, and what nobody else takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from ..protocol import Frame
from .state import State

logger = logging.getLogger("pystomp_web")


class Callbacks:
    """Callbacks of one kind, called in order. An exception in one is logged, and touches nothing else."""

    def __init__(self, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self.registered: list[Callable[..., Any]] = []
        self._spawn = spawn

    def __bool__(self) -> bool:
        return bool(self.registered)

    def add(self, callback: Callable[..., Any]) -> Callable[[], None]:
        """Register a plain, async or JavaScript callable; twice is fine. Returns a function that takes it back.

        Raises:
            TypeError: it can't be called.
        """
        if not callable(callback):
            raise TypeError(f"the callback can't be called: {callback!r}")

        def entry(*arguments: Any) -> Any:
            return callback(*arguments)

        self.registered.append(entry)

        def take_back() -> None:
            if entry in self.registered:
                self.registered.remove(entry)

        return take_back

    def call(self, *arguments: Any) -> None:
        """Call them all."""
        for callback in list(self.registered):
            try:
                result = callback(*arguments)
                if hasattr(result, "__await__"):
                    self._spawn(_logged(result))
            except Exception:
                logger.exception("a callback failed")

    def clear(self) -> None:
        """Let go of them, so that what they hold can be freed."""
        self.registered.clear()


class Observers:
    """A client's callbacks, and the tasks that async ones run in."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.states = Callbacks(self.spawn)
        self.frames = Callbacks(self.spawn)
        self.unhandled = Callbacks(self.spawn)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that handles its own exceptions, and keep it alive."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def state(self, state: State, error: BaseException | None) -> None:
        """A new state."""
        self.states.call(state, error)

    def frame(self, direction: str, frame: Frame) -> None:
        """A frame, "in" or "out"."""
        if self.frames:
            self.frames.call(direction, frame.masked())

    def nobody(self, what: object) -> None:
        """A Frame, a Message or an exception that nobody took."""
        if self.unhandled:
            self.unhandled.call(what)
        elif not isinstance(what, BaseException):
            logger.warning("nobody took %r", what)

    def failed(self, error: BaseException, what: str) -> None:
        """A user's callback raised."""
        logger.error("%s failed", what, exc_info=error)
        self.nobody(error)


async def _logged(awaitable: Awaitable[Any]) -> None:
    try:
        await awaitable
    except Exception:
        logger.exception("a callback failed")
