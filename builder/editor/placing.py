"""Where a new node goes and which wires it gets, as edits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from builder.acts import insert_on_wire, new_node
from builder.blocks import block_class
from builder.document import Document, Module
from builder.editor.catalogue import Entry
from builder.editor.geometry import snap
from builder.edits import AddModule, AddNode, Connect, Edit, MoveNodes, apply_all
from builder.errors import Problem
from builder.graph import Edge, Graph, Node
from builder.library import bring_in, module_for
from builder.library.own import brought
from builder.links import ports_of
from builder.shapes import TensorShape
from builder.spacing import BRANCH, COLUMN, NODE_HEIGHT, NODE_WIDTH, ROW
from builder.swapping import Swap, swap


class Link(NamedTuple):
    """A loose end of a wire: the port it is fixed to."""

    node: str
    port: str
    is_output: bool


def accepts(document: Document, entry: Entry, shape: TensorShape | None) -> bool:
    """Whether a tensor of this shape may arrive at the entry's first input; an unknown shape may."""
    cls = block_class(entry.block)
    if cls is None:
        module = _module_of(document, entry)
        return module is not None and any(node.block == "input" for node in module.graph)
    if not cls.inputs and not cls.variadic:
        return False
    return shape is None or len(shape) in cls.ranks_of(entry.parameters)


def offers(document: Document, entry: Entry) -> bool:
    """Whether the entry has an output."""
    cls = block_class(entry.block)
    if cls is not None:
        return bool(cls.outputs)
    module = _module_of(document, entry)
    return module is not None and any(node.block == "output" for node in module.graph)


def _module_of(document: Document, entry: Entry) -> Module | None:
    """The module that an entry places."""
    return module_for(document, entry.block) if entry.own is None else entry.own.module


def _brought(document: Document, entry: Entry) -> tuple[list[AddModule], str]:
    """The edits that bring in what an entry places, and the block that places it then."""
    if entry.own is not None:
        return brought(document, entry.own)
    return bring_in(document, entry.block), entry.block


def _with(document: Document, edits: Sequence[Edit]) -> Document:
    """The document as it is after edits: itself where there are none."""
    if not edits:
        return document
    copy = document.copy()
    apply_all(copy, edits)
    return copy


def swapped(document: Document, graph_key: str, node_id: str, entry: Entry) -> Swap | Problem:
    """What makes a node what an entry places."""
    edits, block = _brought(document, entry)
    found = swap(_with(document, edits), graph_key, node_id, block, entry.parameters)
    return found if isinstance(found, Problem) else found._replace(edits=[*edits, *found.edits])


def beside(graph: Graph, node: Node) -> tuple[float, float]:
    """The first free place to the right of a node, then below that."""
    x, y = node.position
    return free_place(graph, x + COLUMN, y)


def free_place(graph: Graph, x: float, y: float) -> tuple[float, float]:
    """A place at or below (x, y) where no node lies."""
    taken = [other.position for other in graph if abs(other.position[0] - x) < NODE_WIDTH]
    while any(abs(top - y) < NODE_HEIGHT + 8 for _, top in taken):
        y += BRANCH
    return x, y


def links_of(document: Document, graph: Graph, node: Node, link: Link) -> list[Edit]:
    """The wire from a loose end to a new node, if there is one that makes sense."""
    ports = ports_of(document, node)
    if link.is_output and ports.inputs:
        edge = Edge(link.node, link.port, node.id, ports.inputs[0])
    elif not link.is_output and ports.outputs:
        edge = Edge(node.id, ports.outputs[0], link.node, link.port)
    else:
        return []
    return [Connect(graph.key, edge)]


def room_on(graph: Graph, edge: Edge) -> tuple[tuple[float, float] | None, list[Edit]]:
    """Where a node goes on a wire along a row, and the edit that moves what follows out of its way.

    (None, []) where the wire does not run along a row.
    """
    import networkx as nx

    source, target = graph.node(edge.source).position, graph.node(edge.target).position
    if abs(source[1] - target[1]) > NODE_HEIGHT or target[0] <= source[0]:
        return None, []
    place = (source[0] + COLUMN, source[1])
    missing = source[0] + 2 * COLUMN - target[0]
    if missing <= 0:
        return ((source[0] + target[0]) / 2, source[1]), []
    following = {edge.target, *nx.descendants(graph.networkx, edge.target)}
    positions = {
        node_id: (x + missing, y)
        for node_id in following
        for x, y in [graph.node(node_id).position]
        if x >= target[0] - 1 and abs(y - source[1]) < ROW * 0.75
    }
    return place, [MoveNodes(graph.key, positions)]


def free_ends(document: Document, graph: Graph, node_ids: tuple[str, ...], node: Node) -> Iterator[Edit]:
    """Wires from selected nodes' outputs into a merge that is added while several are selected."""
    for number, node_id in enumerate(node_ids):
        outputs = ports_of(document, graph.node(node_id), graph.key).outputs
        if outputs:
            yield Connect(graph.key, Edge(node_id, outputs[0], node.id, str(number)))


def added(
    document: Document,
    graph: Graph,
    entry: Entry,
    position: tuple[float, float],
    *,
    links: tuple[Link, ...] = (),
    on: Edge | None = None,
) -> tuple[Node, list[Edit]]:
    """A new node and the edits that place it: on a wire, or wired to loose ends."""
    new, block = _brought(document, entry)
    shifts: list[Edit] = []
    if new:  # what follows is worked out where the module is already
        document = _with(document, new)
        graph = document.graph(graph.key)
    if on is not None:
        place, shifts = room_on(graph, on)
        position = place or position
    place_x, place_y = snap(position[0]), snap(position[1])
    node = new_node(document, graph.key, block, entry.parameters, (place_x, place_y))
    if on is not None:
        inserted = insert_on_wire(document, graph.key, node, on)
        if not isinstance(inserted, Problem):
            return node, [*new, *shifts, *inserted]
    edits: list[Edit] = [*new, AddNode(graph.key, node)]
    ports = ports_of(document, node)
    if len(links) > 1 and ports.variadic:
        return node, edits + list(free_ends(document, graph, tuple(link.node for link in links), node))
    return node, edits + (links_of(document, graph, node, links[-1]) if links else [])
