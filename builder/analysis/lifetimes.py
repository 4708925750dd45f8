"""What is alive while the generated ``forward`` predicts: walked in its order, with its local variables.

A class of its own keeps one local variable for each node until it returns; an ``nn.Sequential`` keeps what it was
given and the last result. Whoever calls keeps its own variables meanwhile. Views share what they are views of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from builder.analysis.facts import FLOAT_BYTES, Facts, view_of
from builder.analysis.values import GraphAnalysis, NodeResult, Stage, Value, lies_well
from builder.blocks.lowering import Make
from builder.names import numbered
from builder.shapes import elements
from builder.strides import Strides, is_contiguous


@dataclass(frozen=True, slots=True)
class Moment:
    """A leaf as it runs: bytes that are alive, in fp32 for one sample, and what does not shrink with precision.

    ``floats`` and ``rigid`` are for each sample, ``fixed`` for each batch; ``needs_grad``: whether it keeps
    anything for the backward pass in training.
    """

    path: str
    facts: Facts
    floats: int
    rigid: int
    fixed: int
    needs_grad: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Storage:
    """Memory that one or several tensors lie in; bytes in fp32 for one sample."""

    size: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor in its storage; ``strides`` where it is not one number after the other."""

    storage: _Storage
    strides: Strides | None = None


_NOWHERE = _Tensor(_Storage(0))


def moments(root: GraphAnalysis) -> Iterator[Moment]:
    """Every leaf in the order in which it runs; those of which nothing is known are left out."""
    arriving = {}
    for node_id in root.wiring.inputs:
        result = root.results[node_id]
        arriving[result.node.name] = _Tensor(_Storage(_bytes_of(result.outputs["y"])))
    held = sum(tensor.storage.size for tensor in arriving.values())
    yield from _Frame(root, "", held, tuple(arriving.values())).run(arriving, {})


def _bytes_of(value: Value) -> int:
    return 0 if value.shape is None else FLOAT_BYTES * elements(value.shape)


class _Frame:
    """One call of a ``forward``: what it holds, and what it makes of what it is given."""

    def __init__(
        self, analysis: GraphAnalysis, prefix: str, held: int, arguments: tuple[_Tensor, ...]
    ) -> None:
        self._analysis = analysis
        self._prefix = prefix
        self._held = held
        self._mine = {tensor.storage for tensor in arguments}  # held already, by the caller
        self._is_chain = is_sequential(analysis)

    def run(self, arriving: dict[str, _Tensor], returned: dict[str, _Tensor]) -> Iterator[Moment]:
        """Its moments; what it returns is put into ``returned``, by the names of the outputs."""
        analysis = self._analysis
        tensors: dict[tuple[str, str], _Tensor] = {}
        for node_id in analysis.wiring.order:
            if node_id not in analysis.wiring.live:
                continue
            result = analysis.results[node_id]
            node = result.node
            inputs = [
                tensors.get((e.source, e.source_port), _NOWHERE) for e in analysis.wiring.incoming[node_id]
            ]
            if node.block == "input":
                tensors[node_id, "y"] = arriving.get(node.name, _NOWHERE)
                continue
            if node.block == "output":
                returned[node.name] = inputs[0] if inputs else _NOWHERE
                continue
            outputs: dict[str, _Tensor] = dict.fromkeys(result.outputs, inputs[0] if inputs else _NOWHERE)
            if not result.bypassed:
                yield from self._node(result, inputs, outputs)
            for port, tensor in outputs.items():
                tensors[node_id, port] = tensor
                if not self._is_chain:
                    self._hold(tensor.storage)

    def _hold(self, storage: _Storage) -> None:
        if storage not in self._mine:
            self._mine.add(storage)
            self._held += storage.size

    def _node(
        self, result: NodeResult, inputs: list[_Tensor], outputs: dict[str, _Tensor]
    ) -> Iterator[Moment]:
        """The stages of a node, one after the other; ``outputs`` becomes what the last one gives."""
        # A repeated node is a Sequential of its own, unless its stages are numbered in a chain.
        own = result.node.repeat != 1 and not (self._is_chain and numbered(result.node.name))
        given = inputs[:1] if own else []
        for number, stage in enumerate(result.stages):
            needed = {tensor.storage for tensor in (*inputs, *given)}
            held = self._held + sum(storage.size for storage in needed if storage not in self._mine)
            after = result.stages[number + 1].inputs if number + 1 < len(result.stages) else None
            made: dict[str, _Tensor] = {}
            if stage.inner is not None:
                path = f"{self._prefix}{stage.segment}."
                frame = _Frame(stage.inner, path, held, tuple(inputs))
                yield from frame.run(dict(zip(result.ports, inputs, strict=True)), made)
            else:
                value = after[0] if after else next(iter(result.outputs.values()), None)
                yield from self._leaf(stage, held, inputs, value, made)
                if not after and len(result.outputs) > 1:
                    made = dict.fromkeys(result.outputs, made["y"])  # all are views of one
            outputs.update({port: tensor for port, tensor in made.items() if port in outputs})
            inputs = list(made.values())

    def _leaf(
        self, stage: Stage, held: int, inputs: list[_Tensor], value: Value | None, made: dict[str, _Tensor]
    ) -> Iterator[Moment]:
        facts = stage.facts
        if facts is None or facts.output is None:
            made["y"] = _NOWHERE
            return
        passing = facts.passing
        strides = view_of(facts, inputs[0].strides) if passing.view and inputs else None
        if strides is not None:
            straight = None if is_contiguous(facts.output, strides) else strides
            made["y"] = _Tensor(inputs[0].storage, straight)
        else:
            made["y"] = _Tensor(_Storage(facts.output_bytes))
        copied = bool(inputs) and not lies_well(passing, facts.inputs[0], inputs[0].strides)
        working = passing.working + (FLOAT_BYTES * elements(facts.inputs[0]) if copied else 0)
        floats = held + working + (facts.output_bytes if strides is None else 0)
        needs_grad = value is not None and value.needs_grad
        path = f"{self._prefix}{stage.segment}"
        yield Moment(path, facts, floats, passing.rigid, passing.fixed, needs_grad)


def is_sequential(analysis: GraphAnalysis) -> bool:
    """Whether a module's graph is written as an ``nn.Sequential``: a chain of nothing but modules."""
    if not analysis.graph.key or not analysis.wiring.is_chain:
        return False
    for result in analysis.results.values():
        if result.bypassed or result.node.block in ("input", "output"):
            continue
        for stage in result.stages:
            facts = stage.facts
            if facts is None or facts.block is None or facts.output is None:
                continue
            if not isinstance(facts.block.lower(facts.inputs), Make):
                return False
    return True
