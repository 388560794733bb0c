"""What `./build.sh bench` may be told."""

from __future__ import annotations

from typing import NamedTuple

from tests.support.static_server import ROOT

#: Where the results are committed.
RESULTS = ROOT / "docs" / "benchmarks"


class Options(NamedTuple):
    """For every part.

    Attributes:
        rounds: in which the arms take turns.
        seconds: of the dashboard.
        only: rows in whose "table: name" this is; "" for all.
        browser: the only one; None for all that there are.
        check: compare with what is committed.
    """

    rounds: int = 5
    seconds: float = 60
    only: str = ""
    browser: str | None = None
    check: bool = False

    @property
    def writes(self) -> bool:
        """Whether the results are kept: those of everything, only."""
        return not (self.check or self.only or self.browser)
