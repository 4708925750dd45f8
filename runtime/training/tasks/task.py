"""What a network is to do with its data: the contract that learning, judging and showing are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from builder.errors import Address, Problem
from builder.shapes import TensorShape
from runtime.training.batches import Batches
from runtime.training.settings import Settings
from runtime.training.tasks.heads import Head, Outputs


@dataclass(frozen=True, slots=True)
class Evaluation(ABC):
    """How good a network is on a split; ``loss`` is the mean over its ``samples``, without smoothing and weights."""

    loss: float
    samples: int

    @property
    @abstractmethod
    def metrics(self) -> dict[str, float]:
        """The figures by name, the score first."""

    @property
    def score(self) -> float:
        """The figure by which networks are compared: more is better."""
        return next(iter(self.metrics.values()))

    @abstractmethod
    def rows(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """The figures of each class, or of each value that is told, with its name first."""

    @abstractmethod
    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        """The object that ``evaluate --json`` prints; ``names`` are those of the classes or values."""


class Answered(NamedTuple):
    """The answers to a batch (n, K, …), detached, and what they should have been (n, …), to be tallied later."""

    answers: Tensor
    targets: Tensor


#: What the score of a batch is made of (T,), or what that is made of.
Tally: TypeAlias = Tensor | Answered


class Meter(ABC):
    """Sums up, on the device, how good a network's answers are; reading is left to the end."""

    @abstractmethod
    def add(self, outputs: Outputs, targets: Tensor) -> None:
        """Take in a batch."""

    @abstractmethod
    def result(self) -> Evaluation:
        """Read what was summed up; this waits for the device."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a network says of one sample, for people.

    ``values``: the probability of each class, the share of the picture that each class takes, or numbers in the unit of
    the data; empty where the output is nothing of the kind. ``mask``: the class of each pixel, uint8 (H, W).
    """

    values: tuple[float, ...] = ()
    mask: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Judgements:
    """What is said of each of n samples, on the device.

    ``loss`` (n,) is what the network is judged by, ``score`` (n,) how right it is (1 is all right), ``confidence`` (n,)
    how sure it says it is (0…1; NaN where it says nothing of that); ``predicted`` and ``targets`` are classes (n,) or
    (n, H, W), or values (n, K, …) in the unit of the data.
    """

    loss: Tensor
    score: Tensor
    confidence: Tensor
    predicted: Tensor
    targets: Tensor


class Task(ABC):
    """What a network's outputs are to become, for outputs like ``heads``.

    The loss that learning lowers is the sum over the heads, each times its weight. The first output is the answer, by
    which alone a network is judged; others help it to learn, as auxiliary classifiers do (Szegedy et al. 2015).
    Nothing here waits for the device, apart from ``prediction`` and a meter's result.
    """

    kind: ClassVar[str]
    #: The name of the score.
    metric: ClassVar[str]

    def __init__(self, heads: tuple[Head, ...] = (Head(),)) -> None:
        self.heads = heads

    @classmethod
    @abstractmethod
    def of(cls, heads: tuple[Head, ...], data: Batches, settings: Settings) -> Self:
        """The task that this data sets, to be learnt with these settings."""

    @classmethod
    @abstractmethod
    def check_output(
        cls, shape: TensorShape, data: Batches, path: str = "", address: Address | None = None
    ) -> Problem | None:
        """Whether an output of this shape (of one sample) says what the data asks for.

        ``path`` and ``address`` are those of the node that gives it.
        """

    @classmethod
    @abstractmethod
    def read(cls, recorded: Mapping[str, Any], heads: tuple[Head, ...]) -> Self:
        """The inverse of ``to_json``; raises KeyError, TypeError or ValueError for anything else."""

    def suits(self, data: Batches) -> bool:
        """Whether it can be judged on this data."""
        return self.kind == data.task

    def to_json(self) -> dict[str, Any]:
        """What must be known, beside the weights, to read the network's answers."""
        return {"kind": self.kind}

    def answer(self, outputs: Outputs) -> Tensor:
        """The first output."""
        return outputs if isinstance(outputs, Tensor) else outputs[0]

    def loss(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """The mean over the batch that learning lowers, 0-d; an output of weight 0 is left out."""
        several = (outputs,) if isinstance(outputs, Tensor) else outputs
        losses = [
            (self.head_loss(head, output, targets), head.weight)
            for head, output in zip(self.heads, several, strict=True)
            if head.weight
        ]
        # A product with 1 costs a small network a hundredth of its step, there and back.
        weighted = [loss if weight == 1.0 else weight * loss for loss, weight in losses]
        return sum(weighted[1:], start=weighted[0])

    @abstractmethod
    def head_loss(self, head: Head, output: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of one output over the batch, for learning: 0-d."""

    def counting(self, targets: Tensor) -> Tensor | float:
        """How much the mean of ``head_loss`` is over, above 0 (0-d): the samples, or the weight of what counts."""
        return len(targets)

    @abstractmethod
    def tally(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """What the score of a batch is made of: (T,), whose sum over batches gives the score of them all."""

    def begin_tally(self, outputs: Outputs, targets: Tensor) -> Tally:
        """The same, or what is put off until ``tallies``, where that costs less and takes next to no memory."""
        return self.tally(outputs, targets)

    def tallies(self, begun: Sequence[Tally]) -> Tensor:
        """Those of several batches, as ``begin_tally`` gave them: (T, batches)."""
        return torch.stack([self.tally(*one) if isinstance(one, Answered) else one for one in begun], dim=1)

    @abstractmethod
    def score(self, tally: Sequence[float], samples: int) -> float:
        """The score by a tally of so many samples."""

    @abstractmethod
    def meter(self, data: Batches, device: torch.device) -> Meter:
        """What sums up an evaluation."""

    @abstractmethod
    def judgements(self, outputs: Outputs, targets: Tensor) -> Judgements:
        """What is said of each sample by itself."""

    @abstractmethod
    def averaged(self, answers: Sequence[Tensor]) -> Tensor:
        """One answer for several of the same samples: the mean of what they say, not of the numbers they say it in."""

    @abstractmethod
    def prediction(self, outputs: Outputs) -> Prediction:
        """What is said of the first sample of a batch."""


@lru_cache(maxsize=64)
def constant(values: tuple[float, ...], device: torch.device) -> Tensor:
    """Numbers on a device, float32 (n,), sent there once."""
    with torch.inference_mode(mode=False):  # an inference tensor could not take part in learning later
        return torch.tensor(values, dtype=torch.float32, device=device)
