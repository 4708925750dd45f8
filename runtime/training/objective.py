"""What a classifier's output is measured by: the cross-entropy of its logits, or of its probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from builder.document import Document

#: Its log is finite in float32, so that a probability of exactly 0 does not end a run.
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Objective:
    """Cross-entropy of outputs (N, K) against labels (N,).

    ``from_probabilities``: the network ends in Softmax, so its outputs are probabilities already and their
    logarithm stands for the logits. ``label_smoothing`` is used for learning alone (Szegedy et al. 2016): the
    label gets 1 − ε + ε/K, every other class ε/K.
    """

    from_probabilities: bool = False
    label_smoothing: float = 0.0

    def logits(self, outputs: Tensor) -> Tensor:
        """Numbers whose softmax are the class probabilities."""
        return outputs.clamp_min(_SMALLEST).log() if self.from_probabilities else outputs

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Class probabilities (N, K)."""
        return outputs if self.from_probabilities else torch.softmax(outputs, dim=1)

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The mean over the batch that learning lowers."""
        return functional.cross_entropy(self.logits(outputs), labels, label_smoothing=self.label_smoothing)

    def total(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The sum over the batch without smoothing: what a network is judged by."""
        return functional.cross_entropy(self.logits(outputs), labels, reduction="sum")


def objective_of(document: Document, label_smoothing: float = 0.0) -> Objective:
    """The loss that suits what the network gives out."""
    return Objective(ends_in_softmax(document), label_smoothing)


def ends_in_softmax(document: Document) -> bool:
    """Whether the network's output is fed by a Softmax block."""
    blocks = {node.id: node.block for node in document.network}
    return any(
        blocks[edge.target] == "output" and blocks[edge.source] == "softmax"
        for edge in document.network.edges()
    )
