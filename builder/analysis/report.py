"""What an analysis says of a node, seen from one instance of its graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from builder.analysis.facts import Facts, default_block
from builder.analysis.fields import Field, ReceptiveField, summarise, unite
from builder.analysis.orders import Order, channels_of, seen_by
from builder.analysis.values import Fields, GraphAnalysis, NodeResult, Stage, Value, kept_between
from builder.blocks import Formula
from builder.document import module_name
from builder.errors import Address, Problem
from builder.expressions import is_expression
from builder.graph import Graph, Node
from builder.shapes import TensorShape, dimensions
from builder.windows import Sliding, Window

#: For each input of a graph, what arrives there sees of the sources of the network.
Outer = Mapping[str, Fields]

#: Letters that fit on a node.
_FITS = 21


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node (or one stage of a repeated one) with everything known of it; ``path`` prefixes its state_dict keys.

    ``macs`` and ``flops`` are for one sample; ``activation_bytes`` is what is kept for the backward pass at the
    analysis' batch size of what this node makes. ``receptive_field`` is None where no source is seen.
    """

    path: str
    node: Node
    address: Address
    input_shapes: Mapping[str, TensorShape | None]
    output_shapes: Mapping[str, TensorShape | None]
    parameters: int
    buffers: int
    macs: int
    activation_bytes: int
    receptive_field: ReceptiveField | None
    problems: tuple[Problem, ...]
    bypassed: bool = False
    stages: int = 1
    arriving_field: ReceptiveField | None = None
    facts: Facts | None = None
    #: What a module's parameters are at this node, where it runs.
    arguments: Mapping[str, float] | None = None
    #: How its window slides over what arrives, if it has one.
    window: Window | None = None
    #: Where the axes of the output have been put in another order, for each axis which it was; 0 the channels.
    order: Order = None

    @property
    def flops(self) -> int:
        """Two for each multiply-accumulate."""
        return 2 * self.macs

    @property
    def block_title(self) -> str:
        """``Conv · 2-D``; a module's name; an unknown block's id."""
        if name := module_name(self.node.block):
            return name
        block = default_block(self.node.block)
        if block is None:
            return self.node.block
        shape = next((s for s in self.input_shapes.values() if s is not None), None)
        if block.dimensional and shape is not None and dimensions(shape):
            return f"{block.title} · {dimensions(shape)}-D"
        return block.title

    @property
    def summary(self) -> str:
        """The second line on the node: what it is, in a few numbers."""
        if self.facts is not None and self.facts.block is not None:
            dims = dimensions(self.facts.inputs[0]) if self.facts.inputs else 0
            return self.facts.block.summary_on(dims) if dims else self.facts.block.summary()
        if name := module_name(self.node.block):
            return self._module_summary(name)
        block = default_block(self.node.block)
        return block.title.lower() if block else self.node.block

    def _module_summary(self, name: str) -> str:
        """The module and what it is given: with the parameters' names where they fit on the node."""
        values: Mapping[str, Any] = self.node.parameters if self.arguments is None else self.arguments
        given = {
            key: value
            for key, value in values.items()
            if key in self.node.parameters and not is_expression(value)
        }
        told = {k: f"{v:.2g}" if isinstance(v, float) else str(v) for k, v in given.items()}
        spelt = " · ".join([name, *(f"{key} {value}" for key, value in told.items())])
        return spelt if len(spelt) <= _FITS else " · ".join([name, *told.values()])

    @property
    def output_shape(self) -> TensorShape | None:
        """The shape of the first output."""
        return next(iter(self.output_shapes.values()), None)

    @property
    def map_axes(self) -> tuple[int, ...]:
        """The axes of the output, its channels first: so are its maps shown, wherever the channels lie."""
        axes = range(len(self.output_shape or ()))
        channels = channels_of(self.order)
        return (*axes[channels : channels + 1], *axes[:channels], *axes[channels + 1 :])

    @property
    def map_shape(self) -> TensorShape | None:
        """The shape of the output as its maps are shown."""
        shape = self.output_shape
        return None if shape is None else tuple([shape[axis] for axis in self.map_axes])

    def explain(self) -> tuple[Formula, ...]:
        """Each formula as text, with the numbers put in, and its result; empty while something is unknown."""
        if self.facts is None or self.facts.block is None or self.facts.output is None:
            return ()
        formulas = list(self.facts.block.explain(self.facts.inputs))
        formulas += self._explain_field()
        formulas += self._explain_steps()
        return tuple(formulas)

    def _explain_steps(self) -> list[Formula]:
        """The one convolution on the input that would see the same: its stride and its padding."""
        now, before = self.receptive_field, self.arriving_field
        if now is None or now.jump is None or now.start is None or self.window is None:
            return []
        numbers, window = "", self.window.axes[0]
        jump_before = before.jump[0] if before is not None and before.jump is not None else 0
        if isinstance(window, Sliding) and jump_before * window.stride == now.jump[0]:
            numbers = f"{jump_before} · {window.stride}"
        jump = " × ".join(map(str, now.jump))
        padding = " × ".join(str(-start).replace("-", "−") for start in now.start)
        return [
            Formula("Effective stride", "jump before · stride" if numbers else "", numbers, f"{jump} px"),
            Formula("Effective padding", "pixels that output 0 sees before the first", "", f"{padding} px"),
        ]

    def _explain_field(self) -> list[Formula]:
        now, before = self.receptive_field, self.arriving_field
        if now is None or now.size is None:
            if now is not None and before is not None and before.size is not None:
                if now.is_global:
                    return [Formula("Receptive field", "every output sees the whole input", "", "global")]
                words = "in no pattern that size and jump would tell"
                return [Formula("Receptive field", words, "", "local")]
            return []
        size = " × ".join(str(s) for s in now.size)
        if before is None or before.size is None or before.jump is None or self.window is None:
            same = before is not None and before.size == now.size
            words = "as large as before" if same else "all that any of the inputs sees"
            beside = ", and the whole input beside it" if now.is_global else ""
            return [Formula("Receptive field", words + beside, "", f"{size} px")]
        axes = self.window.axes
        window = next((axis for axis in axes if not isinstance(axis, Sliding)), axes[0])
        told = before.size[0]
        if isinstance(window, Sliding):
            told += window.dilation * (window.kernel - 1) * before.jump[0]
        if not isinstance(window, Sliding) or told != now.size[0]:
            # After an upsampling neighbours share pixels, and no product tells how many.
            return [Formula("Receptive field", window.words, "", f"{size} px")]
        return [
            Formula(
                "Receptive field",
                "field + dilation·(kernel − 1) · jump",
                f"{before.size[0]} + {window.dilation}·({window.kernel} − 1) · {before.jump[0]}",
                f"{size} px",
            )
        ]

    def to_json(self) -> dict[str, Any]:
        """A node as ``check --json`` prints it."""
        field = self.receptive_field
        return {
            "path": self.path,
            "block": self.node.block,
            "input_shapes": [None if s is None else list(map(int, s)) for s in self.input_shapes.values()],
            "output_shapes": [None if s is None else list(map(int, s)) for s in self.output_shapes.values()],
            "parameters": self.parameters,
            "buffers": self.buffers,
            "macs": self.macs,
            "flops": self.flops,
            "activation_bytes": self.activation_bytes,
            "receptive_field": None if field is None else field.to_json(),
        }


