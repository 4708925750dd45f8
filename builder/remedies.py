"""The ways out of problems, by the names that blocks give them in ``Problem.fixes``; each yields edits to try.

A remedy need not be sure that it helps: ``builder.fixes`` tries it on a copy and keeps what works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import networkx as nx

from builder.acts import delete_nodes, new_node, rename_node
from builder.analysis import GraphView, NodeReport
from builder.blocks import Block, block_class
from builder.document import Document
from builder.edits import AddNode, Connect, Disconnect, Edit, MoveNodes, ReplaceNode
from builder.errors import Problem
from builder.graph import Edge, Graph, Node
from builder.links import check_link, ports_of
from builder.shapes import TensorShape, format_shape
from builder.spacing import BRANCH, COLUMN, NODE_HEIGHT, NODE_WIDTH

#: How many nodes are tried as the source of a missing wire, nearest first.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem is: its graph, its node (None: the graph itself), and the reports of that instance."""

    document: Document
    graph: Graph
    node: Node | None
    view: GraphView
    problem: Problem
    instance: tuple[str, ...] = ()

    @property
    def report(self) -> NodeReport | None:
        """What is known of the node."""
        return self.view.reports.get(self.node.id) if self.node is not None else None

    @property
    def block(self) -> type[Block] | None:
        """The class of the node's block; None for modules."""
        return block_class(self.node.block) if self.node is not None else None


#: A label, and the edits that go with it; the first that works is taken.
Ways: TypeAlias = Iterator[tuple[str, list[Edit]]]
Remedy: TypeAlias = Callable[[Place], Ways]

REMEDIES: dict[str, Remedy] = {}

#: What helps although the block that found the problem did not say so.
_BY_CODE: Mapping[str, tuple[str, ...]] = {
    "concat-sizes-differ": ("pad-and-subsample",),
    "kernel-too-large": ("shrink-kernel", "pad-more", "same-padding"),
    "unconnected": ("connect-nearest", "delete-node"),
    "class-count": ("set-classes",),
    "bad-repeat": ("reset-repeat",),
    "unknown-block": ("delete-node",),
    "missing-module": ("delete-node",),
    "name-reserved": ("rename",),
    "bad-name": ("rename",),
    "duplicate-name": ("rename",),
    "cycle": ("cut-cycle",),
    "goes-nowhere": ("connect-output",),
}


def remedies_of(problem: Problem) -> list[str]:
    """Names of the remedies to try, best first."""
    names = dict.fromkeys((*problem.fixes, *_BY_CODE.get(problem.code, ())))
    if problem.code.startswith("name-"):
        names["rename"] = None
    return [name for name in names if name in REMEDIES]


def remedy(*names: str) -> Callable[[Remedy], Remedy]:
    """Make a function the remedy of these names."""

    def register(function: Remedy) -> Remedy:
        for name in names:
            REMEDIES[name] = function
        return function

    return register


# shapes that do not agree -----------------------------------------------------------------------------------


def odd_inputs(
    graph: Graph, node_id: str, shapes: Mapping[str, TensorShape | None]
) -> tuple[str | None, list[str]]:
    """The input that the others of a merge should agree with, and those that do not: the shortcuts.

    What most inputs bring counts; among equals, the branch with the most nodes behind it.
    """
    known = {port: shape for port, shape in shapes.items() if shape is not None}
    if len(known) < 2:
        return None, []
    incoming = graph.incoming(node_id)
    votes = {port: sum(other == shape for other in known.values()) for port, shape in known.items()}
    behind = {
        port: len(nx.ancestors(graph.networkx, incoming[port].source)) if port in incoming else 0
        for port in known
    }
    main = max(known, key=lambda port: (votes[port], behind[port]))
    return main, [port for port, shape in known.items() if shape != known[main]]


@remedy("insert-projection")
def insert_projection(place: Place) -> Ways:
    """A 1×1 convolution with a batch norm on each input that differs; the stride brings the size.

    Source: He et al., Deep Residual Learning for Image Recognition, 2015, option B.
    """
    for edge, shape, goal in _differing(place):
        strides = _strides(shape[1:], goal[1:])
        if strides is None or len(shape) != len(goal) or len(shape) < 2:
            return
        stride = strides[0] if len(set(strides)) == 1 else list(strides)
        parameters: dict[str, Any] = {"out_channels": int(goal[0]), "kernel_size": 1, "bias": False}
        if stride != 1:
            parameters["stride"] = stride
        yield (
            "Insert projection",
            _put_in(place, edge, [("conv", parameters, "projection"), ("batch_norm", {}, "projection_norm")]),
        )


