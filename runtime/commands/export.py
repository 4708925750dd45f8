"""``export``: a network taken away as a Python program, as weights, as ONNX or as a drawing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.errors import Problem
from runtime.commands import drawing
from runtime.commands.common import (
    OK,
    Subject,
    build_with_weights,
    complain,
    failed,
    load_data_for,
    misuse,
    not_yet,
    open_subject,
    say,
)

if TYPE_CHECKING:
    from runtime.data.preparation import Preparation

#: Of the contract, still to come.
_LATER = ("pt2", "report")


def add_parser(subparsers: Any) -> None:
    """Declare ``export``."""
    parser = subparsers.add_parser("export", help="take a network away", description=__doc__)
    parser.add_argument(
        "subject", metavar="RUN_OR_FILE", help="a run's folder, a document or an architecture's name"
    )
    parser.add_argument(
        "--format",
        required=True,
        choices=["python", "state-dict", "onnx", *drawing.FORMATS, *_LATER],
        help="what to write",
    )
    parser.add_argument("--weights", metavar="W", help="a file, or best or last of the run (stock: best)")
    parser.add_argument("-o", "--output", metavar="OUT", required=True, type=Path, help="the file to write")
    drawing.add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write."""
    if arguments.format in _LATER:
        return not_yet(f"the format {arguments.format}")
    if wrong := drawing.misused(arguments):
        return misuse(wrong)
    subject = open_subject(arguments.subject)
    if isinstance(subject, list):
        return failed(subject)
    if arguments.format in drawing.FORMATS:
        written = drawing.export_drawing(subject.document, arguments, getattr(arguments, "paint", None))
    else:
        written = export(subject, arguments.format, arguments.output, arguments.weights)
    if isinstance(written, Problem):
        return failed(written)
    for path in written:
        say(str(path))
    return OK


def export(subject: Subject, format: str, out: Path, weights: str | None = None) -> Problem | list[Path]:
    """Write ``subject`` with the weights asked for; the files."""
    from runtime.exporting import export_onnx, export_python, export_state_dict

    built = build_with_weights(subject, weights)
    if isinstance(built, list):
        return built[0]
    model, file = built
    if file is None:
        complain("no weights were trained for this: they are freshly drawn")
    if format == "state-dict":
        return export_state_dict(subject.document, model, out)
    if format == "onnx":
        return export_onnx(subject.document, model, out)
    preparation = preparation_for(subject)
    return (
        preparation
        if isinstance(preparation, Problem)
        else export_python(subject.document, model, preparation, out)
    )


def preparation_for(subject: Subject) -> Preparation | Problem:
    """How pictures are prepared: as the run recorded it, else as the document's data says."""
    from runtime.data.preparation import Preparation

    if subject.run is not None:
        recorded = Preparation.read(subject.run.environment().get("preparation"))
        if recorded is not None:
            return recorded
    data = load_data_for(subject, None)
    return data[0] if isinstance(data, list) else Preparation.of(data)