class Reports(Mapping[str, NodeReport]):
    """The reports of a graph's nodes, each made when it is asked for."""

    def __init__(self, results: Mapping[str, NodeResult], make: Callable[[NodeResult], NodeReport]) -> None:
        self._results, self._make = results, make
        self._made: dict[str, NodeReport] = {}

    def __getitem__(self, node_id: str) -> NodeReport:
        report = self._made.get(node_id)
        if report is None:
            report = self._made[node_id] = self._make(self._results[node_id])
        return report

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._results

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)


@dataclass(frozen=True, slots=True)
class GraphView:
    """A graph as seen from the instance one came through: what the canvas shows."""

    graph: Graph
    instance: tuple[str, ...]
    reports: Mapping[str, NodeReport]
    parameters: Mapping[str, float]


def receptive_field(value: Value, outer: Outer | None) -> ReceptiveField | None:
    """The field of a tensor, of the first source it sees, through the instances around it."""
    if value.shape is None:
        return None
    total = resolved(value.fields, outer)
    return summarise(total[0][1], value.positions) if total else None


def resolved(fields: Fields, outer: Outer | None) -> Fields:
    """Fields relative to a module's inputs as fields relative to the network's."""
    from builder.analysis.fields import compose

    if outer is None:
        return fields
    found: dict[str, list[Field]] = {}
    for port, relative in fields:
        for source, field in outer.get(port, ()):
            found.setdefault(source, []).append(compose(field, relative))
    return tuple((source, unite(parts)) for source, parts in found.items())


def dotted(path: Sequence[str], segment: str) -> str:
    """The path of a node in a graph that is placed at ``path``."""
    return ".".join((*path, segment))


