"""The result of one node: the block, or the module, run on what its wires bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from builder.analysis.alignment import misalignment
from builder.analysis.facts import (
    NOTHING,
    Facts,
    Sums,
    environment,
    expression_problem,
    facts_of,
    view_of,
)
from builder.analysis.fields import LOST, UNTOLD, Field, identity, through, unite
from builder.analysis.findings import (
    cycle_problem,
    missing_module,
    port_problems,
    repeat_problem,
    uncounted_outputs,
    unknown_block,
    with_names,
)
from builder.analysis.instances import run_module, waits
from builder.analysis.orders import seen_by
from builder.analysis.values import (
    UNKNOWN,
    Fields,
    GraphAnalysis,
    NodeResult,
    Stage,
    StorageKey,
    Value,
    kept_between,
    lies_well,
)
from builder.blocks import Saved, block_class
from builder.document import module_name
from builder.errors import Problem
from builder.expressions import ExpressionError, parse, resolve
from builder.graph import Node
from builder.names import counted, numbered
from builder.strides import is_contiguous
from builder.windows import ELEMENTWISE, Elementwise, Local, PerInput

if TYPE_CHECKING:
    from builder.analysis.engine import Engine


def result_of(engine: Engine, analysis: GraphAnalysis, node_id: str, within: tuple[str, ...]) -> NodeResult:
    """The result of a node whose sources have theirs; ``within`` are the modules around the graph."""
    node = analysis.graph.node(node_id)
    wiring = analysis.wiring
    ports = wiring.ports[node_id]
    if node_id in wiring.cyclic:
        return _unknown(node, ports, cycle_problem(analysis.graph, wiring.cyclic[node_id]))
    inputs = _arriving(analysis, node_id)
    if node.block == "input" and (within or node.name in analysis.arriving):
        value = analysis.arriving.get(node.name, UNKNOWN)
        return NodeResult(node, (), (Stage(node.name, (value,)),), {"y": value})
    cls = block_class(node.block)
    if (
        cls is not None
        and (ports == cls.inputs or (cls.variadic and len(ports) > 1 and ports == _NUMBERED[: len(ports)]))
        and node.when is None
        and node.repeat == 1
        and not node.name.endswith("}")
        and node_id in wiring.live
    ):  # nothing else to look at
        plain = _plain_block(analysis, node, ports, inputs)
        if plain is not None:
            return plain
    return _result(engine, analysis, node, ports, inputs, within)


def in_use(
    engine: Engine, analysis: GraphAnalysis, bypassed: NodeResult, within: tuple[str, ...]
) -> NodeResult:
    """The result that a bypassed node would have if it were not: what people see who look into a module."""
    node = bypassed.node
    used = replace(node, when=None, repeat=1)
    return _result(engine, analysis, used, bypassed.ports, _arriving(analysis, node.id), within)


def _arriving(analysis: GraphAnalysis, node_id: str) -> tuple[Value, ...]:
    """The tensors that come in by a node's wires."""
    results, edges = analysis.results, analysis.wiring.incoming[node_id]
    if len(edges) == 1:
        return (results[edges[0].source].outputs.get(edges[0].source_port, UNKNOWN),)
    return tuple([results[edge.source].outputs.get(edge.source_port, UNKNOWN) for edge in edges])


#: The first inputs of a variadic block.
_NUMBERED = tuple(map(str, range(64)))


def _plain_block(
    analysis: GraphAnalysis, node: Node, ports: tuple[str, ...], inputs: tuple[Value, ...]
) -> NodeResult | None:
    """A block that is placed once, where every shape is known and nothing is wrong; most are."""
    shapes = (inputs[0].shape,) if len(inputs) == 1 else tuple([value.shape for value in inputs])
    if None in shapes:
        return None
    facts = facts_of(node, analysis.env, shapes)  # type: ignore[arg-type]
    if facts.problems or facts.output is None:
        return None
    if facts.plain is not None and inputs[0].order is None and node.block != "output":
        return _plain_result(node, ports, inputs, facts, facts.plain)
    saved: dict[StorageKey, int] = {}
    value = _behind(node, 0, facts, inputs, saved)
    sums = _sums(facts, inputs, value)
    stages = (Stage(node.name, inputs, facts),)
    outputs = {"y": value} if node.block != "output" else {}
    if facts.more:
        assert facts.block is not None
        outputs = _several(facts.block.outputs_of(node.parameters), value, facts)
        if not outputs:
            return None
    problems = _advice(analysis, node, inputs, facts) if len(inputs) > 1 else ()
    return NodeResult(node, ports, stages, outputs, problems, False, sums, tuple(saved.items()))


