"""What the tasks that name classes share: which is taken for which, and weights for what there is little of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeAlias

import torch
from torch import Tensor

from runtime.training.batches import Batches
from runtime.training.settings import Settings
from runtime.training.tasks.heads import Head
from runtime.training.tasks.task import Task, constant

#: Row i, column j: how many of class i were taken for class j.
Confusion: TypeAlias = tuple[tuple[int, ...], ...]


def counted(classes: Tensor, count: int) -> Tensor:
    """How many there are of each class (n,) below ``count``, int64 (count,); unlike ``bincount``, without a wait."""
    ones = torch.ones((), dtype=torch.int64, device=classes.device).expand(len(classes))
    return torch.zeros(count, dtype=torch.int64, device=classes.device).index_add_(0, classes, ones)


def confused(targets: Tensor, predicted: Tensor, classes: int) -> Tensor:
    """Counts int64 (K, K) of classes (n,) against what they were taken for (n,), all below K."""
    return counted(targets * classes + predicted, classes * classes).view(classes, classes)


def balanced(counts: Sequence[int]) -> tuple[float, ...]:
    """Weights n / (K · n_k) of classes seen n_k times, n in all; 1 for those of the K never seen.

    G. King and L. Zeng, Logistic regression in rare events data, 2001, as scikit-learn's ``balanced`` has them.
    """
    seen = [count for count in counts if count]
    return tuple(sum(seen) / (len(seen) * count) if count else 1.0 for count in counts)


def with_names(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The figures of each class with its name first."""
    return [{"class": name, **row} for name, row in zip(named(names, len(rows)), rows, strict=True)]


def named(names: Sequence[str], count: int) -> tuple[str, ...]:
    """So many names; what has none is called by its number."""
    return tuple(names[k] if k < len(names) else str(k) for k in range(count))


class OfClasses(Task):
    """A task whose answers are scores of classes, learnt by cross-entropy.

    For learning alone: ``label_smoothing`` ε gives the label 1 − ε + ε/K and every other class ε/K (Szegedy et al.
    2016); ``class_weights`` make classes count differently, the mean being over the weights.
    """

    def __init__(
        self,
        heads: tuple[Head, ...] = (Head(),),
        label_smoothing: float = 0.0,
        class_weights: tuple[float, ...] | None = None,
    ) -> None:
        super().__init__(heads)
        self.label_smoothing = label_smoothing
        self.class_weights = class_weights

    @classmethod
    def of(cls, heads: tuple[Head, ...], data: Batches, settings: Settings) -> Self:
        """With the smoothing and the class weights of the settings."""
        weights = balanced(data.balance()["train"]) if settings.class_weights == "balanced" else None
        return cls(heads, settings.label_smoothing, weights)

    @classmethod
    def read(cls, _recorded: Mapping[str, Any], heads: tuple[Head, ...]) -> Self:
        """Nothing but the weights is needed."""
        return cls(heads)

    def weights_on(self, device: torch.device) -> Tensor | None:
        """The class weights, float32 (K,)."""
        return None if self.class_weights is None else constant(self.class_weights, device)

    def averaged(self, answers: Sequence[Tensor]) -> Tensor:
        """Scores of the mean of the probabilities."""
        head = self.heads[0]
        return head.output(torch.stack([head.probabilities(answer.float()) for answer in answers]).mean(0))
