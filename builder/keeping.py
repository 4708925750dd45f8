"""A copy of what is in no file yet, beside the document, so that a crash, a power cut or a kill loses seconds.

A copy is one line that says whose it is (``Head``), then the document as it would be saved. It is put in place whole
or not at all, and lies beside the document as ``.NAME.TOKEN.autosave``; where that folder takes none, and for a
document without a file, in the user's own folder for them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import platform
import re
import stat
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import platformdirs

from builder import strictjson
from builder.claims import Claim
from builder.document import Document
from builder.errors import ConvolabError, Problem, Severity
from builder.writing import replace_file, write_document

SUFFIX = ".autosave"
_FORMAT = "convolab-autosave"
_VERSION = 1
#: A head that is longer is none of ours.
_MAX_HEAD = 2**15
_TOKEN = re.compile(r"\.([0-9a-f]{8})\.autosave")


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a copy: who wrote it, when by that computer's clock, and what of.

    ``document`` is the path of the document's file, "" for none; ``opened`` is the ``fingerprint`` of that file when
    it was opened or saved last; ``place`` says on which computer, and for whom, the writer's claim lies; ``claimed``
    whether there is a claim; ``steps`` how many edits there were since, -1 for nobody knows.
    """

    token: str
    place: str
    host: str
    claimed: bool
    name: str
    document: str
    opened: str
    steps: int
    written: float


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the copy is, and why it is not beside the document, if it should be."""

    path: Path
    aside: OSError | None = None


def own_folder() -> Path:
    """The user's folder for claims, and for copies that cannot lie beside their document."""
    return Path(platformdirs.user_state_dir("convolab", appauthor=False)) / "recovery"


def beside(document: Path, token: str) -> Path:
    """The file in which a document's copy is kept in its own folder."""
    return document.with_name(f".{document.name}.{token}{SUFFIX}")


def aside(name: str, token: str) -> Path:
    """The file in which it is kept elsewhere."""
    plain = re.sub(r"[^\w.-]", "_", name)[:40]
    return own_folder() / f"{plain}.{token}{SUFFIX}"


def token_of(path: Path) -> str | None:
    """The token of the claim under which a copy was written, by its file's name."""
    found = _TOKEN.search(path.name)
    return found[1] if found and path.name.endswith(found[0]) else None


def here() -> str:
    """This computer and this user's folder, as one word."""
    return hashlib.sha256(f"{platform.node()}\0{own_folder()}".encode(errors="replace")).hexdigest()[:16]


def fingerprint(path: Path | None) -> str:
    """What a file holds, as one word; "" where there is none."""
    try:
        return "" if path is None else hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def head_of(text: str) -> Head | Problem:
    """The head of a copy's text, or what is wrong with it."""
    line = text[:_MAX_HEAD].partition("\n")[0]
    value, problems = strictjson.parse(line)
    if problems:
        return _no_copy(problems[0].values or problems[0].rule)
    if not isinstance(value, dict) or value.pop("format", None) != _FORMAT:
        return _no_copy("its first line is another one")
    if value.pop("version", None) != _VERSION:
        return _no_copy("another version of Convolab wrote it")
    if value.keys() != {field.name for field in fields(Head)} or not all(map(_fits, value.items())):
        return _no_copy("its first line is damaged")
    return Head(**{**value, "written": float(value["written"])})


def _fits(item: tuple[str, Any]) -> bool:
    name, value = item
    if name == "claimed":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if name == "written":
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, int if name == "steps" else str)


def _no_copy(why: str) -> Problem:
    return Problem("no-autosave", "A copy that Convolab keeps begins with a line about it", why)


class Keeper:
    """Keeps one copy of one document; made to be called in a thread, one call after the other."""

    def __init__(self) -> None:
        self.claim = Claim(own_folder())
        self._copies: set[Path] = set()
        self._opened = ""

    def opened(self, path: Path | None) -> None:
        """The document is as in this file (None: in no file) from now on."""
        self._opened = fingerprint(path)

    def keep(self, document: Document, path: Path | None, steps: int) -> Kept | Problem:
        """Write the copy, beside ``path`` if that is possible; returns where, or why nowhere."""
        refused: OSError | None = None
        try:
            text = write_document(document)
            name = document.name if path is None else path.name
            if path is not None:
                try:
                    return self._put(beside(path, self.claim.token), text, name, path, steps)
                except OSError as error:
                    refused = error
            kept = self._put(aside(name, self.claim.token), text, name, path, steps)
            return Kept(kept.path, refused)
        except (ConvolabError, OSError, ValueError) as error:
            return Problem(
                "autosave-failed",
                "Changes are kept safe every few seconds until they are saved",
                f"no copy could be written: {_reason(error)}",
                "Save the document. It will be tried again.",
                severity=Severity.WARNING,
            )

    def drop(self) -> None:
        """Everything is in a file, or is not wanted: take the copy away."""
        for path in tuple(self._copies):
            self._remove(path)

    def close(self) -> None:
        """The same, and nothing will follow."""
        self.drop()
        if not self._copies:
            self.claim.release()

    def _put(self, target: Path, text: str, name: str, path: Path | None, steps: int) -> Kept:
        if target.parent == own_folder():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.claim.note(target)
        head = Head(
            self.claim.token, here(), platform.node(), self.claim.is_held, name,
            "" if path is None else str(path), self._opened, steps, time.time(),
        )  # fmt: skip
        line = json.dumps({"format": _FORMAT, "version": _VERSION, **asdict(head)})
        replace_file(target, f"{line}\n{text}".encode(), mode=_mode(path))
        self._copies.add(target)
        for other in self._copies - {target}:
            self._remove(other)
        return Kept(target)

    def _remove(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            self._copies.discard(path)


def _mode(path: Path | None) -> int:
    """Who may read the copy: who may read the document; of one without a file, its owner."""
    with contextlib.suppress(OSError):
        if path is not None:
            return stat.S_IMODE(path.stat().st_mode) & 0o666 | 0o600
    return 0o600


def _reason(error: Exception) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
