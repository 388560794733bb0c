"""How long to wait between attempts."""

from __future__ import annotations


class Backoff:
    """How long to wait before the n-th retry: min(maximum, initial * factor^(n-1)) * (1 - jitter * random()) seconds.

    Args:
        initial: seconds before the first retry.
        factor: by which each next delay is longer.
        maximum: seconds, of no delay more than this.
        jitter: the share of a delay, 0 to 1, that chance may take away, so that not all pages of a site come at once.
        attempts: after this many failures in a row the last error is final; None: never.

    Raises:
        ValueError: a number is out of range.
    """

    __slots__ = ("attempts", "factor", "initial", "jitter", "maximum")

    def __init__(
        self,
        initial: float = 0.5,
        factor: float = 2,
        maximum: float = 30,
        jitter: float = 0.5,
        attempts: int | None = None,
    ) -> None:
        if not (initial >= 0 and factor >= 1 and maximum >= 0 and 0 <= jitter <= 1):
            raise ValueError("Backoff: initial and maximum are at least 0, factor at least 1, jitter between 0 and 1")
        if attempts is not None and attempts < 1:
            raise ValueError("Backoff: attempts is at least 1, or None for no end")
        self.initial = initial
        self.factor = factor
        self.maximum = maximum
        self.jitter = jitter
        self.attempts = attempts

    def delay(self, n: int) -> float:
        """Seconds to wait before the n-th retry, n counting from 1."""
        from random import random  # costs tens of milliseconds to import in a page, and many pages never need it

        try:
            whole = min(self.maximum, self.initial * self.factor ** (n - 1))
        except OverflowError:
            whole = self.maximum
        return whole * (1 - self.jitter * random())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Backoff):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        names = ("initial", "factor", "maximum", "jitter", "attempts")
        return f"Backoff({', '.join([f'{name}={getattr(self, name)!r}' for name in names])})"
