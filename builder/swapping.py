"""Another block in a node's place: its wires and the parameters both have stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from builder.blocks import block_class
from builder.document import Document
from builder.edits import Connect, Disconnect, Edit, ReplaceNode
from builder.errors import Address, Problem
from builder.expressions import is_expression, names_in
from builder.graph import Edge, Node
from builder.library import bring_in, module_for
from builder.links import check_instance, module_ports, ports_of


class Swap(NamedTuple):
    """The edits of a swap, and the wires for which the new block has no port."""

    edits: list[Edit]
    lost: tuple[Edge, ...]


def swap(
    document: Document, graph_key: str, node_id: str, block: str, parameters: Mapping[str, Any]
) -> Swap | Problem:
    """Make a node another block, with ``parameters`` and, besides, those it had that the new block takes as well.

    Name, place, ``when`` and ``repeat`` stay. Wires keep their port where the new block has one of that name, else go
    to the next free one in order.
    """
    graph = document.graph(graph_key)
    node = graph.node(node_id)
    if node.block in ("input", "output") or block in ("input", "output"):
        return Problem(
            "cannot-swap",
            "An Input or Output stands where a network begins or ends",
            f"'{node.name}' cannot become another block, nor another block one of them",
            "Add a block, and draw its wires.",
        ).at(node.name, Address(graph_key, node_id))
    if (problem := check_instance(document, graph_key, block)) is not None:
        return problem.at(node.name, Address(graph_key, node_id))
    brought: list[Edit] = list(bring_in(document, block))
    after = replace(node, block=block, parameters=_shared(document, node, block) | dict(parameters))
    incoming = graph.incoming(node_id)
    arriving, leaving, variadic = _ports(document, after)
    entries = _matched(list(incoming), arriving, grows=variadic)
    exits = _matched(list(dict.fromkeys(edge.source_port for edge in graph.outgoing(node_id))), leaving)
    before: list[Edit] = []
    behind: list[Edit] = []
    lost: list[Edge] = []
    for edge in (*incoming.values(), *graph.outgoing(node_id)):
        moved = _moved(edge, node_id, entries, exits)
        if moved == edge:
            continue
        before.append(Disconnect(graph_key, edge))
        if moved is None:
            lost.append(edge)
        else:
            behind.append(Connect(graph_key, moved, graph.bends(edge)))
    return Swap([*brought, *before, ReplaceNode(graph_key, after), *behind], tuple(lost))


def _ports(document: Document, node: Node) -> tuple[Sequence[str], Sequence[str], bool]:
    """Inputs, outputs, and whether any number of inputs may come."""
    module = module_for(document, node.block)
    ports = ports_of(document, node) if module is None else module_ports(module)
    return (() if ports.variadic else ports.inputs), ports.outputs, ports.variadic


def _matched(used: Sequence[str], there: Sequence[str], *, grows: bool = False) -> dict[str, str]:
    """The port that each one in use becomes: of the same name, else the next that is free."""
    if grows:
        return {port: str(number) for number, port in enumerate(used)}
    kept = {port: port for port in used if port in there}
    free = [port for port in there if port not in kept]
    others = [port for port in used if port not in kept]
    return kept | dict(zip(others, free, strict=False))


def _moved(edge: Edge, node_id: str, entries: Mapping[str, str], exits: Mapping[str, str]) -> Edge | None:
    """The wire at the ports it goes to now; None where there is none."""
    if edge.target == node_id:
        port = entries.get(edge.target_port)
        return None if port is None else edge._replace(target_port=port)
    port = exits.get(edge.source_port)
    return None if port is None else edge._replace(source_port=port)


def _shared(document: Document, node: Node, block: str) -> dict[str, Any]:
    """What is set on the node that the other block takes as well, and accepts."""
    module = module_for(document, block)
    if module is not None:
        wanted = {parameter.name: type(parameter.default) for parameter in module.parameters}
        return {
            name: value
            for name, value in node.parameters.items()
            if name in wanted and (is_expression(value) or isinstance(value, wanted[name]))
        }
    cls = block_class(block)
    if cls is None:
        return {}
    declared = cls.parameters()
    return {
        name: value
        for name, value in node.parameters.items()
        if name in declared and (names_in(value) or declared[name].check(value) is None)
    }
