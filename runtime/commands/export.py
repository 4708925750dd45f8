"""``export``: a network taken away as a Python program, as weights, as ONNX or as a drawing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.analysis import analyze
from builder.errors import Problem
from runtime.commands import drawing
from runtime.commands.answers import task_for
from runtime.commands.common import (
    OK,
    Subject,
    build_with_weights,
    complain,
    failed,
    misuse,
    not_yet,
    open_subject,
    say,
)
from runtime.commands.preparing import add_wishes, preparation_for, wishes_in

if TYPE_CHECKING:
    from runtime.meaning import Meaning

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
    add_wishes(parser)
    drawing.add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write."""
    if arguments.format in _LATER:
        return not_yet(f"the format {arguments.format}")
    wishes = wishes_in(arguments)
    if wishes and arguments.format != "python":
        return misuse(f"--{next(iter(wishes))} belongs to --format python: only a program prepares pictures")
    if wrong := drawing.misused(arguments):
        return misuse(wrong)
    subject = open_subject(arguments.subject)
    if isinstance(subject, list):
        return failed(subject)
    if arguments.format in drawing.FORMATS:
        written = drawing.export_drawing(subject.document, arguments, getattr(arguments, "paint", None))
    else:
        written = export(subject, arguments.format, arguments.output, arguments.weights, wishes)
    if isinstance(written, Problem):
        return failed(written)
    for path in written:
        say(str(path))
    return OK


def export(
    subject: Subject,
    format: str,
    out: Path,
    weights: str | None = None,
    wishes: dict[str, Any] | None = None,
) -> Problem | list[Path]:
    """Write ``subject`` with the weights asked for, and pictures prepared as wished; the files."""
    from runtime.exporting import export_onnx, export_python, export_state_dict, wrong_suffix

    if wrong := wrong_suffix(format, out):
        return wrong
    built = build_with_weights(subject, weights)
    if isinstance(built, list):
        return built[0]
    if built.file is None:
        complain("no weights were trained for this: they are freshly drawn")
    if format != "python":
        meaning = _meaning(subject)
        write = export_onnx if format == "onnx" else export_state_dict
        written = write(subject.document, built.model, out, meaning)
        if not isinstance(written, Problem):
            answer = analyze(subject.document).output_shapes[0]
            complain(f"{meaning.of_input()}; {meaning.of_output(answer, in_unit=format == 'onnx')}")
        return written
    preparation = preparation_for(subject, wishes)
    if isinstance(preparation, list):
        return preparation[0]
    task = task_for(subject)
    return export_python(
        subject.document, built.model, preparation, out, None if isinstance(task, list) else task
    )


def _meaning(subject: Subject) -> Meaning:
    """What a network's numbers mean, as its run recorded it or as its document's data says, if one of them is there."""
    from runtime.meaning import Meaning

    if subject.run is None and not subject.document.data.get("source"):
        return Meaning()
    preparation, task = preparation_for(subject), task_for(subject)
    return Meaning(
        None if isinstance(preparation, list) else preparation, None if isinstance(task, list) else task
    )
