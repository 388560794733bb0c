"""Feeds any octets to the decoder: frames or ProtocolError, nothing else, and the same however the octets are cut.

::

    python -m tests.fuzz.fuzz_decoder [-runs=N] [-seed=N] [folder ...]

With atheris installed it is guided by coverage and takes libFuzzer's arguments; without, octets are drawn at random
and the vectors are mutated, until -runs is reached or for ever.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from itertools import count

from pystomp_web.errors import ProtocolError
from pystomp_web.protocol import Decoder, Frame, Version, encode
from tests.vectors.load import decode_vectors

VERSIONS = [*Version]
LIMITS = {"max_frame_size": 4096, "max_header_size": 1024, "max_header_count": 20}
TOKENS = (
    b"MESSAGE\n", b"CONNECTED\n", b"RECEIPT\r\n", b"ERROR\n", b"\n", b"\n\n", b"\r\n", b"\r", b"\0", b":", b"\\",
    b"\\c", b"\\t", b"content-length:", b"content-length:3\n", b"0", b"9", b"\xff", b"a:b\n", b" ",
    b"MESSAGE\na:b\n\nxyz\0",
)  # fmt: skip


def read(pieces: list[bytes], version: str) -> tuple[list[Frame], str]:
    """The frames and how it ended."""
    decoder = Decoder(version, **LIMITS)
    frames: list[Frame] = []
    for piece in pieces:
        try:
            frames.extend(decoder.feed(piece))
        except ProtocolError:
            return frames, "failed"
        kept = len(decoder._buffer) - decoder._position
        if kept > LIMITS["max_frame_size"]:
            raise AssertionError(f"{kept} octets are kept")
    return frames, "idle" if decoder.idle else "waits"


def one_input(data: bytes) -> None:
    """What is checked for each input; anything that it raises is a find."""
    if len(data) < 2:
        return
    version = VERSIONS[data[0] % 3]
    size = data[1] % 16 + 1
    data = data[2:]
    whole = read([data], version)
    cut = read([data[at : at + size] for at in range(0, len(data), size)], version)
    if cut != whole:
        raise AssertionError(f"cut: {cut}, whole: {whole}")
    for frame in whole[0]:
        repr(frame)
        dict(frame.headers)
        try:
            wire = encode(frame, version)
        except ProtocolError:
            continue
        (again,) = Decoder(version).feed(wire)
        if (again.command, again.body) != (frame.command, frame.body):
            raise AssertionError(f"{frame} came back as {again}")


def random_input(source: random.Random, corpus: list[bytes]) -> bytes:
    """Octets that are sometimes nearly STOMP."""
    kind = source.randrange(3)
    if kind == 0:
        data = source.randbytes(source.randrange(40))
    elif kind == 1:
        data = b"".join(source.choices(TOKENS, k=source.randrange(20)))
    else:
        mutable = bytearray(source.choice(corpus) + source.choice(corpus))
        for _ in range(source.randrange(4)):
            at = source.randrange(len(mutable) + 1)
            mutable[at : at + source.randrange(3)] = source.choice((b"", *TOKENS, source.randbytes(1)))
        data = bytes(mutable)
    return source.randbytes(2) + data


def corpus() -> list[bytes]:
    """The vectors, unless they are long."""
    return [vector.data for vector in decode_vectors() if len(vector.data) < 1000]


def run(runs: int | None, seed: int) -> int:
    """Try that many inputs, None for ever; the number tried."""
    source, octets = random.Random(seed), corpus()
    done = 0
    for done in count() if runs is None else range(runs):
        data = random_input(source, octets)
        try:
            one_input(data)
        except BaseException:
            sys.stderr.write(f"input {done} of seed {seed}: {data!r}\n")
            raise
    return done + 1


def main(arguments: list[str]) -> None:
    """Run by atheris if it is there, else at random."""
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        options = dict(argument.lstrip("-").split("=", 1) for argument in arguments if "=" in argument)
        runs = int(options["runs"]) if "runs" in options else None
        seed = int(options.get("seed", time.time_ns()))
        sys.stderr.write(f"no atheris: at random, seed {seed}\n")
        run(runs, seed)
        return
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], *arguments], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
