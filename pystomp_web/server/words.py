"""Errors of the operating system, in words."""

from __future__ import annotations

import os
import socket


def why(error: BaseException) -> str:
    """The reason alone: asyncio puts addresses around it, and numbers of its own for unknown names."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return error.strerror or str(error)
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else str(error)
