"""``predict``: what a trained network takes pictures for."""

from __future__ import annotations

import argparse
from typing import Any

from builder.analysis import analyze
from builder.errors import Problem
from runtime.commands.answers import Answer, answers, check_scores
from runtime.commands.common import (
    OK,
    build_with_weights,
    failed,
    misuse,
    open_subject,
    say,
    say_json,
)
from runtime.commands.preparing import add_wishes, preparation_for, wishes_in
from runtime.commands.shown import Pictures, Shown


def add_parser(subparsers: Any) -> None:
    """Declare ``predict``."""
    parser = subparsers.add_parser("predict", help="say what pictures are of", description=__doc__)
    parser.add_argument("subject", metavar="RUN_OR_FILE", help="a run's folder, or a document with --weights")
    parser.add_argument("--weights", metavar="W", help="a file, or best or last of the run (stock: best)")
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        help="a picture, or SOURCE:N for sample N of a source (digits:17)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_wishes(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer for each picture; one that cannot be used is told, and the others are answered all the same."""
    subject = open_subject(arguments.subject)
    if isinstance(subject, list):
        return failed(subject)
    if subject.run is None and arguments.weights is None:
        return misuse("predict needs trained weights: name a run's folder, or a document and --weights FILE")
    built = build_with_weights(subject, arguments.weights, alone=True)
    if isinstance(built, list):
        return failed(built)
    if problem := check_scores(analyze(subject.document).output_shapes[0]):
        return failed(problem)
    preparation = preparation_for(subject, wishes_in(arguments))
    if isinstance(preparation, list):
        return failed(preparation)
    pictures = Pictures(preparation)
    code, entries = OK, []
    for image in arguments.images:
        shown = pictures.show(image)
        top = (
            shown
            if isinstance(shown, Problem)
            else answers(subject.document, built.model, shown.x, preparation.classes)
        )
        if isinstance(top, Problem):
            code = failed(top.at(image))
            entries.append({"image": image, "problem": top.to_json()})
            continue
        assert isinstance(shown, Shown)
        entries.append(_entry(image, shown.label, top))
        if not arguments.json:
            _tell(image, shown.label, top)
    if arguments.json:
        about = {"network": subject.document.name, "weights": built.file, "matched": built.matched}
        say_json({**about, "pictures": entries})
    return code


def _entry(image: str, label: str | None, top: list[Answer]) -> dict[str, Any]:
    """A picture in ``--json``; ``label`` is there for samples of a source."""
    known = {} if label is None else {"label": label}
    return {"image": image, **known, "top": [answer.to_json() for answer in top]}


def _tell(image: str, label: str | None, top: list[Answer]) -> None:
    say(image if label is None else f"{image} (it is {label})")
    for answer in top:
        say(f"  {answer.probability:7.2%}  {answer.name}")
