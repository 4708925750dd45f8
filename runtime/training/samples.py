"""What samples must be to be learnt from, looked at before a run begins."""

from __future__ import annotations

import torch

from builder.errors import Problem, Severity
from runtime.training.batches import Batches

#: In masks: nothing is judged here.
_UNJUDGED = 255
#: Samples that are compared with each other.
_COMPARED = 64


def check_labels(data: Batches) -> Problem | None:
    """Each label is the number of a class; in masks 255 is none."""
    labels, classes = data.labels, len(data.classes)
    if labels.is_floating_point() or not classes or data.task == "regression":
        return None
    outside = (labels < 0) | (labels >= classes)
    if data.task == "segmentation":
        outside &= labels != _UNJUDGED
    if not outside.any():
        return None
    sample = int(outside.flatten(1).any(1).nonzero()[0]) if labels.ndim > 1 else int(outside.nonzero()[0])
    return Problem(
        "label-out-of-range",
        f"The labels of {classes:,} classes are 0 to {classes - 1:,}",
        f"that of sample {sample:,} is {int(labels[sample][outside[sample]].reshape(-1)[0]):,}",
        "Mend the labels, or name all classes",
        path="data.source",
    )


def remarks_on(data: Batches, device: torch.device) -> list[Problem]:
    """What makes learning pointless, though it would run."""
    train = data.splits["train"]
    found = []
    counts = data.balance()["train"] if data.task != "regression" else ()
    if len(counts) > 1 and sum(count > 0 for count in counts) == 1:
        only = next(name for name, count in zip(data.classes, counts, strict=True) if count)
        found.append(
            Problem(
                "one-class",
                "A network learns to tell classes apart",
                f"all of the training split is '{only}'",
                "Give it samples of other classes too",
                severity=Severity.WARNING,
                path="data.source",
            )
        )
    inputs = data.batch(train[:: max(1, len(train) // _COMPARED)][:_COMPARED], device)[0]
    if len(inputs) > 1 and bool((inputs == inputs[:1]).all()):
        found.append(
            Problem(
                "inputs-constant",
                "A network learns from what differs between samples",
                f"{len(inputs):,} that were compared are all the same",
                "See in the data whether the pictures are what they should be",
                severity=Severity.WARNING,
                path="data.source",
            )
        )
    return found
