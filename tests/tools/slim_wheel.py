"""Hatchling's build hook: the wheel holds the package without what only readers of the source need.

A page loads the whole wheel. Left out are comments, and in modules that users do not name docstrings and the types of
arguments and results. Public names keep theirs, for help() at a prompt and for type checkers; a step of indentation is
one column. Every line keeps its number, so that tracebacks and coverage fit the tree.
"""

from __future__ import annotations

import ast
import io
import shutil
import tokenize
import zipfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: Modules whose public names a user meets at a prompt or in a page's code: their docstrings and types stay.
PUBLIC = (
    "__init__.py",
    "errors.py",
    "sync.py",
    "client/backoff.py",
    "client/client.py",
    "client/message.py",
    "client/state.py",
    "client/subscription.py",
    "client/transaction.py",
    "protocol/__init__.py",
    "protocol/frame.py",
)
#: Modules that a type checker reads for users' code beside those: their types stay.
TYPED = (
    "protocol/decoder.py",
    "protocol/encoder.py",
    "protocol/version.py",
    "transport/base.py",
    "transport/memory.py",
    "testing/__init__.py",
    "testing/broker.py",
    "testing/page.py",
    "testing/pair.py",
    "testing/plugin.py",
)

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def slim(source: str, *, public: bool, typed: bool = False) -> str:
    """The source without comments, and without docstrings and types, but for those of public names where `public`.

    Where `typed`, their types stay, too.
    """
    source = _untyped(source, keep_public=public or typed)
    lines = source.split("\n")
    for node in _documented(ast.parse(source), keep=public):
        docstring = node.body[0]
        assert docstring.end_lineno is not None
        indent = lines[docstring.lineno - 1][: docstring.col_offset]
        stands_alone = len(node.body) == 1
        lines[docstring.lineno - 1 : docstring.end_lineno] = [f'{indent}""' if stands_alone else ""] + [""] * (
            docstring.end_lineno - docstring.lineno
        )
    text = "\n".join(lines)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    return _narrow("\n".join(lines))


def _narrow(source: str) -> str:
    """The source indented by one column where it was by four; what is within a string stays."""
    lines = source.split("\n")
    strings = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant | ast.JoinedStr)]
    within = {row for node in strings for row in range(node.lineno + 1, (node.end_lineno or 0) + 1)}
    for row, line in enumerate(lines, 1):
        steps = (len(line) - len(line.lstrip())) // 4
        if row not in within:
            lines[row - 1] = " " * steps + line[4 * steps :]
    return "\n".join(lines)


def _untyped(source: str, *, keep_public: bool) -> str:
    """The source without what only a type checker reads (of private functions alone); what spans lines stays."""
    lines = source.split("\n")
    cuts: list[tuple[int, int, int]] = []
    tree = ast.parse(source)
    fields = {id(node) for owner in ast.walk(tree) if isinstance(owner, ast.ClassDef) for node in owner.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(ast.unparse(each).startswith("__slots__ =") for each in node.body):
            cuts += [  # there a field's type alone does nothing
                (each.lineno, each.col_offset, len(lines[each.lineno - 1]))
                for each in node.body
                if isinstance(each, ast.AnnAssign) and each.value is None and _is_private(ast.unparse(each.target))
            ]
        if isinstance(node, ast.If | ast.Assign) and _only_for_checkers(node) and not keep_public:
            first, last = node.lineno - 1, node.end_lineno or 0
            lines[first:last] = [""] * (last - first)
        if isinstance(node, ast.AnnAssign) and node.value is not None and id(node) not in fields:
            if keep_public and not (isinstance(node.target, ast.Attribute) and _is_private(node.target.attr)):
                continue
            if node.lineno == node.annotation.end_lineno:
                assert node.target.end_col_offset is not None
                assert node.annotation.end_col_offset is not None
                cuts.append((node.lineno, node.target.end_col_offset, node.annotation.end_col_offset))
            continue
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if keep_public and not _is_private(node.name):
            continue
        given = node.args
        starred = [argument for argument in (given.vararg, given.kwarg) if argument is not None]
        for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, *starred):
            annotation = argument.annotation
            if annotation is not None and argument.lineno == annotation.end_lineno:
                assert annotation.end_col_offset is not None
                cuts.append((argument.lineno, argument.col_offset + len(argument.arg), annotation.end_col_offset))
        result = node.returns
        if result is not None and result.lineno == result.end_lineno:
            arrow = lines[result.lineno - 1].rfind("->", 0, result.col_offset)
            if arrow > 0:
                assert result.end_col_offset is not None
                cuts.append((result.lineno, arrow - 1, result.end_col_offset))
    for row, start, end in sorted(cuts, reverse=True):  # from the right, so that the columns before stay
        lines[row - 1] = lines[row - 1][:start] + lines[row - 1][end:]
    return "\n".join(lines) if keep_public else _without_idle_imports("\n".join(lines))