@remedy("pad-and-subsample")
def subsample(place: Place) -> Ways:
    """Every second (third …) position of the larger inputs, without parameters."""
    edits: list[Edit] = []
    smallest = _smallest(place)
    assert place.node is not None
    merge_channels = place.node.block == "concat"
    for edge, shape, goal in _differing(place, smallest=smallest):
        strides = _strides(shape[1:], goal[1:])
        if strides is None or (shape[0] != goal[0] and not merge_channels) or edits:
            return
        stride = strides[0] if len(set(strides)) == 1 else list(strides)
        edits = _put_in(place, edge, [("max_pool", {"kernel_size": 1, "stride": stride}, "subsample")])
    if edits:
        yield "Subsample", edits


def _smallest(place: Place) -> str | None:
    report = place.report
    shapes = {port: s for port, s in (report.input_shapes if report else {}).items() if s is not None}
    return min(shapes, key=lambda port: shapes[port][1:], default=None)


def _differing(place: Place, smallest: str | None = None) -> Iterator[tuple[Edge, TensorShape, TensorShape]]:
    """(wire, what it brings, what it should bring) of the inputs of a merge that differ from the main one."""
    report, node = place.report, place.node
    if report is None or node is None:
        return
    incoming = place.graph.incoming(node.id)
    main, odd = odd_inputs(place.graph, node.id, report.input_shapes)
    if smallest is not None:
        main = smallest
        odd = [
            p
            for p, s in report.input_shapes.items()
            if s is not None and s[1:] != (report.input_shapes[main] or ())[1:]
        ]
    goal = report.input_shapes.get(main) if main is not None else None
    for port in odd:
        shape = report.input_shapes[port]
        if port in incoming and shape is not None and goal is not None:
            yield incoming[port], shape, goal


