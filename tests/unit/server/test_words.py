"""Errors in words."""

from __future__ import annotations

import errno
import socket

import pytest

from pystomp_web.server.words import why


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9)"), "Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (socket.gaierror("odd"), "odd"),
        (TimeoutError(), "no answer in time"),
        (OSError("Multiple exceptions"), "Multiple exceptions"),
    ],
)
def test_why(error: OSError, words: str) -> None:
    assert why(error) == words
