"""``evaluate``: how good trained weights are on the test split: accuracy, confusion matrix, figures of each class."""

from __future__ import annotations

import argparse
import math
from typing import Any

from builder.errors import Problem
from runtime.commands.common import (
    OK,
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
    from runtime.training.evaluation import evaluate
    from runtime.training.loop import check
    from runtime.training.objective import objective_of
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
    found = evaluate(built.model.to(device), data.to(device), "test", device, objective_of(subject.document))
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
    result = found.to_json(data.classes)
    if arguments.json:
        about = {"network": subject.document.name, "data": data.title}
        say_json({**about, "weights": built.file, "matched": built.matched, **result})
    else:
        on = f"the test split of {data.title} ({found.samples:,} pictures)"
        say(f"{subject.document.name} on {on}, weights {built.file}")
        say(f"loss {found.loss:.4f}  accuracy {found.accuracy:.2%}")
        _tables(result)
    return OK


def _tables(result: dict[str, Any]) -> None:
    rows = result["per_class"]
    names = [str(row["class"]) for row in rows]
    width = max(5, *(len(name) for name in names))
    say(f"\n{'class':>{width}}  precision  recall     F1  pictures")
    for name, row in zip(names, rows, strict=True):
        say(
            f"{name:>{width}}  {row['precision']:9.2%} {row['recall']:7.2%} {row['f1']:6.3f}  {row['samples']:8,}"
        )
    cell = max(4, *(len(str(count)) for line in result["confusion"] for count in line)) + 1
    say("\nconfusion (rows: the class, columns: what it was taken for)")
    say(" " * width + "".join(f"{_short(name, cell - 1):>{cell}}" for name in names))
    for name, line in zip(names, result["confusion"], strict=True):
        say(f"{name:>{width}}" + "".join(f"{count or '·':>{cell}}" for count in line))


def _short(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"
