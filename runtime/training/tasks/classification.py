"""To name the class of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from builder.errors import Address, Problem
from builder.shapes import TensorShape, format_shape
from runtime.training.batches import Batches
from runtime.training.tasks.classes import Confusion, OfClasses, confused, named, with_names
from runtime.training.tasks.heads import Head, Outputs
from runtime.training.tasks.task import Answered, Evaluation, Judgements, Meter, Prediction, Tally

#: From so many classes on it is told how often the right one is among the five likeliest.
_TOP, _TOP_FROM = 5, 10
#: Bytes of a batch's scores that are kept to be tallied later, at most.
_PUT_OFF = 2**17


@dataclass(frozen=True, slots=True)
class ClassificationResult(Evaluation):
    """``confusion[i][j]`` counts samples of class i that were taken for class j.

    ``top5`` is the share of samples whose class is among the five likeliest; None below ten classes.
    """

    accuracy: float
    confusion: Confusion
    top5: float | None = None

    @property
    def metrics(self) -> dict[str, float]:
        """Accuracy, and top-5 accuracy where it says something."""
        more = {} if self.top5 is None else {"top-5 accuracy": self.top5}
        return {"accuracy": self.accuracy, **more}

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

    def rows(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """``per_class`` with the classes' names."""
        return with_names(names, self.per_class())

    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        """Figures, confusion and those of each class."""
        more = {} if self.top5 is None else {"top5_accuracy": self.top5}
        return {
            "loss": self.loss,
            "accuracy": self.accuracy,
            **more,
            "samples": self.samples,
            "classes": list(named(names, len(self.confusion))),
            "confusion": [list(row) for row in self.confusion],
            "per_class": self.rows(names),
        }


class Classification(OfClasses):
    """Cross-entropy of logits (N, K), or of probabilities, against labels int64 (N,)."""

    kind = "classification"
    metric = "accuracy"

    @classmethod
    def check_output(
        cls, shape: TensorShape, data: Batches, path: str = "", address: Address | None = None
    ) -> Problem | None:
        """One score per class."""
        wanted = len(data.classes)
        if tuple(shape) == (wanted,):
            return None
        has = f"the network brings {format_shape(shape)}, '{data.title}' has {wanted} classes"
        if len(shape) != 1:
            return Problem(
                "class-count",
                "To classify, a network ends in a vector with one score per class",
                has,
                f"End with Flatten and Linear({wanted}), or a global pooling and Linear({wanted})",
                path=path,
                fixes=("end-in-classes",),
                address=address,
            )
        return Problem(
            "class-count",
            "A network needs as many outputs as the data has classes",
            has,
            f"Set out_features of the last Linear to {wanted}, or choose other data",
            path=path,
            fixes=("set-classes", "end-in-classes"),
            address=address,
        )

    def head_loss(self, head: Head, output: Tensor, targets: Tensor) -> Tensor:
        """Smoothed and weighted."""
        weights = self.weights_on(output.device)
        return functional.cross_entropy(
            head.logits(output), targets, weight=weights, label_smoothing=self.label_smoothing
        )

    def counting(self, targets: Tensor) -> Tensor | float:
        """The weights of the samples' classes."""
        weights = self.weights_on(targets.device)
        return len(targets) if weights is None else weights[targets].sum()

    def tally(self, outputs: Outputs, targets: Tensor) -> Tensor:
        """How many answers are right."""
        return (self.answer(outputs).detach().argmax(1) == targets).sum(0, keepdim=True)

    def begin_tally(self, outputs: Outputs, targets: Tensor) -> Tally:
        """Put off while the scores are few: of many batches at once it costs a small network a hundredth less."""
        answer = self.answer(outputs).detach()
        if answer.untyped_storage().nbytes() > _PUT_OFF:
            return self.tally(answer, targets)
        return Answered(answer, targets)

    def tallies(self, begun: Sequence[Tally]) -> Tensor:
        """Batches of one size, and what comes after them."""
        size = len(begun[0].targets) if isinstance(begun[0], Answered) else 0
        alike = list(takewhile(lambda one: isinstance(one, Answered) and len(one.targets) == size, begun))
        if len(alike) < 2:
            return super().tallies(begun)
        answers, targets = (torch.cat(parts) for parts in zip(*alike, strict=True))
        right = (answers.argmax(1) == targets).view(len(alike), size).sum(1)[None]
        rest = begun[len(alike) :]
        return torch.cat([right, super().tallies(rest)], dim=1) if rest else right

    def score(self, tally: Sequence[float], samples: int) -> float:
        """The share of right answers."""
        return tally[0] / samples

    def meter(self, data: Batches, device: torch.device) -> Meter:
        """Loss, confusion and the five likeliest."""
        return _ClassificationMeter(self, len(data.classes), device)

    def probabilities(self, outputs: Outputs) -> Tensor:
        """Class probabilities (N, K) by the answer."""
        return self.heads[0].probabilities(self.answer(outputs))

    def judgements(self, outputs: Outputs, targets: Tensor) -> Judgements:
        """Cross-entropy; 1 or 0; the probability of the class that is named."""
        logits = self.heads[0].logits(self.answer(outputs).float())
        confidence, predicted = self.probabilities(self.answer(outputs).float()).max(dim=1)
        loss = functional.cross_entropy(logits, targets, reduction="none")
        return Judgements(loss, (predicted == targets).float(), confidence, predicted, targets)

    def prediction(self, outputs: Outputs) -> Prediction:
        """The probabilities."""
        answer = self.answer(outputs).detach().float()
        return Prediction(tuple(self.probabilities(answer)[0].tolist())) if answer.ndim == 2 else Prediction()


class _ClassificationMeter(Meter):
    def __init__(self, task: Classification, classes: int, device: torch.device) -> None:
        self._task, self._classes = task, classes
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._counts: Tensor | None = None
        self._top: Tensor | None = None
        self._samples = 0

    def add(self, outputs: Outputs, targets: Tensor) -> None:
        answer = self._task.answer(outputs)
        logits = self._task.heads[0].logits(answer)
        self._loss += functional.cross_entropy(logits, targets, reduction="sum")
        found = confused(targets, answer.argmax(1), max(answer.shape[1], self._classes))
        self._counts = found if self._counts is None else self._counts + found
        if answer.shape[1] >= _TOP_FROM:
            among = (answer.topk(_TOP, dim=1).indices == targets[:, None]).sum()
            self._top = among if self._top is None else self._top + among
        self._samples += len(targets)

    def result(self) -> ClassificationResult:
        if self._counts is None:
            return ClassificationResult(0.0, 0, 0.0, ())
        confusion = self._counts.cpu()
        right = int(confusion.diagonal().sum())
        top = None if self._top is None else int(self._top) / self._samples
        return ClassificationResult(
            float(self._loss) / self._samples,
            self._samples,
            right / self._samples,
            tuple(map(tuple, confusion.tolist())),
            top,
        )
