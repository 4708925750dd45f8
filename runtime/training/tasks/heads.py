"""What a network gives out: its outputs, how much each one's loss counts, and which of them answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from builder.blocks.terminal import Output
from builder.document import Document
from builder.expressions import resolve
from builder.graph import Node

#: Its log is finite in float32, so that a probability of exactly 0 does not end a run.
_SMALLEST = 1e-12

#: What a network gives: the tensor of its one output, or those of several.
Outputs: TypeAlias = Tensor | tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """One output (N, K, …) of a network: how much its loss counts, and what its numbers are.

    ``from_probabilities``: it ends in Softmax, so its numbers are probabilities already and their logarithm stands
    for the logits.
    """

    weight: float = 1.0
    from_probabilities: bool = False

    def logits(self, output: Tensor) -> Tensor:
        """Numbers whose softmax over axis 1 are the class probabilities."""
        return output.clamp_min(_SMALLEST).log() if self.from_probabilities else output

    def probabilities(self, output: Tensor) -> Tensor:
        """Class probabilities along axis 1."""
        return output if self.from_probabilities else output.softmax(dim=1)

    def output(self, probabilities: Tensor) -> Tensor:
        """An output that says these class probabilities."""
        return probabilities if self.from_probabilities else probabilities.clamp_min(_SMALLEST).log()


def heads_of(document: Document) -> tuple[Head, ...]:
    """The outputs of a document's network, in their order; the first one answers."""
    return tuple(
        Head(weight_of(output), _ends_in_softmax(document, output))
        for output in document.network
        if output.block == Output.id
    )


def weight_of(output: Node) -> float:
    """How much the loss of an Output counts."""
    given = {name: resolve(value, {}) for name, value in output.parameters.items()}
    weight: float = Output.create(given).values["loss_weight"]
    return weight


def _ends_in_softmax(document: Document, output: Node) -> bool:
    """Whether an Output is fed by a Softmax block."""
    network = document.network
    return any(network.node(edge.source).block == "softmax" for edge in network.incoming(output.id).values())
