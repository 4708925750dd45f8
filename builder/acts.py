"""What people do in one go, as lists of edits: nothing here changes a document.

Each function looks at the document and returns the edits for ``History.perform``, or the Problem that stands
in the way. Node ids and names that are made up are free in the graph at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from builder.blocks import block_class
from builder.document import MODULE_PREFIX, Document, module_name
from builder.edits import (
    AddModule,
    AddNode,
    BendWire,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveModule,
    RemoveNode,
    ReplaceNode,
)
from builder.errors import Address, Problem
from builder.graph import Bends, Edge, Graph, Node
from builder.links import check_cycle, free_input, is_chain, ports_of
from builder.names import check_module_name, check_name, identifier_from, normalise

#: How far a copy is put from its original, in points.
COPY_OFFSET = (40.0, 40.0)


class Fresh:
    """Hands out ids and names that are free in a graph and differ from each other."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._names: set[str] = set()
        self._number = len(graph)

    def id(self) -> str:
        """An id: n1, n2, …"""
        while True:
            self._number += 1
            wish = f"n{self._number}"
            if wish not in self._graph:
                return wish

    def name(self, wish: str) -> str:
        """``wish``, or with a number that makes it free."""
        name = self._graph.unused_name(wish, self._names)
        self._names.add(name)
        return name


def new_node(
    document: Document,
    graph_key: str,
    block: str,
    parameters: Mapping[str, Any] | None = None,
    position: tuple[float, float] = (0.0, 0.0),
    name: str = "",
) -> Node:
    """A node for ``AddNode``, with a free id and a free name made from ``name`` or the block's."""
    graph = document.graph(graph_key)
    wish = normalise(name) if name else stem_of(block)
    return Node(graph.unused_id(), graph.unused_name(wish), block, dict(parameters or {}), position)


def delete_nodes(document: Document, graph_key: str, ids: Iterable[str], heal: bool = False) -> list[Edit]:
    """Take nodes away with their wires, and in placed modules the wires at ports that go.

    ``heal``: what a deleted node fed is fed by what fed the node, where that had one wire coming in.
    """
    graph = document.graph(graph_key)
    gone = dict.fromkeys(ids)
    wires: dict[tuple[str, Edge], None] = {}
    healed: list[Edit] = []
    for node_id in gone:
        node = graph.node(node_id)
        outgoing = graph.outgoing(node_id)
        wires.update(((graph_key, edge), None) for edge in (*graph.incoming(node_id).values(), *outgoing))
        if node.block in ("input", "output"):
            wires.update((wire, None) for wire in _wires_at_port(document, graph_key, node))
        if heal and (feeding := _feeding(graph, node_id, gone)) is not None:
            healed += [
                Connect(graph_key, Edge(*feeding, edge.target, edge.target_port))
                for edge in outgoing
                if edge.target not in gone
            ]
    edits: list[Edit] = [Disconnect(key, edge) for key, edge in wires]
    edits += [RemoveNode(graph_key, node_id) for node_id in gone]
    return edits + healed


def insert_on_wire(document: Document, graph_key: str, node: Node, edge: Edge) -> list[Edit] | Problem:
    """Put a node, new or already placed, between the ends of a wire."""
    graph = document.graph(graph_key)
    placed = node.id in graph
    ports = ports_of(document, node, graph_key)
    entry = free_input(document, graph_key, node.id) if placed else next(iter(ports.inputs), None)
    if not ports.known:
        entry = None if placed and "x" in graph.incoming(node.id) else "x"
        ports = replace(ports, outputs=ports.outputs or ("y",))
    if entry is None or not ports.outputs:
        return Problem(
            "cannot-insert",
            "A node on a wire needs a free input and an output",
            f"'{node.name}' has {'no output' if entry is not None else 'no free input'}",
            "Choose another block.",
            path=node.name,
            address=Address(graph_key, node.id),
        )
    if placed:
        problem = check_cycle(graph, graph.node(edge.source), node) or check_cycle(
            graph, node, graph.node(edge.target)
        )
        if problem is not None:
            return problem.at(node.name, Address(graph_key, node.id))
    edits: list[Edit] = [] if placed else [AddNode(graph_key, node)]
    return [
        *edits,
        Disconnect(graph_key, edge),
        Connect(graph_key, Edge(edge.source, edge.source_port, node.id, entry)),
        Connect(graph_key, Edge(node.id, ports.outputs[0], edge.target, edge.target_port)),
    ]


def rename_node(document: Document, graph_key: str, node_id: str, name: str) -> list[Edit] | Problem:
    """Call a node something else; wires of placed modules follow where it is a port."""
    graph = document.graph(graph_key)
    node = graph.node(node_id)
    name = normalise(name)
    if name == node.name:
        return []
    problem = check_name(name, in_chain=is_chain(graph))
    if problem is None and graph.by_name(name) is not None:
        problem = Problem(
            "duplicate-name",
            "The nodes of a graph have different names",
            f"another is called '{name}'",
            f"Call it '{graph.unused_name(name)}', say.",
        )
    if problem is not None:
        return problem.at(node.name, Address(graph_key, node_id))
    edits: list[Edit] = [ReplaceNode(graph_key, replace(node, name=name))]
    if node.block in ("input", "output"):
        for key, edge in _wires_at_port(document, graph_key, node):
            moved = edge._replace(**{"target_port" if node.block == "input" else "source_port": name})
            edits += [Disconnect(key, edge), Connect(key, moved, document.graph(key).bends(edge))]
    return edits