def _plain_result(
    node: Node, ports: tuple[str, ...], inputs: tuple[Value, ...], facts: Facts, sight: Local
) -> NodeResult:
    """What ``_behind`` and ``_sums`` say of a block with one input, straight on: most of an analysis is this."""
    (first,) = inputs
    key, size, keeps = (node.id, 0), facts.output_bytes, facts.saved
    needs_grad = first.needs_grad or facts.cost.parameters > 0
    saved: tuple[tuple[StorageKey, int], ...] = ()
    if needs_grad:
        if keeps.inputs and not first.counted:
            saved = ((first.storage, first.storage_bytes),)
        if keeps.output:
            saved = (*saved, (key, size))
    fields = first.fields
    if sight is not ELEMENTWISE:
        fields = tuple([(source, through(field, sight)) for source, field in fields])
    outputs = {"y": Value(facts.output, fields, key, size, needs_grad)}
    sums = facts.sums_with_grad if needs_grad else facts.sums_without
    return NodeResult(node, ports, (Stage(node.name, inputs, facts),), outputs, (), False, sums, saved)


def _result(
    engine: Engine, analysis: GraphAnalysis, node: Node, ports: tuple[str, ...], inputs: tuple[Value, ...],
    within: tuple[str, ...],
) -> NodeResult:  # fmt: skip
    """The result of any node: modules, conditions, repeats, and whatever may be wrong with its wires."""
    name = module_name(node.block)
    if name is None and block_class(node.block) is None:
        return _unknown(node, ports, unknown_block(node.block))
    if name is not None and name not in engine.document.modules:
        return _unknown(node, ports, missing_module(name))
    problems = port_problems(engine, analysis, node, ports)
    outputs = engine.output_ports(node)
    try:
        env = environment(analysis.env, (inputs[0].shape,) if inputs and inputs[0].shape else ())
        there = node.when is None or parse(node.when).evaluate(env)
        repeat = resolve(node.repeat, env) if there else 0
    except ExpressionError as error:
        if not waits(error, inputs):
            problems.append(expression_problem(error))
        return NodeResult(node, ports, (), dict.fromkeys(outputs, UNKNOWN), tuple(problems))
    if wrong := repeat_problem(engine, node, repeat if there else 1, within, name):
        return _unknown(node, ports, *problems, wrong)
    if not repeat:
        passed = dict.fromkeys(outputs, inputs[0] if inputs else UNKNOWN)
        return NodeResult(node, ports, (), passed, tuple(problems), bypassed=True)
    segments = _segments(analysis, node, int(repeat))
    if any(problem.is_error for problem in problems):
        stages = (Stage(segments[0], inputs),)
        return NodeResult(node, ports, stages, dict.fromkeys(outputs, UNKNOWN), tuple(problems))
    if name is None:
        return _run_block(analysis, node, ports, inputs, segments, problems, outputs)
    return run_module(engine, analysis, node, ports, inputs, segments, problems, within)


