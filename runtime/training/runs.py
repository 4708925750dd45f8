"""Run folders: what was trained, how, what happened, and the weights; written as it happens, read with suspicion.

A run is a folder with ``document.convolab``, ``settings.json``, ``environment.json``, ``events.jsonl`` (one
durable event a line), ``best.safetensors`` and ``last.safetensors``. Importing this imports no torch.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import platformdirs

from builder.document import Document
from builder.errors import ConvolabError, Problem, Severity
from builder.reading import load
from builder.writing import replace_file, save
from runtime.training.events import Durable, Epoch, Finished, Started, from_json, to_json
from runtime.training.settings import Settings
from runtime.weights import read_weights, write_weights

if TYPE_CHECKING:
    from torch import Tensor

log = logging.getLogger(__name__)

DOCUMENT = "document.convolab"
SETTINGS = "settings.json"
ENVIRONMENT = "environment.json"
EVENTS = "events.jsonl"
LOG = "training.log"
#: The weights that a run keeps.
WHICH = ("best", "last")

#: A settings file is a few hundred bytes, a line of events some ten thousand; more is no run of ours.
_MAX_SETTINGS = 2**16
_MAX_LINE = 2**22
#: Read from the end of the events for a summary.
_TAIL = 2**16


def default_folder() -> Path:
    """Where the window keeps runs; the command line keeps them in ``runs`` of the working folder."""
    return Path(platformdirs.user_data_dir("convolab", appauthor=False)) / "runs"


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in one line; ``state`` is that of Finished, or ``unfinished`` where the run has no end (yet).

    ``metric`` names the score that the figures called accuracy are.
    """

    name: str
    folder: Path
    network: str
    data: str
    state: str
    epochs: int
    parameters: int | None
    best_epoch: int | None
    validation_accuracy: float | None
    test_accuracy: float | None
    seconds: float | None
    metric: str = "accuracy"

    def to_json(self) -> dict[str, Any]:
        """The object that ``runs --json`` prints for it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"folder": str(self.folder)}


class Run:
    """One run folder; made by ``create`` to be written, or by ``open`` to be read."""

    def __init__(self, folder: Path, document: Document, settings: Settings) -> None:
        self.folder = folder
        self.document = document
        self.settings = settings
        self._events: IO[bytes] | None = None
        self._written = 0
        self._pending: list[bytes] = []

    # making ----------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        parent: Path | str,
        document: Document,
        settings: Settings,
        *,
        name: str | None = None,
        now: datetime | None = None,
    ) -> Run | Problem:
        """A new run folder in ``parent``, named after network, data and time, or ``name``; never an existing one.

        With ``name``, a folder of that name must be missing or empty; otherwise a clash gets the suffix -2, -3 …
        """
        document = document.copy()
        source = str(document.data.get("source", "data"))
        moment = now or datetime.now().astimezone()
        stem = name or f"{_slug(document.name)}-{_slug(Path(source).name)}-{moment:%Y%m%d-%H%M%S}"
        parent = Path(parent)
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder = _new_folder(parent, stem, numbered=name is None)
            if folder is None:
                return Problem(
                    "run-exists",
                    "A run is never overwritten",
                    f"'{parent / stem}' is not empty",
                    "Name another folder",
                )
        except OSError as error:
            return _cannot_write(parent, error)
        run = cls(folder, document, settings)
        if problem := run._begin():
            for file in (EVENTS, SETTINGS, DOCUMENT):  # a run that cannot begin leaves nothing behind
                with suppress(OSError):
                    (folder / file).unlink()
            with suppress(OSError):
                folder.rmdir()
            return problem
        run.describe()
        return run

    def _begin(self) -> Problem | None:
        """Write what does not change, and open the events."""
        if problem := save(self.document, self.folder / DOCUMENT):
            return problem
        try:
            _write_json(self.folder / SETTINGS, self.settings.to_json())
            self._events = (self.folder / EVENTS).open("ab", buffering=0)
        except OSError as error:
            return _cannot_write(self.folder, error)
        return None

    def describe(self, **facts: Any) -> None:
        """Write what the run ran on: versions and machine kind, with ``facts``; no names of people or places."""
        known = {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
            **{package: _version(package) for package in ("convolab", "torch", "numpy", "safetensors")},
            **facts,
        }
        try:
            _write_json(self.folder / ENVIRONMENT, known)
        except OSError as error:
            log.warning("cannot write %s: %s", ENVIRONMENT, error.strerror)

    def record(self, event: Durable) -> Problem | None:
        """Append an event; what cannot be written is kept and tried again with the next one."""
        if self._events is None:
            raise ConvolabError("this run was opened to be read")
        self._pending.append(
            json.dumps(to_json(event), allow_nan=False, separators=(",", ":")).encode() + b"\n"
        )
        try:
            while self._pending:
                self._append(self._pending[0])
                self._pending.pop(0)
        except OSError as error:
            problem = _cannot_write(self.folder, error)
            return replace(
                problem,
                severity=Severity.WARNING,
                way_out="Training goes on and recording is tried again; make room, or stop and choose another folder",
            )
        return None

    def _append(self, line: bytes) -> None:
        assert self._events is not None
        try:
            done = 0
            while done < len(line):
                done += self._events.write(line[done:]) or 0
        except OSError:
            with suppress(OSError):  # half a line would spoil the one after it
                self._events.truncate(self._written)
            raise
        self._written += len(line)

    def save_weights(
        self, which: str, weights: dict[str, Tensor], epoch: int, accuracy: float | None
    ) -> str | Problem:
        """Write ``best`` or ``last`` atomically; returns the file's name."""
        if which not in WHICH:
            raise ConvolabError(f"no such weights: {which}")
        name = f"{which}.safetensors"
        about = {"format": "pt", "network": self.document.name, "epoch": str(epoch)}
        if accuracy is not None:
            about["validation_accuracy"] = f"{accuracy:.6f}"
        problem = write_weights(weights, self.folder / name, about)
        return replace(problem, severity=Severity.WARNING) if problem is not None else name

    def close(self) -> None:
        """Close the events file; the run can still be read."""
        if self._events is not None:
            with suppress(OSError):
                os.fsync(self._events.fileno())
            self._events.close()
            self._events = None

    # reading ---------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: Path | str) -> Run | Problem:
        """A run to read; Problem where the folder is none or its document or settings are not valid."""
        folder = Path(folder)
        if not (folder / DOCUMENT).is_file() or not (folder / EVENTS).is_file():
            return Problem(
                "not-a-run",
                f"A run is a folder with {DOCUMENT} and {EVENTS}",
                f"'{folder}' has not both",
                "Choose the folder of a run; `runs` lists them",
            )
        document = load(folder / DOCUMENT)
        if isinstance(document, list):
            return document[0]
        settings = _read_settings(folder / SETTINGS)
        return settings if isinstance(settings, Problem) else cls(folder, document, settings)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def log_file(self) -> Path:
        """Where tracebacks of this run go."""
        return self.folder / LOG

    def events(self) -> Iterator[Durable]:
        """The recorded events; a line that is cut off or is no event is passed over."""
        with suppress(FileNotFoundError), (self.folder / EVENTS).open("rb") as file:
            while line := file.readline(_MAX_LINE):
                event = _read_line(line)
                if event is not None:
                    yield event

    def weights_file(self, which: str = "best") -> Path | None:
        """The file of ``best`` or ``last``; None where it was not written."""
        file = self.folder / f"{which}.safetensors"
        return file if which in WHICH and file.is_file() else None

    def weights(self, which: str = "best") -> dict[str, Tensor] | Problem:
        """The weights, on the CPU; ``runtime.weights.load_into`` checks them against the network."""
        file = self.weights_file(which)
        if file is None:
            return Problem(
                "no-weights",
                "A run has weights once its first epoch is over",
                f"'{self.name}' has no {which} weights",
                "Train it, or choose other weights",
            )
        return read_weights(file)

    def environment(self) -> dict[str, Any]:
        """What ``describe`` wrote; empty where that cannot be read."""
        try:
            found = json.loads((self.folder / ENVIRONMENT).read_bytes()[:_MAX_SETTINGS])
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def summary(self) -> Summary:
        """The run in one line, read from the beginning and the end of its events."""
        started: Started | None = None
        epoch: Epoch | None = None
        best: Epoch | None = None
        finished: Finished | None = None
        events = list(_ends(self.folder / EVENTS))
        if not any(isinstance(event, Finished) for event in events):
            events = list(self.events())
        for event in events:
            if isinstance(event, Started):
                started = event
            elif isinstance(event, Epoch):
                epoch, best = event, event if event.best else best
            elif isinstance(event, Finished):
                finished = event
        return Summary(
            name=self.name,
            folder=self.folder,
            network=self.document.name,
            data=str(self.document.data.get("source", "")),
            state=finished.reason if finished else "unfinished",
            epochs=epoch.epoch if epoch else 0,
            parameters=started.parameters if started else None,
            best_epoch=finished.best_epoch if finished else best.epoch if best else None,
            validation_accuracy=(
                finished.best_validation_accuracy if finished else best.validation_accuracy if best else None
            ),
            test_accuracy=finished.test_accuracy if finished else None,
            seconds=finished.seconds if finished else None,
            metric=started.metric if started else "accuracy",
        )


