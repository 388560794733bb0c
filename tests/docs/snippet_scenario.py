"""What runs inside Pyodide for test_snippets.py."""

from __future__ import annotations

import asyncio
import importlib
import sys
from types import ModuleType
from typing import Any

import pystomp_web as stomp


async def run(source: str, name: str, arguments: dict[str, Any]) -> None:
    """As `run_snippet`."""
    await importlib.import_module("running").run_snippet(source, name, **arguments)


async def beats_of_a_ticker(url: str) -> int:
    """The octets that go out while the ticker ticks every 50 ms and beats are due every 10 s; at most 8 s."""
    import js

    js_script = js.document.createElement("script")
    js_script.type = "module"
    js_script.src = "/pages/ticker-page.mjs"
    async with stomp.connect(url) as client:
        before = client.stats.bytes_out
        js.document.head.appendChild(js_script)
        for _ in range(160):
            await asyncio.sleep(0.05)
            if client.stats.bytes_out - before >= 2:
                break
        return client.stats.bytes_out - before


async def run_pyscript(source: str) -> None:
    """Run what uses PyScript's `when` and `display`, click the button, and wait for what is displayed."""
    import js
    from pyodide.ffi import create_proxy

    def when(event: str, selector: str) -> Any:
        return lambda function: js.document.querySelector(selector).addEventListener(event, create_proxy(function))

    def display(value: object, target: str) -> None:
        js.document.getElementById(target).append(str(value))

    pyscript = ModuleType("pyscript")
    vars(pyscript).update(when=when, display=display)
    sys.modules["pyscript"] = pyscript
    namespace: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(source, namespace)
        client = namespace["client"]
        js.document.getElementById("send").click()
        for _ in range(500):
            await asyncio.sleep(0.02)
            if js.document.getElementById("prices").textContent:
                break
        await client.close()
    finally:
        del sys.modules["pyscript"]