def _run_block(
    analysis: GraphAnalysis, node: Node, ports: tuple[str, ...], inputs: tuple[Value, ...],
    segments: list[str], problems: list[Problem], names: tuple[str, ...],
) -> NodeResult:  # fmt: skip
    stages: list[Stage] = []
    sums: Sums | None = None
    saved: dict[StorageKey, int] = {}
    value = UNKNOWN
    for number, segment in enumerate(segments):
        shapes = tuple([i.shape for i in inputs])
        if None in shapes:
            stages.append(Stage(segment, inputs))
            value = UNKNOWN
            break
        facts = facts_of(node, analysis.env, shapes)  # type: ignore[arg-type]
        stages.append(Stage(segment, inputs, facts))
        if facts.problems:
            problems += [with_names(problem, analysis, node) for problem in facts.problems]
        if facts.output is None:
            value = UNKNOWN
            break
        value = _behind(node, number, facts, inputs, saved)
        problems += _advice(analysis, node, inputs, facts)
        part = _sums(facts, inputs, value)
        sums = part if sums is None else sums.plus(part)
        inputs = (value,)
    outputs: dict[str, Value] = {"y": value} if node.block != "output" else {}
    if len(names) > 1:
        facts = stages[-1].facts or Facts(None, (), None)
        outputs = _several(names, value, facts) if facts.more else {}
        if facts.more and not outputs:
            problems.append(uncounted_outputs(len(names), 1 + len(facts.more)))
        outputs = outputs or dict.fromkeys(names, UNKNOWN)
    if sums is None or len(stages) < len(segments):
        sums = (sums or NOTHING).plus(Sums(blocks=len(segments)))  # they count also where nothing is known
    return NodeResult(node, ports, tuple(stages), outputs, tuple(problems), False, sums, tuple(saved.items()))


def _sums(facts: Facts, inputs: tuple[Value, ...], value: Value) -> Sums:
    """The block's figures where these inputs arrive and ``value`` comes out."""
    sums = facts.sums_with_grad if value.needs_grad else facts.sums_without
    if (facts.saved.for_others or facts.saved.rows or facts.saved.packed) and (
        between := kept_between(facts.saved, inputs)
    ):
        return sums.plus(Sums(extra=between))
    return sums


def _advice(
    analysis: GraphAnalysis, node: Node, inputs: tuple[Value, ...], facts: Facts
) -> tuple[Problem, ...]:
    """What is said of a merge whose branches look at different places."""
    if len(inputs) < 2 or facts.sight is None:
        return ()
    if facts.sight is not ELEMENTWISE and not isinstance(seen_by(facts.sight, inputs)[0], Elementwise):
        return ()
    found = misalignment(inputs)
    return () if found is None else (with_names(found, analysis, node),)


def _several(names: tuple[str, ...], first: Value, facts: Facts) -> dict[str, Value]:
    """The outputs of a block that gives several views of one storage; empty where they are not as many as names."""
    if len(names) != 1 + len(facts.more):
        return {}
    outputs = {names[0]: first}
    for name, shape in zip(names[1:], facts.more, strict=True):
        outputs[name] = Value(
            shape,
            first.fields,
            first.storage,
            first.storage_bytes,
            first.needs_grad,
            first.counted,
            first.strides,
            first.order,
        )
    return outputs


def _behind(
    node: Node, number: int, facts: Facts, inputs: tuple[Value, ...], saved: dict[StorageKey, int]
) -> Value:
    """The tensor a block gives; adds the storages it keeps for the backward pass to ``saved``."""
    shape, keeps = facts.output, facts.saved
    assert shape is not None
    size = facts.output_bytes
    key: StorageKey = (node.id, number)
    if not inputs:
        return Value(shape, ((node.name, identity(len(shape) - 1)),), key, size)
    first = inputs[0]
    alone = len(inputs) == 1
    assert facts.sight is not None
    sight, order, alike = seen_by(facts.sight, inputs)
    needs_grad = first.needs_grad or facts.cost.parameters > 0
    if not (needs_grad or alone):
        needs_grad = any(value.needs_grad for value in _seen(inputs, sight))
    if needs_grad:
        for index in keeps.inputs:
            value = inputs[index]
            if not value.counted:
                saved[value.storage] = value.storage_bytes
        if keeps.inputs_with_grad or keeps.for_others or keeps.rows or keeps.packed:
            _keep_where_needed(keeps, inputs, saved)
        if keeps.output:
            saved[key] = size
    fields = _fields_behind(inputs, sight, alike)
    if keeps.view:
        strides = view_of(facts, first.strides)
        if strides is not None:
            straight = None if is_contiguous(shape, strides) else strides
            return Value(
                shape, fields, first.storage, first.storage_bytes, needs_grad, first.counted, straight, order
            )
    return Value(shape, fields, key, size, needs_grad, order=order)


