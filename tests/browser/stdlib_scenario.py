"""What runs inside Pyodide for the tests of the standard library's two archives."""

from __future__ import annotations

import importlib
import sys
import zipfile

import stdlib_on_demand  # type: ignore[import-not-found]  # of Pyodide's first archive


def import_the_first_archive() -> tuple[int, list[str]]:
    """Import all of its modules; how many there are, and what came from the second archive."""
    with zipfile.ZipFile(stdlib_on_demand.CORE) as archive:
        paths = [name.removesuffix(".pyc") for name in archive.namelist() if name.endswith(".pyc")]
    names = [path.removesuffix("/__init__").replace("/", ".") for path in paths]
    for name in names:
        importlib.import_module(name)
    return len(names), _from_the_second_archive()


def _from_the_second_archive() -> list[str]:
    specs = [module.__spec__ for module in sys.modules.values() if getattr(module, "__spec__", None)]
    return sorted(spec.name for spec in specs if spec and (spec.origin or "").startswith(stdlib_on_demand.REST))


def use_the_second_archive() -> list[object]:
    """A package, a module below one, a module of a package that is in the first, a codec, and one that is nowhere."""
    import email.message
    import unittest
    from importlib.metadata import version
    from xml.etree import ElementTree as ET

    try:
        import nowhere_at_all  # type: ignore[import-not-found]  # noqa: F401
    except ModuleNotFoundError as error:
        missing = str(error)
    return [
        ET.fromstring("<a b='c'/>").get("b"),
        email.message.Message.__module__,
        unittest.TestCase.__name__,
        version("pystomp_web"),
        "é".encode("cp850").hex(),
        missing,
    ]


def try_to_import(name: str) -> list[str]:
    """What importing it says: nothing, or the error's class, the name it is about, and its words."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        return [type(error).__name__, str(error.name), str(error)]
    return []


async def load() -> str:
    """Fetch the second archive in the background; its error's words."""
    try:
        await stdlib_on_demand.load()
    except OSError as error:
        return str(error)
    return ""


def foreign_package() -> str:
    """What importing says of a module that is not there, from a package whose name is one of the second archive's."""
    from pathlib import Path

    folder = Path("/home/pyodide/xmlrpc")
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    importlib.invalidate_caches()
    assert "xmlrpc" not in sys.modules
    return try_to_import("xmlrpc.client")[-1]
