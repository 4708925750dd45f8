"""``inspect``: a picture of what a node of a network sees."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builder.analysis import Analysis, NodeReport, analyze
from builder.errors import Problem
from builder.shapes import TensorShape, format_shape
from runtime.commands.common import OK, failed, misuse, not_yet, open_subject, say
from runtime.commands.looks import Look
from runtime.commands.preparing import add_wishes, preparation_for, wishes_in
from runtime.commands.shown import Pictures

NOW = ("features", "receptive-field")
LATER = ("filters", "gradcam", "saliency")


def add_parser(subparsers: Any) -> None:
    """Declare ``inspect``."""
    parser = subparsers.add_parser("inspect", help="draw what a node sees", description=__doc__)
    parser.add_argument(
        "subject", metavar="RUN_OR_FILE", help="a run's folder, a document or an architecture"
    )
    parser.add_argument(
        "--image", required=True, help="a picture, or SOURCE:N for sample N of a source (digits:17)"
    )
    parser.add_argument(
        "--node", required=True, metavar="PATH", help="a node's dotted path, as `check` lists it"
    )
    parser.add_argument("--what", choices=NOW + LATER, default=NOW[0])
    parser.add_argument("--weights", metavar="W", help="a file, or best or last of the run (stock: best)")
    parser.add_argument(
        "--channel", type=_index, metavar="C", help="one map; of a field, its strongest position"
    )
    parser.add_argument(
        "--position", type=_position, metavar="Y,X", help="a position of the node's maps (stock: centre)"
    )
    parser.add_argument("--class", dest="class_", type=_index, metavar="K", help="for gradcam and saliency")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="PNG")
    add_wishes(parser)
    parser.set_defaults(run=run)


def _index(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 0 on")
    return int(text)


def _position(text: str) -> tuple[int, ...]:
    return tuple(_index(part) for part in text.split(","))


def run(arguments: argparse.Namespace) -> int:
    """Draw."""
    if arguments.what in LATER:
        return not_yet(f"--what {arguments.what}")
    if arguments.class_ is not None:
        return misuse("--class belongs to gradcam and saliency")
    if arguments.position is not None and arguments.what != "receptive-field":
        return misuse("--position belongs to --what receptive-field")
    if arguments.output.suffix.lower() != ".png":
        return misuse(f"-o wants a .png, not '{arguments.output}'")
    subject = open_subject(arguments.subject)
    if isinstance(subject, list):
        return failed(subject)
    analysis = analyze(subject.document)
    if not analysis.ok:
        return failed(problem for problem in analysis.problems if problem.is_error)
    node = node_report(analysis, arguments.node, arguments.channel, arguments.position)
    if isinstance(node, Problem):
        return failed(node)
    preparation = preparation_for(subject, wishes_in(arguments))
    if isinstance(preparation, list):
        return failed(preparation)
    shown = Pictures(preparation).show(arguments.image)
    if isinstance(shown, Problem):
        return failed(shown)
    look = Look(
        subject, analysis, arguments.node, shape_of(node), shown, preparation.classes, arguments.channel,
        arguments.position, node.map_axes,
    )  # fmt: skip
    drawn = look.features(arguments) if arguments.what == "features" else look.field(arguments)
    if not isinstance(drawn, list):
        from runtime.inspection import write_png

        problem = write_png(drawn, arguments.output)
        drawn = [problem] if problem else drawn
    if isinstance(drawn, list):
        return failed(drawn)
    say(str(arguments.output))
    return OK


# nodes ----------------------------------------------------------------------------------------------------------


def _modules(analysis: Analysis, instance: tuple[str, ...] = ()) -> Iterator[NodeReport]:
    """Placed modules, outermost first; what is in a repeated one is reached as its leaves."""
    for report in analysis.view(instance).reports.values():
        if report.node.block.startswith("module:") and not report.bypassed:
            yield report
            if report.stages == 1:
                yield from _modules(analysis, (*instance, report.node.name))


def shape_of(node: NodeReport) -> TensorShape:
    """The shape of its maps, channels first."""
    return tuple(map(int, node.map_shape or ()))


def node_report(
    analysis: Analysis, path: str, channel: int | None, position: tuple[int, ...] | None
) -> NodeReport | Problem:
    """The node of a dotted path that gives something; Problem where path, channel or position are not there."""
    reports = {report.path: report for report in (*_modules(analysis), *analysis.leaves())}
    found = reports.get(path)
    if found is None or found.output_shape is None:
        near = difflib.get_close_matches(path, reports, 5, 0.4) or list(reports)[:5]
        return Problem(
            "no-such-node",
            "A node is named by its dotted path",
            f"'{path}' is none of this network's {len(reports)}",
            f"Near it are {', '.join(near)}; `check` lists them all",
        )
    shape = shape_of(found)
    if channel is not None and channel >= shape[0]:
        return Problem(
            "no-such-channel",
            "Channels count from 0",
            f"'{path}' has {shape[0]}, the last is {shape[0] - 1}; asked for was {channel}",
            "Choose another",
            path=path,
        )
    if position is not None and not (
        len(position) == len(shape) - 1 and all(p < size for p, size in zip(position, shape[1:], strict=True))
    ):
        return Problem(
            "no-such-position",
            f"A position of '{path}' has {len(shape) - 1} numbers, each below its size",
            f"its maps are {format_shape(shape[1:]) or 'single numbers'}, asked for was {','.join(map(str, position))}",
            "Choose another",
            path=path,
        )
    return found
