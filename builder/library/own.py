"""The user's own modules: each a small document in a folder of theirs, read as any document is, since anyone may have
put it there.

The document places its module once, and holds the modules that this one is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import platformdirs

from builder.acts import stem_of
from builder.clipboard import fitted, needed_by
from builder.document import MODULE_PREFIX, Document, Module, module_name
from builder.edits import AddModule
from builder.errors import Problem, Severity
from builder.graph import Graph, Node, numbered
from builder.reading import load
from builder.writing import SUFFIX, save, write_document

#: Files beyond this many are left alone: no palette has room for them.
MOST_FILES = 500


@dataclass(frozen=True, slots=True)
class OwnModule:
    """A module of the user's library: its file, and the document that is in it."""

    file: Path
    part: Document

    @property
    def module(self) -> Module:
        """The module itself."""
        (node,) = self.part.network
        return self.part.modules[module_name(node.block) or ""]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.module.name

    @property
    def placed(self) -> Mapping[str, Any]:
        """What its parameters are set to when it is placed."""
        (node,) = self.part.network
        return node.parameters


class Shelf(NamedTuple):
    """What is in the library, and what is in its folder and cannot be read."""

    modules: tuple[OwnModule, ...]
    problems: tuple[Problem, ...]


def own_folder() -> Path:
    """Where the user's modules are kept."""
    return Path(platformdirs.user_data_dir("convolab", appauthor=False)) / "modules"


_read: dict[Path, tuple[int, Shelf]] = {}


def own_modules() -> Shelf:
    """The user's modules, by name; read again when the folder has changed."""
    folder = own_folder()
    try:
        changed = folder.stat().st_mtime_ns
    except OSError:
        return Shelf((), ())  # there are none yet
    known = _read.get(folder)
    if known is None or known[0] != changed:
        known = _read[folder] = (changed, _read_all(folder))
    return known[1]


def _read_all(folder: Path) -> Shelf:
    modules: list[OwnModule] = []
    problems: list[Problem] = []
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == SUFFIX)
    except OSError as error:
        return Shelf((), (_unreadable(folder, error.strerror or str(error)),))
    for file in files[:MOST_FILES]:
        found = _read_one(file)
        if isinstance(found, OwnModule):
            modules.append(found)
        else:
            problems.append(found)
    if len(files) > MOST_FILES:
        problems.append(
            _unreadable(folder, f"{len(files):,} files, of which the first {MOST_FILES} were read")
        )
    return Shelf(
        tuple(sorted(modules, key=lambda own: (own.name.casefold(), own.file.name))), tuple(problems)
    )


def _read_one(file: Path) -> OwnModule | Problem:
    document = load(file)
    if isinstance(document, list):
        first = document[0]
        return _unreadable(file, first.values or first.rule)
    nodes = list(document.network)
    if len(nodes) != 1 or document.module_of(nodes[0].block) is None:
        return _unreadable(file, "it is a network, and places no one module")
    return OwnModule(file, document)


def _unreadable(file: Path, why: str) -> Problem:
    return Problem(
        "library-damaged",
        "What is in the library of your modules must be one of them",
        f"{file.name}: {why}",
        "Mend it, or take it out of the folder.",
        severity=Severity.WARNING,
        path=str(file),
    )


# putting in and taking out -----------------------------------------------------------------------------------


def keep(document: Document, name: str, *, wish: str = "", instead: bool = False) -> OwnModule | Problem:
    """Put a module of a document into the library, with what it is made of; under the name ``wish`` if one is given.

    A Problem ``library-taken`` where another one is called so, unless it is to go there ``instead``.
    """
    part = part_of(document, name, wish or name)
    own = OwnModule(own_folder() / f"{wish or name}{SUFFIX}", part)
    there = _read_one(own.file) if own.file.exists() else None
    if there is not None and not instead:
        if isinstance(there, OwnModule) and write_document(there.part) == write_document(part):
            return there
        return Problem(
            "library-taken",
            "The modules of your library have different names",
            f"another is called '{own.name}'",
            f"Replace it, or keep both, this one as '{unused_name(document, name)}'.",
        )
    problem = put_back(own)
    return own if problem is None else problem


def put_back(own: OwnModule) -> Problem | None:
    """Write a module to its file, whatever is there."""
    try:
        own.file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return _unwritable(own.file, error)
    problem = save(own.part, own.file)
    _read.clear()
    return problem


def take_out(own: OwnModule) -> Problem | None:
    """Take a module out of the library; documents that have it keep it."""
    try:
        own.file.unlink(missing_ok=True)
    except OSError as error:
        return _unwritable(own.file, error)
    finally:
        _read.clear()
    return None


def unused_name(document: Document, name: str) -> str:
    """A name near this one that the library has not, and no part of the module either."""
    parts = {module.name for module in needed_by(document, [_placing(name)])}
    return numbered(name, lambda wish: wish in parts or (own_folder() / f"{wish}{SUFFIX}").exists())


def part_of(document: Document, name: str, wish: str) -> Document:
    """A module with what it is made of, as the document that is kept; it is called ``wish`` there."""
    modules = needed_by(document, [_placing(name)])
    kept = [module.copy(wish if module.name == name else None) for module in modules]
    network = Graph()
    network.add_node(_placing(wish))
    return Document(wish, network, kept)


def _placing(name: str) -> Node:
    return Node("n1", stem_of(MODULE_PREFIX + name), MODULE_PREFIX + name)


def _unwritable(file: Path, error: OSError) -> Problem:
    return Problem(
        "library-not-written",
        "The library of your modules must be a folder that you may write to",
        f"{file.parent}: {error.strerror or error}",
        "See to that folder.",
        path=str(file),
    )


# into a document ---------------------------------------------------------------------------------------------


def brought(document: Document, own: OwnModule) -> tuple[list[AddModule], str]:
    """The edits that bring a module into a document, and the block that places it there.

    What the document has already is used; where it has another module of a name, this one gets a number.
    """
    names, new = fitted(document, own.part)
    return [AddModule(module) for module in new.values()], MODULE_PREFIX + names.get(own.name, own.name)


def fits_in(document: Document, graph_key: str, own: OwnModule) -> bool:
    """Whether the module may be placed in a graph: that it is not, as the document has it, a part of the module."""
    return graph_key not in own.part.modules or graph_key in fitted(document, own.part)[0]


def is_there(document: Document, own: OwnModule) -> bool:
    """Whether the document has the very same module."""
    return own.name in document.modules and not fitted(document, own.part)[1]
