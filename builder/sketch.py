"""Drawing a network in code, the way one wires it by hand: each call places a block and returns its output."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from builder.blocks import block_class
from builder.geometry import node_height
from builder.graph import Edge, Graph, Node
from builder.spacing import COLUMN, NODE_HEIGHT, ROW, WIDEST


class Wire(NamedTuple):
    """An output one can wire on from, and where its block stands (column, row)."""

    node: str
    port: str
    column: float
    row: float


def below(wire: Wire, rows: float = 1.0) -> dict[str, Any]:
    """Where a new row begins, so far under the one the wire comes from: ``add(…, **below(x))``."""
    return {"row": wire.row + rows, "column": 0.0}


def places(row: float, column: float, pitch: float = 1.0) -> Iterator[dict[str, Any]]:
    """One place after the other along a row: ``add(…, **next(line))``."""
    return ({"row": row, "column": column + number * pitch} for number in count())


class Sketch:
    """Draws into a graph, left to right; ``wrap`` begins a new row after so many columns."""

    def __init__(self, graph: Graph | None = None, *, wrap: int | None = None) -> None:
        self.graph = Graph() if graph is None else graph
        self._wrap = wrap

    def add(
        self,
        name: str,
        block: str,
        *inputs: Wire,
        row: float | None = None,
        column: float | None = None,
        when: str | None = None,
        repeat: int | str = 1,
        ports: tuple[str, ...] | None = None,
        **parameters: Any,
    ) -> Wire:
        """Place a block behind ``inputs``, or at ``column`` and ``row``, and wire it.

        A merge's inputs are numbered, others go to ``ports``; a tall one has its middle in the row.
        """
        line = row if row is not None else (inputs[0].row if inputs else 0.0)
        if column is None:
            column = max((wire.column for wire in inputs), default=-1.0) + 1
            if self._wrap and column >= self._wrap:
                column, line = 0.0, line + 1
        cls = block_class(block)
        leaving = cls.outputs_of(parameters) if cls is not None else ("output",)
        rise = (node_height(len(inputs), len(leaving)) - NODE_HEIGHT) / 2
        node_id = self.graph.unused_id()
        position = (column * COLUMN, line * ROW - rise)
        self.graph.add_node(Node(node_id, name, block, parameters, position, when, repeat))
        if ports is None:
            numbered = cls is not None and cls.variadic
            ports = tuple(map(str, range(len(inputs)))) if numbered else cls.inputs if cls else ("input",)
        for wire, port in zip(inputs, ports, strict=True):
            self.graph.connect(Edge(wire.node, wire.port, node_id, port))
        return Wire(node_id, leaving[0] if leaving else "", column, line)

    def input(self, shape: tuple[int, ...] | None = None, name: str = "input") -> Wire:
        """The network's input of this shape, or a module's port."""
        parameters: dict[str, Any] = {"shape": list(shape)} if shape else {}
        return self.add(name, "input", **parameters)

    def output(self, wire: Wire, name: str = "output", **options: Any) -> None:
        """What the network, or the module, answers; ``options`` as ``add`` takes them.

        It has no row to itself while there is room behind the last block.
        """
        if wire.column + 1 < WIDEST:
            options.setdefault("column", wire.column + 1)
        self.add(name, "output", wire, **options)
