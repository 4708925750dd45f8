"""What an analysis knows: of each wire (``Value``), each node (``NodeResult``) and each graph (``GraphAnalysis``)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from builder.analysis.facts import FLOAT_BYTES, NOTHING, Facts, Sums
from builder.analysis.fields import Field
from builder.analysis.orders import Order, at_home, positions_of
from builder.analysis.wiring import Wiring
from builder.blocks import Passing, Saved
from builder.errors import Problem
from builder.graph import Graph, Node
from builder.shapes import TensorShape, elements
from builder.strides import Strides, in_rows, is_contiguous

Fields: TypeAlias = tuple[tuple[str, Field], ...]
StorageKey: TypeAlias = Hashable


class Value:
    """What is known of the tensor on a wire: its shape, what it sees of the sources, and where it is stored.

    ``shape`` is None where it cannot be known. ``counted``: its storage is counted already where it was made.
    ``strides``: how it lies there, where that is not one number after the other. ``order``: where its axes have been
    put in another order, for each axis which it was.
    """

    __slots__ = ("counted", "fields", "needs_grad", "order", "shape", "storage", "storage_bytes", "strides")

    def __init__(
        self,
        shape: TensorShape | None,
        fields: Fields = (),
        storage: StorageKey = None,
        storage_bytes: int = 0,
        needs_grad: bool = False,
        counted: bool = False,
        strides: Strides | None = None,
        order: Order = None,
    ) -> None:
        self.shape = shape
        self.fields = fields
        self.storage = storage
        self.storage_bytes = storage_bytes
        self.needs_grad = needs_grad
        self.counted = counted
        self.strides = strides
        self.order = order

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Value)
            and self.shape == other.shape
            and self.fields == other.fields
            and self.storage == other.storage
            and self.storage_bytes == other.storage_bytes
            and self.needs_grad == other.needs_grad
            and self.counted == other.counted
            and self.strides == other.strides
            and self.order == other.order
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def positions(self) -> TensorShape:
        """The sizes of all axes but the channels, in the order in which fields have them."""
        assert self.shape is not None
        return at_home(positions_of(self.shape, self.order), self.order)


UNKNOWN = Value(None)


def lies_well(keeps: Saved | Passing, shape: TensorShape, strides: Strides | None) -> bool:
    """Whether a tensor lies as a block wants it, without a copy: one number after the other, or in rows."""
    if strides is None:
        return True
    return in_rows(shape, strides) if keeps.rows else not keeps.packed or is_contiguous(shape, strides)


def kept_between(saved: Saved, inputs: Sequence[Value]) -> int:
    """Bytes for each sample of what a block keeps between its inputs, for those of them that need a gradient.

    And of the copy of an input that has to lie otherwise than it does.
    """
    copied = 0
    if saved.rows or saved.packed:
        shape = inputs[0].shape
        assert shape is not None
        if not lies_well(saved, shape, inputs[0].strides):
            copied = FLOAT_BYTES * elements(shape)
    return copied + sum(
        part.extra for part in saved.for_others if any(inputs[index].needs_grad for index in part.needing)
    )


@dataclass(slots=True, eq=False)
class Stage:
    """One pass through a node: one, or as many as it is repeated. ``inner`` is the module's own analysis."""

    segment: str
    inputs: tuple[Value, ...]
    facts: Facts | None = None
    inner: GraphAnalysis | None = None


@dataclass(slots=True, eq=False)
class NodeResult:
    """Everything known of a node in its graph. ``saved`` are the storages it keeps for the backward pass."""

    node: Node
    ports: tuple[str, ...]
    stages: tuple[Stage, ...]
    outputs: Mapping[str, Value]
    problems: tuple[Problem, ...] = ()
    bypassed: bool = False
    sums: Sums = NOTHING
    saved: tuple[tuple[StorageKey, int], ...] = ()
    #: What was told of it already, see ``report.report_of``: most of a network stays as it is from edit to edit.
    reports: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(slots=True, eq=False)
class GraphAnalysis:
    """The results of one graph under given arguments and arriving tensors."""

    graph: Graph
    revision: int
    wiring: Wiring
    env: Mapping[str, float]
    arriving: Mapping[str, Value]
    results: dict[str, NodeResult]
    #: Problems of the graph itself; those of nodes are in their results.
    problems: tuple[Problem, ...] = ()
    troubled: frozenset[str] = frozenset()
    #: Nodes whose stages may be called otherwise than they.
    counting: frozenset[str] = frozenset()
    sums: Sums = NOTHING
    #: How many nodes keep each storage for the backward pass.
    saved: Mapping[StorageKey, int] = field(default_factory=dict)
    saved_bytes: int = 0
    #: The inputs of a module that it keeps, by name; their bytes are counted outside.
    saved_ports: tuple[str, ...] = ()
    stamps: Mapping[str, Hashable] | None = None

    def output_values(self) -> dict[str, Value]:
        """What each ``output`` node gets, by its name."""
        outputs = {}
        for node_id in self.wiring.outputs:
            result = self.results[node_id]
            inputs = result.stages[0].inputs if result.stages else ()
            outputs[result.node.name] = inputs[0] if inputs else UNKNOWN
        return outputs

    @property
    def ok(self) -> bool:
        """Whether no error stands in the graph or in a module within."""
        return not any(p.is_error for p in self.problems) and not any(
            problem.is_error for node_id in self.troubled for problem in self.results[node_id].problems
        )


@dataclass(frozen=True, slots=True)
class Port:
    """Storage of what arrives at a module's input: counted outside."""

    name: str
