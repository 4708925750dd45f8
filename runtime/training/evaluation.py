"""How good a network is on a split: loss, accuracy, confusion matrix and the figures of each class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from runtime.training.batches import Batches, cut
from runtime.training.objective import Objective

#: Numbers of one input chunk, and images at most: bounds the memory of a forward pass.
_CHUNK_NUMBERS = 2**22
_CHUNK_IMAGES = 512


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``confusion[i][j]`` counts samples of class i that were taken for class j; loss is the mean."""

    loss: float
    accuracy: float
    samples: int
    confusion: tuple[tuple[int, ...], ...]

    def per_class(self) -> list[dict[str, float | int]]:
        """Precision, recall and F1 of each class, 0 where they are 0/0, with its number of samples."""
        rows = []
        for k, row in enumerate(self.confusion):
            hits, samples, claimed = row[k], sum(row), sum(other[k] for other in self.confusion)
            precision = hits / claimed if claimed else 0.0
            recall = hits / samples if samples else 0.0
            both = precision + recall
            f1 = 2 * precision * recall / both if both else 0.0
            rows.append({"precision": precision, "recall": recall, "f1": f1, "samples": samples})
        return rows

    def to_json(self, classes: tuple[str, ...]) -> dict[str, Any]:
        """The object that ``evaluate --json`` prints."""
        names = [classes[k] if k < len(classes) else str(k) for k in range(len(self.confusion))]
        return {
            "loss": self.loss,
            "accuracy": self.accuracy,
            "samples": self.samples,
            "classes": names,
            "confusion": [list(row) for row in self.confusion],
            "per_class": [{"class": name, **row} for name, row in zip(names, self.per_class(), strict=True)],
        }


def evaluate(
    model: nn.Module,
    data: Batches,
    split: str,
    device: torch.device,
    objective: Objective,
    stop: Callable[[], bool] = lambda: False,
) -> Evaluation | None:
    """Run a split through the network in eval mode (its mode is restored); None if ``stop`` said so on the way.

    Everything is summed on the device and read once.
    """
    indices = data.splits[split].to(device)
    was_training = model.training
    model.eval()
    loss = torch.zeros((), dtype=torch.float64, device=device)
    counts: Tensor | None = None
    classes = len(data.classes)
    try:
        with torch.inference_mode():
            for first, last in cut(len(indices), _chunk(data, indices, device)):
                if stop():
                    return None
                images, labels = data.batch(indices[first:last], device)
                answer = objective.answer(model(images))
                loss += objective.total(answer, labels)
                size = max(answer.shape[1], classes)
                found = torch.bincount(labels * size + answer.argmax(1), minlength=size * size)
                counts = found if counts is None else counts + found
    finally:
        model.train(was_training)
    if counts is None:
        return Evaluation(0.0, 0.0, 0, ())
    size = int(len(counts) ** 0.5 + 0.5)
    confusion = counts.view(size, size).cpu()
    samples = len(indices)
    return Evaluation(
        float(loss) / samples,
        int(confusion.diagonal().sum()) / samples,
        samples,
        tuple(tuple(row) for row in confusion.tolist()),
    )


def _chunk(data: Batches, indices: Tensor, device: torch.device) -> int:
    """Images to pass at once."""
    if not len(indices):
        return 1
    numbers = data.batch(indices[:1], device)[0].numel()
    return max(2, min(_CHUNK_IMAGES, _CHUNK_NUMBERS // max(1, numbers)))
