"""Files that grow: one that was picked, one in the browser's own storage, or at last one in memory."""

from __future__ import annotations

import time
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from .dom import found, js_object

KINDS = {"jsonl": "application/jsonl", "csv": "text/csv"}
MEMORY = 200_000_000  # octets
_SPARE = 32_000_000  # octets of the browser's storage that are left to others
_FOLDER = "recordings"
_DAY = 86_400_000


class Stored:
    """A file of the File System API."""

    def __init__(self, js_handle: Any, js_writable: Any, where: str, *, own: bool, room: int | None = None) -> None:
        self.where = where
        self.own = own
        self.room = room
        self._js_handle = js_handle
        self._js_writable = js_writable

    async def write(self, octets: bytes) -> None:
        """Append them."""
        try:
            await self._js_writable.write(to_js(octets))
        except JsException as error:
            raise OSError(f"{self.where}: {error.message}") from None

    async def close(self) -> None:
        """Make it a whole file: until then the browser writes beside it."""
        try:
            await self._js_writable.close()
        except JsException as error:
            raise OSError(f"{self.where}: {error.message}") from None

    async def file(self) -> Any:
        """What it holds: a JavaScript File."""
        return await self._js_handle.getFile()


class InMemory:
    """A file where there is no other place: its octets stay in the page."""

    own = False
    room = MEMORY

    where = "the page's memory"

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._js_parts = js.Array.new()

    async def write(self, octets: bytes) -> None:
        """Append them."""
        self._js_parts.push(to_js(octets))

    async def close(self) -> None:
        """Nothing is left to do."""

    async def file(self) -> Any:
        """What it holds: a JavaScript Blob."""
        return js.Blob.new(self._js_parts, js_object(type=self._kind))


async def choose(name: str, form: str) -> Stored | InMemory | None:
    """A file to write to; None when people wanted none after all.

    Raises:
        OSError: the picked file can't be written.
    """
    kind = KINDS[form]
    if found(getattr(js, "showSaveFilePicker", None)) is not None:
        types = [{"description": form.upper(), "accept": {kind: [f".{form}"]}}]
        try:
            js_handle = await js.showSaveFilePicker(js_object(suggestedName=f"{name}.{form}", types=types))
            return Stored(js_handle, await js_handle.createWritable(), str(js_handle.name), own=True)
        except JsException as error:
            if error.name == "AbortError":
                return None
            raise OSError(str(error.message)) from None
    try:
        return await _in_storage(name, form)
    except (JsException, AttributeError):  # not in a private window, and not in every browser
        return InMemory(kind)


async def _in_storage(name: str, form: str) -> Stored:
    js_root = await js.navigator.storage.getDirectory()
    js_folder = await js_root.getDirectoryHandle(_FOLDER, js_object(create=True))
    await _tidy(js_folder)
    now = int(time.time() * 1000)
    js_handle = await js_folder.getFileHandle(f"{now}-{name}.{form}", js_object(create=True))
    js_estimate = await js.navigator.storage.estimate()
    room = max(0, int(js_estimate.quota) - int(js_estimate.usage) - _SPARE)
    return Stored(js_handle, await js_handle.createWritable(), "this browser's storage", own=False, room=room)


async def _tidy(js_folder: Any) -> None:
    """Remove what earlier visits left there: recordings that are older than a day."""
    now = time.time() * 1000
    async for name in js_folder.keys():
        made = str(name).partition("-")[0]
        if made.isdigit() and now - int(made) > _DAY:
            try:
                await js_folder.removeEntry(name)
            except JsException:  # another page writes to it
                continue
