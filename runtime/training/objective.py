"""What a classifier is measured by: the cross-entropy of its logits, or of its probabilities, at every output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

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
    """One output (N, K) of a network: how much its loss counts, and what its numbers are.

    ``from_probabilities``: it ends in Softmax, so its numbers are probabilities already and their logarithm stands
    for the logits.
    """

    weight: float = 1.0
    from_probabilities: bool = False

    def logits(self, output: Tensor) -> Tensor:
        """Numbers whose softmax are the class probabilities."""
        return output.clamp_min(_SMALLEST).log() if self.from_probabilities else output


@dataclass(frozen=True, slots=True)
class Objective:
    """Cross-entropy of a network's outputs against labels (N,): the sum over its heads, each times its weight.

    The first output is the answer, by which alone a network is judged; others help it to learn, as auxiliary
    classifiers do (Szegedy et al. 2015). ``label_smoothing`` is used for learning alone (Szegedy et al. 2016): the
    label gets 1 − ε + ε/K, every other class ε/K.
    """

    heads: tuple[Head, ...] = (Head(),)
    label_smoothing: float = 0.0

    def answer(self, outputs: Outputs) -> Tensor:
        """The first output."""
        return outputs if isinstance(outputs, Tensor) else outputs[0]

    def probabilities(self, outputs: Outputs) -> Tensor:
        """Class probabilities (N, K) by the answer."""
        answer = self.answer(outputs)
        return answer if self.heads[0].from_probabilities else torch.softmax(answer, dim=1)

    def loss(self, outputs: Outputs, labels: Tensor) -> Tensor:
        """The mean over the batch that learning lowers; an output of weight 0 is left out."""
        several = (outputs,) if isinstance(outputs, Tensor) else outputs
        losses = [
            head.weight
            * functional.cross_entropy(head.logits(output), labels, label_smoothing=self.label_smoothing)
            for head, output in zip(self.heads, several, strict=True)
            if head.weight
        ]
        return sum(losses[1:], start=losses[0])

    def total(self, outputs: Outputs, labels: Tensor) -> Tensor:
        """The answer's sum over the batch, without weight and smoothing: what a network is judged by."""
        answer = self.heads[0].logits(self.answer(outputs))
        return functional.cross_entropy(answer, labels, reduction="sum")


def objective_of(document: Document, label_smoothing: float = 0.0) -> Objective:
    """The loss that suits what the network gives out."""
    heads = [
        Head(weight_of(output), _ends_in_softmax(document, output))
        for output in document.network
        if output.block == Output.id
    ]
    return Objective(tuple(heads), label_smoothing)


def weight_of(output: Node) -> float:
    """How much the loss of an Output counts."""
    given = {name: resolve(value, {}) for name, value in output.parameters.items()}
    weight: float = Output.create(given).values["loss_weight"]
    return weight


def _ends_in_softmax(document: Document, output: Node) -> bool:
    """Whether an Output is fed by a Softmax block."""
    network = document.network
    return any(network.node(edge.source).block == "softmax" for edge in network.incoming(output.id).values())
