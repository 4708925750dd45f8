"""Trainings that wait for their turn: kept on the disk, each as a document of its own, so that nothing forgets them.

What waits is a folder of ``.convolab`` files, each a copy of a network with its data and settings as they were when it
was added, and ``order.json``, the names in the order of their turns. Importing this imports no torch.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from builder.claims import Claim
from builder.document import Document
from builder.errors import Problem
from builder.reading import load
from builder.writing import SUFFIX, put_file, save
from runtime.training.records.lasting import lasting
from runtime.training.records.runs import default_folder
from runtime.training.settings import Settings

_ORDER = "order.json"
_WORKING = "working"
#: An order is some bytes for each training that waits; more is none of ours.
_MAX_ORDER = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A training that waits; ``name`` is its file's, without the suffix."""

    name: str
    document: Document
    settings: Settings

    @property
    def data_source(self) -> str:
        """The data it will learn from."""
        return str(self.document.data.get("source", "digits"))


class Queue:
    """The trainings that wait in a folder, the stock one where none is said.

    Several programs may add to it; one at a time works through it (``work``), which ends with that program however it
    ends. What is taken up is removed when its run has begun, so nothing is lost in between.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else default_folder().with_name("queue")
        self._claim = Claim(self.folder, _WORKING)
        self._read: dict[str, Waiting | Problem] = {}

    def waiting(self) -> list[Waiting]:
        """What waits, in the order of their turns; files that cannot be read are passed over."""
        return [entry for name in self._names() if isinstance(entry := self._entry(name), Waiting)]

    def problems(self) -> list[Problem]:
        """What is wrong with the files that cannot be read."""
        return [entry for name in self._names() if isinstance(entry := self._entry(name), Problem)]

    def add(self, document: Document, settings: Settings, source: str | None = None) -> Waiting | Problem:
        """Put a copy of a network at the end; it may be edited meanwhile."""
        document = document.copy()
        own = document.data.get("source") if source is None else source
        if isinstance(own, str):
            document.put_settings("data", {**document.data, "source": lasting(own)})
        document.put_settings("training", settings.to_json())
        slug = re.sub(r"[^a-z0-9]+", "-", document.name.lower()).strip("-")[:40] or "network"
        name = f"{slug}-{secrets.token_hex(4)}"
        names = self._names()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return _cannot_keep(self.folder, error.strerror or str(error))
        if problem := save(document, self._file(name)) or self._arrange([*names, name]):
            return _cannot_keep(self.folder, problem.values or problem.message)
        added = self._read[name] = Waiting(name, document, settings)
        return added

    def move(self, name: str, place: int) -> Problem | None:
        """Let it have its turn at ``place``, counted from 0."""
        names = self._names()
        if name in names:
            names.remove(name)
            names.insert(max(place, 0), name)
            return self._arrange(names)
        return None

    def remove(self, name: str) -> Problem | None:
        """Take it out: it has begun, or is not wanted."""
        self._read.pop(name, None)
        try:
            self._file(name).unlink(missing_ok=True)
        except OSError as error:
            return _cannot_keep(self.folder, error.strerror or str(error))
        return self._arrange([other for other in self._names() if other != name])

    def work(self) -> bool:
        """Be the one who works through it; False while another program is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._claim.note(Path(_ORDER))
        return self._claim.is_held

    def rest(self) -> None:
        """Let another one work through it."""
        self._claim.release()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _names(self) -> list[str]:
        """The files there are: those in order first, then those that nobody has put in order."""
        try:
            found = sorted(
                entry.stem
                for entry in self.folder.iterdir()
                if entry.suffix == SUFFIX and not entry.name.startswith(".")
            )
        except OSError:
            return []
        order = [name for name in self._order() if name in set(found)]
        return order + [name for name in found if name not in set(order)]

    def _order(self) -> list[str]:
        try:
            with (self.folder / _ORDER).open("rb") as file:
                said = json.loads(file.read(_MAX_ORDER))
        except (OSError, ValueError, RecursionError):
            return []
        names = said if isinstance(said, list) else []
        return list(dict.fromkeys(name for name in names if isinstance(name, str)))

    def _arrange(self, names: list[str]) -> Problem | None:
        text = json.dumps(names, indent=1) + "\n"
        problem = put_file(self.folder / _ORDER, text.encode(), "The order of what waits could not be kept")
        return None if problem is None else _cannot_keep(self.folder, problem.values or problem.message)

    def _entry(self, name: str) -> Waiting | Problem:
        """A file's document and settings; it never changes, so it is read once."""
        if name not in self._read:
            self._read[name] = self._load(name)
        return self._read[name]

    def _load(self, name: str) -> Waiting | Problem:
        document = load(self._file(name))
        if isinstance(document, list):
            return document[0]
        settings = Settings.read(document.training)
        return settings[0] if isinstance(settings, list) else Waiting(name, document, settings)


def _cannot_keep(folder: Path, reason: str) -> Problem:
    return Problem(
        "queue-not-writable",
        "What waits for its turn is kept in a folder that can be written to",
        f"'{folder}': {reason}",
        "Make room, or train it now",
    )
