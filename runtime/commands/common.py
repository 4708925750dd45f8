"""What the commands share: what FILE and RUN_OR_FILE mean, and how problems are told."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.architectures import ARCHITECTURES, open_document
from builder.console import complain as complain  # noqa: PLC0414  every command says its lines by these
from builder.console import say as say  # noqa: PLC0414
from builder.document import Document
from builder.errors import Problem, Severity
from runtime.training.records.journal import EVENTS
from runtime.training.records.runs import DOCUMENT, SETTINGS, WHICH, Run
from runtime.training.settings import DECLARATIONS, Settings, read_assignment

if TYPE_CHECKING:
    from torch import nn

    from runtime.data import Data

OK, FAILED, MISUSE = 0, 1, 2

#: The data of a document that names none.
STOCK_DATA = "digits"


def say_json(data: dict[str, Any]) -> None:
    """The one object that ``--json`` prints."""
    say(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False))


def failed(problems: Problem | Iterable[Problem]) -> int:
    """Tell each problem in a line; the exit code."""
    for problem in [problems] if isinstance(problems, Problem) else problems:
        where = f"{problem.path}: " if problem.path not in ("", "$") else ""
        complain(f"{problem.severity}: {where}{problem.message}".replace("\n", " "))
    return FAILED


def not_yet(what: str) -> int:
    """Say that something of the contract is still to come; the exit code."""
    complain(f"{what} is not there yet")
    return MISUSE


def misuse(text: str) -> int:
    """Say how the command is wanted; the exit code."""
    complain(text)
    return MISUSE


@dataclass(slots=True)
class Subject:
    """What a command is about: a document, and the run it was trained in, if any."""

    document: Document
    run: Run | None = None

    @property
    def data_source(self) -> str:
        """The data that the document names."""
        return str(self.document.data.get("source") or STOCK_DATA)


def open_subject(text: str) -> Subject | list[Problem]:
    """RUN_OR_FILE: a run's folder, a document, or the name of a built-in architecture."""
    folder = Path(text)
    if (folder / EVENTS).is_file() or (folder.is_dir() and text not in ARCHITECTURES):
        run = open_run(folder)
        return [run] if isinstance(run, Problem) else Subject(run.document, run)
    document = open_document(text)
    if isinstance(document, list):
        return [_nothing_called(text) if problem.code == "no-such-file" else problem for problem in document]
    return Subject(document)


def open_run(folder: Path) -> Run | Problem:
    """A run to read; what is wrong with one names the file that it is wrong in."""
    found = Run.open(folder)
    if isinstance(found, Run) or found.code == "not-a-run":
        return found
    file = folder / (SETTINGS if found.code == "setting" else DOCUMENT)
    inside = f": {found.path}" if found.path not in ("", "$") else ""
    return replace(found, path=f"{file}{inside}")


def _nothing_called(text: str) -> Problem:
    """What is said where there is neither file nor folder nor architecture of this name."""
    alike = get_close_matches(text, ARCHITECTURES, 3)
    meant = f"Did you mean {' or '.join(alike)}? " if alike else ""
    return Problem(
        "no-such-file",
        "What is named is the folder of a run, a document, or a built-in architecture",
        f"'{text}' is none of these, seen from {Path.cwd()}",
        f"{meant}`runs` lists runs, `architectures` what is built in",
    )


def load_data_for(subject: Subject, source: str | None) -> Data | list[Problem]:
    """The data named by the command or else by the document, for the document's input."""
    from runtime.data import load_data
    from runtime.training.loop import input_shape, mask_size

    shape = input_shape(subject.document)
    if isinstance(shape, Problem):
        from builder.analysis import analyze

        return [p for p in analyze(subject.document).problems if p.is_error] or [shape]
    size = mask_size(subject.document)
    wanted = subject.data_source if source is None else source
    data = load_data(wanted, shape, mask_size=size)
    return [_looked_for(wanted, data)] if isinstance(data, Problem) else data


def _looked_for(source: str, problem: Problem) -> Problem:
    """What is wrong with data, with the folder that a path which is not there was looked for in."""
    path = Path(source).expanduser()
    if problem.code != "data-source" or not source.strip() or path.is_absolute() or os.path.exists(path):  # noqa: PTH110 -- Path.exists raises for odd names
        return problem
    return replace(problem, values=f"{problem.values}, looked for in {Path.cwd()}")


@dataclass(frozen=True, slots=True)
class Built:
    """A network, the file its weights are from, and whether they were matched by name or by order.

    Freshly drawn weights are from no file.
    """

    model: nn.Module
    file: str | None = None
    matched: str | None = None


def build_with_weights(
    subject: Subject, weights: str | None, *, alone: bool = False
) -> Built | list[Problem]:
    """The network with the weights asked for: those of a file, or ``best`` or ``last`` of a run.

    A run's best weights where nothing is said; freshly drawn ones for a document. A match by order is told. With
    ``alone`` it is to be shown single pictures, which not every network can make something of.
    """
    from builder.analysis import analyze
    from runtime.compile import build
    from runtime.training.randomness import seed_of, seeded
    from runtime.weights import load_file

    fatal = [
        problem
        for problem in analyze(subject.document).problems
        if problem.is_error or (alone and problem.code == "batch-norm-alone")
    ]
    if fatal:
        return [replace(problem, severity=Severity.ERROR) for problem in fatal]
    with seeded(seed_of(0, "initial weights")):
        model = build(subject.document)
    file = Path(weights) if weights else None
    if subject.run is not None and (weights is None or weights in WHICH):
        file = subject.run.weights_file(weights or "best")
        if file is None:
            missing = subject.run.weights(weights or "best")
            assert isinstance(missing, Problem)
            return [missing]
    if file is None:
        return Built(model)
    match = load_file(model, file)
    if isinstance(match, Problem):
        return [match]
    if match.told:
        complain(f"weights {file}: {match.told}")
    return Built(model, str(file), match.by)


def setting(name: str) -> Callable[[str], Any]:
    """An argparse type for the declared setting ``name``."""

    def parse(text: str) -> Any:
        found = read_assignment(f"{name}={text}")
        if isinstance(found, Problem):
            raise argparse.ArgumentTypeError(found.message)
        return found[1]

    parse.__name__ = DECLARATIONS[name].label.lower()
    return parse


def add_changes(parser: argparse.ArgumentParser, told: str) -> None:
    """``--set KEY=VALUE``, any number of times, into ``changes``."""
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        type=assignment,
        action="append",
        default=[],
        dest="changes",
        help=told,
    )


def changes_of(arguments: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """What ``--set`` and the options of these names give; an option counts more."""
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    return {**dict(arguments.changes), **given}


def assignment(text: str) -> tuple[str, Any]:
    """An argparse type for KEY=VALUE."""
    found = read_assignment(text)
    if isinstance(found, Problem):
        raise argparse.ArgumentTypeError(found.message)
    return found


def settings_for(subject: Subject, changes: dict[str, Any]) -> Settings | list[Problem]:
    """The document's settings (or those of its run) with what the command line says."""
    own = subject.run.settings if subject.run is not None else Settings.read(subject.document.training)
    return own if isinstance(own, list) else own.replace(**changes)
