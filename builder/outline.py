"""A network in few boxes, as a picture of the size of a stamp shows it.

A network whose drawing branches is shown as it is drawn. In one that is a chain the modules are opened from the
outside inwards while there is room, all of a level or none, so that what stands in a row looks alike. A module that
stays closed has the colours of what is in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from builder.analysis import Analysis
from builder.analysis.values import GraphAnalysis, NodeResult, Stage
from builder.blocks import block_class
from builder.graph import Edge, Graph, Node
from builder.layout import Positions, arrange
from builder.spacing import COLUMN, NODE_HEIGHT, ROW

#: So many boxes can still be told apart.
MOST_BOXES = 72
#: The category of a module that stays closed.
CLOSED = "Modules"


@dataclass(frozen=True, slots=True)
class Box:
    """A block, or a closed module with the categories of all the blocks in it, in the order they run."""

    category: str
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """Boxes with their left upper corners, in canvas units, and which feeds which."""

    boxes: tuple[Box, ...]
    wires: tuple[tuple[int, int], ...]
    corners: tuple[tuple[float, float], ...]


def outline_of(analysis: Analysis, aspect: float, most: int = MOST_BOXES) -> Outline:
    """The outline of a network, laid out to fill a picture that is ``aspect`` times as wide as high."""
    plan = _plan(analysis.root, most)
    if plan.depth == 0 and len(set(plan.drawn)) == len(plan.drawn):
        corners = tuple(plan.drawn)
    else:
        graph, lengths = _graph_of(plan), _columns(len(plan.boxes), aspect)
        tried = [arrange(graph, columns=columns) for columns in lengths]
        best = min(tried, key=lambda positions: _extent(positions, aspect))
        corners = tuple(best[str(number)] for number in range(len(plan.boxes)))
    return Outline(tuple(plan.boxes), tuple(plan.wires), corners)


def _columns(boxes: int, aspect: float) -> list[int]:
    """Lengths of a row to try: for a chain that fills the picture, and shorter where much stands side by side."""
    wish = math.sqrt(max(boxes, 1) * aspect * ROW / COLUMN)
    return sorted({max(4, math.ceil(wish * share)) for share in (0.6, 0.85, 1.0, 1.2, 1.4)})


def _extent(positions: Positions, aspect: float) -> float:
    """How large a picture of this aspect has to be, for the drawing to fit: its width in canvas units."""
    xs, ys = zip(*positions.values(), strict=True)
    return max(max(xs) - min(xs) + COLUMN, (max(ys) - min(ys) + NODE_HEIGHT) * aspect)


def _graph_of(plan: _Plan) -> Graph:
    """What the layout looks at: ids are the numbers of the boxes."""
    graph = Graph()
    for number in range(len(plan.boxes)):
        graph.add_node(Node(str(number), f"box{number}", "identity"))
    for number, (source, target) in enumerate(plan.wires):
        graph.connect(Edge(str(source), "y", str(target), str(number)))
    return graph


def _plan(root: GraphAnalysis, most: int) -> _Plan:
    """The boxes of as many levels as there is room for."""
    best = _Plan(root, 0, None)
    while root.wiring.is_chain and any(box.inside for box in best.boxes):
        deeper = _Plan(root, best.depth + 1, most)
        if deeper.is_full:
            break
        best = deeper
    return best


class _Plan:
    """Boxes and wires of a network, ``depth`` levels of modules opened; ``is_full``: there were more than ``most``."""

    def __init__(self, root: GraphAnalysis, depth: int, most: int | None) -> None:
        self.boxes: list[Box] = []
        self.wires: list[tuple[int, int]] = []
        #: Where each box, or the module it is in, stands on the canvas.
        self.drawn: list[tuple[float, float]] = []
        self.depth = depth
        self.is_full = False
        self._most = most
        self._place(root, None, depth)

    def _place(
        self, graph: GraphAnalysis, arriving: Mapping[str, int | None] | None, depth: int
    ) -> dict[str, int | None]:
        """Put in a graph; ``arriving`` feeds a module's inputs. Which box feeds each of its outputs, by name."""
        made: dict[str, Mapping[str, int | None] | int | None] = {}
        leaving: dict[str, int | None] = {}
        for result in _live(graph):
            node = result.node
            wires = graph.wiring.incoming[node.id]
            fed = [_box_of(made.get(wire.source), wire.source_port) for wire in wires]
            if arriving is not None and node.block == "input":
                made[node.id] = arriving.get(node.name)
            elif arriving is not None and node.block == "output":
                leaving[node.name] = fed[0] if fed else None
            else:
                made[node.id] = self._put(result, fed, depth)
            if self.is_full:
                break
        return leaving

    def _put(
        self, result: NodeResult, fed: list[int | None], depth: int
    ) -> Mapping[str, int | None] | int | None:
        """Put in a node, stage by stage; where its outputs come from."""
        if result.bypassed:
            return fed[0] if fed else None
        last: Mapping[str, int | None] | int | None = None
        for stage in result.stages or (Stage("", ()),):
            if stage.inner is not None and depth > 0:
                last = self._place(stage.inner, dict(zip(result.ports, fed, strict=False)), depth - 1)
            else:
                inside = () if stage.inner is None else tuple(_categories(stage.inner))
                last = self._add(Box(_category(result.node.block), inside), fed, result.node)
            fed = [_box_of(last, "")]
        return last

    def _add(self, box: Box, fed: list[int | None], node: Node) -> int:
        number = len(self.boxes)
        self.is_full = self.is_full or (self._most is not None and number >= self._most)
        self.boxes.append(box)
        self.drawn.append(node.position)
        self.wires += [(source, number) for source in dict.fromkeys(fed) if source is not None]
        return number


def _box_of(made: Mapping[str, int | None] | int | None, port: str) -> int | None:
    """The box behind a node's output port; of an opened module with one output that one, whatever it is called."""
    if isinstance(made, Mapping):
        return made[port] if port in made else next(iter(made.values()), None)
    return made


def _live(graph: GraphAnalysis) -> Iterator[NodeResult]:
    """The nodes that reach an output, in the order they run."""
    return (graph.results[node_id] for node_id in graph.wiring.order if node_id in graph.wiring.live)


def _category(block: str) -> str:
    cls = block_class(block)
    return CLOSED if cls is None else cls.category


def _categories(graph: GraphAnalysis) -> Iterator[str]:
    for result in _live(graph):
        if result.bypassed or result.node.block in ("input", "output"):
            continue
        for stage in result.stages:
            if stage.inner is not None:
                yield from _categories(stage.inner)
            else:
                yield _category(result.node.block)