def _without_idle_imports(source: str) -> str:
    """The source without those imports for types that nothing needs any more; what spans lines stays."""
    lines = source.split("\n")
    nodes = list(ast.walk(ast.parse(source)))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    used |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}  # __all__
    if any(getattr(node, "annotation", None) or getattr(node, "returns", None) for node in nodes):
        used.add("annotations")
    for node in nodes:
        if not isinstance(node, ast.ImportFrom) or node.lineno != node.end_lineno:
            continue
        if node.level or node.module in ("__future__", "collections.abc", "contextvars", "typing"):
            needed = [name for name in node.names if (name.asname or name.name) in used]
            if len(needed) < len(node.names):
                kept = ast.unparse(ast.ImportFrom(node.module, needed, node.level)) if needed else ""
                lines[node.lineno - 1] = lines[node.lineno - 1][: node.col_offset] + kept
    return "\n".join(lines)


def _only_for_checkers(node: ast.If | ast.Assign) -> bool:
    """Whether it is `if TYPE_CHECKING:` or `TYPE_CHECKING = False`."""
    name = node.targets[0] if isinstance(node, ast.Assign) else None if node.orelse else node.test
    return isinstance(name, ast.Name) and name.id == "TYPE_CHECKING"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _documented(node: ast.AST, *, keep: bool) -> list[Documented]:
    """Everything below and including this that has a docstring to be left out."""
    found: list[Documented] = []
    for child in ast.iter_child_nodes(node):
        name = getattr(child, "name", None) or ""  # an exception handler may have none
        hidden = _is_private(name)
        found += _documented(child, keep=keep and not hidden and not isinstance(node, ast.FunctionDef))
    if isinstance(node, Documented) and ast.get_docstring(node, clean=False) is not None:
        name = getattr(node, "name", None) or ""
        if not keep or _is_private(name):
            found.append(node)
    return found


class SlimWheel(BuildHookInterface[Any]):
    """Puts the slim files in place of the tree's."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write them to a scratch folder; an editable install keeps the tree."""
        if version == "editable":
            return
        root = Path(self.root)
        scratch = Path(self.directory) / "slim"
        shutil.rmtree(scratch, ignore_errors=True)
        for path in sorted((root / "pystomp_web").rglob("*.py")):
            inside = path.relative_to(root / "pystomp_web")
            target = scratch / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            source = path.read_text(encoding="utf-8")
            name = inside.as_posix()
            target.write_text(slim(source, public=name in PUBLIC, typed=name in TYPED), encoding="utf-8")
            build_data["force_include"][str(target)] = f"pystomp_web/{inside.as_posix()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the scratch folder, and pack the wheel as tightly as it goes."""
        if version == "editable":
            return
        shutil.rmtree(Path(self.directory) / "slim", ignore_errors=True)
        loose, packed = Path(artifact_path), Path(f"{artifact_path}.packed")
        with zipfile.ZipFile(loose) as whole, zipfile.ZipFile(packed, "w") as tight:
            for entry in whole.infolist():
                tight.writestr(entry, whole.read(entry), zipfile.ZIP_DEFLATED, 9)
        packed.replace(loose)
