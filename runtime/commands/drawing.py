"""``export --format svg|png``: the drawing of a network or a part of it; no tensor is needed, for SVG no Qt either."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from builder.analysis import Analysis, NodeReport, analyze
from builder.console import factor_argument
from builder.convention import Convention
from builder.document import Document
from builder.drawing import Drawing, Style, draw
from builder.errors import ConvolabError, Problem
from builder.graph import Graph
from builder.heat import Measure, heat_of
from builder.look import LOOKS
from builder.places import place_of
from builder.writing import put_file

FORMATS = ("svg", "png")
#: Makes a PNG file of what is drawn in a style, with letters it knows; None where there is nothing to paint with.
Painter: TypeAlias = Callable[[Callable[[Style], Drawing], Style], "bytes | Problem | None"]
#: Pixels for a canvas unit: text in a picture of pixels wants more of them.
_SCALES = {"svg": 1.0, "png": 2.0}
_NO_PAINTER = Problem(
    "no-painter",
    "A PNG is painted by Qt",
    "PySide6 could not be loaded",
    "Install PySide6-Essentials, or write SVG, which needs nothing.",
)
_OPTIONS = ("theme", "scale", "module", "nodes", "no_shapes", "heat", "convention")


@dataclass(frozen=True, slots=True)
class Part:
    """What is drawn: a graph as it is seen from one instance, all of it or some nodes."""

    graph: Graph
    reports: Mapping[str, NodeReport]
    only: Collection[str] | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options that only a drawing has."""
    group = parser.add_argument_group("drawings", "of --format svg and png")
    group.add_argument("--theme", choices=list(LOOKS), help="colours (stock: light)")
    group.add_argument(
        "--scale", metavar="F", type=factor_argument, help="pixels for a canvas unit (stock: 1, of png 2)"
    )
    group.add_argument("--module", metavar="NAME", help="a module, or the path of one of its instances")
    group.add_argument("--nodes", metavar="A,B,…", help="only these nodes and the wires between them")
    group.add_argument("--no-shapes", action="store_true", default=None, help="without shapes on the wires")
    group.add_argument("--heat", choices=list(Measure), help="colour nodes by what they cost or see")
    group.add_argument(
        "--convention", choices=list(Convention), help="count the heat's work in (stock: flops)"
    )


def misused(arguments: argparse.Namespace) -> str:
    """Which option was given that the format does not have, if any."""
    given = [name for name in _OPTIONS if getattr(arguments, name) is not None]
    if arguments.format in FORMATS:
        return (
            ""
            if arguments.weights is None
            else "a drawing has no weights: --weights belongs to other formats"
        )
    return f"--{given[0].replace('_', '-')} belongs to --format svg or png" if given else ""


def export_drawing(
    document: Document, arguments: argparse.Namespace, paint: Painter | None
) -> Problem | list[Path]:
    """Write the drawing; the files."""
    out: Path = arguments.output
    if out.suffix.lower() != f".{arguments.format}":
        return Problem(
            "export-suffix",
            f"A drawing in {arguments.format.upper()} is written as .{arguments.format}",
            f"the file is called '{out.name}'",
            "Give it this ending.",
        )
    part = part_of(document, arguments.module, arguments.nodes)
    if isinstance(part, Problem):
        return part
    look = LOOKS[arguments.theme or "light"]
    heat = None
    if arguments.heat is not None:
        convention = Convention(arguments.convention or Convention.FLOPS)
        heat = heat_of(part.reports, Measure(arguments.heat), convention, look)
    scale = arguments.scale or _SCALES[arguments.format]
    style = Style(look, shapes=not arguments.no_shapes, scale=scale, heat=heat)

    def make(style: Style) -> Drawing:
        return draw(document, part.graph, part.reports, style, only=part.only)

    if arguments.format == "svg":
        content: bytes | Problem | None = make(style).svg.encode()
    else:
        content = None if paint is None else paint(make, style)
    if content is None:
        content = _NO_PAINTER
    if isinstance(content, Problem):
        return content
    problem = put_file(out, content, "The drawing could not be written")
    return [out] if problem is None else problem


def part_of(document: Document, module: str | None, names: str | None = None) -> Part | Problem:
    """The network, a module or an instance of one; with ``names`` (between commas) only these nodes."""
    found = _graph_of(document, analyze(document), module or "")
    if isinstance(found, Problem) or names is None:
        return found
    nodes = {name: found.graph.by_name(name) for name in map(str.strip, names.split(",")) if name}
    missing = [name for name, node in nodes.items() if node is None]
    if missing or not nodes:
        there = ", ".join(node.name for node in found.graph)
        return Problem(
            "no-such-node",
            "Nodes to draw are called by their names in the graph that is drawn",
            f"there is no '{missing[0]}'" if missing else "none is named",
            f"There are {there}." if there else "",
        )
    return Part(found.graph, found.reports, [node.id for node in nodes.values() if node is not None])


def _graph_of(document: Document, analysis: Analysis, module: str) -> Part | Problem:
    if module in document.modules:
        place = place_of(document, module)
        ways = [] if place is None else [place]
    else:
        ways = list(_ways(tuple(module.split(".")))) if module else [()]
    for way in ways:
        try:
            view = analysis.view(way)
        except ConvolabError:
            continue
        return Part(view.graph, view.reports)
    if module in document.modules:  # placed nowhere that the analysis gets to: no shapes are known
        return Part(document.graph(module), {})
    known = ", ".join(sorted(document.modules))
    return Problem(
        "no-such-module",
        "A module is called by its name, or by the path of one of its instances",
        f"there is no '{module}'",
        f"There are {known}." if known else "This network has no modules.",
    )


def _ways(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where a dotted path may lead: the stage of a repeated node has a dot in its name."""
    for length in (1, 2)[: len(parts)]:
        first = ".".join(parts[:length])
        if len(parts) == length:
            yield (first,)
        else:
            yield from ((first, *rest) for rest in _ways(parts[length:]))
