"""What a network takes a picture for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.document import Document
from builder.errors import Problem
from builder.shapes import TensorShape, format_shape

if TYPE_CHECKING:
    import torch
    from torch import nn

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


def answers(
    document: Document, model: nn.Module, x: torch.Tensor, classes: tuple[str, ...], count: int = TOP
) -> list[Answer] | Problem:
    """The likeliest classes of one picture (1, *input), best first, by the first output (1, K) of ``document``."""
    import torch

    from runtime.training.tasks import heads_of

    head, *helpers = heads_of(document)
    with torch.inference_mode():
        outputs = model.eval()(x)
        probabilities = head.probabilities(outputs[0] if helpers else outputs)[0]
    if not bool(probabilities.isfinite().all()):
        return Problem(
            "not-finite",
            "A network must answer with finite numbers",
            "its answer to this picture is not",
            "Choose other weights, or train again with a lower learning rate",
        )
    best = probabilities.topk(min(count, len(classes)))
    return [
        Answer(classes[index], index, probability)
        for index, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
