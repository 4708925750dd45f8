"""To name the class of each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from builder.errors import Address, Problem
from builder.shapes import TensorShape, format_shape
from runtime.data.raw import NOT_JUDGED
from runtime.training.batches import Batches
from runtime.training.tasks.classes import Confusion, OfClasses, confused, counted, named, with_names
from runtime.training.tasks.heads import Head, Outputs
from runtime.training.tasks.task import Evaluation, Judgements, Meter, Prediction


@dataclass(frozen=True, slots=True)
class SegmentationResult(Evaluation):
    """``confusion[i][j]`` counts judged pixels of class i that were taken for class j; loss is the mean over them."""

    confusion: Confusion

    @property
    def metrics(self) -> dict[str, float]:
        """Mean IoU, pixel accuracy and mean Dice; means are over the classes that are there or were said to be."""
        pixels = sum(map(sum, self.confusion))
        right = sum(row[k] for k, row in enumerate(self.confusion))
        there = [row for row in self.per_class() if row["iou"] is not None]
        return {
            "mean IoU": _mean([row["iou"] for row in there]),
            "pixel accuracy": right / pixels if pixels else 0.0,
            "Dice": _mean([row["dice"] for row in there]),
        }

    def per_class(self) -> list[dict[str, Any]]:
        """IoU = hits / (pixels + claimed - hits), Dice = 2 · hits / (pixels + claimed), precision and recall.

        P. Jaccard 1912; L. R. Dice 1945. IoU and Dice are None for a class that neither is there nor was said to be.
        """
        rows = []
        for k, row in enumerate(self.confusion):
            hits, pixels, claimed = row[k], sum(row), sum(other[k] for other in self.confusion)
            together = pixels + claimed
            rows.append(
                {
                    "iou": hits / (together - hits) if together else None,
                    "dice": 2 * hits / together if together else None,
                    "precision": hits / claimed if claimed else 0.0,
                    "recall": hits / pixels if pixels else 0.0,
                    "pixels": pixels,
                }
            )
        return rows

    def rows(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """``per_class`` with the classes' names."""
        return with_names(names, self.per_class())

    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Figures, the confusion of pixels and the figures of each class."""
        iou, accuracy, dice = self.metrics.values()
        return {
            "loss": self.loss,
            "mean_iou": iou,
            "pixel_accuracy": accuracy,
            "dice": dice,
            "samples": self.samples,
            "classes": list(named(names, len(self.confusion))),
            "confusion": [list(row) for row in self.confusion],
            "per_class": self.rows(names),
        }


class Segmentation(OfClasses):
    """Cross-entropy of logits (N, K, H, W) against masks int64 (N, H, W), the mean over the pixels that are judged.

    A pixel of 255 is not judged.
    """

    kind = "segmentation"
    metric = "mean IoU"

    @classmethod
    def check_output(
        cls, shape: TensorShape, data: Batches, path: str = "", address: Address | None = None
    ) -> Problem | None:
        """A score per class at each pixel of the masks: (K, H, W)."""
        classes, (height, width) = len(data.classes), map(int, data.labels.shape[1:])
        if tuple(shape) == (classes, height, width):
            return None
        has = (
            f"the network brings {format_shape(shape)}, '{data.title}' has {classes} classes and masks of "
            f"{height}×{width}"
        )
        if len(shape) != 3:
            rule = "To segment, a network ends in a map of scores for each class, as large as the masks"
            out = f"End with a 1×1 Conv of {classes} channels, without Flatten or global pooling before it"
        elif tuple(shape[1:]) != (height, width):
            rule = "To segment, a network says something of each pixel of the masks"
            out = "Bring its map to that size, with Upsample or ConvTranspose, as U-Net in the gallery does"
        else:
            rule = "A network needs as many output channels as the masks have classes"
            out = f"Set out_channels of the last Conv to {classes}"
        return Problem("mask-shape", rule, has, out, path=path, address=address)

    def head_loss(self, head: Head, output: Tensor, targets: Tensor) -> Tensor:
        """Smoothed and weighted; 0 where no pixel of the batch is judged."""
        whole = self.counting(targets)
        logits = head.logits(output)
        if output.is_cuda and torch.are_deterministic_algorithms_enabled():  # of maps there is no such kernel
            logits, targets = logits.movedim(1, -1).flatten(0, -2), targets.flatten()
        total = functional.cross_entropy(
            logits, targets, weight=self.weights_on(output.device), ignore_index=NOT_JUDGED, reduction="sum",
            label_smoothing=self.label_smoothing,
        )  # fmt: skip
        return total / whole

    def counting(self, targets: Tensor) -> Tensor:
        """The pixels that are judged, by the weights of their classes."""
        judged = targets != NOT_JUDGED
        weights = self.weights_on(targets.device)
        if weights is None:
            return judged.sum().clamp_min(1e-9)
        return weights[targets.masked_fill(~judged, 0)].mul(judged).sum().clamp_min(1e-9)

    def tally(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """Of each class: pixels that are right, that are there, that were said to be; int64 (3 · K,)."""
        answer = self.answer(outputs).detach()
        return _hits(answer.argmax(1).flatten(), targets.flatten(), answer.shape[1])

    def score(self, tally: Sequence[float], samples: int) -> float:
        """The mean IoU."""
        classes = len(tally) // 3
        hits, there, said = (tally[first : first + classes] for first in (0, classes, 2 * classes))
        unions = [a + b - both for both, a, b in zip(hits, there, said, strict=True)]
        return _mean([both / union for both, union in zip(hits, unions, strict=True) if union])

    def meter(self, data: Batches, device: torch.device) -> Meter:
        """Loss and the confusion of pixels."""
        return _SegmentationMeter(self, len(data.classes), device)

    def judgements(self, outputs: Outputs, targets: Tensor) -> Judgements:
        """Means over a sample's judged pixels: loss, share that is right, probability of the class that is named."""
        answer = self.answer(outputs).float()
        judged = (targets != NOT_JUDGED).flatten(1)
        confidence, predicted = self.heads[0].probabilities(answer).max(dim=1)
        loss = functional.cross_entropy(
            self.heads[0].logits(answer), targets, ignore_index=NOT_JUDGED, reduction="none"
        )
        count = judged.sum(1).clamp_min(1)

        def mean(values: Tensor) -> Tensor:
            return values.flatten(1).mul(judged).sum(1) / count

        return Judgements(
            mean(loss), mean((predicted == targets).float()), mean(confidence), predicted, targets
        )

    def prediction(self, outputs: Outputs) -> Prediction:
        """The class of each pixel, and the share that each class takes."""
        answer = self.answer(outputs).detach()
        if answer.ndim != 4 or answer.shape[1] > NOT_JUDGED:
            return Prediction()
        mask = answer[0].argmax(0).to(torch.uint8).cpu().numpy()
        counts = np.bincount(mask.ravel(), minlength=answer.shape[1])
        return Prediction(tuple((counts / mask.size).tolist()), mask)


