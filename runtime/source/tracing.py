"""How each use of a module reads: its nodes lowered with sizes that remember how they are written.

A module is traced once for each distinct use (arguments and arriving shapes); what all uses agree on can be
written once, in its class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.analysis.orders import Order, channels_of
from builder.analysis.values import GraphAnalysis, NodeResult
from builder.blocks import block_class
from builder.blocks.lowering import Lowering
from builder.document import Document, module_name
from builder.errors import Problem
from builder.expressions import INPUT_CHANNELS, SYMBOLS, parse, resolve
from builder.graph import Node
from builder.shapes import TensorShape


@dataclass(slots=True)
class Step:
    """A node in one use: what it becomes at each of its stages, or None where it is bypassed.

    ``condition`` and ``repeat`` are as written in the module; ``outputs`` are the shapes it gives, by port,
    and ``segments`` what its stages are called.
    """

    node: Node
    active: bool
    condition: str | None
    repeat: Any
    lowered: list[Lowering] = field(default_factory=list)
    placed: list[Placement] = field(default_factory=list)
    outputs: dict[str, TensorShape] = field(default_factory=dict)
    segments: tuple[str, ...] = ()


@dataclass(slots=True)
class Placement:
    """A module placed at a stage of a node: its analysis, arguments and arriving shapes as written around it."""

    name: str
    use: GraphAnalysis
    arguments: dict[str, Any]
    given: tuple[str, ...]
    shapes: dict[str, TensorShape]


@dataclass(slots=True)
class Trace:
    """One use of a graph, node by node, in the order of ``forward``."""

    analysis: GraphAnalysis
    steps: dict[str, Step]


def trace(
    document: Document,
    analysis: GraphAnalysis,
    env: Mapping[str, float],
    arriving: Mapping[str, TensorShape],
) -> Trace:
    """Lower every live node of an error-free graph; ``env`` and ``arriving`` may hold Symbols."""
    steps: dict[str, Step] = {}
    shapes: dict[tuple[str, str], TensorShape] = {}
    entrances = [analysis.results[node_id].node.name for node_id in analysis.wiring.inputs]
    if entrances and entrances[0] in arriving:
        env = {**env, INPUT_CHANNELS: arriving[entrances[0]][0]}
    for node_id in analysis.wiring.order:
        if node_id not in analysis.wiring.live:
            continue
        result = analysis.results[node_id]
        node = result.node
        inputs = {e.target_port: shapes[e.source, e.source_port] for e in analysis.wiring.incoming[node_id]}
        if node.block == "input":
            shape = arriving.get(node.name) or result.outputs["y"].shape
            assert shape is not None
            steps[node_id] = Step(node, True, None, 1, outputs={"y": shape})
        else:
            steps[node_id] = _step(document, result, env, inputs)
        for port, shape in steps[node_id].outputs.items():
            shapes[node_id, port] = shape
    return Trace(analysis, steps)


def _step(
    document: Document,
    result: NodeResult,
    env: Mapping[str, float],
    inputs: dict[str, TensorShape],
) -> Step:
    node = result.node
    first = next(iter(inputs.values()))
    known = {**env, "in_channels": first[0]}
    condition = None if node.when is None else parse(node.when).render(known, truth=True)
    segments = tuple(stage.segment for stage in result.stages)
    step = Step(node, not result.bypassed, condition, resolve(node.repeat, known), segments=segments)
    if result.bypassed:
        step.outputs = dict.fromkeys(result.outputs, first)
        return step
    for number, stage in enumerate(result.stages):
        known = {**env, "in_channels": next(iter(inputs.values()))[0]}
        if stage.inner is not None:
            placement = _place(document, node, stage.inner, known, inputs)
            step.placed.append(placement)
            outputs = _outputs_of(document, placement)
        else:
            cls = block_class(node.block)
            assert cls is not None
            block = cls.create({name: resolve(value, known) for name, value in node.parameters.items()})
            arriving = list(inputs.values())
            shape = block.infer(arriving)
            assert not isinstance(shape, Problem)
            step.lowered.append(block.lower(arriving))
            names = cls.outputs_of(node.parameters)
            given = (shape, *block.more(arriving))[: len(names)]
            after = result.stages[number + 1].inputs if number + 1 < len(result.stages) else ()
            orders = [value.order for value in after or result.outputs.values()]
            outputs = {
                name: plain_sizes(one, order) for name, one, order in zip(names, given, orders, strict=True)
            }
        step.outputs = outputs
        if outputs:
            inputs = {next(iter(inputs)): next(iter(outputs.values()))}
    return step


def _place(
    document: Document,
    node: Node,
    use: GraphAnalysis,
    known: Mapping[str, float],
    inputs: dict[str, TensorShape],
) -> Placement:
    name = module_name(node.block)
    assert name is not None
    arguments: dict[str, Any] = {}
    for parameter in document.modules[name].parameters:
        value = resolve(node.parameters.get(parameter.name, parameter.default), known)
        if isinstance(parameter.default, bool | float) and not isinstance(value, SYMBOLS):
            value = type(parameter.default)(value)
        arguments[parameter.name] = value
    return Placement(name, use, arguments, tuple(node.parameters), dict(inputs))


def _outputs_of(document: Document, placement: Placement) -> dict[str, TensorShape]:
    """The shapes a placed module gives, written in terms of what stands around it."""
    inner = trace(document, placement.use, placement.arguments, placement.shapes)
    outputs = {}
    for node_id in placement.use.wiring.outputs:
        edge = placement.use.wiring.incoming[node_id][0]
        outputs[placement.use.results[node_id].node.name] = inner.steps[edge.source].outputs[edge.source_port]
    return outputs


def plain_sizes(shape: TensorShape, order: Order) -> TensorShape:
    """Only channels are worth remembering how they are written, wherever they lie; sizes of maps are what they are.

    The first axis is what a module takes for the channels that arrive.
    """
    channels = channels_of(order)
    return tuple(size if axis in (0, channels) else int(size) for axis, size in enumerate(shape))


def uses(root: GraphAnalysis) -> dict[str, list[GraphAnalysis]]:
    """Every distinct use of each module below ``root``, by name; users before what they use."""
    found: dict[str, list[GraphAnalysis]] = {}

    def visit(analysis: GraphAnalysis) -> None:
        for inner in _inner(analysis):
            name = inner.graph.key
            known = found.setdefault(name, [])
            if not any(inner is other for other in known):
                known.append(inner)
                visit(inner)

    visit(root)
    return found


def _inner(analysis: GraphAnalysis) -> Iterator[GraphAnalysis]:
    for node_id in analysis.wiring.order:
        if node_id in analysis.wiring.live:
            for stage in analysis.results[node_id].stages:
                if stage.inner is not None:
                    yield stage.inner
