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
    _, wires, _ = graph.tables()
    before = {source for node_id in ids for source in wires[node_id]}
    return [node.id for node in graph if node.id in before and node.id not in ids]


def fed(graph: Graph, ids: Collection[str]) -> list[str]:
    """The nodes to which a wire leads straight from these, without these, in the order of the graph."""
    *_, behind = graph.tables()
    after = {target for node_id in ids for target in behind[node_id]}
    return [node.id for node in graph if node.id in after and node.id not in ids]
