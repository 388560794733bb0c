"""Decoding and encoding on CPython, beside stompman and stompjs's parser in node, in MB/s.

stompman is no dependency of ours: `./build.sh bench` installs it where this looks.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from pystomp_web.protocol import Decoder, Frame, encode
from tests.bench.flood import body_of, message
from tests.bench.options import RESULTS, Options
from tests.bench.works import label
from tests.support.static_server import ROOT

#: Times stompman's MB/s on messages of 1 KiB, at least.
LIMIT = 10.0
SIZES = (100, 1024, 16 * 1024, 256 * 1024)
VOLUME = 16 * 1024 * 1024
PIECE = 64 * 1024
NODE = ROOT / "tests" / "bench" / "stompjs_parser.mjs"


def _pieces(stream: bytes) -> list[bytes]:
    return [stream[start : start + PIECE] for start in range(0, len(stream), PIECE)]


def ours(pieces: list[bytes]) -> int:
    """Our Decoder."""
    decoder = Decoder("1.2")
    return sum(1 for piece in pieces for _ in decoder.feed(piece))


def stompman(pieces: list[bytes]) -> int:
    """stompman's parser."""
    from stompman.serde import FrameParser

    parser = FrameParser()
    return sum(1 for piece in pieces for frame in parser.parse_frames_from_chunk(piece) if frame)


def _spent(work: Callable[[list[bytes]], int], pieces: list[bytes], expected: int) -> float:
    started = time.perf_counter()
    found = work(pieces)
    spent = time.perf_counter() - started
    if found != expected:
        raise RuntimeError(f"{work.__name__} found {found} frames of {expected}")
    return spent


def decode(size: int, rounds: int) -> dict[str, float]:
    """MB/s of each decoder at a body size."""
    one = message("sub-1", body_of(size, binary=False))
    count = max(4, VOLUME // 8 // len(one))
    pieces = _pieces(one * count)
    megabytes = len(one) * count / 1e6
    arms: dict[str, Callable[[list[bytes]], int]] = {"pystomp_web": ours, "stompman": stompman}
    times: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, work in arms.items():
            times[name].append(_spent(work, pieces, count))
    speeds = {name: megabytes / statistics.median(values) for name, values in times.items()}
    speeds |= _stompjs(size, count, rounds)
    return speeds


def _stompjs(size: int, count: int, rounds: int) -> dict[str, float]:
    command = ["node", str(NODE), str(size), str(count), str(rounds)]
    answer: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return {"stompjs in node": answer["megabytes_a_second"]}


def encoding(size: int, rounds: int) -> float:
    """Microseconds to encode one SEND."""
    frame = Frame("SEND", {"destination": "/topic/a", "content-type": "text/plain"}, body_of(size, binary=False))
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(1000):
            encode(frame, "1.2")
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def bench(options: Options) -> list[str]:
    """Measure, write or compare; what has become worse, in words."""
    sys.path.append(str(ROOT / "build" / "bench-python"))
    lines = ["| body | pystomp_web | stompman 3.16 | stompjs 7.5 in node | pystomp_web, to encode one |"]
    lines.append(f"|---|{'---|' * 4}")
    ratios = {}
    for size in SIZES:
        speeds = decode(size, options.rounds)
        ratios[size] = speeds["pystomp_web"] / speeds["stompman"]
        cells = [f"{value:,.0f}" for value in speeds.values()]
        lines.append(f"| {label(size)} | {' | '.join(cells)} | {encoding(size, options.rounds):.1f} us |")
        sys.stdout.write(f"decoding MB/s: {lines[-1]}\n")
    if options.writes:
        (RESULTS / "codec.txt").write_text("\n".join(lines) + "\n")
    if options.check and ratios[1024] < LIMIT:
        return [f"decoding 1 KiB: {ratios[1024]:.1f} times stompman's speed, and {LIMIT:g} is the least"]
    return []
