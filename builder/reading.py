"""Documents from text and files that may hold anything: a Document, or every Problem with its JSON path."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder import strictjson
from builder.document import SECTIONS, Document, Module, ModuleParameter
from builder.errors import Problem
from builder.migrations import current_version, migrate
from builder.names import check_module_name, check_parameter_name, normalise
from builder.reader import MAX_TEXT, Body, Reader, read_body
from builder.strictjson import child, shown
from builder.writing import FORMAT

_BODY = ("nodes", "edges")
#: Problems of the JSON after which there is no use in reading on.
_HOPELESS = {"too-deep", "too-large", "not-json"}


def load(path: str | os.PathLike[str]) -> Document | list[Problem]:
    """The document in a file, or what is wrong with the file or with what it holds."""
    text = read_text(path)
    return [text] if isinstance(text, Problem) else read_document(text)


def read_text(path: str | os.PathLike[str]) -> str | Problem:
    """The text in a file, or why there is none that could be a document's."""
    try:
        content = _bytes(Path(path))
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return Problem(
            "cannot-read",
            "The file cannot be read",
            f"{Path(path).name}: {reason}",
            "Open another file, or see that it is there and that you may read it.",
            path="$",
        )
    if len(content) > strictjson.MAX_CHARACTERS:
        return strictjson.too_large(len(content))
    if b"\0" in content[:4096]:
        return _not_a_document("this is a binary file")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Problem(
            "not-utf-8",
            "A document is text in UTF-8",
            f"byte {error.start} (line {line}) is none: 0x{content[error.start]:02x}",
            "Save it as UTF-8, or open another file.",
            path="$",
        )


def read_document(text: str) -> Document | list[Problem]:
    """The document in ``text``, or everything that is wrong with it; raises nothing, whatever the text."""
    data, problems = strictjson.parse(text)
    return _read(data, problems)


def from_json(data: Any) -> Document | list[Problem]:
    """The document in a parsed JSON value, or everything that is wrong with it. ``data`` is copied."""
    problems = strictjson.check(data)
    if any(problem.code in _HOPELESS for problem in problems):
        return strictjson.shorten(problems)
    return _read(deepcopy(data), problems)


