"""A module's parameters called something else, wherever they are used and set, and put in another order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builder.acts import placements
from builder.document import Document
from builder.edits import Edit, ReplaceNode, SetModuleParameters
from builder.errors import Address, Problem
from builder.expressions import ExpressionError, is_expression, renamed
from builder.graph import Node
from builder.modular.exposing import check_new_parameter
from builder.modular.rewriting import names_of
from builder.names import normalise


def rename_parameter(document: Document, module: str, old: str, new: str) -> list[Edit] | Problem:
    """Call a parameter something else: expressions in the module and what instances give it follow.

    Nothing else changes in them, and no figure or key of a state_dict. Empty where it is called so already.
    """
    owner, new = document.modules[module], normalise(new)
    if new == old:
        return []
    if (problem := check_new_parameter(owner, new)) is not None:
        return problem
    called = tuple([replace(p, name=new) if p.name == old else p for p in owner.parameters])
    users = [(owner.graph, node) for node in owner.graph if old in names_of(node)]
    met = {(graph.key, node.id): (graph, node) for graph, node in (*users, *placements(document, module))}
    edits: list[Edit] = [SetModuleParameters(module, called)]
    for graph, node in met.values():
        try:
            changed = _using(node, old, new) if graph is owner.graph else node
        except ExpressionError as error:
            problem = Problem(
                "bad-expression", "An expression must fit", str(error), "Choose a shorter name."
            )
            return problem.at(node.name, Address(graph.key, node.id))
        if node.block == owner.block:
            changed = _giving(changed, old, new)
        if changed != node:
            edits.append(ReplaceNode(graph.key, changed))
    return edits


def move_parameter(document: Document, module: str, name: str, places: int) -> list[Edit]:
    """Put a parameter so many places farther down its module's list (less than 0: up), at most to an end of it."""
    parameters = list(document.modules[module].parameters)
    before = [parameter.name for parameter in parameters].index(name)
    after = min(max(before + places, 0), len(parameters) - 1)
    if after == before:
        return []
    parameters.insert(after, parameters.pop(before))
    return [SetModuleParameters(module, tuple(parameters))]


def _using(node: Node, old: str, new: str) -> Node:
    """A node whose expressions use the other name."""
    when = None if node.when is None else renamed(node.when, old, new)
    parameters = {name: _value(value, old, new) for name, value in node.parameters.items()}
    return replace(node, parameters=parameters, when=when, repeat=_value(node.repeat, old, new))


def _giving(node: Node, old: str, new: str) -> Node:
    """An instance that gives its value to the other name; what it had for that, nothing had a use for."""
    given = {name: value for name, value in node.parameters.items() if name != new}
    return replace(node, parameters={new if name == old else name: value for name, value in given.items()})


def _value(value: Any, old: str, new: str) -> Any:
    if isinstance(value, list | tuple):
        return [_value(part, old, new) for part in value]
    return renamed(value, old, new) if is_expression(value) else value
