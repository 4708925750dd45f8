"""Built-in networks and ready modules are drawn like figures in a paper: nothing lies or runs over anything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from builder import geometry
from builder.analysis import Analysis, NodeReport, analyze
from builder.appearance import Appearance, appearance_of, wire_text
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.drawing import Boxes
from builder.errors import ConvolabError
from builder.geometry import Box
from builder.graph import Edge, Graph
from builder.library import LIBRARY
from builder.spacing import NODE_WIDTH

#: Room for a network in a window of 1600×1000, at the zoom from which on the shapes are on the wires.
PAGE = (1600.0, 880.0)
#: Six rows of six: more need not fit.
LONG = 36


@dataclass(frozen=True)
class Line:
    """A wire as it runs, and its pill."""

    edge: Edge
    points: geometry.Points
    path: NDArray[np.float64]
    pill: Box


@dataclass(frozen=True)
class Picture:
    """A graph as it is drawn: nodes by id, and wires."""

    graph: Graph
    boxes: Mapping[str, Box]
    lines: list[Line]

    def told(self, line: Line) -> str:
        ends = self.graph.node(line.edge.source).name, self.graph.node(line.edge.target).name
        return f"{self.graph.key}: {ends[0]} → {ends[1]}"


def picture(document: Document, graph: Graph, reports: Mapping[str, NodeReport]) -> Picture:
    looks = {
        node.id: appearance_of(document, graph, node, reports.get(node.id), Appearance) for node in graph
    }
    boxes = {node.id: (*node.position, float(NODE_WIDTH), looks[node.id].height) for node in graph}
    obstacles = Boxes(boxes.values())
    lines = []
    for edge in graph.edges():
        source, target, box = looks[edge.source], looks[edge.target], boxes[edge.target]
        start = source.output_place(edge.source_port, boxes[edge.source])
        end = target.input_place(edge.target_port, box)
        above = end[1] < box[1] + box[3] / 2 - 1
        points = geometry.wire_points(start, end, obstacles, above=above)
        pill = geometry.pill_box(geometry.wire_middle(points), wire_text(source, edge.source_port))
        lines.append(Line(edge, points, geometry.sampled(points), pill))
    return Picture(graph, boxes, lines)


def pictures(document: Document) -> Iterator[Picture]:
    """The network and each module, as seen from up to four of the places where it is placed."""
    analysis = analyze(document)
    placed: dict[str, list[tuple[str, ...]]] = {}
    waiting: list[tuple[Graph, tuple[str, ...]]] = [(document.network, ())]
    for graph, instance in waiting:
        seen = reports(analysis, instance)
        if seen is None:
            continue  # bypassed, or repeated no times
        yield picture(document, graph, seen)
        for node in graph:
            module = document.module_of(node.block)
            if module is not None and len(placed.setdefault(module.name, [])) < 4:
                placed[module.name].append((*instance, node.name))
                waiting.append((module.graph, (*instance, node.name)))


def reports(analysis: Analysis, instance: tuple[str, ...]) -> Mapping[str, NodeReport] | None:
    try:
        return analysis.view(instance).reports
    except ConvolabError:
        return None


def overlap(a: Box, b: Box) -> bool:
    """Whether two rectangles have more than a hair in common."""
    return all(a[i] + 1 < b[i] + b[i + 2] and b[i] + 1 < a[i] + a[i + 2] for i in (0, 1))


def runs_over(path: NDArray[np.float64], box: Box) -> bool:
    low, high = np.array(box[:2]) + 2, np.array(box[:2]) + box[2:] - 2
    return bool(((path > low) & (path < high)).all(axis=1).any())


def crossings(first: NDArray[np.float64], second: NDArray[np.float64]) -> int:
    """How often two wires cross."""

    def side(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
        along, to = b - a, c - a
        return along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]

    a, b = first[:-1, None], first[1:, None]
    c, d = second[None, :-1], second[None, 1:]
    return int(((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)).sum())


def test_what_crosses_and_what_lies_over_what() -> None:
    level, rising = np.array([[0.0, 0.0], [10.0, 0.0]]), np.array([[0.0, -5.0], [10.0, 5.0]])
    assert crossings(level, rising) == 1
    assert crossings(level, rising + [0.0, 20.0]) == 0
    assert runs_over(level, (4.0, -10.0, 6.0, 20.0)) is False  # between two places of it
    assert runs_over(np.array([[5.0, 0.0]]), (2.0, -10.0, 6.0, 20.0)) is True
    assert overlap((0, 0, 10, 10), (8, 8, 10, 10)) is True
    assert overlap((0, 0, 10, 10), (9.5, 0, 10, 10)) is False


def faults(drawn: Picture) -> Iterator[str]:
    for line in drawn.lines:
        for node_id, box in drawn.boxes.items():
            if overlap(line.pill, box):
                yield f"{drawn.told(line)}: its shape lies over {drawn.graph.node(node_id).name}"
            if runs_over(line.path, box):
                yield f"{drawn.told(line)} runs over {drawn.graph.node(node_id).name}"
    for one, other in combinations(drawn.lines, 2):
        if overlap(one.pill, other.pill):
            yield f"{drawn.told(one)} and {drawn.told(other)}: shapes over each other"
        # The order of a block's inputs is part of what it computes: two wires may cross on their way to one.
        if crossings(one.path, other.path) > (one.edge.target == other.edge.target):
            yield f"{drawn.told(one)} crosses {drawn.told(other)}"


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_wires_and_shapes_keep_clear_of_everything(name: str) -> None:
    for drawn in pictures(ARCHITECTURES[name].build()):
        assert list(faults(drawn)) == []
        bounds = [*drawn.boxes.values(), *(geometry.wire_bounds(line.points) for line in drawn.lines)]
        size = [max(b[i] + b[i + 2] for b in bounds) - min(b[i] for b in bounds) for i in (0, 1)]
        assert size[0] <= PAGE[0], drawn.graph.key
        assert size[1] <= PAGE[1] or len(drawn.graph) > LONG, drawn.graph.key


@pytest.mark.parametrize("name", list(LIBRARY))
def test_wires_in_ready_modules_keep_clear_of_everything(name: str) -> None:
    modules = LIBRARY[name].build()
    document = Document("", Graph(), modules)
    for module in modules:
        assert list(faults(picture(document, module.graph, {}))) == []