def list_runs(folder: Path | str, unreadable: list[tuple[Path, Problem]] | None = None) -> list[Run]:
    """The readable runs in a folder, newest first; the others go into ``unreadable``, with what is wrong."""
    try:
        inside = [entry for entry in Path(folder).iterdir() if (entry / EVENTS).is_file()]
        inside.sort(key=lambda entry: ((entry / EVENTS).stat().st_mtime_ns, entry.name), reverse=True)
    except OSError:
        return []
    found = []
    for entry in inside:
        run = Run.open(entry)
        if isinstance(run, Run):
            found.append(run)
        elif unreadable is not None:
            unreadable.append((entry, run))
    return found


def _new_folder(parent: Path, stem: str, *, numbered: bool) -> Path | None:
    number = 1
    while True:
        folder = parent / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            if not numbered:
                return folder if folder.is_dir() and not any(folder.iterdir()) else None
            number += 1
        else:
            return folder


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "network"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _write_json(path: Path, data: dict[str, Any]) -> None:
    replace_file(path, (json.dumps(data, indent=1, allow_nan=False) + "\n").encode())


def _read_settings(path: Path) -> Settings | Problem:
    try:
        with path.open("rb") as file:
            data = json.loads(file.read(_MAX_SETTINGS))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no JSON"
        return Problem(
            "not-a-run", f"A run has its settings in {SETTINGS}", f"'{path}': {reason}", "Choose another run"
        )
    settings = Settings.read(data)
    return settings[0] if isinstance(settings, list) else settings


def _read_line(line: bytes) -> Durable | None:
    try:
        data = json.loads(line, parse_constant=_no_number)
        if not isinstance(data, dict):
            raise ValueError("no object")
        return from_json(data)
    except (ValueError, RecursionError) as error:
        if line.endswith(b"\n"):  # else the writer was cut off, or is at it just now
            log.warning("passed over a line that is no event: %s", error)
        return None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _ends(path: Path) -> Iterator[Durable]:
    """The first event, and those in the last stretch of the file."""
    try:
        with path.open("rb") as file:
            lines = [file.readline(_MAX_LINE)]
            begin = file.tell()
            end = file.seek(0, os.SEEK_END)
            file.seek(max(begin, end - _TAIL))
            if file.tell() > begin:
                file.readline(_MAX_LINE)
            lines += file.read(_TAIL).splitlines(keepends=True)
    except OSError:
        return
    for line in lines:
        event = _read_line(line) if line else None
        if event is not None:
            yield event


def _cannot_write(folder: Path, error: OSError) -> Problem:
    return Problem(
        "run-not-writable",
        "A run is recorded in a folder that can be written to",
        f"'{folder.absolute()}': {error.strerror or error}",
        "Choose another folder, or make room",
    )