def _bytes(path: Path) -> bytes:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(0, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is a device or a pipe")
    with path.open("rb") as file:
        return file.read(strictjson.MAX_CHARACTERS + 1)


def _read(data: Any, problems: list[Problem]) -> Document | list[Problem]:
    """``problems``: what is wrong with ``data`` as JSON; there is no document with any."""
    if (data is None and problems) or any(problem.code in _HOPELESS for problem in problems):
        return strictjson.shorten(problems)
    data = _current(data)
    if isinstance(data, Problem):
        return strictjson.shorten([*problems, data])
    reader = Reader(problems)
    document = _read_top(reader, data)
    return strictjson.shorten(reader.problems) if document is None or reader.problems else document


def _current(data: Any) -> dict[str, Any] | Problem:
    """The object of the current version, if it is a document of a version that can be read."""
    if not isinstance(data, dict) or "format" not in data:
        return _not_a_document('it has no "format"' if isinstance(data, dict) else f"it is {shown(data)}")
    if data["format"] != FORMAT:
        return _not_a_document(f'its "format" is {shown(data["format"])}').at("$.format")
    version = data.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        return Problem(
            "bad-version",
            f"The version of a document is a whole number from 1 to {current_version()}",
            shown(version) if "version" in data else "there is none",
            f'Write "version": {current_version()} if it follows the current format.',
            path="$.version",
        )
    if version > current_version():
        return Problem(
            "newer-version",
            f"This Convolab reads documents up to version {current_version()}",
            f"this one was written by a newer Convolab, in version {version}",
            "Open it with that Convolab.",
            path="$.version",
        )
    try:
        return migrate(data, version)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return Problem(
            "bad-old-document",
            f"A document of version {version} follows the format of that version",
            f"this one does not ({error})",
            "Open a copy of it.",
            path="$",
        )


def _not_a_document(why: str) -> Problem:
    return Problem(
        "not-a-document",
        f'A Convolab document is a JSON object with "format": "{FORMAT}"',
        why,
        "Open a .convolab file.",
        path="$",
    )


def _read_top(reader: Reader, data: dict[str, Any]) -> Document | None:
    fields = reader.fields("$", data, ("format", "version", "name", "network"), ("modules", *SECTIONS)) or {}
    name = reader.text("$.name", fields.get("name", ""), empty=True)
    body = None
    if "network" in fields:
        network = reader.fields("$.network", fields["network"], _BODY, ("frames",))
        body = None if network is None else read_body(reader, "$.network", network)
    modules = read_modules(reader, "$.modules", fields.get("modules", {}))
    settings = {section: reader.object(child("$", section), fields.get(section, {})) for section in SECTIONS}
    if reader.problems or name is None or body is None:
        return None
    return Document(
        name,
        body.build(""),
        [module.build() for module in modules],
        data=settings["data"],
        training=settings["training"],
        weights=settings["weights"],
    )


@dataclass(frozen=True)
class ModuleBody:
    """What was read of a module."""

    name: str
    parameters: tuple[ModuleParameter, ...]
    description: str
    body: Body

    def build(self) -> Module:
        """The module, if nothing was wrong with it."""
        return Module(self.name, self.parameters, self.body.build(self.name), self.description)


def read_modules(reader: Reader, path: str, value: Any) -> list[ModuleBody]:
    """The modules of a document: with different names, and none that contains itself."""
    modules: dict[str, ModuleBody] = {}
    for key, item in (reader.object(path, value) or {}).items():
        here = child(path, key)
        name = normalise(key)
        reader.add(check_module_name(name), here)
        if name in modules:
            reader.report(
                "duplicate-name",
                here,
                "The modules of a document have different names",
                f"two are called {shown(name)}",
                "Rename one.",
            )
        fields = reader.fields(here, item, _BODY, ("parameters", "description", "frames"))
        if fields is None:
            continue
        parameters = _read_parameters(reader, f"{here}.parameters", fields.get("parameters", []))
        description = reader.text(
            f"{here}.description", fields.get("description", ""), empty=True, limit=MAX_TEXT
        )
        modules[name] = ModuleBody(name, parameters, description or "", read_body(reader, here, fields))
    _refuse_recursion(reader, path, modules)
    return list(modules.values())


def _refuse_recursion(reader: Reader, path: str, modules: Mapping[str, ModuleBody]) -> None:
    if not modules:
        return
    import networkx as nx

    placements: nx.DiGraph[str] = nx.DiGraph()
    for name, module in modules.items():
        placements.add_edges_from((name, placed) for placed in sorted(module.body.placed()))
    for group in nx.strongly_connected_components(placements):
        first = min(group)
        if len(group) > 1 or placements.has_edge(first, first):
            cycle = [edge[0] for edge in nx.find_cycle(placements.subgraph(group), first)]
            reader.report(
                "recursive-module",
                child(path, cycle[0]),
                "A module must not contain itself",
                " contains ".join(f"'{name}'" for name in [*cycle, cycle[0]]),
                "Remove one of these placements.",
            )


def _read_parameters(reader: Reader, path: str, value: Any) -> tuple[ModuleParameter, ...]:
    parameters: dict[str, ModuleParameter] = {}
    for index, item in enumerate(reader.list(path, value)):
        here = f"{path}[{index}]"
        fields = reader.fields(here, item, ("name", "default"), ("help",))
        if fields is None:
            continue
        default = fields.get("default", 0)
        if not isinstance(default, int | float) or not math.isfinite(default):
            reader.wrong_type(f"{here}.default", "a number, or true or false", default)
            default = 0
        help_text = reader.text(f"{here}.help", fields.get("help", ""), empty=True, limit=MAX_TEXT)
        name = reader.text(f"{here}.name", fields["name"], empty=True) if "name" in fields else None
        if name is None:
            continue
        name = normalise(name)
        reader.add(check_parameter_name(name), f"{here}.name")
        if name in parameters:
            reader.report(
                "duplicate-name",
                f"{here}.name",
                "The parameters of a module have different names",
                f"two are called {shown(name)}",
                "Rename one.",
            )
        parameters[name] = ModuleParameter(name, default, help_text or "")
    return tuple(parameters.values())
