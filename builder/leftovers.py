"""Copies that were left behind by windows that ended without closing: found, told from those of living ones, read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from builder import claims
from builder.claims import Holder
from builder.differences import Differences, differences
from builder.document import Document
from builder.errors import Problem
from builder.keeping import Head, fingerprint, head_of, here, own_folder, token_of
from builder.reading import load, read_document, read_text
from builder.writing import write_document


@dataclass(frozen=True, slots=True)
class Leftover:
    """A copy that differs from its file, or that cannot be read.

    ``file`` is the document's own file, None where it never had one; ``differs`` is from what that holds now, None
    where it holds no document; ``file_changed`` says that it is not what it was when the copy's writer opened it.
    """

    copy: Path
    holder: Holder
    head: Head | None
    document: Document | None
    problem: Problem | None
    file: Path | None
    file_changed: bool = False
    differs: Differences | None = None

    @property
    def name(self) -> str:
        """What the document is called."""
        if self.file is not None:
            return self.file.name
        return self.head.name if self.head is not None and self.head.name else "untitled"

    def discard(self) -> None:
        """Take the copy away, and what else its writer left; raises OSError where that cannot be."""
        self.copy.unlink(missing_ok=True)
        for litter in _named(self.copy.parent, f".{self.copy.name[:100]}.", ".tmp"):
            with contextlib.suppress(OSError):
                litter.unlink()
        if token := token_of(self.copy):
            claims.settle(own_folder(), token)


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found: what can be offered, and whether a living window has changes to one of the documents."""

    leftovers: tuple[Leftover, ...] = ()
    also_open: bool = False


def at_start() -> list[Path]:
    """Copies of windows that died, wherever they lie."""
    noted = [path for _, paths in claims.abandoned(own_folder()) for path in paths if token_of(path)]
    return list(dict.fromkeys((*noted, *_named(own_folder(), "", ".autosave"))))


def of_document(file: Path) -> list[Path]:
    """Copies that belong to a document: beside it, and those that could not be kept there."""
    elsewhere = []
    for path in _named(own_folder(), "", ".autosave"):
        head = _head(path)
        if isinstance(head, Head) and head.document == str(file):
            elsewhere.append(path)
    return [*_named(file.parent, f".{file.name}.", ".autosave"), *elsewhere]


def survey(copies: Iterable[Path], own_token: str) -> Survey:
    """Look at copies, newest first; those that say what their file says anyway are cleared away."""
    found, also_open = [], False
    for path in copies:
        token = token_of(path)
        if token is None or token == own_token:
            continue
        leftover = look_at(path, token)
        also_open |= leftover is not None and leftover.holder is Holder.ALIVE
        if leftover is not None and leftover.holder is not Holder.ALIVE:
            found.append(leftover)
    found.sort(key=lambda one: -(one.head.written if one.head is not None else 0.0))
    return Survey(tuple(found), also_open)


def look_at(copy: Path, token: str) -> Leftover | None:
    """What is in a copy; None where it is not there (any more), or holds nothing that its file does not."""
    text = read_text(copy)
    if isinstance(text, Problem) and not copy.is_file():
        return None
    head = head_of(text) if isinstance(text, str) else text
    holder = _holder(head, token)
    file = _file_of(copy, head)
    if isinstance(text, Problem) or isinstance(head, Problem) or holder is Holder.ALIVE:
        problem = next((one for one in (text, head) if isinstance(one, Problem)), None)
        return Leftover(copy, holder, head if isinstance(head, Head) else None, None, problem, file)
    document = read_document(text.partition("\n")[2])
    if isinstance(document, list):
        return Leftover(copy, holder, head, None, document[0], file)
    saved = None if file is None else load(file)
    if not isinstance(saved, Document):
        return Leftover(copy, holder, head, document, None, file)
    if write_document(saved) == write_document(document):
        if holder is Holder.GONE:
            with contextlib.suppress(OSError):
                Leftover(copy, holder, head, document, None, file).discard()
        return None
    changed = bool(head.opened) and fingerprint(file) != head.opened
    return Leftover(copy, holder, head, document, None, file, changed, differences(saved, document))


def _holder(head: Head | Problem, token: str) -> Holder:
    """Whether the writer lives; of another computer's, and of one that could not say that it does, nobody knows."""
    if isinstance(head, Head) and (head.place != here() or not head.claimed):
        return Holder.UNKNOWN
    return claims.holder(own_folder(), token)


def _file_of(copy: Path, head: Head | Problem) -> Path | None:
    """The document's file: by the copy's name beside it, by what the head says elsewhere."""
    if copy.parent != own_folder():
        return copy.with_name(copy.name.removesuffix(f".{token_of(copy)}.autosave")[1:] or "untitled")
    if isinstance(head, Problem) or not head.document or "\0" in head.document:
        return None
    file = Path(head.document)
    return file if file.is_absolute() else None


def _head(path: Path) -> Head | Problem | None:
    text = read_text(path)
    return head_of(text) if isinstance(text, str) else None


def _named(folder: Path, begins: str, ends: str) -> list[Path]:
    """The files of a folder whose names begin and end so."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_file()]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if name.startswith(begins) and name.endswith(ends)]
