"""Static files: the pages, the wheel and Pyodide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: What browsers insist on (modules, WebAssembly.instantiateStreaming), whatever the machine's own table says.
MIME_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".data": "application/octet-stream",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".py": "text/x-python; charset=utf-8",
    ".svg": "image/svg+xml",
    ".toml": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".whl": "application/zip",
    ".zip": "application/zip",
}
_INDEX = "index.html"
_SOCKET = re.compile(r"(?i:wss?)://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?")
#: A browser asks each time whether what it has is still right (ETag): a new build is seen at once.
_CACHE = "no-cache"
#: The name holds a hash of the content, as bundlers write it: what it names never changes.
_HASHED = re.compile(r".+-(?=[\w-]*[A-Z0-9])[\w-]{8}\.(?:js|css)")
_CACHE_HASHED = "public, max-age=31536000, immutable"

#: Sent with everything. connect-src is completed with this host's WebSocket: not every browser counts it to 'self'.
_POLICY = (
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "connect-src 'self' {sockets}",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'self'",
    "object-src 'none'",
)
#: PyScript makes functions from text ('unsafe-eval'), starts its workers from Blobs, and hands them their
#: configuration as one (blob:). Cross-Origin-Embedder-Policy lets a worker wait for the page: it reaches `document`.
_PYSCRIPT_POLICY = (
    _POLICY[0],
    "script-src 'self' 'unsafe-eval'",
    "worker-src 'self' blob:",
    "connect-src 'self' blob: {sockets}",
    *_POLICY[3:],
)

#: The pages that load PyScript, and they alone, are granted more.
_PYSCRIPT = "/pyscript/"


def socket_source(target: str) -> str:
    """A WebSocket's origin, as connect-src takes it.

    Raises:
        ValueError: it is none.
    """
    if not _SOCKET.fullmatch(target):
        raise ValueError(
            f"{target!r} is no WebSocket's origin: give scheme, host and port, such as ws://127.0.0.1:15674"
        )
    return target.lower()


def page_policy(path: str = "/", sockets: Iterable[str] = ()) -> str:
    """The policy of a page as it names it itself, in `<meta>`: where its server can't send headers.

    Without `frame-ancestors`, which only a header can say.

    Args:
        path: the page's path.
        sockets: WebSockets elsewhere that the page may open.
    """
    directives = [it for it in _directives(path) if not it.startswith("frame-ancestors")]
    return "; ".join(directives).format(sockets=" ".join(sockets)).replace(" ;", ";")


def _directives(path: str) -> tuple[str, ...]:
    return _PYSCRIPT_POLICY if path.startswith(_PYSCRIPT) else _POLICY


def security_headers(host: str, path: str = "/", sockets: Iterable[str] = ()) -> dict[str, str]:
    """The headers that keep a page to this origin.

    Args:
        host: the request's Host header, checked.
        path: the request's path.
        sockets: WebSockets elsewhere that pages may open.
    """
    pyscript = path.startswith(_PYSCRIPT)
    policy = "; ".join(_directives(path))
    return {
        "Content-Security-Policy": policy.format(sockets=" ".join((f"ws://{host}", f"wss://{host}", *sockets))),
        **({"Cross-Origin-Embedder-Policy": "require-corp"} if pyscript else {}),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


class Folder:
    """A folder whose files are served. It is never listed, and nothing outside of it or hidden in it is served.

    Args:
        root: the folder.
        hashed: names that end in a hash hold it for their content, and browsers may keep those files.
    """

    def __init__(self, root: Path, *, hashed: bool = False) -> None:
        self._root = root.resolve()
        self._hashed = hashed

    def find(self, relative: str) -> Path | None:
        """The file of this path, or the index of this folder; None when there is none."""
        parts = relative.split("/")
        if "\0" in relative or any(part.startswith(".") for part in parts):
            return None
        path = self._root.joinpath(*filter(None, parts)).resolve()  # a link that leads out is out
        if path.is_dir() and relative.endswith("/") | (not relative):
            path = (path / _INDEX).resolve()
        return path if path.is_file() and path.is_relative_to(self._root) else None

    def is_folder(self, relative: str) -> bool:
        """Whether this path, without a slash at its end, is a folder with an index."""
        return not relative.endswith("/") and self.find(f"{relative}/") is not None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a request whose route has a `path`."""
        relative = request.match_info["path"]
        path = self.find(relative)
        if path is not None:
            return file_response(path, lasting=self._hashed and _HASHED.fullmatch(path.name) is not None)
        if self.is_folder(relative):  # or the page's relative links would go astray
            raise web.HTTPMovedPermanently(f"{request.rel_url.raw_path}/")
        raise web.HTTPNotFound(text=f"there is no {request.path}\n")


def file_response(path: Path, *, lasting: bool = False) -> web.FileResponse:
    """The file with its type; conditional and range requests are answered.

    A browser that takes it gets the file's name with `.gz` behind instead, where there is one.

    Args:
        path: the file.
        lasting: this name will never stand for another content.
    """
    kind = MIME_TYPES.get(path.suffix.lower(), "application/octet-stream")
    cache = _CACHE_HASHED if lasting else _CACHE
    return web.FileResponse(path, headers={"Content-Type": kind, "Cache-Control": cache})
