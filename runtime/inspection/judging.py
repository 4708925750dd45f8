"""What a network says of each sample by itself: which are its worst and its surest mistakes, who is behind a count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import nn

    from runtime.training.batches import Batches
    from runtime.training.tasks import Task

#: Up to so many values a sample, what was said and what is right are kept; masks of all would fill the memory.
_KEPT = 64


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The n samples of a split, each judged by itself.

    ``indices`` int64 (n,) are those in the data. ``loss`` float32 (n,) is what the network is judged by; ``score``
    float32 (n,) is how right it is: 1 or 0, the share of a mask's judged pixels, of values 1 - squared error in
    variances; ``confidence`` float32 (n,) is the probability of what it says (of a mask the mean over judged pixels, of
    values NaN). ``targets`` and ``predicted`` are classes int64 (n,), masks (n, H, W), or values float32 (n, K, …) in
    the unit of the data; empty (n, 0) where a sample has more than 64: looking at it again brings them back.
    """

    task: str
    indices: NDArray[np.int64]
    loss: NDArray[np.float32]
    score: NDArray[np.float32]
    confidence: NDArray[np.float32]
    targets: NDArray[Any]
    predicted: NDArray[Any]
    #: Of masks: a row (sample, class, taken for, pixels) for each pair that a sample has; int64 (m, 4).
    pairs: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 4), np.int64))

    def __len__(self) -> int:
        return len(self.indices)

    def cell(self, target: int, predicted: int) -> NDArray[np.int64]:
        """Positions of the samples behind a count of the confusion matrix, int64.

        Of classes the surest first; of masks those with most such pixels first; of values none.
        """
        if self.task == "segmentation":
            found = self.pairs[(self.pairs[:, 1] == target) & (self.pairs[:, 2] == predicted)]
            return found[np.argsort(-found[:, 3], kind="stable"), 0]
        if self.task != "classification":
            return np.zeros(0, np.int64)
        found = np.flatnonzero((self.targets == target) & (self.predicted == predicted))
        return found[np.argsort(-self.confidence[found], kind="stable")]

    def worst(self, count: int) -> NDArray[np.int64]:
        """Positions of the samples of largest loss, of masks those of which least is right; the worst first.

        Only such as are not all right, of masks those with any judged pixel that is wrong.
        """
        if self.task == "segmentation":
            wrong = np.unique(self.pairs[self.pairs[:, 1] != self.pairs[:, 2], 0])
            return wrong[np.lexsort((-self.loss[wrong], self.score[wrong]))][:count]
        wrong = np.flatnonzero(self.score < 1)
        return wrong[np.argsort(-self.loss[wrong], kind="stable")][:count]

    def surest(self, count: int) -> NDArray[np.int64]:
        """Positions of the mistakes that the network is most confident of, the surest first.

        Of classes only: a mask has hardly ever no mistake in it, and values come without a confidence.
        """
        if self.task != "classification":
            return np.zeros(0, np.int64)
        wrong = np.flatnonzero(self.score < 1)
        return wrong[np.argsort(-self.confidence[wrong], kind="stable")][:count]


def judged(
    model: nn.Module,
    data: Batches,
    split: str,
    task: Task,
    device: torch.device,
    stop: Callable[[], bool] = lambda: False,
) -> Judged | None:
    """Judge each sample of a split, in eval mode (the network's mode is restored); None if ``stop`` said so."""
    import torch

    from runtime.training.batches import in_order
    from runtime.training.evaluating.evaluation import chunks

    parts: list[_Part] = []
    first = 0
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            for inputs, targets in in_order(data, chunks(data, data.splits[split]), device):
                if stop():
                    return None
                parts.append(_part(task, model(inputs), targets, first))
                first += len(targets)
    finally:
        model.train(was_training)
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Judged(task.kind, data.splits[split].cpu().numpy(), *columns)


#: loss, score, confidence, targets, predicted, pairs
_Part = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.int64]]


def _part(task: Task, outputs: Any, targets: torch.Tensor, first: int) -> _Part:
    said = task.judgements(outputs, targets)
    figures = [x.float().cpu().numpy() for x in (said.loss, said.score, said.confidence)]
    wanted, answered = (x.cpu().numpy() for x in (said.targets, said.predicted))
    pairs = np.zeros((0, 4), np.int64)
    if task.kind == "segmentation":
        pairs = _pairs(wanted, answered, first)
    if wanted[:1].size > _KEPT:
        wanted, answered = (x.reshape(len(x), -1)[:, :0] for x in (wanted, answered))
    return (figures[0], figures[1], figures[2], wanted, answered, pairs)


def _pairs(targets: NDArray[np.int64], predicted: NDArray[np.int64], first: int) -> NDArray[np.int64]:
    """(sample, class, taken for, pixels) of masks (n, H, W), the samples counted from ``first``; 255 is not judged."""
    from runtime.data.raw import NOT_JUDGED

    sample = np.broadcast_to(np.arange(first, first + len(targets))[:, None, None], targets.shape)
    judged_there = targets != NOT_JUDGED
    base = NOT_JUDGED + 1
    key = (sample[judged_there] * base + targets[judged_there]) * base + predicted[judged_there]
    found, counts = np.unique(key, return_counts=True)
    return np.stack([found // base**2, found // base % base, found % base, counts], axis=1).astype(np.int64)