def _strides(sizes: TensorShape, goals: TensorShape) -> tuple[int, ...] | None:
    """Strides of a window of one that bring sizes to goals, or None."""
    if len(sizes) != len(goals):
        return None
    strides = []
    for size, goal in zip(sizes, goals, strict=True):
        fitting = [s for s in (-(-size // goal), size // goal) if s > 0 and (size - 1) // s + 1 == goal]
        if not fitting:
            return None
        strides.append(int(fitting[0]))
    return tuple(strides)


@remedy("insert-flatten")
def insert_flatten(place: Place) -> Ways:
    """A Flatten before a block that takes vectors."""
    yield from _before(place, "Insert Flatten", [("flatten", {}, "")])


@remedy("insert-global-pool")
def insert_global_pool(place: Place) -> Ways:
    """A global average pool (and a Flatten where it leaves axes of one) before a block that takes vectors."""
    yield from _before(place, "Insert global average pool", [("global_avg_pool", {}, "")])
    yield from _before(
        place, "Insert global average pool", [("global_avg_pool", {}, ""), ("flatten", {}, "")]
    )


def _before(place: Place, label: str, blocks: list[tuple[str, dict[str, Any], str]]) -> Ways:
    if place.node is None:
        return
    wires = list(place.graph.incoming(place.node.id).values())
    if len(wires) == 1:
        yield label, _put_in(place, wires[0], blocks)


def _put_in(place: Place, edge: Edge, blocks: list[tuple[str, dict[str, Any], str]]) -> list[Edit]:
    """Nodes in a row on a wire: in the gap before its end if there is one, else below what lies there."""
    graph, key = place.graph, place.graph.key
    target = graph.node(edge.target)
    edits: list[Edit] = [Disconnect(key, edge)]
    x, y = target.position
    source_x, source_y = graph.node(edge.source).position
    along = abs(source_y - y) < NODE_HEIGHT and source_x < x and len(graph.incoming(target.id)) == 1
    if along:
        missing = source_x + (len(blocks) + 1) * COLUMN - x
        if missing > 0:
            behind = {target.id, *nx.descendants(graph.networkx, target.id)}
            places = {node_id: graph.node(node_id).position for node_id in behind}
            same_row = {
                n: (px + missing, py) for n, (px, py) in places.items() if px >= x and abs(py - y) < BRANCH
            }
            edits.append(MoveNodes(key, same_row))
        starts = [(source_x + (i + 1) * COLUMN, source_y) for i in range(len(blocks))]
    else:
        top = _free_row(graph, x - len(blocks) * COLUMN, x - COLUMN, y + BRANCH)
        starts = [(x - (len(blocks) - i) * COLUMN, top) for i in range(len(blocks))]
    before, port = edge.source, edge.source_port
    taken: set[str] = set()
    for (block, parameters, name), position in zip(blocks, starts, strict=True):
        node = new_node(place.document, key, block, parameters, position, name)
        node = replace(node, id=_other_id(graph, node.id, taken))
        edits += [AddNode(key, node), Connect(key, Edge(before, port, node.id, "x"))]
        before, port = node.id, "y"
    edits.append(Connect(key, Edge(before, port, edge.target, edge.target_port)))
    return edits


def _other_id(graph: Graph, wish: str, taken: set[str]) -> str:
    number = int(wish[1:])
    while f"n{number}" in taken or f"n{number}" in graph:
        number += 1
    taken.add(f"n{number}")
    return f"n{number}"


def _free_row(graph: Graph, left: float, right: float, top: float) -> float:
    """The first height from ``top`` down where nothing lies between two columns."""
    nodes = [n.position for n in graph if left - NODE_WIDTH < n.position[0] < right + NODE_WIDTH]
    while any(abs(y - top) < NODE_HEIGHT + 8 for _, y in nodes):
        top += BRANCH
    return top


# windows that do not fit ------------------------------------------------------------------------------------


@remedy("shrink-kernel")
def shrink_kernel(place: Place) -> Ways:
    """The largest kernel that fits, where possible with an odd edge."""
    shape, values = _arriving(place), _values(place)
    if shape is None or "kernel_size" not in values:
        return
    dims = len(shape) - 1
    padding = _symmetric(values.get("padding"), dims)
    kernels = []
    for size, kernel, dilation, pad in zip(
        shape[1:],
        _each(values["kernel_size"], dims),
        _each(values.get("dilation", 1), dims),
        padding,
        strict=True,
    ):
        largest = (size + 2 * pad - 1) // dilation + 1
        fitting = min(kernel, largest)
        kernels.append(int(fitting if fitting == kernel or fitting % 2 or fitting < 3 else fitting - 1))
    if min(kernels) < 1:
        return
    label = f"Kernel {format_shape(tuple(kernels))}"
    changes: dict[str, Any] = {"kernel_size": kernels[0] if len(set(kernels)) == 1 else kernels}
    yield label, _changed(place, **changes)
    changes["padding"] = 0
    yield label, _changed(place, **changes)


@remedy("pad-more")
def pad_more(place: Place) -> Ways:
    """As much border as the window needs to fit."""
    shape, values = _arriving(place), _values(place)
    if shape is None or "kernel_size" not in values:
        return
    dims = len(shape) - 1
    pads = []
    for size, kernel, dilation in zip(
        shape[1:], _each(values["kernel_size"], dims), _each(values.get("dilation", 1), dims), strict=True
    ):
        extent = dilation * (kernel - 1) + 1
        pads.append(max(0, -(-(extent - size) // 2)))
    yield (
        f"Padding {format_shape(tuple(pads)) if len(set(pads)) > 1 else pads[0]}",
        _changed(place, padding=pads[0] if len(set(pads)) == 1 else pads),
    )


@remedy("same-padding")
def same_padding(place: Place) -> Ways:
    """Padding that keeps the size."""
    if place.node is not None and place.node.block == "conv":
        yield "Padding 'same'", _changed(place, padding="same")


def _arriving(place: Place) -> TensorShape | None:
    report = place.report
    return next((s for s in report.input_shapes.values() if s is not None), None) if report else None


def _values(place: Place) -> Mapping[str, Any]:
    """The node's parameters with expressions resolved, where the analysis got that far; else as they stand."""
    report = place.report
    if report is not None and report.facts is not None and report.facts.block is not None:
        return report.facts.block.values
    cls = place.block
    if cls is None or place.node is None or cls.check(place.node.parameters):
        return {}
    return cls.create(place.node.parameters).values


def _each(value: Any, dims: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,) * dims


def _symmetric(value: Any, dims: int) -> tuple[int, ...]:
    """What a padding adds on both sides at least; words such as 'same' are replaced by none."""
    if value is None or isinstance(value, str):
        return (0,) * dims
    return tuple(min(side) if isinstance(side, tuple | list) else side for side in _each(value, dims))


def _changed(place: Place, **changes: Any) -> list[Edit]:
    assert place.node is not None
    return [ReplaceNode(place.graph.key, place.node.with_parameters(**changes))]


# parameters -------------------------------------------------------------------------------------------------


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


@remedy("reset-repeat")
def reset_repeat(place: Place) -> Ways:
    """Place it once."""
    if place.node is not None:
        yield "Place it once", [ReplaceNode(place.graph.key, replace(place.node, repeat=1))]


@remedy("set-classes")
def set_classes(place: Place) -> Ways:
    """As many outputs of the last Linear before the output as the data has classes: the last number of the values."""
    wanted = [int(word) for word in place.problem.values.replace(",", "").split() if word.isdecimal()]
    outputs = [node for node in place.graph if node.block == "output"]
    if not wanted or not outputs:
        return
    node = (
        place.node
        if place.node is not None and place.node.block == "linear"
        else _last(place.graph, "linear", outputs[0])
    )
    if node is not None:
        changed = node.with_parameters(out_features=wanted[-1])
        yield f"{node.name}: {wanted[-1]} outputs", [ReplaceNode(place.graph.key, changed)]


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


# wires and nodes --------------------------------------------------------------------------------------------


@remedy("connect-nearest")
def connect_nearest(place: Place) -> Ways:
    """A wire from the nearest node whose output fits, those to the left first."""
    node, port, graph = place.node, place.problem.port, place.graph
    if node is None or port is None:
        return
    x, y = node.position
    others = sorted(
        (other for other in graph if other.id != node.id),
        key=lambda o: (
            (abs(o.position[0] + COLUMN - x) + abs(o.position[1] - y)) * (1 if o.position[0] < x else 3)
        ),
    )
    unfed = {other.id for other in others if not graph.outgoing(other.id)}
    tries = 0
    for other in sorted(others, key=lambda o: o.id not in unfed):
        for output in ports_of(place.document, other, graph.key).outputs:
            edge = Edge(other.id, output, node.id, port)
            if check_link(place.document, graph.key, edge) is None:
                tries += 1
                yield f"Connect {other.name}", [Connect(graph.key, edge)]
        if tries >= _TRIES:
            return


@remedy("connect-output")
def connect_output(place: Place) -> Ways:
    """A wire to the nearest input that is free."""
    node, graph = place.node, place.graph
    if node is None:
        return
    x, y = node.position
    others = sorted(graph, key=lambda o: abs(o.position[0] - COLUMN - x) + abs(o.position[1] - y))
    tries = 0
    for other in others:
        ports = ports_of(place.document, other, graph.key)
        wired = graph.incoming(other.id)
        for output in ports_of(place.document, node, graph.key).outputs[:1]:
            for port in ports.inputs:
                edge = Edge(node.id, output, other.id, port)
                if port not in wired and check_link(place.document, graph.key, edge) is None:
                    tries += 1
                    yield f"Connect to {other.name}", [Connect(graph.key, edge)]
        if tries >= _TRIES:
            return


@remedy("disconnect")
def disconnect(place: Place) -> Ways:
    """Take the wire away."""
    if place.node is not None:
        edge = place.graph.incoming(place.node.id).get(place.problem.port or "")
        if edge is not None:
            yield "Remove the wire", [Disconnect(place.graph.key, edge)]


@remedy("cut-cycle")
def cut_cycle(place: Place) -> Ways:
    """Take away the wire of the circle that runs backwards on the canvas."""
    graph, node = place.graph, place.node
    if node is None:
        return
    circle: set[str] = next(
        (part for part in nx.strongly_connected_components(graph.networkx) if node.id in part), set[str]()
    )
    inside = [edge for edge in graph.edges() if edge.source in circle and edge.target in circle]

    def backwards(edge: Edge) -> float:
        return graph.node(edge.target).position[0] - graph.node(edge.source).position[0]

    for edge in sorted(inside, key=backwards):
        names = f"{graph.node(edge.source).name} → {graph.node(edge.target).name}"
        yield f"Remove {names}", [Disconnect(graph.key, edge)]


@remedy("delete-node")
def delete_node(place: Place) -> Ways:
    """Take the node away, joining what it lay between where that is one wire each."""
    if place.node is not None:
        for heal in (True, False):
            edits = delete_nodes(place.document, place.graph.key, [place.node.id], heal=heal)
            yield f"Delete {place.node.name}", edits


@remedy("add-input")
def add_input(place: Place) -> Ways:
    """An Input before the first node that has none."""
    graph = place.graph
    free = [
        (node, port)
        for node in sorted(graph, key=lambda node: node.position)
        for port in ports_of(place.document, node, graph.key).inputs
        if port not in graph.incoming(node.id)
    ]
    for node, port in free[:1]:
        made = new_node(place.document, graph.key, "input", {}, (node.position[0] - COLUMN, node.position[1]))
        yield (
            "Add an input",
            [AddNode(graph.key, made), Connect(graph.key, Edge(made.id, "y", node.id, port))],
        )
    yield "Add an input", [AddNode(graph.key, new_node(place.document, graph.key, "input"))]


@remedy("add-output")
def add_output(place: Place) -> Ways:
    """An Output behind the last node whose output goes nowhere."""
    graph = place.graph
    loose = [
        (node, port)
        for node in sorted(graph, key=lambda node: node.position, reverse=True)
        for port in ports_of(place.document, node, graph.key).outputs
        if not graph.outgoing(node.id)
    ]
    for node, port in loose:
        made = new_node(
            place.document, graph.key, "output", {}, (node.position[0] + COLUMN, node.position[1])
        )
        yield (
            "Add an output",
            [AddNode(graph.key, made), Connect(graph.key, Edge(node.id, port, made.id, "x"))],
        )
    yield "Add an output", [AddNode(graph.key, new_node(place.document, graph.key, "output"))]
