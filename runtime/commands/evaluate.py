"""``evaluate``: how good trained weights are on the test split: the score, and the figures of each class or value."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.errors import Problem
from builder.figures import count
from runtime.commands.common import (
    OK,
    Built,
    Subject,
    build_with_weights,
    failed,
    load_data_for,
    misuse,
    open_subject,
    say,
    say_json,
    setting,
    settings_for,
)
from runtime.commands.recalibrating import Recalibrated, recalibrated
from runtime.training.metrics import format_metric

if TYPE_CHECKING:
    import torch
    from torch import nn

    from runtime.data import Data
    from runtime.training.evaluating.views import Viewed
    from runtime.training.tasks import Evaluation, Task

#: Title and format of each figure that is told of a class or a value.
_COLUMNS = {
    "precision": ("precision", ".2%"),
    "recall": ("recall", ".2%"),
    "f1": ("F1", ".3f"),
    "samples": ("samples", ",d"),
    "iou": ("IoU", ".2%"),
    "dice": ("Dice", ".2%"),
    "pixels": ("pixels", ",d"),
    "r2": ("R²", ".4f"),
    "mae": ("MAE", ".4g"),
    "rmse": ("RMSE", ".4g"),
}


def add_parser(subparsers: Any) -> None:
    """Declare ``evaluate``."""
    parser = subparsers.add_parser("evaluate", help="test a trained network", description=__doc__)
    parser.add_argument("subject", metavar="RUN_OR_FILE", help="a run's folder, or a document with --weights")
    parser.add_argument("--weights", metavar="W", help="a file, or best or last of the run (stock: best)")
    parser.add_argument("--data", metavar="SRC", help="a known name or a path (stock: the document's)")
    parser.add_argument(
        "--device", metavar="D", type=setting("device"), default="auto", help="auto, cpu or cuda"
    )
    parser.add_argument(
        "--tta",
        action="store_true",
        help="average over views of each sample: as training moved, cut or mirrored it",
    )
    parser.add_argument(
        "--recalibrate", action="store_true", help="compute batch norm's running averages anew, and compare"
    )
    parser.add_argument("--save", metavar="FILE", help="write the recalibrated weights (.safetensors)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


@dataclass(frozen=True, slots=True)
class _Tested:
    """What came out, by which weights, on which data; ``again`` and ``views`` where these were asked for."""

    built: Built
    data: Data
    found: Evaluation
    again: Recalibrated | None
    views: int | None

    @property
    def names(self) -> Sequence[str]:
        """Those of the classes or values."""
        return self.data.targets if self.data.task == "regression" else self.data.classes


def run(arguments: argparse.Namespace) -> int:
    """Test."""
    subject = open_subject(arguments.subject)
    if isinstance(subject, list):
        return failed(subject)
    if subject.run is None and arguments.weights is None:
        return misuse("evaluate needs trained weights: name a run's folder, or a document and --weights FILE")
    if arguments.save is not None and not arguments.recalibrate:
        return misuse("--save writes what --recalibrate made: give both")
    tested = _test(subject, arguments)
    if isinstance(tested, list):
        return failed(tested)
    if arguments.json:
        about = {"network": subject.document.name, "data": tested.data.title}
        result = {"weights": tested.built.file, "matched": tested.built.matched}
        views = {} if tested.views is None else {"tta": tested.views}
        again = {} if tested.again is None else {"recalibration": tested.again.to_json()}
        say_json({**about, **result, **tested.found.to_json(tested.names), **views, **again})
    else:
        _tell(subject, tested)
    return OK


def _test(subject: Subject, arguments: argparse.Namespace) -> _Tested | list[Problem]:
    """Load, recalibrate where that is asked for, and run the test split through the network."""
    from runtime.training.evaluating.evaluation import evaluate
    from runtime.training.evaluating.naming import as_called_before
    from runtime.training.loop import check
    from runtime.training.resuming import as_before
    from runtime.training.tasks import task_of
    from runtime.training.trouble import resolve_device

    data = load_data_for(subject, arguments.data)
    if isinstance(data, list):
        return data
    if problems := check(subject.document, None, data):
        return problems
    built = build_with_weights(subject, arguments.weights)
    if isinstance(built, list):
        return built
    device = resolve_device(arguments.device)
    if isinstance(device, Problem):
        return [device]
    if subject.run is not None:
        named = as_called_before(data, subject.run)
        if isinstance(named, Problem):
            return [named]
        data, remark = named
        if remark is not None:
            failed(remark)
    recorded = subject.run.environment().get("task") if subject.run is not None else None
    task = task_of(subject.document, data, recorded=recorded)
    if subject.run is not None and arguments.data is None:
        data = as_before(data, subject.run)
    model, data = built.model.to(device), data.to(device)
    viewed = _viewed(subject, model, data, device, task) if arguments.tta else None
    if isinstance(viewed, Problem):
        return [viewed]
    again = None
    if arguments.recalibrate:
        made = recalibrated(subject, model, data, device, task, arguments.save)
        if isinstance(made, Problem):
            return [made]
        again = made
    found = evaluate(model if viewed is None else viewed, data, "test", device, task)
    assert found is not None
    if not math.isfinite(found.loss):
        return [_not_finite(built, found)]
    return _Tested(built, data, found, again, None if viewed is None else viewed.count)


def _not_finite(built: Built, found: Evaluation) -> Problem:
    return Problem(
        "not-finite",
        "A network must answer with finite numbers",
        f"with {built.file} its loss on the test split is {found.loss}",
        "Choose other weights, or train again with a lower learning rate",
    )


def _viewed(
    subject: Subject, model: nn.Module, data: Data, device: torch.device, task: Task
) -> Viewed | Problem:
    """The network that answers by several views, as the run's settings, or the document's, would train it."""
    from runtime.training.evaluating.views import Viewed

    settings = settings_for(subject, {})
    return settings[0] if isinstance(settings, list) else Viewed.of(model, data, settings, device, task)


def _tell(subject: Subject, tested: _Tested) -> None:
    """The result in lines."""
    found = tested.found
    on = f"the test split of {tested.data.title} ({count(found.samples, 'sample')})"
    say(f"{subject.document.name} on {on}, weights {tested.built.file}")
    if tested.again is not None:
        tested.again.tell()
    if tested.views is not None:
        say(f"averaged over {count(tested.views, 'view')} of each sample")
    figures = (f"{name} {format_metric(name, value)}" for name, value in found.metrics.items())
    say("  ".join([f"loss {found.loss:.4f}", *figures]))
    _table(found.rows(tested.names))
    _confusion(found.to_json(tested.names))


def _table(rows: list[dict[str, Any]]) -> None:
    """A line for each class or value: its name, then its figures in columns."""
    (what, *columns) = rows[0]
    width = max(len(what), *(len(str(row[what])) for row in rows))
    written = [[_figure(name, row[name]) for name in columns] for row in rows]
    titles = [_COLUMNS[name][0] for name in columns]
    widths = [max(map(len, column)) for column in zip(titles, *written, strict=True)]
    for name, cells in zip([what, *(row[what] for row in rows)], [titles, *written], strict=True):
        lead = "\n" if cells is titles else ""
        say(
            f"{lead}{name:>{width}}"
            + "".join(f"  {cell:>{size}}" for cell, size in zip(cells, widths, strict=True))
        )


def _figure(column: str, value: float | None) -> str:
    return "–" if value is None else format(value, _COLUMNS[column][1])


def _confusion(result: dict[str, Any]) -> None:
    """Who is taken for whom, where there are classes."""
    if "confusion" not in result:
        return
    names = result["classes"]
    width = max(5, *map(len, names))
    cell = max(4, *(len(str(number)) for line in result["confusion"] for number in line)) + 1
    say("\nconfusion (rows: the class, columns: what it was taken for)")
    say(" " * width + "".join(f"{_short(name, cell - 1):>{cell}}" for name in names))
    for name, line in zip(names, result["confusion"], strict=True):
        say(f"{name:>{width}}" + "".join(f"{number or '·':>{cell}}" for number in line))


def _short(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"
