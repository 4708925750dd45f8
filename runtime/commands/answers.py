"""What a network says of pictures: the likeliest classes, a mask, or values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.analysis import analyze
from builder.errors import Problem
from builder.shapes import TensorShape, format_shape
from runtime.commands.common import Subject, load_data_for

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from runtime.training.tasks import Prediction, Task

#: How many classes a picture is likely to be of are told.
TOP = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """A class, the number of its output, and how likely the network holds it to be."""

    name: str
    index: int
    probability: float

    def to_json(self) -> dict[str, Any]:
        """As ``predict --json`` prints it."""
        return {"class": self.name, "index": self.index, "probability": self.probability}


def check_scores(shape: TensorShape | None) -> Problem | None:
    """Whether an output of this shape says what a picture is of."""
    if shape is not None and len(shape) == 1:
        return None
    return Problem(
        "class-count",
        "To classify, a network ends in a vector with one score per class",
        f"the network brings {format_shape(shape)}",
        "End with Flatten and Linear, or a global pooling and Linear",
    )


def task_for(subject: Subject) -> Task | list[Problem]:
    """What a network without errors says of pictures.

    As its run recorded it, else as the data that its document names asks for, else by its first output: scores of
    classes (K,), or of the classes of each pixel (K, H, W).
    """
    from runtime.training.tasks import (
        Classification,
        Regression,
        Segmentation,
        heads_of,
        recorded_task,
        task_of,
    )

    heads = heads_of(subject.document)
    if subject.run is not None:
        known = recorded_task(subject.document, subject.run.environment().get("task"))
        if known is not None:
            return known
        if subject.run.summary().metric == Regression.metric:
            return _values_of(subject)
    shape = analyze(subject.document).output_shapes[0]
    if subject.run is None and subject.document.data.get("source"):
        data = load_data_for(subject, None)
        if isinstance(data, list):
            return data
        if data.task != "classification":
            return task_of(subject.document, data)
    if shape is not None and len(shape) == 3:
        return Segmentation(heads)
    problem = check_scores(shape)
    return Classification(heads) if problem is None else [problem]


def _values_of(subject: Subject) -> Task | list[Problem]:
    """Of a run that told values and kept no record of their unit: that of its data, where this is still there."""
    from runtime.training.tasks import task_of

    data = load_data_for(subject, None)
    if not isinstance(data, list) and data.task == "regression":
        return task_of(subject.document, data)
    assert subject.run is not None
    why = f"{subject.data_source} tells no values" if not isinstance(data, list) else data[0].message
    return [
        Problem(
            "no-unit",
            "Values are told in the unit that a run recorded, or else in that of its data",
            f"'{subject.run.name}' has no readable record of its own, and of its data: {why.rstrip('.')}",
            "Bring back its environment.json or its data",
        )
    ]


def predicted(task: Task, model: nn.Module, x: torch.Tensor) -> Prediction | Problem:
    """What a network says of one input (1, *input)."""
    import torch

    with torch.inference_mode():
        outputs = model.eval()(x)
    said = task.prediction(outputs)
    sound = bool(torch.isfinite(task.answer(outputs)).all()) and all(map(isfinite, said.values))
    if sound and said.values:
        return said
    return Problem(
        "not-finite",
        "A network must answer with finite numbers",
        "its answer to this picture is not" if not sound else "its output is nothing of the kind",
        "Choose other weights, or train again with a lower learning rate",
    )


def likeliest(values: Sequence[float], classes: Sequence[str], count: int = TOP) -> list[Answer]:
    """The classes with most of ``values``, best first."""
    order = sorted(range(min(len(values), len(classes))), key=lambda k: -values[k])
    return [Answer(classes[k], k, values[k]) for k in order[:count]]


def in_words(task: Task, values: Sequence[float], classes: Sequence[str]) -> str:
    """The gist of what is said of a picture: ``taken for 3 (98%)``, ``60% sky, 40% sea``, ``says 2.5``."""
    from runtime.data.words import values_text
    from runtime.training.tasks import Regression

    if isinstance(task, Regression):
        return f"says {values_text(values, task.names)}"
    best = likeliest(values, classes)
    if task.kind == "classification":
        return f"taken for {best[0].name} ({best[0].probability:.0%})"
    return ", ".join(f"{part.probability:.0%} {part.name}" for part in best if part.probability)


def write_masks(
    pixels: NDArray[np.uint8], mask: NDArray[np.uint8], classes: int, folder: Path, stem: str
) -> dict[str, str] | Problem:
    """Write a mask and the picture with it laid over; the files by what they are."""
    from runtime.inspection import write_png
    from runtime.inspection.masks import overlay, write_mask

    files = {"mask": folder / f"{stem}-mask.png", "overlay": folder / f"{stem}-overlay.png"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Problem(
            "not-writable",
            "Masks are written into a folder",
            f"'{folder}': {error.strerror}",
            "Name another folder with -o",
        )
    problem = write_mask(mask, files["mask"], classes)
    problem = problem or write_png(overlay(pixels, mask, classes), files["overlay"])
    return problem if problem is not None else {what: str(file) for what, file in files.items()}
