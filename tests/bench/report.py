"""What a run of the benchmark found, as JSON, as a Markdown table and as a plot."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    (folder / "results.txt").write_text(table(found))
    (folder / "results.svg").write_text(plot(found))


def table(found: Mapping[str, Any]) -> str:
    """Microseconds a message, and in brackets the ratio to the first arm of the row."""
    arms = list(COLOURS)
    lines = [
        f"Measured on {found['date']} with {found['browser']} on {found['machine']}: medians of {found['rounds']}",
        "rounds in microseconds a message, and the median ratio to the row's first arm. Absolute numbers are those of",
        "one machine; the ratios travel better.",
        "",
        f"| | {' | '.join(arms)} |",
        f"|---|{'---|' * len(arms)}",
    ]
    for row in found["rows"]:
        cells = [f"{row['median'][arm]:.0f} ({row['ratio'][arm]:.2f})" if arm in row["median"] else "" for arm in arms]
        lines.append(f"| {row['name']} | {' | '.join(cells)} |")
    for row in found["rows"]:
        if "p99" in row:
            cells = [f"{row['p99'][arm]:.0f}" if arm in row["p99"] else "" for arm in arms]
            lines.append(f"| {row['name']}, 99th percentile | {' | '.join(cells)} |")
    endurance = found.get("endurance")
    if endurance:
        longest = endurance["longest task, ms"]
        before, after = endurance["heap before"], endurance["heap after 1,000,000 messages"]
        tasks = ", ".join(f"{arm} {value:.0f} ms" if value else f"{arm} none" for arm, value in longest.items())
        lines += [
            "",
            f"Tasks above 50 ms while 20,000 messages of 1 KiB arrive, the longest: {tasks}.",
            "",
            (
                f"Before and after 1,000,000 messages: JavaScript's heap {before['javascript'] / 1e6:.1f} and "
                f"{after['javascript'] / 1e6:.1f} MB, Python's memory {before['python'] / 1e6:.1f} and "
                f"{after['python'] / 1e6:.1f} MB, Python's objects {before['objects']:,} and {after['objects']:,}."
            ),
        ]
    return "\n".join(lines) + "\n"


def plot(found: Mapping[str, Any]) -> str:
    """Bars of the ratio to each row's first arm."""
    parts: list[str] = []
    y = 40
    scale = (WIDTH - LEFT - 60) / max(3.0, *(max(row["ratio"].values()) for row in found["rows"]))
    for row in found["rows"]:
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
    title = "<title>Time a message, as a ratio to the first arm of each row; shorter is faster</title>"
    caption = '<text x="10" y="20">Time a message, as a ratio to the first arm of each row; shorter is faster</text>'
    return f"{head}{title}<style>{style}</style>{caption}{''.join(parts)}</svg>\n"
