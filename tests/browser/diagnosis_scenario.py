"""Runs inside Pyodide, for test_diagnosis.py."""

from __future__ import annotations

import js

import pystomp_web as stomp


async def explain(url: str, connect_timeout: float = 10.0) -> str:
    try:
        await stomp.connect(url, reconnect=None, connect_timeout=connect_timeout)
    except stomp.ConnectError as error:
        return error.diagnosis if error.diagnosis in str(error) else f"not in {error}"
    raise AssertionError("connected")


async def explain_after(url: str, attempts: int) -> str:
    """The diagnosis after so many attempts in a row."""
    try:
        await stomp.connect(url, reconnect=stomp.Backoff(initial=0.01, attempts=attempts), subprotocols=["v12.stomp"])
    except stomp.ConnectError as error:
        return error.diagnosis
    raise AssertionError("connected")


def online() -> bool:
    return bool(js.navigator.onLine)
