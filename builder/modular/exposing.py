"""What stands inside a module made a parameter of it, which every instance may set; and made a plain value again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from builder.acts import placements
from builder.blocks import block_class
from builder.blocks.parameters import Flag, Integer, OptionalReal, Padding, Parameter, PerAxis, Real
from builder.document import Document, Module, ModuleParameter
from builder.edits import Edit, ReplaceNode, SetModuleParameters
from builder.errors import Address, Problem
from builder.expressions import ExpressionError, is_expression, names_in
from builder.graph import Node, numbered
from builder.modular.rewriting import is_used, names_of, rewritten
from builder.names import check_parameter_name, identifier_from, normalise

#: The name under which how often a node is repeated can be exposed; no parameter can be called so.
REPEAT = "·repeat"

#: What the kinds of parameter that hold numbers hold.
_HELD: tuple[tuple[tuple[type[Parameter[Any]], ...], type[int] | type[float]], ...] = (
    ((Integer, PerAxis, Padding), int),
    ((Real, OptionalReal), float),
    ((Flag,), bool),
)


def expose(
    document: Document, module: str, node_id: str, parameter: str, name: str = ""
) -> list[Edit] | Problem:
    """Make a value of a node inside a module a parameter of the module, which all instances may set.

    Its default is the value, so that nothing changes yet. ``name``: what it is called; else as the node's own, or
    with the node's name where that is taken.
    """
    owner = document.modules[module]
    node = owner.graph.node(node_id)
    name = normalise(name) or proposed_parameter(owner, node, parameter)
    value, kind, about = _held(document, node, parameter)
    problem = _check_value(node, parameter, value, kind) or check_new_parameter(owner, name)
    if problem is not None:
        return problem.at(node.name, Address(module, node_id))
    assert kind is not None
    if parameter == REPEAT:
        changed = replace(node, repeat=f"={name}")
    else:
        changed = node.with_parameters(**{parameter: _follows(value, name)})
        if _counts_outputs(node, parameter, value):
            return _outputs_follow(node, parameter).at(node.name, Address(module, node_id))
    declared = ModuleParameter(name, kind(_numbers(value)[0]), about)
    return [SetModuleParameters(module, (*owner.parameters, declared)), ReplaceNode(module, changed)]


def can_expose(document: Document, node: Node, parameter: str) -> bool:
    """Whether a value of a node is one that a module could have as a parameter."""
    value, kind, _ = _held(document, node, parameter)
    return _check_value(node, parameter, value, kind) is None


def proposed_parameter(module: Module, node: Node, parameter: str) -> str:
    """What an exposed parameter may be called: as the node's own, or with the node's name if that is taken."""
    taken = {declared.name for declared in module.parameters}
    wish = parameter.removeprefix("·")
    if wish in taken or check_parameter_name(wish) is not None:
        wish = identifier_from(f"{node.name}_{wish}")
    return numbered(wish, lambda name: name in taken or check_parameter_name(name) is not None)


def unexpose(document: Document, module: str, name: str) -> list[Edit] | Problem:
    """Put a parameter's value in wherever the module uses it, and declare it no more.

    That is the value all instances have; where they differ, it stays a parameter, unless nothing hangs on it.
    """
    owner = document.modules[module]
    declared = next(parameter for parameter in owner.parameters if parameter.name == name)
    placed = [(graph.key, node) for graph, node in placements(document, module)]
    met = [node for _, node in placed] if is_used(owner, name) else []
    value = _shared(declared, met)
    if isinstance(value, Problem):
        return value
    edits: list[Edit] = []
    try:
        for node in owner.graph:
            if name in names_of(node):
                edits.append(
                    ReplaceNode(module, _plain(document, node, rewritten(document, node, {name: value})))
                )
    except ExpressionError as error:
        return Problem(
            "cannot-substitute", "A parameter goes only where its value can be written", str(error),
            "Write that expression in another way first.",
        )  # fmt: skip
    edits += [
        ReplaceNode(key, replace(node, parameters={k: v for k, v in node.parameters.items() if k != name}))
        for key, node in placed
        if name in node.parameters
    ]
    kept = tuple(parameter for parameter in owner.parameters if parameter is not declared)
    return [*edits, SetModuleParameters(module, kept)]


# values ------------------------------------------------------------------------------------------------------


def _held(document: Document, node: Node, parameter: str) -> tuple[Any, type[int] | type[float] | None, str]:
    """What a node has for a parameter, what numbers that may hold (None: none), and what it is for."""
    if parameter == REPEAT:
        return node.repeat, int, "So many of these one after the other."
    if (placed := document.module_of(node.block)) is not None:
        for inner in placed.parameters:
            if inner.name == parameter:
                return node.parameters.get(parameter, inner.default), type(inner.default), inner.help
        return None, None, ""
    cls = block_class(node.block)
    declared = None if cls is None else cls.parameters().get(parameter)
    if declared is None:
        return None, None, ""
    kind = next((kind for classes, kind in _HELD if type(declared) in classes), None)
    return node.parameters.get(parameter, declared.default), kind, declared.help


def _numbers(value: Any) -> list[Any]:
    """The numbers in a value, which may have one for each axis."""
    if isinstance(value, list | tuple):
        return [number for part in value for number in _numbers(part)]
    return [value]


def _follows(value: Any, name: str) -> Any:
    """The same value with an expression in place of each number."""
    return [_follows(part, name) for part in value] if isinstance(value, list | tuple) else f"={name}"


def _plain(document: Document, before: Node, after: Node) -> Node:
    """The node without values that turned out to be the defaults of its block or module."""
    module, cls = document.module_of(after.block), block_class(after.block)
    defaults = {} if cls is None else {name: declared.default for name, declared in cls.parameters().items()}
    if module is not None:
        defaults = {declared.name: declared.default for declared in module.parameters}
    kept = {
        name: value
        for name, value in after.parameters.items()
        if name not in defaults or not names_in(before.parameters[name]) or not _same(value, defaults[name])
    }
    return replace(after, parameters=kept)


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other)


def _shared(declared: ModuleParameter, instances: Iterable[Node]) -> int | float | Problem:
    """The value that a parameter has in all instances."""
    given = {node.name: node.parameters.get(declared.name, declared.default) for node in instances}
    values = list(dict.fromkeys(given.values())) or [declared.default]
    if len(values) == 1 and not is_expression(values[0]):
        return float(values[0]) if isinstance(declared.default, float) else values[0]
    told = [f"{str(value).removeprefix('=')} in '{name}'" for name, value in given.items()]
    return Problem(
        "parameter-differs",
        "A parameter goes only where all instances give it the same number",
        f"'{declared.name}' is {', '.join(told[:3])}{' …' if len(told) > 3 else ''}",
        "Give them the same number first.",
    )


def _counts_outputs(node: Node, parameter: str, value: Any) -> bool:
    """Whether a block has more outputs where this number is larger."""
    cls = block_class(node.block)
    if cls is None or not isinstance(value, int):
        return False
    return cls.outputs_of({**node.parameters, parameter: value + 1}) != cls.outputs_of(node.parameters)


# what stands in the way --------------------------------------------------------------------------------------


def _check_value(
    node: Node, parameter: str, value: Any, kind: type[int] | type[float] | None
) -> Problem | None:
    word, numbers = parameter.removeprefix("·"), _numbers(value)
    if any(map(is_expression, numbers)):
        return Problem(
            "follows-already",
            "Only a plain value can be made a parameter",
            f"'{word}' of '{node.name}' follows {next(filter(is_expression, numbers))[1:]} already",
            "Write a number there first.",
        )
    if kind is not None and numbers and all(isinstance(number, int | float) for number in numbers):
        if len(set(numbers)) == 1:
            return None
        return Problem(
            "axes-differ",
            "A parameter is one number for all axes",
            f"'{word}' of '{node.name}' has {', '.join(map(str, numbers))}",
            "Give all axes the same number first.",
        )
    return Problem(
        "no-number",
        "Only a number or a switch can be a module's parameter",
        f"'{word}' of '{node.name}' is {value!r}",
        "Make another value a parameter.",
    )


def check_new_parameter(module: Module, name: str) -> Problem | None:
    """What is wrong with the name of a parameter that a module does not have yet."""
    problem = check_parameter_name(name)
    if problem is None and any(declared.name == name for declared in module.parameters):
        problem = Problem(
            "duplicate-name",
            "The parameters of a module have different names",
            f"another is called '{name}'",
            f"Write ={name} to use that one, or choose another name.",
        )
    return problem


def _outputs_follow(node: Node, parameter: str) -> Problem:
    return Problem(
        "outputs-not-counted",
        "How many outputs a block has must be a number, and no parameter",
        f"those of '{node.name}' follow from '{parameter}'",
        "Make another value a parameter.",
    )
