"""How much memory a network takes: to train, to predict, and on the disk; in bytes, without running it.

A precision is that of ``module.to(dtype)``: weights, gradients, optimizer and activations are all numbers of that
kind, while counters and indices stay 64-bit integers. Autocast, which keeps fp32 weights, is not what is modelled.
Temporary memory inside a kernel (of cuDNN, oneDNN) is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from builder.analysis.analysis import Analysis
from builder.analysis.facts import FLOAT_BYTES, NO_COST, NOTHING_SAVED
from builder.analysis.lifetimes import Moment, moments
from builder.shapes import elements

#: Bytes of a number, by the name of the precision.
PRECISIONS: Mapping[str, int] = {"fp32": 4, "bf16": 2, "fp16": 2}
#: Bytes of a counter, such as that of a batch norm's batches.
COUNTER_BYTES = 8
#: Bytes of the step that Adam counts for each tensor, an fp32 number at any precision.
STEP_BYTES = 4


@dataclass(frozen=True, slots=True)
class Keeping:
    """What an optimizer of ``torch.optim`` keeps: copies of the weights, and whether each tensor's steps."""

    title: str
    copies: int
    counts_steps: bool = False


OPTIMIZERS: Mapping[str, Keeping] = {
    "sgd": Keeping("SGD", 0),
    "sgd-momentum": Keeping("SGD with momentum", 1),
    "rmsprop": Keeping("RMSprop", 1, counts_steps=True),
    "adam": Keeping("Adam", 2, counts_steps=True),
    "adamw": Keeping("AdamW", 2, counts_steps=True),
}


@dataclass(frozen=True, slots=True)
class NodeMemory:
    """What one leaf takes, in bytes; ``alive`` is all that is alive in the network while it predicts."""

    weights: int
    buffers: int
    gradients: int
    optimizer: int
    activations: int
    alive: int

    def plus(self, other: NodeMemory) -> NodeMemory:
        """Both together; of what is alive, the larger, since they run one after the other."""
        return NodeMemory(
            self.weights + other.weights,
            self.buffers + other.buffers,
            self.gradients + other.gradients,
            self.optimizer + other.optimizer,
            self.activations + other.activations,
            max(self.alive, other.alive),
        )

    def to_json(self) -> dict[str, int]:
        """As ``check --json`` prints it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a network takes at a batch size and precision, in bytes.

    ``activations``: kept for the backward pass. ``peak``: the most that is alive at once while it predicts, input and
    output included, and ``peak_path`` the leaf that runs then ("" for the input alone). ``file``: the tensors of a
    safetensors file; its header, about a hundred bytes for each tensor, comes on top.
    """

    batch: int
    precision: str
    optimizer_name: str
    weights: int
    buffers: int
    gradients: int
    optimizer: int
    activations: int
    peak: int
    peak_path: str

    @property
    def training(self) -> int:
        """Everything that a training step needs at the least."""
        return self.weights + self.buffers + self.gradients + self.optimizer + self.activations

    @property
    def inference(self) -> int:
        """Everything that a prediction needs at the least."""
        return self.weights + self.buffers + self.peak

    @property
    def file(self) -> int:
        """Bytes of the tensors on the disk."""
        return self.weights + self.buffers

    def to_json(self) -> dict[str, Any]:
        """As ``check --json`` prints it."""
        return {
            "batch": self.batch,
            "precision": self.precision,
            "optimizer": self.optimizer_name,
            "weights": self.weights,
            "buffers": self.buffers,
            "gradients": self.gradients,
            "optimizer_state": self.optimizer,
            "activations": self.activations,
            "training": self.training,
            "peak_activations": self.peak,
            "peak_path": self.peak_path,
            "inference": self.inference,
            "file": self.file,
        }


class Budget:
    """Reckons the memory of an analysed network under given conditions; raises KeyError for unknown names."""

    def __init__(
        self,
        analysis: Analysis,
        *,
        batch: int | None = None,
        precision: str = "fp32",
        optimizer: str = "adam",
    ) -> None:
        self.analysis = analysis
        self.batch = analysis.batch if batch is None else batch
        self.precision = precision
        self.optimizer = optimizer
        self._number = PRECISIONS[precision]
        self._keeping = OPTIMIZERS[optimizer]
        self._moments = {moment.path: moment for moment in moments(analysis.root)}

    def total(self) -> Memory:
        """Of the whole network."""
        analysis, found = self.analysis, self._moments.values()
        root, sums = analysis.root, analysis.root.sums
        weights = sums.parameters * self._number
        tensors = sum(moment.facts.cost.tensors for moment in found)
        counters = sum(moment.facts.cost.counters for moment in found)
        rigid = sum(moment.facts.saved.rigid for moment in found if moment.needs_grad)
        rigid_fixed = sum(moment.facts.saved.rigid_fixed for moment in found if moment.needs_grad)
        kept = self._scaled(sums.extra + root.saved_bytes, rigid) * self.batch
        peak, path = self.start, ""
        for moment in found:
            alive = self._alive(moment)
            if alive > peak:
                peak, path = alive, moment.path
        return Memory(
            self.batch,
            self.precision,
            self.optimizer,
            weights,
            self._buffers(sums.buffers, counters),
            weights,
            self._state(sums.parameters, tensors),
            kept + self._scaled(sums.fixed, rigid_fixed),
            peak,
            path,
        )

    def nodes(self) -> dict[str, NodeMemory]:
        """Of each leaf by its path; ``alive`` is 0 where nothing runs (inputs, outputs, what is not known)."""
        found: dict[str, NodeMemory] = {}
        for report in self.analysis.leaves():
            moment = self._moments.get(report.path)
            cost = NO_COST if moment is None else moment.facts.cost
            saved = NOTHING_SAVED if moment is None or not moment.needs_grad else moment.facts.saved
            each = (report.activation_bytes - saved.fixed) // self.analysis.batch
            weights = report.parameters * self._number
            found[report.path] = NodeMemory(
                weights,
                self._buffers(report.buffers, cost.counters),
                weights,
                self._state(report.parameters, cost.tensors),
                self._scaled(each, saved.rigid) * self.batch + self._scaled(saved.fixed, saved.rigid_fixed),
                0 if moment is None else self._alive(moment),
            )
        return found

    @property
    def start(self) -> int:
        """Bytes of the inputs, before anything runs."""
        shapes = [shape for shape in self.analysis.input_shapes if shape is not None]
        return self._number * self.batch * sum(map(elements, shapes))

    def _alive(self, moment: Moment) -> int:
        each = self._scaled(moment.floats) + moment.rigid
        return each * self.batch + self._scaled(moment.fixed)

    def _scaled(self, fp32: int, rigid: int = 0) -> int:
        """Bytes at the precision of what takes so many in fp32, some of which stay as they are."""
        return (fp32 - rigid) * self._number // FLOAT_BYTES + rigid

    def _buffers(self, elements: int, counters: int) -> int:
        return (elements - counters) * self._number + counters * COUNTER_BYTES

    def _state(self, parameters: int, tensors: int) -> int:
        steps = STEP_BYTES * tensors if self._keeping.counts_steps else 0
        return self._keeping.copies * parameters * self._number + steps
