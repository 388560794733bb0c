"""When Python looks for garbage: in small steps between two frames, and all of it while nothing happens.

Left to itself it would look through a hundred thousand kept messages in one go, in the middle of a flood (170 ms were
measured). Messages are in no cycles: they go by themselves with the last reference.
"""

from __future__ import annotations

import gc

_YOUNG = 10_000  # new objects, about two thousand messages: 2 to 4 ms
_QUIET = 5  # seconds without a message
_PAUSE = 60  # seconds between two looks at everything, at least
_SMALL = 20_000  # kept messages up to which looking at everything takes less than a frame or two


class Collector:
    """Takes over from Python's own timing.

    Attributes:
        full: how often everything was looked at.
    """

    def __init__(self) -> None:
        self.full = 0
        self._quiet = 0
        self._since = _PAUSE
        gc.disable()

    def frame(self) -> None:
        """A frame is painted: look at what is new, if it is much."""
        if gc.get_count()[0] > _YOUNG:
            gc.collect(0)

    def second(self, received: int, kept: int, *, hidden: bool) -> None:
        """A second has passed.

        Args:
            received: messages in it.
            kept: messages that are kept, in all.
            hidden: whether nobody sees the page.
        """
        self._quiet = 0 if received else self._quiet + 1
        self._since += 1
        if self._since > _PAUSE and (hidden or (self._quiet >= _QUIET and kept <= _SMALL)):
            self._since = 0
            self.full += 1
            gc.collect()
        else:
            self.frame()
