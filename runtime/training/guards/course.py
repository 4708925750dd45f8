"""The course of the loss: whether it rises again after it had been low, or never gets under that of guessing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from builder.errors import Problem, Severity
from runtime.training.remedies import LOWER_RATE

#: So many times its lowest, and so much of where it began, is called diverging.
_TIMES, _SHARE = 3.0, 0.5
#: So many times the first loss, which no step has changed yet, is called diverging from the start; after so many steps.
_BLOWN_UP, _SOON = 10.0, 8
#: Losses that are averaged, and steps before which nothing is said.
_SPAN, _FEWEST = 32, 200
#: Not below this share of guessing's loss is no better than guessing.
_GUESSING = 0.98


class Course:
    """Is told each step's loss in order. ``guessing`` is the loss of saying the same of every sample; None: not known.

    Said early is what cannot be changed by waiting: nothing within the first two epochs of ``steps_per_epoch``.
    """

    def __init__(self, guessing: float | None, steps_per_epoch: int) -> None:
        self._guessing = guessing
        self._patience = max(_FEWEST, 2 * steps_per_epoch)
        self._count = 0
        self._mean = self._began = self._first = 0.0
        self._lowest: float | None = None

    def add(self, losses: Sequence[float]) -> Iterator[Problem]:
        """What is to be said after these losses of the steps that follow."""
        for loss in losses:
            self._count += 1
            self._mean += (loss - self._mean) / min(self._count, _SPAN)
            if self._count == 1:
                self._first = loss
            if self._count == _SPAN:
                self._began = self._mean
            if self._blows_up:
                yield self._diverging()
            if self._count < _SPAN:
                continue
            if self._lowest is None or self._mean < self._lowest:
                self._lowest = self._mean
            if self._rises:
                yield self._diverging()
            if self._count == self._patience and self._is_guessing:
                yield self._stuck()

    @property
    def _rises(self) -> bool:
        lowest = self._lowest
        return lowest is not None and lowest >= 0 and self._mean > max(_TIMES * lowest, _SHARE * self._began)

    @property
    def _blows_up(self) -> bool:
        """Whether it is far above the first loss, and above guessing: the lowest so far may be high already."""
        before = max(self._first, self._guessing or 0.0)
        return self._count >= _SOON and before > 0 and self._mean > _BLOWN_UP * before

    @property
    def _is_guessing(self) -> bool:
        return (
            self._guessing is not None
            and self._lowest is not None
            and self._lowest > _GUESSING * self._guessing
        )

    def _diverging(self) -> Problem:
        return Problem(
            "loss-diverging",
            "The loss should fall on the whole",
            f"at step {self._count:,} it is {self._mean:.3g} (averaged over {min(self._count, _SPAN)} steps), after it "
            f"had been {self._first if self._lowest is None else min(self._first, self._lowest):.3g}",
            "Lower the learning rate, warm up, or clip the gradient; the best weights so far are kept",
            severity=Severity.WARNING,
            fixes=(LOWER_RATE,),
            path="training.learning_rate",
        )

    def _stuck(self) -> Problem:
        return Problem(
            "loss-stuck",
            "A loss below that of guessing shows that a network learns",
            f"in {self._count:,} steps it came no lower than {self._lowest:.3f}, and guessing gives "
            f"{self._guessing:.3f}",
            "Look for a learning rate, put norm layers in, begin with Kaiming's weights, and see whether the "
            "labels are those of the pictures",
            severity=Severity.WARNING,
            path="training.learning_rate",
        )

    def state(self) -> dict[str, Any]:
        """What a resume needs, as plain numbers."""
        return {
            "count": self._count,
            "mean": self._mean,
            "began": self._began,
            "lowest": self._lowest,
            "first": self._first,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        self._count, self._mean, self._began = (
            int(state["count"]),
            float(state["mean"]),
            float(state["began"]),
        )
        self._first = float(state.get("first", 0.0))
        self._lowest = None if state["lowest"] is None else float(state["lowest"])


def loss_of_guessing(kind: str, classes: int, weights: Sequence[float]) -> float | None:
    """Cross-entropy of saying that all ``classes`` are as likely, ln(classes), times the outputs' loss ``weights``.

    None where the loss is another (regression), or there is nothing to guess.
    """
    if kind not in ("classification", "segmentation") or classes < 2:
        return None
    return math.log(classes) * math.fsum(weights)
