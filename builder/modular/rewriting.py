"""Names in expressions replaced by what they stand for, and what has a value by then worked out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from builder.blocks import block_class
from builder.blocks.parameters import Flag
from builder.document import Document, Module
from builder.expressions import Expression, folded, is_expression, names_in, parse
from builder.graph import Node

#: What a name stands for: a number, or the text of an expression.
Meaning: TypeAlias = int | float | str
Meanings: TypeAlias = Mapping[str, Meaning]

#: What a condition says where its value is known.
ALWAYS, NEVER = None, "False"


def names_of(node: Node) -> frozenset[str]:
    """The names that a node's parameters, its condition and its repeat use."""
    values = [*node.parameters.values(), node.repeat]
    if node.when is not None:
        values.append(f"={node.when.removeprefix('=')}")
    return frozenset().union(*map(names_in, values))


def is_used(module: Module, name: str) -> bool:
    """Whether anything in a module hangs on a parameter."""
    return any(name in names_of(node) for node in module.graph)


def rewritten(document: Document, node: Node, meanings: Meanings) -> Node:
    """The node with names replaced wherever it uses them; raises ExpressionError for what cannot be written."""
    if not names_of(node) & meanings.keys():
        return node
    flags = _flags(document, node)
    parameters = {
        name: _value(value, meanings, bool if name in flags else None) if names_in(value) else value
        for name, value in node.parameters.items()
    }
    when = ALWAYS if node.when is None else _condition(node.when, meanings)
    repeat = _value(node.repeat, meanings)
    if repeat == 0:  # a document has at least one of each node
        when, repeat = NEVER, 1
    return replace(node, parameters=parameters, when=when, repeat=repeat)


def substituted(text: str, meanings: Meanings, *, truth: bool = False) -> str | int | float:
    """An expression with names replaced: its value where no name is left, else its text.

    A text in which every name stays what it is stays as it was typed. ``truth``: it matters only whether it is 0.
    """
    expression = parse(text)
    used = expression.names & meanings.keys()
    if all(meanings[name] == name for name in used):
        return text
    named = _Names({name: _tree(meanings[name]) for name in used}).visit(_body(expression.text))
    tree = folded(named, truth=truth)
    if isinstance(tree, ast.Constant):
        return Expression(tree).evaluate({})
    return f"={parse(ast.unparse(tree)).text}"


def _condition(text: str, meanings: Meanings) -> str | None:
    """A condition with names replaced; ``ALWAYS`` or ``NEVER`` where nothing is left to decide."""
    found = substituted(text, meanings, truth=True)
    if isinstance(found, str):
        return found.removeprefix("=")
    return ALWAYS if found else NEVER


def _value(value: Any, meanings: Meanings, kind: Callable[[Any], Any] | None = None) -> Any:
    if isinstance(value, list | tuple):
        return [_value(part, meanings, kind) for part in value]
    if not is_expression(value):
        return value
    found = substituted(value, meanings)
    return found if isinstance(found, str) or kind is None else kind(found)


def _flags(document: Document, node: Node) -> set[str]:
    """The parameters of a node that are switches."""
    module, cls = document.module_of(node.block), block_class(node.block)
    if module is not None:
        return {parameter.name for parameter in module.parameters if isinstance(parameter.default, bool)}
    declared = {} if cls is None else cls.parameters()
    return {name for name, parameter in declared.items() if isinstance(parameter, Flag)}


class _Names(ast.NodeTransformer):
    def __init__(self, trees: Mapping[str, ast.expr]) -> None:
        self.trees = trees

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.trees.get(node.id, node)


def _body(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _tree(meaning: Meaning) -> ast.expr:
    if isinstance(meaning, str):
        return _body(parse(meaning).text)
    return ast.Constant(meaning if isinstance(meaning, float) else int(meaning))
