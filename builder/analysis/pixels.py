"""Exactly which input pixels a position sees: the structural support, walked backwards axis by axis.

Windows are products over the axes, so what is seen is a union of products, each kept as a boolean vector for each axis:
holes of dilation and of transposed convolutions and cut-off borders are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.analysis.orders import Order, as_it_lies, at_home, seen_by
from builder.analysis.values import GraphAnalysis, Stage, Value
from builder.windows import Elementwise, Everything, Local, PerInput, Sight

if TYPE_CHECKING:
    import numpy as np

    #: A product: the marked positions of each axis.
    Box = tuple[np.ndarray, ...]
    #: Their union; none of them lies within another.
    Marks = tuple[Box, ...]

#: More boxes than this are united axis by axis; only branches that see crosswise, above gaps, could tell.
_MOST_BOXES = 32


@dataclass(frozen=True, slots=True)
class Level:
    """A graph on the way down to a node, and the node and stage of the graph around it that it was entered by."""

    analysis: GraphAnalysis
    node_id: str | None
    stage: int


def seen_pixels(
    levels: list[Level], node_id: str, stage: int, position: tuple[int, ...], source: str
) -> tuple[tuple[int, int], ...] | None:
    """(first, last) marked position of the network's input ``source`` for each axis; None if it sees nothing."""
    import numpy as np

    analysis = levels[-1].analysis
    result = analysis.results[node_id]
    value = _output_of(analysis, node_id, stage)
    marks: Marks = (
        tuple(
            np.arange(size) == place
            for size, place in zip(value.positions, at_home(position, value.order), strict=True)
        ),
    )
    arrived = _through_stages(analysis, node_id, {_first_port(analysis, node_id): marks}, stage)
    if result.node.block == "input":
        arrived = {"y": marks}
    for depth in range(len(levels) - 1, -1, -1):
        here = levels[depth]
        ports = (
            {here.analysis.results[node_id].node.name: arrived["y"]}
            if here.analysis.results[node_id].node.block == "input"
            else _to_inputs(here.analysis, node_id, arrived)
        )
        if depth == 0:
            name = here.analysis.results[source].node.name
            seen = ports.get(name)
            return None if seen is None else _hull(seen)
        # Out of the instance: what its ports see arrives at the stage it was entered by.
        outside = levels[depth - 1].analysis
        assert here.node_id is not None
        arrived = ports
        if here.stage > 0:
            (marked,) = ports.values()
            arrived = _through_stages(
                outside, here.node_id, {_first_port(outside, here.node_id): marked}, here.stage - 1
            )
        node_id = here.node_id
    return None


def _hull(marks: Marks) -> tuple[tuple[int, int], ...] | None:
    import numpy as np

    if not marks:
        return None
    ends = [np.flatnonzero(np.logical_or.reduce(axis)) for axis in zip(*marks, strict=True)]
    return tuple((int(found[0]), int(found[-1])) for found in ends)


def _first_port(analysis: GraphAnalysis, node_id: str) -> str:
    return next(iter(analysis.results[node_id].outputs), "y")


def _output_of(analysis: GraphAnalysis, node_id: str, stage: int) -> Value:
    result = analysis.results[node_id]
    if stage + 1 < len(result.stages):
        return result.stages[stage + 1].inputs[0]
    if result.outputs:
        return next(iter(result.outputs.values()))
    return result.stages[-1].inputs[0]


def _merge(into: dict[str, Marks], key: str, marks: Marks) -> None:
    into[key] = _united((*into.get(key, ()), *marks))


def _united(boxes: Marks) -> Marks:
    """The boxes that lie within no other."""
    kept: list[Box] = []
    for box in boxes:
        if not any(_within(box, other) for other in kept):
            kept = [*(other for other in kept if not _within(other, box)), box]
    if len(kept) > _MOST_BOXES:
        import numpy as np

        return (tuple(np.logical_or.reduce(axis) for axis in zip(*kept, strict=True)),)
    return tuple(kept)


def _within(inner: Box, outer: Box) -> bool:
    return all(bool((b | ~a).all()) for a, b in zip(inner, outer, strict=True))


