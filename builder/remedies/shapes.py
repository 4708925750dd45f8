"""Ways out where tensors do not agree, or are not what a block takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from builder.edits import AddNode, Connect, Edit, apply_all
from builder.graph import Edge, Graph
from builder.remedies.base import Place, Ways, put_in, remedy
from builder.shapes import TensorShape


def odd_inputs(
    graph: Graph, node_id: str, shapes: Mapping[str, TensorShape | None]
) -> tuple[str | None, list[str]]:
    """The input that the others of a merge should agree with, and those that do not: the shortcuts.

    What most inputs bring counts; among equals, the branch with the most nodes behind it.
    """
    import networkx as nx

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
            put_in(place, edge, [("conv", parameters, "projection"), ("batch_norm", {}, "projection_norm")]),
        )


@remedy("pad-and-subsample")
def pad_and_subsample(place: Place) -> Ways:
    """Every second (third …) position, and channels of zeros on both sides, without parameters.

    Source: He et al., Deep Residual Learning for Image Recognition, 2015, option A.
    """
    for edge, shape, goal in _differing(place):
        strides = _strides(shape[1:], goal[1:])
        more = goal[0] - shape[0]
        if strides is None or len(shape) != len(goal) or len(shape) < 2 or more <= 0:
            return
        blocks: list[tuple[str, dict[str, Any], str]] = []
        if set(strides) != {1}:
            stride = strides[0] if len(set(strides)) == 1 else list(strides)
            blocks.append(("avg_pool", {"kernel_size": 1, "stride": stride}, "subsample"))
        before = int(more) // 2
        blocks.append(("pad_channels", {"before": before, "after": int(more) - before}, "zeros"))
        yield "Pad and subsample" if len(blocks) > 1 else "Pad channels", put_in(place, edge, blocks)


@remedy("subsample")
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
        edits = put_in(place, edge, [("max_pool", {"kernel_size": 1, "stride": stride}, "subsample")])
    if edits:
        yield "Subsample", edits


@remedy("crop-to-match")
def crop_to_match(place: Place) -> Ways:
    """The middle of every larger input, as large as the smallest."""
    yield from _fitted(place, "crop_like", "crop", "Crop to match", min)


@remedy("pad-to-match")
def pad_to_match(place: Place) -> Ways:
    """Zeros around every smaller input, until it is as large as the largest."""
    yield from _fitted(place, "pad_like", "pad", "Pad to match", max)


def _fitted(place: Place, block: str, name: str, label: str, extreme: Callable[..., Any]) -> Ways:
    """A block before each input whose map is not that of the extreme one, which it takes the size from."""
    report, node = place.report, place.node
    if report is None or node is None:
        return
    shapes = {port: shape for port, shape in report.input_shapes.items() if shape is not None}
    incoming = place.graph.incoming(node.id)
    if len({len(shape) for shape in shapes.values()}) != 1 or any(port not in incoming for port in shapes):
        return
    wanted = tuple(map(extreme, *(shape[1:] for shape in shapes.values())))
    like = next((port for port, shape in shapes.items() if shape[1:] == wanted), None)
    if like is None:
        return
    edits: list[Edit] = []
    key, source = place.graph.key, incoming[like]
    for port, shape in shapes.items():
        if shape[1:] == wanted:
            continue
        added = put_in(place, incoming[port], [(block, {}, name)])
        made = next(edit.node.id for edit in added if isinstance(edit, AddNode))
        added.append(Connect(key, Edge(source.source, source.source_port, made, _LIKE)))
        edits += added
        document = place.document.copy()  # the next one's id and place leave room for this one
        apply_all(document, added)
        place = replace(place, document=document, graph=document.graph(key))
    yield label, edits


#: The input of a block that gives the size.
_LIKE = "like"


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
        yield label, put_in(place, wires[0], blocks)
