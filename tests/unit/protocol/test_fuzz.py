"""The fuzz target is no test of its own; here it is run for a moment, the same each time."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from pystomp_web.protocol import Decoder
from tests.fuzz import fuzz_decoder


def test_some_inputs() -> None:
    assert fuzz_decoder.run(600, seed=1) == 600


def test_main_at_random(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    fuzz_decoder.main(["-runs=20", "-seed=5"])
    assert "seed 5" in capsys.readouterr().err


def test_main_with_atheris(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    atheris = SimpleNamespace(
        instrument_all=lambda: calls.append("instrument"),
        Setup=lambda arguments, target: calls.append((arguments[1:], target)),
        Fuzz=lambda: calls.append("fuzz"),
    )
    monkeypatch.setitem(sys.modules, "atheris", atheris)
    fuzz_decoder.main(["-runs=20"])
    assert calls == ["instrument", (["-runs=20"], fuzz_decoder.one_input), "fuzz"]


def test_a_find_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(self: Decoder, data: bytes) -> object:
        raise IndexError("a fault of the decoder")

    monkeypatch.setattr(Decoder, "feed", broken)
    with pytest.raises(IndexError):
        fuzz_decoder.run(50, seed=1)
    assert "input 0 of seed 1: b" in capsys.readouterr().err
