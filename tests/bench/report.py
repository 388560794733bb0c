"""What a run of the benchmark found, as JSON, as Markdown tables and as a plot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

WIDTH, BAR, GAP, LEFT = 760, 12, 18, 250
COLOURS = {
    "bare": "#8a8f98",
    "stompjs": "#c98a1b",
    "rx-stomp": "#b5651d",
    "webstomp-client": "#a0522d",
    "callback": "#1f6feb",
    "async for": "#6f42c1",
}


def write_report(found: Mapping[str, Any], folder: Path) -> None:
    """results.json, results.txt (Markdown) and results.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    (folder / "results.txt").write_text("\n".join(_lines(found)) + "\n")
    (folder / "results.svg").write_text(plot(found["tables"][0]))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    browsers = " and ".join(f"{name} {version}" for name, version in found["browsers"].items())
    yield f"Measured on {found['date']} with {browsers} on {found['machine']}: medians of {found['rounds']} rounds in"
    yield "microseconds a message, and the median ratio to the row's first column. Absolute numbers are those of one"
    yield "machine; the ratios travel better."
    for table in found["tables"]:
        yield f"\n### {table['title']}\n"
        yield from _table(table["rows"])
    if found.get("endurance"):
        yield from _endurance(found["endurance"])


def _table(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    columns = list(dict.fromkeys(column for row in rows for column in row["median"]))
    yield f"| | {' | '.join(columns)} |"
    yield f"|---|{'---|' * len(columns)}"
    for row in rows:
        median, ratio = row["median"], row["ratio"]
        cells = [f"{median[name]:.0f} ({ratio[name]:.2f})" if name in median else "" for name in columns]
        yield f"| {row['name']} | {' | '.join(cells)} |"
    for row in rows:
        if "p99" in row:
            cells = [f"{row['p99'][name]:.0f}" if name in row["p99"] else "" for name in columns]
            yield f"| {row['name']}, 99th percentile | {' | '.join(cells)} |"


def _endurance(endurance: Mapping[str, Any]) -> Iterator[str]:
    before, after = endurance["heap before"], endurance["heap after 1,000,000 messages"]
    longest = endurance["longest task, ms"].items()
    tasks = ", ".join(f"{arm} {value:.0f} ms" if value else f"{arm} none" for arm, value in longest)
    yield f"\nTasks above 50 ms while 20,000 messages of 1 KiB arrive, the longest: {tasks}."
    yield (
        f"\nBefore and after 1,000,000 messages: JavaScript's heap {before['javascript'] / 1e6:.1f} and "
        f"{after['javascript'] / 1e6:.1f} MB, Python's memory {before['python'] / 1e6:.1f} and "
        f"{after['python'] / 1e6:.1f} MB, Python's objects {before['objects']:,} and {after['objects']:,}."
    )


def plot(table: Mapping[str, Any]) -> str:
    """Bars of the ratio to each row's first column."""
    rows = table["rows"]
    parts: list[str] = []
    y = 40
    scale = (WIDTH - LEFT - 110) / max(3.0, *(max(row["ratio"].values()) for row in rows))
    for row in rows:
        parts.append(f'<text x="{LEFT - 10}" y="{y + 10}" text-anchor="end">{escape(row["name"])}</text>')
        for arm, ratio in row["ratio"].items():
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{ratio * scale:.1f}" height="{BAR}" fill="{COLOURS[arm]}"/>')
            parts.append(
                f'<text x="{LEFT + ratio * scale + 4:.1f}" y="{y + 10}" class="small">{arm} {ratio:.2f}</text>'
            )
            y += BAR + 2
        y += GAP
    style = "text{font:12px system-ui,sans-serif;fill:#57606a}.small{font-size:10px}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" role="img">'
    words = f"{table['title']}: time a message, as a ratio to the first arm of each row; shorter is faster"
    caption = f'<text x="10" y="20">{words}</text>'
    return f"{head}<title>{words}</title><style>{style}</style>{caption}{''.join(parts)}</svg>\n"
