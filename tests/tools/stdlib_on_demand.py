"""The standard library comes in two archives. This one, the first, finds the modules of the second, and fetches it.

The first `import` of a module that is not in the first archive waits for the second. Where it must not wait, fetch it
before, in the background: `await stdlib_on_demand.load()`.
"""

import sys

from _stdlib_rest import holds  # type: ignore[import-not-found]  # made by archives.py

TYPE_CHECKING = False  # typing is not imported when Python starts
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

#: The first archive, which Pyodide has put on sys.path, the second beside it, and what it is called where Pyodide is.
CORE = __file__.rpartition("/")[0]
REST = CORE.removesuffix(".zip") + "_rest.zip"
FILE = "python_stdlib_rest.zip"


class RestFinder:
    """Finds what is in the second archive, after all other finders."""

    def __init__(self) -> None:
        self.loaded = False

    def find_spec(
        self, fullname: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """The module's spec; None where the second archive does not hold it.

        Raises:
            ImportError: it holds it, and can't be fetched.
        """
        if not holds(fullname):
            return None
        if path is not None and not any(entry.startswith((CORE, REST)) for entry in path):
            return None  # a package of somebody else's with a name of the standard library's
        if not self.loaded:
            try:
                self.take(_fetch())
            except OSError as error:
                # Not ModuleNotFoundError: Pyodide would add that it was removed from the standard library.
                raise ImportError(
                    f"{fullname} is in the second archive of the standard library, which is fetched when it is needed, "
                    f"and {error}",
                    name=fullname,
                ) from None
        from zipimport import zipimporter

        return zipimporter("/".join([REST, *fullname.split(".")[:-1]])).find_spec(fullname)

    def take(self, archive: bytes) -> None:
        """Keep the archive where modules are imported from."""
        with open(REST, "wb") as file:  # noqa: PTH123 - pathlib is not imported when Python starts
            file.write(archive)
        self.loaded = True


finder = RestFinder()


def install() -> None:
    """Let imports find the second archive."""
    sys.meta_path.append(finder)


async def load() -> None:
    """Fetch the second archive in the background, unless it is here.

    Raises:
        OSError: it can't be fetched.
    """
    if finder.loaded:
        return
    from js import fetch
    from pyodide.ffi import JsException

    url = _url()
    try:
        js_answer = await fetch(url)
        archive = (await js_answer.arrayBuffer()).to_bytes()
    except JsException:
        raise _unreachable(url) from None
    if not js_answer.ok:
        raise _refused(url, js_answer.status)
    if not finder.loaded:  # an import may have been faster
        finder.take(archive)


def _url() -> str:
    import pyodide_js

    return f"{pyodide_js._api.config.indexURL}{FILE}"


def _fetch() -> bytes:
    """The second archive, now: the browser waits for it. In a page that is allowed for text only."""
    try:
        from js import XMLHttpRequest
        from pyodide.ffi import JsException
    except ImportError:
        raise OSError("this is no browser, or Pyodide is still starting") from None
    url = _url()
    js_request = XMLHttpRequest.new()
    js_request.open("GET", url, False)
    js_request.overrideMimeType("text/plain; charset=x-user-defined")  # an octet is a character's low octet
    try:
        js_request.send()
    except JsException:
        raise _unreachable(url) from None
    if js_request.status != 200:
        raise _refused(url, js_request.status)
    text: str = js_request.responseText
    return text.encode("utf-16-le")[::2]


def _unreachable(url: str) -> OSError:
    return OSError(f"{url} can't be reached: is the server still running?")


def _refused(url: str, status: int) -> OSError:
    return OSError(f"{url} was answered with {status}: it must lie beside python_stdlib.zip")
