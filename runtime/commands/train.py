"""``train``: a network learns, with a progress bar on a terminal and a line for each epoch elsewhere."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from builder.comparing import compare_networks
from builder.errors import Problem
from runtime.commands.common import (
    FAILED,
    OK,
    Subject,
    add_changes,
    changes_of,
    complain,
    failed,
    load_data_for,
    misuse,
    not_yet,
    open_run,
    open_subject,
    say,
    setting,
    settings_for,
)
from runtime.commands.fetching import have
from runtime.machine import usable_cores
from runtime.training.control import Control
from runtime.training.events import Epoch, Event, Finished, Started, Steps, Trouble
from runtime.training.metrics import format_metric
from runtime.training.records.journal import EVENTS
from runtime.training.records.lasting import lasting
from runtime.training.records.runs import Run
from runtime.training.settings import DECLARATIONS
from runtime.training.settings.contradictions import contradictions

if TYPE_CHECKING:
    from runtime.data import Data

#: Where the command line keeps runs.
RUNS = "runs"
#: Settings with an option of their own.
_OPTIONS = ("epochs", "batch", "device", "precision", "seed")


def add_parser(subparsers: Any) -> None:
    """Declare ``train``."""
    parser = subparsers.add_parser("train", help="train a network", description=__doc__)
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="a document, or the name of a built-in architecture"
    )
    parser.add_argument(
        "--data", metavar="SRC", help="a known name or a path (stock: the document's, else digits)"
    )
    for name in _OPTIONS:
        declaration = DECLARATIONS[name]
        parser.add_argument(f"--{name}", type=setting(name), metavar=name[0].upper(), help=declaration.help)
    parser.add_argument(
        "--run", metavar="DIR", help=f"the run's folder (stock: a new one in {RUNS})", dest="run_dir"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in --run, if there is one")
    add_changes(parser, f"any training setting: {', '.join(DECLARATIONS)}")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train; 0 also after Ctrl+C, which stops cleanly."""
    if int(os.environ.get("WORLD_SIZE", "1") or 1) > 1:
        return not_yet("training under torchrun")
    changes = changes_of(arguments, _OPTIONS)
    if arguments.resume and arguments.run_dir is None:
        return misuse("--resume wants the run's folder: --run DIR")
    if arguments.run_dir is not None and not arguments.run_dir.strip():
        return misuse(f"--run wants the name of a folder, not '{arguments.run_dir}'")
    if arguments.run_dir is not None and Path(arguments.run_dir).is_file():
        return failed(
            Problem(
                "run-exists", "A run is a folder", f"'{arguments.run_dir}' is a file", "Name another folder"
            )
        )
    if arguments.resume and (arguments.file is None or (Path(arguments.run_dir) / EVENTS).is_file()):
        return go_on(Path(arguments.run_dir), changes, arguments.data, arguments.file)
    if arguments.file is None:
        return misuse("train wants FILE, a document or the name of a built-in architecture")
    subject = open_subject(arguments.file)
    if isinstance(subject, list):
        return failed(subject)
    parent, name = Path(RUNS), ""
    if arguments.run_dir is not None:
        folder = Path(arguments.run_dir)
        if folder.name in ("", ".."):
            folder = folder.resolve()
        if not folder.name:
            return misuse(f"--run wants the name of a folder, not '{arguments.run_dir}'")
        parent, name = folder.parent, folder.name
    trained = train_and_tell(subject, changes, arguments.data, parent, name)
    return OK if isinstance(trained, Run) else FAILED


def go_on(folder: Path, changes: dict[str, Any], source: str | None, file: str | None = None) -> int:
    """Go on with a run, on its own network and with its own settings, but for the number of epochs.

    Where ``file`` is given it must be that network.
    """
    from runtime.training.resuming import resume

    found = open_run(folder)
    if isinstance(found, Problem):
        return failed(found)
    if file is not None:
        given = open_subject(file)
        if isinstance(given, list):
            return failed(given)
        if rows := compare_networks([found.document, given.document]):
            return misuse(
                f"a run goes on with its own network: '{folder}' trains {found.document.name}, '{file}' differs in "
                f"{_first(row.label for row in rows)}. Leave FILE out, or name another folder with --run"
            )
    others = found.settings.replace(**{**changes, "epochs": found.settings.epochs})
    if differing := [name for name, value in others.values.items() if value != found.settings.values[name]]:
        return misuse(f"a run goes on with its own settings, so {', '.join(differing)} cannot be changed")
    opened = resume(folder, changes.get("epochs"))
    if isinstance(opened, Problem):
        if opened.code != "run-complete":
            return failed(opened)
        say(opened.message)
        return OK
    data = load_data_for(Subject(opened.document, opened), source)
    if isinstance(data, list):
        opened.close()
        return failed(data)
    return OK if _train_into(opened, data) else FAILED


def _first(names: Iterable[str], most: int = 3) -> str:
    """The first few of several names, and how many more there are."""
    there = list(names)
    more = f" and {len(there) - most:,} more" if len(there) > most else ""
    return ", ".join(there[:most]) + more


