"""Documents as text, the same text for the same document, and onto the disk without ever losing the old file."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from builder.blocks import block_class
from builder.document import SECTIONS, Document, Module
from builder.errors import ConvolabError, Problem
from builder.graph import Edge, Graph, Node
from builder.migrations import current_version
from builder.names import natural_key

FORMAT = "convolab"
SUFFIX = ".convolab"

_WAYS_OUT = {
    errno.ENOSPC: "Free some space, or save it on another disk.",
    errno.EDQUOT: "Free some space, or save it on another disk.",
    errno.EACCES: "Save it in a folder that you may write to.",
    errno.EPERM: "Save it in a folder that you may write to.",
    errno.EROFS: "Save it in a folder that you may write to.",
    errno.ENOENT: "Save it in a folder that exists.",
    errno.ENOTDIR: "Save it in a folder that exists.",
    errno.EISDIR: "Give the file another name.",
    errno.ENAMETOOLONG: "Give the file a shorter name.",
}


def write_document(document: Document) -> str:
    """The document as text: one node, wire or frame a line, in an order that no history shows.

    Nodes stand in the order of their ids, wires by where they end, modules by name; positions are rounded to
    whole points. Raises ConvolabError for values that JSON does not have.
    """
    version = current_version()
    lines = [f'{{"format": {_json(FORMAT)}, "version": {version}, "name": {_json(document.name)},']
    lines += [' "network": {', *write_graph(document, document.network, "   ")]
    lines[-1] += " },"
    modules = [document.modules[name] for name in sorted(document.modules)]
    lines.append(' "modules": {' if modules else ' "modules": {},')
    for module in modules:
        lines += write_module(document, module, "   ")
        lines[-1] += " }," if module is modules[-1] else ","
    sections: dict[str, Mapping[str, Any]] = {
        "data": document.data,
        "training": document.training,
        "weights": document.weights,
    }
    lines += [f' "{section}": {_json(sections[section])},' for section in SECTIONS]
    lines[-1] = lines[-1].removesuffix(",") + "}"
    return "\n".join(lines) + "\n"


def write_module(document: Document, module: Module, indent: str) -> list[str]:
    """The lines of a module with its name, without a comma after."""
    head = [f'"parameters": {_json([_parameter(p) for p in module.parameters])}']
    if module.description:
        head.append(f'"description": {_json(module.description)}')
    lines = [f"{indent}{_json(module.name)}: {{{', '.join(head)},"]
    lines += write_graph(document, module.graph, indent + "  ")
    lines[-1] += "}"
    return lines


def write_graph(
    document: Document, graph: Graph, indent: str, only: Iterable[str] | None = None, frames: bool = True
) -> list[str]:
    """The lines ``"nodes": …, "edges": …`` and ``"frames": …``, of some nodes (by id) or all."""
    wanted = None if only is None else set(only)
    nodes = sorted((n for n in graph if wanted is None or n.id in wanted), key=lambda n: natural_key(n.id))
    rank = {node.id: index for index, node in enumerate(nodes)}
    edges = sorted(
        (edge for edge in graph.edges() if edge.source in rank and edge.target in rank),
        key=lambda edge: (rank[edge.target], natural_key(edge.target_port)),
    )
    lists = {
        "nodes": [_json(_node(document, node)) for node in nodes],
        "edges": [_json(_edge(graph, edge)) for edge in edges],
    }
    if frames:
        lists["frames"] = [_json(_frame(frame)) for frame in graph.frames]
    lines: list[str] = []
    for key, items in lists.items():
        if not items:
            lines.append(f'{indent}"{key}": [],')
            continue
        lines.append(f'{indent}"{key}": [')
        lines += [f"{indent}  {item}," for item in items]
        lines[-1] = lines[-1].removesuffix(",") + " ],"
    lines[-1] = lines[-1].removesuffix(",")
    return lines


def save(document: Document, path: str | os.PathLike[str]) -> Problem | None:
    """Write the document to ``path`` whole or not at all; returns why not."""
    try:
        content = write_document(document).encode()
    except (ConvolabError, UnicodeEncodeError) as error:
        return Problem(
            "save-failed", "A document is saved as JSON", str(error), "Correct that value.", path=str(path)
        )
    return put_file(path, content, "The document could not be saved, what was there before is untouched")


def put_file(path: str | os.PathLike[str], content: bytes, rule: str) -> Problem | None:
    """Write a file whole or not at all; returns why not, beginning with ``rule``.

    A new file takes the old one's place at the end, with its permissions; a link stays a link to it.
    """
    try:
        replace_file(Path(os.path.realpath(path)), content)
    except (OSError, ValueError) as error:
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number) if number else str(error)
        way_out = _WAYS_OUT.get(number or 0, "Save it elsewhere.")
        return Problem("save-failed", rule, f"{Path(path).name}: {reason}", way_out, path=str(path))
    return None


def replace_file(target: Path, content: bytes, *, mode: int | None = None) -> None:
    """Put ``content`` where ``target`` is in one step; raises OSError and leaves nothing behind.

    The permissions stay what they were; ``mode`` are those of a file that is not there yet.
    """
    new, mode = mode, None
    with contextlib.suppress(FileNotFoundError):
        status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL, "not a file")
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "read-only")
        mode = stat.S_IMODE(status.st_mode)
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666 if new is None else new)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        os.replace(temporary, target)  # noqa: PTH105 - what tests of failing disks replace
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last a power cut, where the system can; the file itself is safe already."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConvolabError(f"cannot be written as JSON: {error}") from error


def _node(document: Document, node: Node) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": node.id,
        "name": node.name,
        "block": node.block,
        "parameters": _ordered(document, node),
    }
    if node.when is not None:
        line["when"] = node.when
    if node.repeat != 1:
        line["repeat"] = node.repeat
    line["position"] = [_rounded(value) for value in node.position]
    if node.collapsed:
        line["collapsed"] = True
    return line


def _ordered(document: Document, node: Node) -> dict[str, Any]:
    """A node's parameters in the order of their declaration; unknown ones follow as they are."""
    module = document.module_of(node.block)
    if module is not None:
        declared = [parameter.name for parameter in module.parameters]
    else:
        block = block_class(node.block)
        declared = [] if block is None else list(block.parameters())
    order = [name for name in declared if name in node.parameters]
    order += [name for name in node.parameters if name not in set(declared)]
    return {name: node.parameters[name] for name in order}


def _edge(graph: Graph, edge: Edge) -> list[Any]:
    """From where to where, and the places on the way where there are any."""
    line = [graph.node(edge.source).name, edge.source_port, graph.node(edge.target).name, edge.target_port]
    bends = [[_rounded(x), _rounded(y)] for x, y in graph.bends(edge)]
    return [*line, bends] if bends else line


def _parameter(parameter: Any) -> dict[str, Any]:
    line = {"name": parameter.name, "default": parameter.default}
    return {**line, "help": parameter.help} if parameter.help else line


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {
        "title": frame.get("title", ""),
        "rectangle": [_rounded(value) for value in frame["rectangle"]],
    }
    if frame.get("colour"):
        line["colour"] = frame["colour"]
    if frame.get("text") is not None:  # a note, also one on which nothing is written yet
        line["text"] = frame["text"]
    return line


def _rounded(value: float) -> int:
    try:
        return round(value)
    except (TypeError, ValueError, OverflowError):
        raise ConvolabError(f"{value!r} is no place on the canvas") from None
