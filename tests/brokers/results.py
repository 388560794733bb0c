"""What a run observed, as a table broker x scenario."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.brokers.abilities import DEVIATIONS, EXPECTED, SCENARIOS, TITLES
from tests.brokers.launcher import BUILD, ROOT, Launcher

FILE = BUILD / "results.json"
PAGE = ROOT / "docs" / "brokers-results.md"


class Cell:
    """One broker in one scenario."""

    def __init__(self, broker: Launcher, scenario: str) -> None:
        self.broker = broker.name
        self.scenario = scenario
        self.passed = False
        self.observed: Any = None
        self.seconds = 0.0

    @property
    def mark(self) -> str:
        """In a word or two: "yes", "no" (a deviation, as expected), "FAILED"."""
        if not self.passed:
            return "FAILED"
        deviation = DEVIATIONS.get(self.broker, {}).get(self.scenario)
        return "yes" if deviation is None or deviation.merely else "no"


class Results:
    """Of one run."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, str], Cell] = {}
        self.versions: dict[str, str] = {}
        self.browser = ""

    @contextmanager
    def cell(self, broker: Launcher, scenario: str) -> Iterator[Cell]:
        """Run a scenario inside."""
        cell = self.cells[broker.name, scenario] = Cell(broker, scenario)
        self.versions[broker.name] = broker.version
        started = time.monotonic()
        try:
            yield cell
            cell.passed = True
        finally:
            cell.seconds = time.monotonic() - started

    def table(self) -> list[str]:
        """Lines for a terminal."""
        if not self.versions:
            return []
        first = max(map(len, SCENARIOS))
        widths = {name: max(len(name), 6) for name in self.versions}
        head = "  ".join([" " * first, *(f"{name:{width}}" for name, width in widths.items())])
        lines = [head]
        for scenario in SCENARIOS:
            marks = [(self.cells[name, scenario].mark if (name, scenario) in self.cells else "-") for name in widths]
            cells = [f"{mark:{width}}" for mark, width in zip(marks, widths.values(), strict=True)]
            lines.append("  ".join([f"{scenario:{first}}", *cells]))
        lines.append("")
        for name in widths:
            for scenario, deviation in DEVIATIONS.get(name, {}).items():
                if (name, scenario) in self.cells:
                    lines.append(f"{name}, {scenario}: {deviation.reason}")
        return [line.rstrip() for line in lines]

    def save(self) -> None:
        """Write them to build/, and after a run of all brokers, without a failure, to docs/brokers-results.md."""
        BUILD.mkdir(parents=True, exist_ok=True)
        cells = {
            f"{name} {scenario}": [cell.mark, cell.observed, round(cell.seconds, 1)]
            for (name, scenario), cell in self.cells.items()
        }
        about = {"date": time.strftime("%Y-%m-%d"), "browser": self.browser, "versions": self.versions, "cells": cells}
        FILE.write_text(json.dumps(about, indent=1, ensure_ascii=False))
        if set(self.versions) == set(DEVIATIONS) and all(cell.passed for cell in self.cells.values()):
            PAGE.write_text(self.markdown())

    def markdown(self) -> str:
        """The page of the documentation."""
        names = list(self.versions)
        lines = [
            "# What each broker does",
            "",
            f"Observed on {time.strftime('%Y-%m-%d')} from a page in {self.browser}, on its main thread.",
            "Written by `./build.sh interop`, which tests every cell. *No* is an ability that is missing: see below.",
            "[Brokers](brokers.md) tells how each was started.",
            "",
            "| scenario | " + " | ".join(f"{name}<br>{self.versions[name]}" for name in names) + " |",
            "|---" * (len(names) + 1) + "|",
        ]
        for scenario in SCENARIOS:
            marks = [_shown(self.cells[name, scenario].mark) for name in names if (name, scenario) in self.cells]
            lines.append("| " + " | ".join([TITLES[scenario], *marks]) + " |")
        lines += ["", "## What is missing, or different", ""]
        for name in names:
            if DEVIATIONS[name]:
                lines += [f"### {name} {self.versions[name]}", "", "| scenario | why | observed |", "|---|---|---|"]
                for scenario, deviation in DEVIATIONS[name].items():
                    observed = json.dumps(_difference(EXPECTED[scenario], deviation.observed), ensure_ascii=False)
                    lines.append(f"| {TITLES[scenario]} | {deviation.reason} | `{observed}` |")
                lines.append("")
        return "\n".join(lines).rstrip() + "\n"


def _shown(mark: str) -> str:
    return f"*{mark}*" if mark != "yes" else mark


def _difference(expected: Any, observed: Any) -> Any:
    if isinstance(expected, dict) and isinstance(observed, dict):
        return {name: value for name, value in observed.items() if expected.get(name) != value}
    return observed