def _through_stages(
    analysis: GraphAnalysis, node_id: str, outputs: dict[str, Marks], stage: int | None = None
) -> dict[str, Marks]:
    """Marks on a node's outputs as marks on its inputs, by port, back through its stages."""
    result = analysis.results[node_id]
    if result.bypassed:
        marks = next(iter(outputs.values()))
        return dict.fromkeys(result.ports[:1], marks)
    stages = result.stages if stage is None else result.stages[: stage + 1]
    arrived: dict[str, Marks] = {}
    for one in reversed(stages):
        if one.inner is not None:
            arrived = _module_inputs(one.inner, outputs)
        elif one.facts is not None and one.facts.sight is not None:
            marks = _united(tuple(box for boxes in outputs.values() for box in boxes))
            arrived = _block_inputs(one, result.ports, one.facts.sight, marks)
        outputs = {_first_port(analysis, node_id): next(iter(arrived.values()))} if arrived else {}
    return arrived


def _block_inputs(stage: Stage, ports: tuple[str, ...], sight: Sight, marks: Marks) -> dict[str, Marks]:
    """Marks on a block's output as marks on its inputs; an input that only lends its shape gets none."""
    local, order, alike = seen_by(sight, stage.inputs)
    sights = local.sights if isinstance(local, PerInput) else (local,) * len(ports)
    arrived = {}
    for port, value, own in zip(ports, stage.inputs, sights, strict=True):
        if own is None:
            continue
        sizes = value.positions if value.shape is not None else ()
        there = marks
        if not alike:  # what are rows there may be columns here; a vector has neither
            there = tuple(
                [_turned(box, order, value.order) if len(sizes) == len(box) else box for box in marks]
            )
        boxes = [_preimage(own, box, sizes) for box in there]
        arrived[port] = _united(tuple([box for box in boxes if box is not None]))
    return arrived


def _turned(box: Box, order: Order, other: Order) -> Box:
    """The axes of a tensor in one order as they are at home in another."""
    return at_home(as_it_lies(box, order), other)


def _preimage(sight: Local, box: Box, sizes: tuple[int, ...]) -> Box | None:
    """What the positions of a box see of an input; None if nothing."""
    import numpy as np

    if isinstance(sight, Elementwise):
        return box
    if isinstance(sight, Everything):
        return tuple(np.ones(size, dtype=bool) for size in sizes)
    seen = tuple(axis.preimage(mark, size) for axis, mark, size in zip(sight.axes, box, sizes, strict=True))
    return seen if all(bool(mark.any()) for mark in seen) else None


def _module_inputs(inner: GraphAnalysis, outputs: dict[str, Marks]) -> dict[str, Marks]:
    """Marks on a module's outputs as marks on its inputs."""
    pending: dict[str, dict[str, Marks]] = {}
    for node_id in inner.wiring.outputs:
        result = inner.results[node_id]
        if result.node.name in outputs:
            pending[node_id] = {"y": outputs[result.node.name]}
    return _backwards(inner, pending)


def _to_inputs(analysis: GraphAnalysis, node_id: str, arrived: dict[str, Marks]) -> dict[str, Marks]:
    """Marks on a node's inputs as marks on the graph's inputs, by name."""
    pending: dict[str, dict[str, Marks]] = {}
    _hand_on(analysis, node_id, arrived, pending)
    return _backwards(analysis, pending)


def _hand_on(
    analysis: GraphAnalysis, node_id: str, arrived: dict[str, Marks], pending: dict[str, dict[str, Marks]]
) -> None:
    for edge in analysis.wiring.incoming[node_id]:
        if edge.target_port in arrived:
            _merge(pending.setdefault(edge.source, {}), edge.source_port, arrived[edge.target_port])


def _backwards(analysis: GraphAnalysis, pending: dict[str, dict[str, Marks]]) -> dict[str, Marks]:
    found: dict[str, Marks] = {}
    for node_id in reversed(analysis.wiring.order):
        outputs = pending.pop(node_id, None)
        if outputs is None:
            continue
        result = analysis.results[node_id]
        if result.node.block == "input":
            _merge(found, result.node.name, next(iter(outputs.values())))
        else:
            _hand_on(analysis, node_id, _through_stages(analysis, node_id, outputs), pending)
    return found
