"""Run folders: what was trained, how, what happened, and the weights; written as it happens, read with suspicion.

A run is a folder with ``document.convolab``, ``settings.json``, ``environment.json``, ``events.jsonl`` (one
durable event a line), ``best.safetensors``, ``last.safetensors`` and ``checkpoint.safetensors``, from which it can go
on. While it is written ``running.lock`` is locked. Importing this imports no torch.
"""

from __future__ import annotations

import json
import logging
import platform
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from builder.claims import Claim, Holder, holder
from builder.document import Document
from builder.errors import ConvolabError, Problem, Severity
from builder.reading import load
from builder.writing import replace_file, save
from runtime.training.events import Durable
from runtime.training.records.journal import EVENTS, RUNNING, Journal, read_events
from runtime.training.records.summaries import Summary, summarise
from runtime.training.settings import Settings
from runtime.weights import read_weights, write_weights

if TYPE_CHECKING:
    from torch import Tensor

    from runtime.training.records.checkpoints import Kept

log = logging.getLogger(__name__)

DOCUMENT = "document.convolab"
SETTINGS = "settings.json"
ENVIRONMENT = "environment.json"
LOG = "training.log"
#: The weights that a run keeps.
WHICH = ("best", "last")

#: A settings file is a few hundred bytes; more is no run of ours.
_MAX_SETTINGS = 2**16


def default_folder() -> Path:
    """Where the window keeps runs; the command line keeps them in ``runs`` of the working folder."""
    return Path(platformdirs.user_data_dir("convolab", appauthor=False)) / "runs"


class Run:
    """One run folder; made by ``create`` to be written, or by ``open`` to be read."""

    def __init__(self, folder: Path, document: Document, settings: Settings) -> None:
        self.folder = folder
        self.document = document
        self.settings = settings
        #: Whether it goes on with what it was, and from where: None is the beginning.
        self.resumes = False
        self.kept: Kept | None = None
        self._journal: Journal | None = None
        self._claim = Claim(folder, RUNNING)

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
        except OSError as error:
            return _cannot_write(self.folder, error)
        return self._write_on()

    @classmethod
    def reopen(cls, folder: Path | str) -> Run | Problem:
        """A run to be written on; ``runtime.training.resuming`` says where it goes on."""
        run = cls.open(folder)
        return run if isinstance(run, Problem) else run._write_on() or run

    def _write_on(self) -> Problem | None:
        """Be the one who writes."""
        self._claim.note(Path(EVENTS))
        if not self._claim.is_held and holder(self.folder, RUNNING) is Holder.ALIVE:
            return Problem(
                "run-in-use",
                "A run is written by one program at a time",
                f"another one is training in '{self.folder}'",
                "Wait until it ends, or stop it",
            )
        try:
            self._journal = Journal(self.folder / EVENTS)
        except OSError as error:
            self._claim.release()
            return _cannot_write(self.folder, error)
        return None

    def change_settings(self, settings: Settings) -> None:
        """Let the rest of the run go by other settings; ``write_settings`` writes them."""
        self.settings = settings
        self.document.put_settings("training", settings.to_json())

    def write_settings(self) -> Problem | None:
        """Write the settings that the rest of the run goes by."""
        try:
            _write_json(self.folder / SETTINGS, self.settings.to_json())
        except OSError as error:
            return _cannot_write(self.folder, error)
        return save(self.document, self.folder / DOCUMENT)

    def rewind(self, position: int) -> Problem | None:
        """Forget the events after ``position`` bytes."""
        assert self._journal is not None
        try:
            self._journal.rewind(position)
        except OSError as error:
            return _cannot_write(self.folder, error)
        return None

    def position(self) -> int | None:
        """Bytes of events so far; None while some could not be written."""
        return None if self._journal is None else self._journal.position

    def sync(self) -> None:
        """Make the events so far outlast a power cut."""
        if self._journal is not None:
            self._journal.sync()

    def describe(self, **facts: Any) -> None:
        """Write what the run ran on: versions and machine kind, with ``facts``; no names of people or places."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        known = {
            "started": self.environment().get("started", now),
            **({"resumed": now} if self.resumes else {}),
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
        if self._journal is None:
            raise ConvolabError("this run was opened to be read")
        try:
            self._journal.append(event)
        except OSError as error:
            problem = _cannot_write(self.folder, error)
            return replace(
                problem,
                severity=Severity.WARNING,
                way_out="Training goes on and recording is tried again; make room, or stop and choose another folder",
            )
        return None

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
        if problem is None:
            return name
        way_out = "Training goes on, and it is tried again; make room meanwhile"
        return replace(problem, severity=Severity.WARNING, way_out=way_out)

    def close(self) -> None:
        """Close the events file; the run can still be read."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        self._claim.release()

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
        return read_events(self.folder / EVENTS)

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
        return summarise(self.folder, self.document)


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


def _cannot_write(folder: Path, error: OSError) -> Problem:
    return Problem(
        "run-not-writable",
        "A run is recorded in a folder that can be written to",
        f"'{folder.absolute()}': {error.strerror or error}",
        "Choose another folder, or make room",
    )