def report_of(
    analysis: GraphAnalysis,
    result: NodeResult,
    path: Sequence[str],
    outer: Outer | None,
    batch: int,
    *,
    stage: int | None = None,
    kept_outside: frozenset[str] = frozenset(),
) -> NodeReport:
    """The report of a node, or of one of its stages; the same object as long as nothing of it changes."""
    key = (tuple(path), stage)
    made = _made_and_kept(analysis, result, stage, kept_outside)
    known = result.reports.get(key)
    if known is not None and known[:2] == (batch, made) and (known[2] is outer or known[2] == outer):
        report: NodeReport = known[3]
        return report
    report = _new_report(analysis, result, path, outer, batch, stage, made)
    result.reports[key] = (batch, made, outer, report)
    return report


def _new_report(
    analysis: GraphAnalysis,
    result: NodeResult,
    path: Sequence[str],
    outer: Outer | None,
    batch: int,
    stage: int | None,
    made: int,
) -> NodeReport:
    stages = result.stages
    chosen: Sequence[Stage] = stages if stage is None else stages[stage : stage + 1]
    segment = result.node.name if stage is None or not stages else stages[stage].segment
    place = dotted(path, segment)
    address = Address(analysis.graph.key, result.node.id)
    first = chosen[0] if chosen else None
    last = stage is None or stage == len(stages) - 1
    outputs = result.outputs if last else {"y": stages[(stage or 0) + 1].inputs[0]}
    arriving = first.inputs if first else ()
    sight = seen_by(first.facts.sight, arriving)[0] if first and first.facts and first.facts.sight else None
    inputs = {port: value.shape for port, value in zip(result.ports, arriving, strict=False)}
    value = next(iter(outputs.values()), arriving[0] if arriving else None)
    parameters, buffers, macs, kept = _figures(chosen, batch, made)
    return NodeReport(
        place,
        result.node,
        address,
        inputs,
        {port: v.shape for port, v in outputs.items()}
        if outputs
        else {"x": arriving[0].shape if arriving else None},
        parameters,
        buffers,
        macs,
        kept,
        None if value is None else receptive_field(value, outer),
        tuple(problem.at(place, address) for problem in (result.problems if last else ())),
        result.bypassed,
        len(stages),
        receptive_field(arriving[0], outer) if arriving else None,
        first.facts if first else None,
        first.inner.env if first and first.inner is not None else None,
        sight if isinstance(sight, Window) else None,
        None if value is None else value.order,
    )


def _figures(chosen: Sequence[Stage], batch: int, made: int) -> tuple[int, int, int, int]:
    """(parameters, buffers, MACs, bytes kept for the backward pass) of some stages of a node that makes ``made``."""
    parameters = buffers = macs = fixed = 0
    extra = made
    for one in chosen:
        if one.inner is not None:
            sums = one.inner.sums
            parameters, buffers, macs = parameters + sums.parameters, buffers + sums.buffers, macs + sums.macs
            extra, fixed = extra + sums.extra + one.inner.saved_bytes, fixed + sums.fixed
        elif one.facts is not None:
            cost = one.facts.cost
            parameters, buffers, macs = parameters + cost.parameters, buffers + cost.buffers, macs + cost.macs
            if cost.parameters or any(value.needs_grad for value in one.inputs):
                kept = one.facts.saved
                extra, fixed = extra + kept.extra + kept_between(kept, one.inputs), fixed + kept.fixed
    return parameters, buffers, macs, extra * batch + fixed


def _made_and_kept(
    analysis: GraphAnalysis, result: NodeResult, stage: int | None, kept_outside: frozenset[str]
) -> int:
    """Bytes a sample of the storages that a node makes and somebody keeps for the backward pass."""
    numbers = range(len(result.stages)) if stage is None else (stage,)
    own = {(result.node.id, number) for number in numbers}
    saved = analysis.saved
    made = {value.storage: value.storage_bytes for value in result.outputs.values()}
    made.update({one.inputs[0].storage: one.inputs[0].storage_bytes for one in result.stages[1:]})
    total = 0
    for key, size in made.items():
        if (key in own or (isinstance(key, tuple) and key[:1] and key[0] in own)) and (
            key in saved or _leaves(analysis, key, kept_outside)
        ):
            total += size
    return total


def _leaves(analysis: GraphAnalysis, key: object, kept_outside: frozenset[str]) -> bool:
    """Whether a storage is an output of the module that is kept by what comes behind it."""
    return bool(kept_outside) and any(
        value.storage == key for name, value in analysis.output_values().items() if name in kept_outside
    )
