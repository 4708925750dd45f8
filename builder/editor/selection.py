"""The parameters of what is selected, and the edits that change them; free of widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from builder.analysis.facts import environment
from builder.blocks import block_class
from builder.blocks.parameters import Flag, Integer, Parameter, Real
from builder.document import Document, ModuleParameter
from builder.edits import Edit, ReplaceNode
from builder.entry import Condition
from builder.graph import Graph, Node
from builder.links import ports_of
from builder.modular import REPEAT
from builder.shapes import dimensions
from builder.widgets.forms import MIXED
from builder.widgets.session import Session

#: Names under which a node's own fields appear among the parameters (``REPEAT`` is the other); none can be called so.
WHEN = "·when"

_MODULE_DECLARATIONS: dict[tuple[ModuleParameter, ...], dict[str, Parameter[Any]]] = {}


def _named(name: str, parameter: Parameter[Any]) -> Parameter[Any]:
    parameter.__set_name__(object, name)
    return parameter


_REPEAT = _named(
    "repeat",
    Integer(1, label="Repeat", maximum=1000, help="So many of these one after the other, each with weights."),
)
_WHEN = _named(
    "when",
    Condition(
        "",
        label="Only when",
        help="An expression of the module's parameters, such as stride != 1; else bypassed.",
    ),
)


@dataclass(frozen=True, slots=True)
class Form:
    """What the inspector's form shows for a selection."""

    declared: Mapping[str, Parameter[Any]]
    values: Mapping[str, Any]
    names: Mapping[str, float]
    dims: int | None


def form_of(session: Session, nodes: Sequence[Node]) -> Form:
    """The parameters that all nodes have, with the values they share and ``MIXED`` where they differ."""
    document, graph = session.document, session.graph
    declared = dict(declarations(document, graph, nodes[0]))
    for node in nodes[1:]:
        others = declarations(document, graph, node)
        declared = {name: p for name, p in declared.items() if type(others.get(name)) is type(p)}
    values: dict[str, Any] = {}
    for name, parameter in declared.items():
        given = [value_of(node, name, declarations(document, graph, node)[name]) for node in nodes]
        if any(_plain(value) != _plain(given[0]) for value in given[1:]):
            values[name] = MIXED
        elif _plain(given[0]) != _plain(parameter.default) or _is_given(nodes[0], name):
            values[name] = given[0]
    reports = [session.report(node.id) for node in nodes]
    shapes = [next(iter(r.input_shapes.values()), None) for r in reports if r is not None]
    first = shapes[0] if shapes else None
    dims = {dimensions(shape) for shape in shapes if shape is not None}
    names = environment(session.view.parameters, (first,) if first is not None else ())
    return Form(declared, values, names, dims.pop() if len(dims) == 1 else None)


def declarations(document: Document, graph: Graph, node: Node) -> Mapping[str, Parameter[Any]]:
    """The declared parameters of a node's block or module, and the node's own fields where they mean something."""
    module = document.module_of(node.block)
    cls = block_class(node.block)
    found: dict[str, Parameter[Any]] = {}
    if module is not None:
        found = dict(_of_module(module.parameters))
    elif cls is not None:
        found = dict(cls.parameters())
    if node.block in ("input", "output"):
        if graph.key and node.block == "input":
            found.pop("shape", None)  # what arrives from outside decides
        return found
    ports = ports_of(document, node, graph.key)
    if ports.known and not ports.variadic and len(ports.inputs) == 1 and len(ports.outputs) == 1:
        found[REPEAT] = _REPEAT
    if graph.key:
        found[WHEN] = _WHEN
    return found


def value_of(node: Node, name: str, parameter: Parameter[Any]) -> Any:
    """What a node has for a parameter, the default where it says nothing."""
    if name == REPEAT:
        return node.repeat
    if name == WHEN:
        return node.when or ""
    return node.parameters.get(name, parameter.default)


def set_parameter(
    document: Document, graph: Graph, nodes: Sequence[Node], name: str, value: Any
) -> list[Edit]:
    """Edits that give all nodes a value; what equals the default is left out of the document."""
    edits: list[Edit] = []
    for node in nodes:
        parameter = declarations(document, graph, node).get(name)
        if parameter is not None and (changed := _changed(node, name, parameter, value)) != node:
            edits.append(ReplaceNode(graph.key, changed))
    return edits


def _changed(node: Node, name: str, parameter: Parameter[Any], value: Any) -> Node:
    if name == REPEAT:
        return replace(node, repeat=value)
    if name == WHEN:
        return replace(node, when=value or None)
    given = {key: other for key, other in node.parameters.items() if key != name}
    if _plain(value) != _plain(parameter.default):
        given[name] = value
    return replace(node, parameters=given)


def _of_module(parameters: tuple[ModuleParameter, ...]) -> dict[str, Parameter[Any]]:
    """A module's parameters as declarations, the same objects for the same parameters."""
    if parameters not in _MODULE_DECLARATIONS:
        made = {parameter.name: declaration_of(parameter) for parameter in parameters}
        _MODULE_DECLARATIONS[parameters] = made
    return _MODULE_DECLARATIONS[parameters]


def declaration_of(parameter: ModuleParameter) -> Parameter[Any]:
    """A module's parameter as a block would declare it: the default says of what kind it is."""
    made: Parameter[Any]
    if isinstance(parameter.default, bool):
        made = Flag(parameter.default, help=parameter.help)
    elif isinstance(parameter.default, float):
        made = Real(parameter.default, help=parameter.help)
    else:
        made = Integer(parameter.default, minimum=-(2**31), help=parameter.help)
    return _named(parameter.name, made)


def _is_given(node: Node, name: str) -> bool:
    return name in node.parameters


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_plain(part) for part in value)
    return (type(value) is bool, value)
