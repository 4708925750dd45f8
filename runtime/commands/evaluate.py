"""``evaluate``: how good trained weights are on the test split: the score, and the figures of each class or value."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
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
    not_yet,
    open_subject,
    say,
    say_json,
    setting,
)
from runtime.commands.recalibrating import Recalibrated, recalibrated
from runtime.training.metrics import format_metric

if TYPE_CHECKING:
    from runtime.training.tasks import Evaluation

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
    parser.add_argument("--tta", action="store_true", help="average over views of each picture")
    parser.add_argument(
        "--recalibrate", action="store_true", help="compute batch norm's running averages anew, and compare"
    )
    parser.add_argument("--save", metavar="FILE", help="write the recalibrated weights (.safetensors)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Test."""
    if arguments.tta:
        return not_yet("--tta")
    subject = open_subject(arguments.subject)
    if isinstance(subject, list):
        return failed(subject)
    if subject.run is None and arguments.weights is None:
        return misuse("evaluate needs trained weights: name a run's folder, or a document and --weights FILE")
    if arguments.save is not None and not arguments.recalibrate:
        return misuse("--save writes what --recalibrate made: give both")
    from runtime.training.evaluation import evaluate
    from runtime.training.loop import check
    from runtime.training.tasks import task_of
    from runtime.training.trouble import resolve_device

    data = load_data_for(subject, arguments.data)
    if isinstance(data, list):
        return failed(data)
    if problems := check(subject.document, None, data):
        return failed(problems)
    built = build_with_weights(subject, arguments.weights)
    if isinstance(built, list):
        return failed(built)
    device = resolve_device(arguments.device)
    if isinstance(device, Problem):
        return failed(device)
    recorded = subject.run.environment().get("task") if subject.run is not None else None
    task = task_of(subject.document, data, recorded=recorded)
    model, data = built.model.to(device), data.to(device)
    again = None
    if arguments.recalibrate:
        made = recalibrated(subject, model, data, device, task, arguments.save)
        if isinstance(made, Problem):
            return failed(made)
        again = made
    found = evaluate(model, data, "test", device, task)
    assert found is not None
    if not math.isfinite(found.loss):
        return failed(
            Problem(
                "not-finite",
                "A network must answer with finite numbers",
                f"with {built.file} its loss on the test split is {found.loss}",
                "Choose other weights, or train again with a lower learning rate",
            )
        )
    names = data.targets if data.task == "regression" else data.classes
    if arguments.json:
        about = {"network": subject.document.name, "data": data.title}
        result = {"weights": built.file, "matched": built.matched, **found.to_json(names)}
        say_json({**about, **result, **({"recalibration": again.to_json()} if again else {})})
    else:
        _tell(subject, data.title, built, found, names, again)
    return OK


def _tell(
    subject: Subject,
    data: str,
    built: Built,
    found: Evaluation,
    names: Sequence[str],
    again: Recalibrated | None,
) -> None:
    """The result in lines."""
    on = f"the test split of {data} ({count(found.samples, 'sample')})"
    say(f"{subject.document.name} on {on}, weights {built.file}")
    if again is not None:
        again.tell()
    figures = (f"{name} {format_metric(name, value)}" for name, value in found.metrics.items())
    say("  ".join([f"loss {found.loss:.4f}", *figures]))
    _table(found.rows(names))
    _confusion(found.to_json(names))


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