def train_and_tell(
    subject: Subject, changes: dict[str, Any], source: str | None, parent: Path, name: str = ""
) -> Run | None:
    """Train into a new run folder, telling the progress; the run unless it failed, which is told too."""
    from runtime.training.loop import check

    settings = settings_for(subject, changes)
    if isinstance(settings, list):
        failed(settings)
        return None
    missing = have(subject.data_source if source is None else source)
    data = [missing] if missing is not None else load_data_for(subject, source)
    if isinstance(data, list):
        failed(data)
        return None
    if problems := check(subject.document, settings, data):
        failed(problems)
        return None
    failed(contradictions(settings, usable_cores()))
    document = subject.document.copy()
    source = lasting(subject.data_source if source is None else source)
    document.put_settings("data", {**document.data, "source": source})
    document.put_settings("training", settings.to_json())
    made = Run.create(parent, document, settings, name=name or None)
    if isinstance(made, Problem):
        failed(made)
        return None
    return made if _train_into(made, data) else None


def _train_into(run: Run, data: Data) -> bool:
    """Train a run to its end, telling the progress; whether it did not fail."""
    from runtime.training.loop import train

    control = Control()
    with stopping_on_ctrl_c(control):
        finished = tell(
            train(run.document, run.settings, data, control=control, run=run),
            f"{run.document.name} on {data.title}",
        )
    say(f"run        {run.folder}")
    return finished is not None and finished.reason != "failed"


@contextmanager
def stopping_on_ctrl_c(control: Control) -> Iterator[None]:
    """Ctrl+C asks the training to stop; a second time, without the final test; a third time it interrupts.

    SIGTERM, by which systems and schedulers end what they will soon kill, does what the second time does.
    """
    asked = 0

    def ask(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if number == signal.SIGTERM:
            control.stop(at_once=True)
            return
        asked += 1
        if asked == 1:
            complain("\nstopping after this step (again: without the final test)")
        elif asked > 2:
            raise KeyboardInterrupt
        control.stop(at_once=asked > 1)

    try:
        before = [(number, signal.signal(number, ask)) for number in (signal.SIGINT, signal.SIGTERM)]
    except ValueError:  # not in the main thread: somebody else handles Ctrl+C
        yield
        return
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def tell(events: Iterator[Event], title: str) -> Finished | None:
    """Follow a training to its end on a terminal or in plain lines."""
    bar: tqdm[Any] | None = None
    finished: Finished | None = None
    started: Started | None = None
    last: Epoch | None = None
    metric, rate = "accuracy", 0.0
    try:
        for event in events:
            if isinstance(event, Started):
                started, metric = event, event.metric
                write(
                    bar, f"{title}: {event.parameters:,} parameters, {event.epochs} epochs on {event.device}"
                )
                if event.first_step:
                    write(bar, f"goes on after step {event.first_step:,}")
                if event.why:
                    write(bar, f"computing in {event.why}")
                if sys.stderr is not None and sys.stderr.isatty():
                    total = event.epochs * event.steps_per_epoch
                    bar = tqdm(
                        initial=event.first_step,
                        total=total,
                        unit="step",
                        dynamic_ncols=True,
                        file=sys.stderr,
                        leave=False,
                    )
            elif isinstance(event, Steps):
                rate = event.images_per_second
                if bar is not None:
                    bar.set_postfix_str(f"loss {event.loss[-1]:.3f}, {rate:,.0f} images/s", refresh=False)
                    bar.update(len(event.loss))
            elif isinstance(event, Epoch):
                last = event
                write(bar, epoch_line(event, started.epochs if started else event.epoch, metric, rate))
            elif isinstance(event, Trouble):
                if bar is not None:
                    bar.clear()
                failed(event.problem)
            elif isinstance(event, Finished):
                finished = event
    finally:
        if bar is not None:
            bar.close()
    if finished is not None and finished.reason != "failed":
        say(result_line(finished, metric))
        if finished.reason == "completed" and started and last and last.epoch < started.epochs:
            say(f"ended early: validation got no better after epoch {finished.best_epoch}")
    return finished


def write(bar: tqdm[Any] | None, text: str) -> None:
    """A line above the bar."""
    if bar is None:
        say(text)
    else:
        with bar.external_write_mode(file=sys.stdout):
            say(text)


def epoch_line(event: Epoch, epochs: int, metric: str = "accuracy", rate: float = 0.0) -> str:
    """An epoch in a line; ``metric`` is the name of the score, ``rate`` the images a second, where they are known."""
    speed = f"  {rate:,.0f} images/s" if rate else ""
    width = len(str(epochs))
    learnt, checked = (
        format_metric(metric, value) for value in (event.train_accuracy, event.validation_accuracy)
    )
    return (
        f"epoch {event.epoch:>{width}}/{epochs}  loss {event.train_loss:.4f}  {metric} {learnt:>7}  "
        f"validation {event.validation_loss:.4f} {checked:>7}  {event.seconds:.1f} s{speed}"
        f"{'  best' if event.best else ''}"
    )


def result_line(event: Finished, metric: str = "accuracy") -> str:
    """How a run ended, in a line; ``metric`` is the name of the score."""
    if event.best_epoch is None:
        return f"{event.reason} after {event.seconds:.1f} s, before the first epoch was over"
    test = "not tested"
    if event.test_accuracy is not None:
        test = f"test {metric} {format_metric(metric, event.test_accuracy)}"
    return f"{event.reason} after {event.seconds:.1f} s: {test} with the weights of epoch {event.best_epoch}"
