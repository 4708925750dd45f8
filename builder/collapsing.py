"""Nodes drawn as their names alone, which takes less room where what is in them is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from builder.appearance import shown_ports
from builder.document import Document
from builder.edits import Edit, ReplaceNode
from builder.geometry import node_height
from builder.graph import Graph, Node


def collapse(document: Document, graph: Graph, ids: Iterable[str]) -> list[Edit]:
    """Collapse nodes, or where all of them are, show them whole; their middles stay, so that wires run as before."""
    nodes = [graph.node(node_id) for node_id in dict.fromkeys(ids)]
    whole = [node for node in nodes if not node.collapsed]
    return [ReplaceNode(graph.key, _turned(document, graph, node)) for node in whole or nodes]


def _turned(document: Document, graph: Graph, node: Node) -> Node:
    """The node collapsed where it is whole, and the other way round."""
    inputs, outputs, _ = shown_ports(document, graph, node)
    before, after = (
        node_height(len(inputs), len(outputs), collapsed=collapsed)
        for collapsed in (node.collapsed, not node.collapsed)
    )
    x, y = node.position
    return replace(node, position=(x, y + (before - after) / 2), collapsed=not node.collapsed)
