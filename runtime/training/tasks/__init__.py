"""Tasks: what a network is to do with its data, how it learns that, and how good it is at it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from builder.document import Document
from runtime.training.batches import Batches
from runtime.training.settings import Settings
from runtime.training.tasks.classification import Classification, ClassificationResult
from runtime.training.tasks.heads import Head, Outputs, heads_of, weight_of
from runtime.training.tasks.regression import Regression, RegressionResult
from runtime.training.tasks.segmentation import Segmentation, SegmentationResult
from runtime.training.tasks.task import Answered, Evaluation, Judgements, Meter, Prediction, Tally, Task

__all__ = [
    "TASKS",
    "Answered",
    "Classification",
    "ClassificationResult",
    "Evaluation",
    "Head",
    "Judgements",
    "Meter",
    "Outputs",
    "Prediction",
    "Regression",
    "RegressionResult",
    "Segmentation",
    "SegmentationResult",
    "Tally",
    "Task",
    "heads_of",
    "recorded_task",
    "task_of",
    "weight_of",
]

#: Every task by the name that data gives it.
TASKS: Mapping[str, type[Task]] = MappingProxyType(
    {task.kind: task for task in (Classification, Segmentation, Regression)}
)


def task_of(
    document: Document, data: Batches, settings: Settings | None = None, *, recorded: object = None
) -> Task:
    """The task that data sets a document's network; ``settings`` say how it is learnt.

    Where a run ``recorded`` the same task, that one: values are read in the unit that its weights were learnt for.
    """
    known = recorded_task(document, recorded)
    if known is not None and known.suits(data):
        return known
    return TASKS[data.task].of(heads_of(document), data, settings or Settings())


def recorded_task(document: Document, recorded: object) -> Task | None:
    """The task that a run recorded (``Task.to_json``); None where it recorded none, or something else."""
    if not isinstance(recorded, Mapping):
        return None
    try:
        return TASKS[recorded["kind"]].read(recorded, heads_of(document))
    except (KeyError, TypeError, ValueError):
        return None
