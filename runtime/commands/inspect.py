"""``inspect``: a picture of what a node of a network sees."""

from __future__ import annotations

import argparse
import difflib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.analysis import Analysis, analyze
from builder.architectures import open_document
from builder.document import Document
from builder.errors import Problem
from builder.shapes import TensorShape, format_shape
from runtime.data import DATA_SOURCES, Data, Fit, fit_input, load_data, prepare_pixels

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from runtime.training.runs import Run

NOW = ("features", "receptive-field")
LATER = ("filters", "gradcam", "saliency")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("inspect", help="a picture of what a node sees")
    parser.add_argument("network", metavar="RUN_OR_FILE", help="a run folder, a document or an architecture")
    parser.add_argument(
        "--image", required=True, help="a picture file, or SOURCE:N for sample N of a source (digits:17)"
    )
    parser.add_argument(
        "--node", required=True, metavar="PATH", help="dotted path of a node, as in the layer table"
    )
    parser.add_argument("--what", choices=NOW + LATER, default="features")
    parser.add_argument(
        "--channel", type=_count, metavar="C", help="one map; with receptive-field its strongest pixel"
    )
    parser.add_argument("--position", type=_position, metavar="Y,X", help="a pixel of the node's map")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="PNG")
    parser.set_defaults(run=run)


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def _position(text: str) -> tuple[int, ...]:
    return tuple(_count(part) for part in text.split(","))


@dataclass(frozen=True, slots=True)
class Network:
    """What is looked at: a document, the run it comes from (None: random weights), and its analysis."""

    document: Document
    analysis: Analysis
    run: Run | None
    input_shape: TensorShape


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture a network is shown: ``x`` (1, *input), ``pixels`` for the eye, and what is known of it."""

    x: torch.Tensor
    pixels: NDArray[np.uint8]
    fit: Fit
    caption: str
    classes: tuple[str, ...] = ()


def run(args: argparse.Namespace) -> int:
    """Write the picture; 0 on success, 1 where network, picture or node have errors, 2 on misuse."""
    if args.what in LATER:
        _tell(f"inspect: {args.what} is not there yet; there are {' and '.join(NOW)}")
        return 2
    if args.what == "features" and args.position is not None:
        _tell("inspect: --position belongs to --what receptive-field")
        return 2
    network = open_network(args.network)
    if isinstance(network, list):
        return _failed(*network)
    shape = node_shape(network.analysis, args.node)
    if isinstance(shape, Problem):
        return _failed(shape)
    if problem := _check_channel(args, shape):
        return _failed(problem)
    shown = show(args.image, network)
    if isinstance(shown, Problem):
        return _failed(shown)
    draw = _draw_features if args.what == "features" else _draw_field
    problem = draw(args, network, shown, shape)
    if problem:
        return _failed(problem)
    sys.stdout.write(f"{args.output}\n")
    return 0


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _failed(*problems: Problem) -> int:
    for problem in problems:
        _tell(f"{problem.path}: {problem.message}" if problem.path else problem.message)
    return 1


def open_network(name: str) -> Network | list[Problem]:
    """A run folder, a document or an architecture, analysed; Problems where it can't be built."""
    opened: Run | None = None
    if Path(name).is_dir():
        from runtime.training.runs import Run

        found = Run.open(Path(name))
        if isinstance(found, Problem):
            return [found]
        opened, document = found, found.document
    else:
        read = open_document(name)
        if isinstance(read, list):
            return read
        document = read
    analysis = analyze(document)
    if not analysis.ok:
        return [problem for problem in analysis.problems if problem.is_error]
    shapes = [shape for shape in analysis.input_shapes if shape is not None]
    if len(shapes) != 1:
        return [
            Problem(
                "input-count",
                "Looking inside needs a network with one input",
                f"'{document.name}' has {len(analysis.input_shapes)}",
                "Inspect another network",
            )
        ]
    return Network(document, analysis, opened, tuple(map(int, shapes[0])))


def node_shape(analysis: Analysis, path: str) -> TensorShape | Problem:
    """The output shape of the node of a dotted path, a leaf or a module."""
    shapes = {report.path: report.output_shape for report in analysis.leaves()}
    for report in _module_reports(analysis):
        shapes.setdefault(report.path, report.output_shape)
    shape = shapes.get(path)
    if shape is not None:
        return tuple(map(int, shape))
    near = difflib.get_close_matches(path, shapes, 5, 0.4) or list(shapes)[:5]
    return Problem(
        "no-such-node",
        "A node is named by its dotted path",
        f"'{path}' is none of this network's {len(shapes)}",
        f"Near it are {', '.join(near)}; `check` lists them all",
    )
