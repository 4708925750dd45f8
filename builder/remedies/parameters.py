"""Ways out where a parameter or a name is not allowed, or not what the data needs."""

from __future__ import annotations

from dataclasses import replace

from builder.acts import rename_node
from builder.edits import Edit, ReplaceNode
from builder.errors import Problem
from builder.graph import Graph, Node
from builder.remedies.base import Place, Ways, changed, put_in, remedy


@remedy("remove-parameter")
def remove_parameter(place: Place) -> Ways:
    """Drop the parameter that the block does not have."""
    for name in place.node.parameters if place.node is not None else ():
        if f"'{name}'" in place.problem.rule:
            yield f"Remove {name}", _without(place, name)


@remedy("reset-parameter", "reset-groups", "reset-padding", "padding-zeros")
def reset_parameter(place: Place) -> Ways:
    """Back to the default of the parameter that does not fit."""
    if place.node is None:
        return
    named = [name for name in place.node.parameters if f"'{name}'" in place.problem.rule]
    fixed = {"reset-groups": "groups", "reset-padding": "padding", "padding-zeros": "padding_mode"}
    named += [fixed[fix] for fix in place.problem.fixes if fix in fixed]
    for name in dict.fromkeys(named):
        if name in place.node.parameters:
            parameter = place.block.parameters().get(name) if place.block is not None else None
            label = (
                f"Reset {parameter.label.lower()}"
                if parameter is not None and parameter.label
                else f"Reset {name}"
            )
            yield label, _without(place, name)


def _without(place: Place, name: str) -> list[Edit]:
    assert place.node is not None
    kept = {key: value for key, value in place.node.parameters.items() if key != name}
    return [ReplaceNode(place.graph.key, replace(place.node, parameters=kept))]


@remedy("nearest-groups")
def nearest_groups(place: Place) -> Ways:
    """As many groups, or parts, as divide the channels: the nearest to what is there."""
    names = {"num_groups": "group", "groups": "group", "sections": "part"}
    name = next((n for n in names if f"'{n}'" in place.problem.rule), None)
    numbers = [int(word) for word in place.problem.values.replace(",", "").split() if word.isdecimal()]
    if name is not None and len(numbers) == 2:
        channels, groups = numbers
        declared = place.block.parameters().get(name) if place.block is not None else None
        least = getattr(declared, "minimum", 1)
        divisors = [number for number in range(least, channels + 1) if channels % number == 0]
        if divisors:
            nearest = min(divisors, key=lambda number: (abs(number - groups), -number))
            label = f"{nearest} {names[name]}{'s' if nearest != 1 else ''}"
            yield label, changed(place, **{name: nearest})


@remedy("reset-repeat")
def reset_repeat(place: Place) -> Ways:
    """Place it once."""
    if place.node is not None:
        yield "Place it once", [ReplaceNode(place.graph.key, replace(place.node, repeat=1))]


@remedy("set-classes")
def set_classes(place: Place) -> Ways:
    """As many outputs of the last Linear before the output as the data has classes."""
    wanted, end = _classes(place.problem), _end(place)
    node = _last(place.graph, "linear", end) if end is not None else None
    if wanted is not None and node is not None and _rank(place, end) == 1:
        changed = node.with_parameters(out_features=wanted)
        yield f"{node.name}: {wanted} outputs", [ReplaceNode(place.graph.key, changed)]


@remedy("end-in-classes")
def end_in_classes(place: Place) -> Ways:
    """A vector with one score per class before the output."""
    wanted, end = _classes(place.problem), _end(place)
    wires = list(place.graph.incoming(end.id).values()) if end is not None else []
    if wanted is None or len(wires) != 1:
        return
    scores = ("linear", {"out_features": wanted}, "scores")
    if _rank(place, end) == 1:
        yield f"Insert Linear({wanted})", put_in(place, wires[0], [scores])
    else:
        yield f"Insert Flatten and Linear({wanted})", put_in(place, wires[0], [("flatten", {}, ""), scores])


def _classes(problem: Problem) -> int | None:
    """How many classes the data has: the last number of the values."""
    numbers = [int(word) for word in problem.values.replace(",", "").split() if word.isdecimal()]
    return numbers[-1] if numbers else None


def _end(place: Place) -> Node | None:
    """The Output behind the node, else the graph's first."""
    ends = [node for node in place.graph if node.block == "output"]
    fed = [end for end in ends if place.node is not None and _source(place.graph, end) == place.node.id]
    return next(iter(fed or ends), None)


def _source(graph: Graph, end: Node) -> str | None:
    """Where the wire into an Output comes from."""
    return next((edge.source for edge in graph.incoming(end.id).values()), None)


def _rank(place: Place, node: Node | None) -> int | None:
    """How many axes what a node passes on has."""
    report = place.view.reports.get(node.id) if node is not None else None
    return len(report.output_shape) if report is not None and report.output_shape is not None else None


def _last(graph: Graph, block: str, node: Node) -> Node | None:
    """The nearest node of a block on the way back from a node, while there is one way only."""
    seen = set()
    while node.id not in seen:
        seen.add(node.id)
        if node.block == block:
            return node
        wires = list(graph.incoming(node.id).values())
        if len(wires) != 1:
            return None
        node = graph.node(wires[0].source)
    return None


@remedy("rename")
def rename(place: Place) -> Ways:
    """The nearest name that is allowed."""
    if place.node is None:
        return
    base = place.node.name.strip("_") or "node"
    for wish in (f"{base}_1", place.graph.unused_name(f"{base}_1"), place.graph.unused_name("node")):
        edits = rename_node(place.document, place.graph.key, place.node.id, wish)
        if not isinstance(edits, Problem):
            yield f"Call it {wish}", edits
