"""The result of a placed module: its graph, run on what arrives, once for each stage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from builder.analysis.facts import Sums, added, environment, expression_problem
from builder.analysis.fields import Field, compose, unite
from builder.analysis.findings import MAX_BLOCKS, module_has_errors, too_many_blocks, unknown_argument
from builder.analysis.values import (
    UNKNOWN,
    Fields,
    GraphAnalysis,
    NodeResult,
    Port,
    Stage,
    StorageKey,
    Value,
)
from builder.document import Module, module_name
from builder.errors import Problem
from builder.expressions import IN_CHANNELS, INPUT_CHANNELS, ExpressionError, resolve
from builder.graph import Graph, Node
from builder.shapes import TensorShape

if TYPE_CHECKING:
    from builder.analysis.engine import Engine


def run_module(
    engine: Engine, analysis: GraphAnalysis, node: Node, ports: tuple[str, ...], inputs: tuple[Value, ...],
    segments: list[str], problems: list[Problem], within: tuple[str, ...],
) -> NodeResult:  # fmt: skip
    """The result of an instance whose wires are in order, stage by stage."""
    name = module_name(node.block)
    assert name is not None
    stages: list[Stage] = []
    parts: list[tuple[Sums, int]] = []
    blocks = 0
    saved: dict[StorageKey, int] = {}
    outputs: dict[str, Value] = {}
    inner: GraphAnalysis | None = None
    for number, segment in enumerate(segments):
        if inner is None or not _alike(inputs, stages[-1].inputs):  # most repeat on the same shape
            try:
                env = _arguments(engine.document.modules[name], name, node, analysis, inputs, problems)
            except ExpressionError as error:
                if not waits(error, inputs):
                    problems.append(expression_problem(error))
                break
            inner = engine.use(name, env, dict(zip(ports, inputs, strict=True)), within)
        blocks += inner.sums.blocks
        if blocks > MAX_BLOCKS:
            problems.append(too_many_blocks(name, blocks))
            stages, outputs, parts, saved = [], {}, [], {}
            break
        stages.append(Stage(segment, inputs, None, inner))
        parts.append((inner.sums, 1))
        if inner.saved_bytes:
            parts.append((Sums(extra=inner.saved_bytes), 1))
        arrived = dict(zip(ports, inputs, strict=True))
        for port in inner.saved_ports:
            if not arrived[port].counted:
                saved[arrived[port].storage] = arrived[port].storage_bytes
        for port, value in inner.output_values().items():
            outputs[port] = _outside(value, arrived, inner, (node.id, number))
        if not inner.ok:
            problems.append(module_has_errors(name))
            break
        inputs = tuple(outputs.values())
    if not stages:
        outputs = dict.fromkeys(engine.output_ports(node), UNKNOWN)
    return NodeResult(
        node, ports, tuple(stages), outputs, tuple(problems), False, added(parts), tuple(saved.items())
    )


def _alike(inputs: tuple[Value, ...], before: tuple[Value, ...]) -> bool:
    """Whether a module would make the same of both."""
    return len(inputs) == len(before) and all(
        a.shape == b.shape and a.needs_grad == b.needs_grad and a.strides == b.strides and a.order == b.order
        for a, b in zip(inputs, before, strict=True)
    )


def _arguments(
    module: Module,
    name: str,
    node: Node,
    analysis: GraphAnalysis,
    inputs: tuple[Value, ...],
    problems: list[Problem],
) -> dict[str, float]:
    """The values of the module's parameters at this node; raises ExpressionError."""
    outer = environment(analysis.env, tuple([i.shape for i in inputs if i.shape is not None])[:1])
    try:
        env: dict[str, float] = {p.name: _number(p.default) for p in module.parameters}
        unknown = [key for key in node.parameters if key not in env]
        if unknown:
            problems.append(unknown_argument(name, unknown[0], env))
        for key, value in node.parameters.items():
            if key in env:
                env[key] = _given(key, resolve(value, outer), env[key])
        arriving = first_shape(module.graph, dict(zip(analysis.wiring.ports[node.id], inputs, strict=True)))
        if arriving:
            env[INPUT_CHANNELS] = int(arriving[0])
    except ExpressionError:
        raise
    except (TypeError, ValueError) as error:
        raise ExpressionError(str(error)) from None
    return env


def _number(value: int | float) -> int | float:
    """A switch as 0 or 1, a number as it is."""
    return value if isinstance(value, float) else int(value)


def _given(name: str, value: Any, default: int | float) -> int | float:
    """What a node sets a module's parameter to; a whole number stays one. Raises ExpressionError."""
    if isinstance(default, float):
        number = float(value)
        if not math.isfinite(number):
            raise ExpressionError(f"'{name}' must be a finite number, not {number}")
        return number
    if isinstance(value, float):
        raise ExpressionError(f"'{name}' is a whole number, not {value:g}")
    return int(value)


def waits(error: ExpressionError, inputs: tuple[Value, ...]) -> bool:
    """Whether an expression only lacks the channels of a tensor that is not known yet."""
    return error.missing in (IN_CHANNELS, INPUT_CHANNELS) and bool(inputs) and inputs[0].shape is None


def first_shape(graph: Graph, arrived: Mapping[str, Value]) -> TensorShape | None:
    """What arrives at the first input of a module, if that is known."""
    return next((arrived[n.name].shape for n in graph if n.block == "input" and n.name in arrived), None)


def _outside(
    value: Value, arrived: Mapping[str, Value], inner: GraphAnalysis, place: tuple[str, int]
) -> Value:
    """A module's output as the graph around it sees it."""
    if value.shape is None:
        return UNKNOWN
    fields = _composed(value.fields, arrived)
    if isinstance(value.storage, Port):
        origin = arrived[value.storage.name]
        key, size, counted = origin.storage, origin.storage_bytes, origin.counted
    else:
        key, size = (place, value.storage), value.storage_bytes
        counted = value.counted or value.storage in inner.saved
    return Value(value.shape, fields, key, size, value.needs_grad, counted, value.strides, value.order)


def _composed(relative: Fields, arrived: Mapping[str, Value]) -> Fields:
    if len(relative) == 1:
        port, inner = relative[0]
        return tuple([(source, compose(field, inner)) for source, field in arrived[port].fields])
    found: dict[str, list[Field]] = {}
    for port, inner in relative:
        for source, field in arrived[port].fields:
            found.setdefault(source, []).append(compose(field, inner))
    return tuple([(source, unite(fields)) for source, fields in found.items()])