def _hits(predicted: Tensor, targets: Tensor, classes: int) -> Tensor:
    """Right, there and said of each class, int64 (3 · K,); of pixels that are judged. Nothing waits for the device."""
    judged = targets != NOT_JUDGED
    nowhere = torch.full((), classes, dtype=targets.dtype, device=targets.device)
    there, said = targets.where(judged, nowhere), predicted.where(judged, nowhere)
    right = there.where(there == said, nowhere)
    step = classes + 1
    found = counted(torch.cat([right, there + step, said + 2 * step]), 3 * step)
    return found.view(3, step)[:, :classes].flatten()


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


class _SegmentationMeter(Meter):
    def __init__(self, task: Segmentation, classes: int, device: torch.device) -> None:
        self._task, self._classes = task, classes
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._counts: Tensor | None = None
        self._samples = 0

    def add(self, outputs: Outputs, targets: Tensor) -> None:
        answer = self._task.answer(outputs)
        logits = self._task.heads[0].logits(answer)
        self._loss += functional.cross_entropy(logits, targets, ignore_index=NOT_JUDGED, reduction="sum")
        size = max(answer.shape[1], self._classes)
        flat, nowhere = targets.flatten(), torch.full((), size, dtype=targets.dtype, device=targets.device)
        there = flat.where(flat != NOT_JUDGED, nowhere)  # what is not judged gets a row of its own
        found = confused(there, answer.argmax(1).flatten(), size + 1)[:size, :size]
        self._counts = found if self._counts is None else self._counts + found
        self._samples += len(targets)

    def result(self) -> SegmentationResult:
        if self._counts is None:
            return SegmentationResult(0.0, 0, ())
        confusion = self._counts.cpu()
        pixels = int(confusion.sum())
        return SegmentationResult(
            float(self._loss) / max(pixels, 1), self._samples, tuple(map(tuple, confusion.tolist()))
        )