def _fields_behind(inputs: tuple[Value, ...], sight: Local | PerInput[Local], alike: bool) -> Fields:
    """What is seen behind a block; where rows of one input meet columns of another, it is not told."""
    if isinstance(sight, PerInput):
        fields = _each_in_its_way(inputs, sight)
    else:
        fields = inputs[0].fields if len(inputs) == 1 else _united([value.fields for value in inputs])
        if sight is not ELEMENTWISE:
            fields = tuple([(source, through(field, sight)) for source, field in fields])
    if alike:
        return fields
    return tuple([(source, LOST if field.is_global else UNTOLD) for source, field in fields])


def _keep_where_needed(keeps: Saved, inputs: tuple[Value, ...], saved: dict[StorageKey, int]) -> None:
    """Add the inputs that are kept only for the gradient of certain inputs, or where they lie as they have to."""
    kept = [index for index in keeps.inputs_with_grad if inputs[index].needs_grad]
    if keeps.rows or keeps.packed:
        shape = inputs[0].shape
        assert shape is not None
        if lies_well(keeps, shape, inputs[0].strides):
            kept.append(0)
    for part in keeps.for_others:
        if part.kept is not None and any(inputs[index].needs_grad for index in part.needing):
            kept.append(part.kept)
    for index in kept:
        value = inputs[index]
        if not value.counted:
            saved[value.storage] = value.storage_bytes


def _seen(inputs: tuple[Value, ...], sight: Local | PerInput[Local]) -> tuple[Value, ...]:
    """The inputs whose numbers count."""
    if not isinstance(sight, PerInput):
        return inputs
    return tuple([value for value, own in zip(inputs, sight.sights, strict=True) if own is not None])


def _each_in_its_way(inputs: tuple[Value, ...], sight: PerInput[Local]) -> Fields:
    return _united(
        [
            tuple([(source, through(field, own)) for source, field in value.fields])
            for value, own in zip(inputs, sight.sights, strict=True)
            if own is not None
        ]
    )


def _united(branches: Sequence[Fields]) -> Fields:
    first = branches[0]
    if len(first) == 1 and all(len(fields) == 1 and fields[0][0] == first[0][0] for fields in branches):
        ((source, field),) = first  # of one source, as in most networks
        united = unite([fields[0][1] for fields in branches])
        return first if united is field else ((source, united),)
    found: dict[str, list[Field]] = {}
    for fields in branches:
        for source, field in fields:
            found.setdefault(source, []).append(field)
    return tuple([(source, unite(parts)) for source, parts in found.items()])


def _segments(analysis: GraphAnalysis, node: Node, repeat: int) -> list[str]:
    """Path segments of a node's stages: the name, or n of them (see ``Node.repeat`` and ``names.counted``)."""
    number = numbered(node.name) if analysis.wiring.is_chain else None
    if number is not None and (node.repeat != 1 or counted(node.name)):
        stem, first = number
        if counted(node.name):
            first = _next_number(analysis, node, stem, first)
        return [f"{stem}{first + i}" for i in range(repeat)]
    if node.repeat == 1:
        return [node.name]
    return [f"{node.name}.{i}" for i in range(repeat)]


def _next_number(analysis: GraphAnalysis, node: Node, stem: str, first: int) -> int:
    """The number behind those that the nodes before it in a chain have, which are counted alike."""
    incoming = analysis.wiring.incoming
    before = node.id
    while incoming[before]:
        before = incoming[before][0].source
        result = analysis.results.get(before)
        if result is not None and (alike := numbered(result.node.name)) and alike[0] == stem:
            if result.stages:
                return int(result.stages[-1].segment[len(stem) :]) + 1
            first = alike[1]  # it is bypassed
    return first


def _unknown(node: Node, ports: tuple[str, ...], *problems: Problem) -> NodeResult:
    return NodeResult(node, ports, (), {"y": UNKNOWN}, problems)
