"""Ways out where a wire or a node is missing, or is too much."""

from __future__ import annotations

from builder.acts import delete_nodes, new_node
from builder.edits import AddNode, Connect, Disconnect
from builder.graph import Edge
from builder.links import check_link, ports_of
from builder.remedies.base import Place, Ways, remedy
from builder.spacing import COLUMN

#: How many nodes are tried as the source of a missing wire, nearest first.
_TRIES = 8


@remedy("connect-nearest")
def connect_nearest(place: Place) -> Ways:
    """A wire from the nearest node whose output fits, those to the left first."""
    node, port, graph = place.node, place.problem.port, place.graph
    if node is None or port is None:
        return
    x, y = node.position
    others = sorted(
        (other for other in graph if other.id != node.id),
        key=lambda o: (
            (abs(o.position[0] + COLUMN - x) + abs(o.position[1] - y)) * (1 if o.position[0] < x else 3)
        ),
    )
    unfed = {other.id for other in others if not graph.outgoing(other.id)}
    tries = 0
    for other in sorted(others, key=lambda o: o.id not in unfed):
        for output in ports_of(place.document, other, graph.key).outputs:
            edge = Edge(other.id, output, node.id, port)
            if check_link(place.document, graph.key, edge) is None:
                tries += 1
                yield f"Connect {other.name}", [Connect(graph.key, edge)]
        if tries >= _TRIES:
            return


@remedy("connect-output")
def connect_output(place: Place) -> Ways:
    """A wire to the nearest input that is free."""
    node, graph = place.node, place.graph
    if node is None:
        return
    x, y = node.position
    others = sorted(graph, key=lambda o: abs(o.position[0] - COLUMN - x) + abs(o.position[1] - y))
    tries = 0
    for other in others:
        ports = ports_of(place.document, other, graph.key)
        wired = graph.incoming(other.id)
        for output in ports_of(place.document, node, graph.key).outputs[:1]:
            for port in ports.inputs:
                edge = Edge(node.id, output, other.id, port)
                if port not in wired and check_link(place.document, graph.key, edge) is None:
                    tries += 1
                    yield f"Connect to {other.name}", [Connect(graph.key, edge)]
        if tries >= _TRIES:
            return


@remedy("disconnect")
def disconnect(place: Place) -> Ways:
    """Take the wire away."""
    if place.node is not None:
        edge = place.graph.incoming(place.node.id).get(place.problem.port or "")
        if edge is not None:
            yield "Remove the wire", [Disconnect(place.graph.key, edge)]


@remedy("cut-cycle")
def cut_cycle(place: Place) -> Ways:
    """Take away the wire of the circle that runs backwards on the canvas."""
    import networkx as nx

    graph, node = place.graph, place.node
    if node is None:
        return
    circle: set[str] = next(
        (part for part in nx.strongly_connected_components(graph.networkx) if node.id in part), set[str]()
    )
    inside = [edge for edge in graph.edges() if edge.source in circle and edge.target in circle]

    def backwards(edge: Edge) -> float:
        return graph.node(edge.target).position[0] - graph.node(edge.source).position[0]

    for edge in sorted(inside, key=backwards):
        names = f"{graph.node(edge.source).name} → {graph.node(edge.target).name}"
        yield f"Remove {names}", [Disconnect(graph.key, edge)]


@remedy("delete-node")
def delete_node(place: Place) -> Ways:
    """Take the node away, joining what it lay between where that is one wire each."""
    if place.node is not None:
        for heal in (True, False):
            edits = delete_nodes(place.document, place.graph.key, [place.node.id], heal=heal)
            yield f"Delete {place.node.name}", edits


@remedy("add-input")
def add_input(place: Place) -> Ways:
    """An Input before the first node that has none."""
    graph = place.graph
    free = [
        (node, port)
        for node in sorted(graph, key=lambda node: node.position)
        for port in ports_of(place.document, node, graph.key).inputs
        if port not in graph.incoming(node.id)
    ]
    for node, port in free[:1]:
        made = new_node(place.document, graph.key, "input", {}, (node.position[0] - COLUMN, node.position[1]))
        yield (
            "Add an input",
            [AddNode(graph.key, made), Connect(graph.key, Edge(made.id, "y", node.id, port))],
        )
    yield "Add an input", [AddNode(graph.key, new_node(place.document, graph.key, "input"))]


@remedy("add-output")
def add_output(place: Place) -> Ways:
    """An Output behind the last node whose output goes nowhere."""
    graph = place.graph
    loose = [
        (node, port)
        for node in sorted(graph, key=lambda node: node.position, reverse=True)
        for port in ports_of(place.document, node, graph.key).outputs
        if not graph.outgoing(node.id)
    ]
    for node, port in loose:
        made = new_node(
            place.document, graph.key, "output", {}, (node.position[0] + COLUMN, node.position[1])
        )
        yield (
            "Add an output",
            [AddNode(graph.key, made), Connect(graph.key, Edge(node.id, port, made.id, "x"))],
        )
    yield "Add an output", [AddNode(graph.key, new_node(place.document, graph.key, "output"))]
