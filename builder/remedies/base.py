"""What a remedy is: a function that yields edits to try for a problem at its place; and how nodes go on a wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from builder.acts import new_node
from builder.analysis import GraphView, NodeReport
from builder.blocks import Block, block_class
from builder.document import Document
from builder.edits import AddNode, Connect, Disconnect, Edit, MoveNodes, ReplaceNode
from builder.errors import Problem
from builder.graph import Edge, Graph, Node
from builder.spacing import BRANCH, COLUMN, NODE_HEIGHT, NODE_WIDTH


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem is: its graph, its node (None: the graph itself), and the reports of that instance."""

    document: Document
    graph: Graph
    node: Node | None
    view: GraphView
    problem: Problem
    instance: tuple[str, ...] = ()

    @property
    def report(self) -> NodeReport | None:
        """What is known of the node."""
        return self.view.reports.get(self.node.id) if self.node is not None else None

    @property
    def block(self) -> type[Block] | None:
        """The class of the node's block; None for modules."""
        return block_class(self.node.block) if self.node is not None else None


#: A label, and the edits that go with it; the first that works is taken.
Ways: TypeAlias = Iterator[tuple[str, list[Edit]]]
Remedy: TypeAlias = Callable[[Place], Ways]

REMEDIES: dict[str, Remedy] = {}

#: What helps although the block that found the problem did not say so.
_BY_CODE: Mapping[str, tuple[str, ...]] = {
    "concat-sizes-differ": ("subsample", "crop-to-match", "pad-to-match"),
    "kernel-too-large": ("shrink-kernel", "pad-more", "same-padding"),
    "unconnected": ("connect-nearest", "delete-node"),
    "class-count": ("set-classes", "end-in-classes"),
    "bad-repeat": ("reset-repeat",),
    "unknown-block": ("delete-node",),
    "missing-module": ("delete-node",),
    "name-reserved": ("rename",),
    "bad-name": ("rename",),
    "duplicate-name": ("rename",),
    "cycle": ("cut-cycle",),
    "goes-nowhere": ("connect-output",),
}


def remedies_of(problem: Problem) -> list[str]:
    """Names of the remedies to try, best first."""
    names = dict.fromkeys((*problem.fixes, *_BY_CODE.get(problem.code, ())))
    if problem.code.startswith("name-"):
        names["rename"] = None
    return [name for name in names if name in REMEDIES]


def remedy(*names: str) -> Callable[[Remedy], Remedy]:
    """Make a function the remedy of these names."""

    def register(function: Remedy) -> Remedy:
        for name in names:
            REMEDIES[name] = function
        return function

    return register


def put_in(place: Place, edge: Edge, blocks: list[tuple[str, dict[str, Any], str]]) -> list[Edit]:
    """Nodes in a row on a wire: in the gap before its end if there is one, else below what lies there."""
    import networkx as nx

    graph, key = place.graph, place.graph.key
    target = graph.node(edge.target)
    edits: list[Edit] = [Disconnect(key, edge)]
    x, y = target.position
    source_x, source_y = graph.node(edge.source).position
    along = abs(source_y - y) < NODE_HEIGHT and source_x < x and len(graph.incoming(target.id)) == 1
    if along:
        missing = source_x + (len(blocks) + 1) * COLUMN - x
        if missing > 0:
            behind = {target.id, *nx.descendants(graph.networkx, target.id)}
            places = {node_id: graph.node(node_id).position for node_id in behind}
            same_row = {
                n: (px + missing, py) for n, (px, py) in places.items() if px >= x and abs(py - y) < BRANCH
            }
            edits.append(MoveNodes(key, same_row))
        starts = [(source_x + (i + 1) * COLUMN, source_y) for i in range(len(blocks))]
    else:
        top = _free_row(graph, x - len(blocks) * COLUMN, x - COLUMN, y + BRANCH)
        starts = [(x - (len(blocks) - i) * COLUMN, top) for i in range(len(blocks))]
    before, port = edge.source, edge.source_port
    taken: set[str] = set()
    for (block, parameters, name), position in zip(blocks, starts, strict=True):
        node = new_node(place.document, key, block, parameters, position, name)
        node = replace(node, id=_other_id(graph, node.id, taken))
        cls = block_class(block)
        entry = cls.inputs[0] if cls is not None else "x"
        edits += [AddNode(key, node), Connect(key, Edge(before, port, node.id, entry))]
        before, port = node.id, "y"
    edits.append(Connect(key, Edge(before, port, edge.target, edge.target_port)))
    return edits


def _other_id(graph: Graph, wish: str, taken: set[str]) -> str:
    number = int(wish[1:])
    while f"n{number}" in taken or f"n{number}" in graph:
        number += 1
    taken.add(f"n{number}")
    return f"n{number}"


def _free_row(graph: Graph, left: float, right: float, top: float) -> float:
    """The first height from ``top`` down where nothing lies between two columns."""
    nodes = [n.position for n in graph if left - NODE_WIDTH < n.position[0] < right + NODE_WIDTH]
    while any(abs(y - top) < NODE_HEIGHT + 8 for _, y in nodes):
        top += BRANCH
    return top


def changed(place: Place, **changes: Any) -> list[Edit]:
    """The node with other values of these parameters."""
    assert place.node is not None
    return [ReplaceNode(place.graph.key, place.node.with_parameters(**changes))]
