"""What the window finds out behind itself about a network's mistakes; lives in a worker thread, knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.document import Document
from builder.errors import Problem
from builder.figures import count
from runtime.panels.looking.backstage import Backstage, DataWish, Sample, Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from runtime.data import Data
    from runtime.inspection.judging import Judged
    from runtime.training.tasks import Evaluation, Task


@dataclass(frozen=True, slots=True)
class Subject:
    """What is judged: which weights, on which split of which data."""

    wish: DataWish
    weights: Weights
    split: str


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """A split, judged sample by sample.

    ``names`` are those of the classes, or of the values that are told; ``confusion`` is int64 (K, K), (0, 0) of
    values; ``rows`` are the figures of each class or value, its name first; ``figures`` says those of all in a line.
    """

    subject: Subject
    judged: Judged
    names: tuple[str, ...]
    confusion: NDArray[np.int64]
    rows: tuple[dict[str, Any], ...]
    figures: str

    @property
    def unit(self) -> str:
        """What the matrix counts."""
        return "pixel" if self.judged.task == "segmentation" else "sample"

    def worst_words(self, worst: NDArray[np.int64]) -> tuple[str, ...]:
        """What is to be said of the worst samples: of masks how much of them is right."""
        if self.judged.task != "segmentation" or not len(worst):
            return ("",)
        share = _right(float(self.judged.score[worst[0]]))
        return f"the worst: {share} of its pixels right", f"{share} of its pixels right", f"{share} right"

    def words(self, position: int) -> tuple[str, str]:
        """What a sample is and was taken for: ``3 → 5`` and ``sure 98 %``; of masks ``81 % right``; of values both."""
        judged = self.judged
        if judged.task == "segmentation":
            return f"{_right(float(judged.score[position]))} right", f"loss {judged.loss[position]:.3g}"
        if judged.task == "classification":
            names = (self.names[int(k[position])] for k in (judged.targets, judged.predicted))
            return " → ".join(names), f"sure {100 * judged.confidence[position]:.0f} %"
        if judged.targets[position].size == 1:
            values = (float(k[position].item()) for k in (judged.targets, judged.predicted))
            return " → ".join(f"{value:.4g}" for value in values), f"loss {judged.loss[position]:.3g}"
        return f"loss {judged.loss[position]:.3g}", f"explained {judged.score[position]:.2f}"


def judge(
    stage: Backstage, document: Document, subject: Subject, stop: Callable[[], bool] = lambda: False
) -> Verdict | Problem | None:
    """Judge every sample of a split; ``document`` is this thread's own copy. None if ``stop`` said so."""
    from runtime.inspection.judging import judged
    from runtime.training.evaluating.evaluation import evaluate
    from runtime.training.loop import check
    from runtime.training.tasks import task_of
    from runtime.training.trouble import resolve_device

    data = _data(stage, document, subject.wish)
    if isinstance(data, Problem):
        return data
    if problems := check(document, None, data):
        return problems[0]
    made = stage.model(document, subject.weights)
    if isinstance(made, Problem):
        return made
    model, name = made
    if name != subject.weights.name:
        return _unfit(document, subject.weights)
    device = resolve_device("auto")
    assert not isinstance(device, Problem)
    model, data = model.to(device), data.to(device)
    task = task_of(document, data, recorded=_recorded(subject.weights))
    found = judged(model, data, subject.split, task, device, stop)
    if found is None:
        return None
    if task.kind == "regression":  # errors of values are summed up best on the way
        result = evaluate(model, data, subject.split, device, task, stop)
    else:
        result = _of_classes(found, task, len(data.classes))
    return None if result is None else _verdict(subject, found, data, result)


def thumbnails(stage: Backstage, wish: DataWish, indices: Sequence[int]) -> tuple[Sample, ...] | Problem:
    """These samples of the data, as they are stored."""
    data = stage.data(wish)
    return data if isinstance(data, Problem) else tuple(stage.sample(data, index) for index in indices)


def _data(stage: Backstage, document: Document, wish: DataWish) -> Data | Problem:
    """The data that is looked with; where the network answers with a map of another size, with masks of that size."""
    from runtime.data import load_data
    from runtime.training.loop import mask_size

    data, size = stage.data(wish), mask_size(document)
    if isinstance(data, Problem) or data.task != "segmentation" or size is None:
        return data
    if tuple(data.labels.shape[1:]) == size:
        return data
    return load_data(wish.source, wish.input_shape, mask_size=size)


def _unfit(document: Document, weights: Weights) -> Problem:
    """Why the weights are not those of the network that is drawn."""
    from runtime.training.records.runs import Run

    rule = "Mistakes are those of a network that has learned"
    run = Run.open(weights.file.parent) if weights.file is not None else None
    if not isinstance(run, Run) or weights.file is None or not weights.file.is_file():
        return Problem("other-network", rule, "the weights of this run are gone", "Train it again")
    if run.document.name != document.name:
        return Problem(
            "other-network",
            rule,
            f"the run that is shown is of another network, '{run.document.name}'; drawn is '{document.name}'",
            f"Show the curves of a run of '{document.name}', or open '{run.document.name}'",
        )
    return Problem(
        "other-network",
        rule,
        f"'{document.name}' has changed since these weights were learned",
        "Train it again, or undo the change",
    )


def _right(share: float) -> str:
    """``83 %``; all of it is said only where it is all."""
    return "over 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def _recorded(weights: Weights) -> object:
    """The task that the run recorded beside the weights."""
    from runtime.training.records.runs import Run

    run = Run.open(weights.file.parent) if weights.file is not None else None
    return run.environment().get("task") if isinstance(run, Run) else None


def _of_classes(found: Judged, task: Task, classes: int) -> Evaluation:
    import numpy as np

    from runtime.inspection.confusion import confusion
    from runtime.training.tasks import ClassificationResult, SegmentationResult

    rows = tuple(map(tuple, confusion(found, classes).tolist()))
    if task.kind == "segmentation":  # its loss is the mean over pixels, of which a sample may have none
        pixels = np.bincount(found.pairs[:, 0], found.pairs[:, 3], minlength=len(found))
        loss = float(np.nansum(found.loss * pixels) / max(pixels.sum(), 1))
        return SegmentationResult(loss, len(found), rows)
    loss, accuracy = (float(values.mean(dtype=float)) for values in (found.loss, found.score))
    return ClassificationResult(loss, len(found), accuracy, rows)


def _verdict(subject: Subject, found: Judged, data: Data, result: Evaluation) -> Verdict:
    from runtime.inspection.confusion import confusion
    from runtime.training.metrics import format_metric
    from runtime.training.tasks.classes import named

    matrix = confusion(found, len(data.classes))
    names = data.targets if found.task == "regression" else named(data.classes, len(matrix))
    score = next(iter(result.metrics.items()))
    said = (f"{score[0]} {format_metric(*score)}", f"loss {result.loss:.4f}", count(len(found), "sample"))
    return Verdict(subject, found, names, matrix, tuple(result.rows(names)), " · ".join(said))