def rename_module(document: Document, old: str, new: str) -> list[Edit] | Problem:
    """Call a module something else, wherever it is placed."""
    new = normalise(new)
    if new == old:
        return []
    if (problem := check_new_module(document, new)) is not None:
        return problem
    edits: list[Edit] = [AddModule(document.modules[old].copy(new))]
    edits += [
        ReplaceNode(graph.key, replace(node, block=MODULE_PREFIX + new))
        for graph, node in placements(document, old)
    ]
    return [*edits, RemoveModule(old)]


def check_new_module(document: Document, name: str) -> Problem | None:
    """What is wrong with the name of a module that a document does not have yet."""
    problem = check_module_name(name)
    if problem is None and name in document.modules:
        problem = Problem(
            "duplicate-name",
            "The modules of a document have different names",
            f"another is called '{name}'",
            f"Call it '{document.unused_module_name(name)}', say.",
        )
    return problem


def placements(document: Document, module: str) -> Iterator[tuple[Graph, Node]]:
    """Where a module is placed, in every graph of the document."""
    for graph in document.graphs():
        for node in graph:
            if module_name(node.block) == module:
                yield graph, node


def duplicate(
    document: Document, graph_key: str, ids: Iterable[str], offset: tuple[float, float] = COPY_OFFSET
) -> tuple[list[Edit], tuple[str, ...]]:
    """Copies of nodes with the wires between them, and the copies' ids."""
    graph = document.graph(graph_key)
    return graft(graph, [graph.node(node_id) for node_id in dict.fromkeys(ids)], graph, offset)


def graft(
    graph: Graph, nodes: Iterable[Node], drawn: Graph, offset: tuple[float, float]
) -> tuple[list[Edit], tuple[str, ...]]:
    """``nodes`` under free ids and names, moved by ``offset``, with the wires ``drawn`` between two of them."""
    fresh = Fresh(graph)
    ids: dict[str, str] = {}
    edits: list[Edit] = []
    for node in nodes:
        ids[node.id] = fresh.id()
        position = (node.position[0] + offset[0], node.position[1] + offset[1])
        edits.append(
            AddNode(graph.key, replace(node, id=ids[node.id], name=fresh.name(node.name), position=position))
        )
    edits += [
        Connect(
            graph.key,
            edge._replace(source=ids[edge.source], target=ids[edge.target]),
            shifted(drawn.bends(edge), *offset),
        )
        for edge in drawn.edges()
        if edge.source in ids and edge.target in ids
    ]
    return edits, tuple(ids.values())


def shifted(bends: Bends, dx: float, dy: float) -> Bends:
    """The same bends, so far to the right and down."""
    return tuple([(x + dx, y + dy) for x, y in bends])


def move_nodes(graph: Graph, positions: Mapping[str, tuple[float, float]]) -> list[Edit]:
    """Put nodes elsewhere; a bent wire between two that go the same way comes along."""
    moves = {}
    for node_id, (x, y) in positions.items():
        was = graph.node(node_id).position
        moves[node_id] = (x - was[0], y - was[1])
    edits: list[Edit] = [MoveNodes(graph.key, dict(positions))]
    for edge in graph.edges():
        if (
            (bends := graph.bends(edge))
            and edge.source in moves
            and moves[edge.source] == moves.get(edge.target)
        ):
            edits.append(BendWire(graph.key, edge, shifted(bends, *moves[edge.source])))
    return edits


def stem_of(block: str) -> str:
    """What new nodes of a block, or instances of a module, are called, but for a number."""
    module = module_name(block)
    if module is not None:
        return identifier_from("".join(f"_{c}" if c.isupper() else c for c in module), "module")
    declared = block_class(block)
    return (declared.stem if declared is not None else "") or identifier_from(block)


def _feeding(graph: Graph, node_id: str, gone: Mapping[str, None]) -> tuple[str, str] | None:
    """The output, outside what goes, that feeds a node by single wires; None where there is none or no one."""
    seen = set()
    while node_id not in seen:
        seen.add(node_id)
        wires = list(graph.incoming(node_id).values())
        if len(wires) != 1:
            return None
        if wires[0].source not in gone:
            return wires[0].source, wires[0].source_port
        node_id = wires[0].source
    return None


def _wires_at_port(document: Document, graph_key: str, port: Node) -> Iterator[tuple[str, Edge]]:
    """Wires at placed modules' ports that are this ``input`` or ``output`` node, with the keys of their graphs."""
    if not graph_key:
        return
    for graph, node in placements(document, graph_key):
        if port.block == "input":
            wire = graph.incoming(node.id).get(port.name)
            if wire is not None:
                yield graph.key, wire
        else:
            yield from (
                (graph.key, wire) for wire in graph.outgoing(node.id) if wire.source_port == port.name
            )
