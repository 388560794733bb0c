"""A message made by a few lines of the user's Python: `lambda i: ...`, or `def message(i): ...`."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

_FILE = "<script>"


class Made(NamedTuple):
    """What a script made.

    Attributes:
        destination: where to; empty: as the form says.
        body: what.
        headers: with which headers.
    """

    destination: str
    body: Any
    headers: dict[str, str]


class ScriptError(ValueError):
    """The script does not do what it should; the text says why, and where."""


def compiled(text: str) -> Callable[[int], Made]:
    """The function of this text.

    Raises:
        ScriptError: it is none.
    """
    names: dict[str, Any] = {"__name__": "script"}
    try:
        try:
            code = compile(text.strip(), _FILE, "eval")
        except SyntaxError:
            exec(compile(text, _FILE, "exec"), names)  # noqa: S102 - the user's own Python, in the user's own page
            function = names.get("message")
        else:
            function = eval(code, names)  # noqa: S307 - as above
    except Exception as error:
        raise ScriptError(words(error)) from error
    if not callable(function):
        raise ScriptError("The script is no function: write lambda i: ..., or def message(i): ...")

    def make(number: int) -> Made:
        try:
            return _made(function(number))
        except ScriptError:
            raise
        except Exception as error:
            raise ScriptError(words(error)) from error

    return make


def _made(result: Any) -> Made:
    if not isinstance(result, tuple):
        if result is None:
            raise ScriptError("The script returned None: return a body, or destination and body")
        return Made("", result, {})
    if len(result) not in (2, 3) or not isinstance(result[0], str):
        raise ScriptError("The script returned a tuple that is not (destination, body) or (destination, body, headers)")
    return Made(result[0], result[1], dict(result[2]) if len(result) == 3 else {})


def words(error: BaseException) -> str:
    """What went wrong, and in which line of the script."""
    if isinstance(error, SyntaxError):
        return f"Line {error.lineno} of the script is no Python: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == _FILE]
    where = f"Line {lines[-1]} of the script" if lines else "The script"
    return f"{where}: {type(error).__name__}: {error}"
