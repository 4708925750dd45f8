"""Nodes by the wires between them: what a selection grows to."""

from __future__ import annotations

from collections.abc import Collection

from builder.graph import Graph


def connected(graph: Graph, ids: Collection[str]) -> list[str]:
    """The nodes that are joined to these by wires, whichever way and however far, in the order of the graph."""
    _, before, after = graph.tables()
    joined, waiting = set(ids), list(ids)
    while waiting:
        here = waiting.pop()
        beyond = [other for side in (before, after) for other in side[here] if other not in joined]
        joined.update(beyond)
        waiting += beyond
    return [node.id for node in graph if node.id in joined]


def feeding(graph: Graph, ids: Collection[str]) -> list[str]:
    """The nodes from which a wire leads straight to these, without these, in the order of the graph."""
    before = {edge.source for node_id in ids for edge in graph.incoming(node_id).values()}
    return [node.id for node in graph if node.id in before and node.id not in ids]


def fed(graph: Graph, ids: Collection[str]) -> list[str]:
    """The nodes to which a wire leads straight from these, without these, in the order of the graph."""
    after = {edge.target for node_id in ids for edge in graph.outgoing(node_id)}
    return [node.id for node in graph if node.id in after and node.id not in ids]
