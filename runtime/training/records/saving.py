"""Weights and checkpoints of a run written beside it: where that fails the run goes on, which is said once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from builder.errors import Problem
from runtime.training.events import Checkpoint, Event, Trouble
from runtime.training.learning.learner import Weights

#: (which, weights on the CPU, epoch, validation score) → the file written, or what went wrong.
Save: TypeAlias = Callable[[str, Weights, int, float | None], str | Problem]


class Saver:
    """Writes weights with ``save``, and remembers what could not be written."""

    def __init__(self, save: Save | None) -> None:
        self._save = save
        #: What could not be written the last time: ``best``, ``last``, ``checkpoint``.
        self.failed: set[str] = set()

    def save(self, which: str, weights: Weights | None, epoch: int, score: float | None) -> Iterator[Event]:
        """Write weights, if there are any."""
        if self._save is None or weights is None:
            return
        saved = self._save(which, weights, epoch, score)
        if isinstance(saved, str):
            yield Checkpoint(which=which, epoch=epoch, file=saved)
        yield from self.say(which, saved if isinstance(saved, Problem) else None)

    def say(self, which: str, problem: Problem | None) -> Iterator[Event]:
        """Why something could not be written, if it could the last time."""
        if problem is None:
            self.failed.discard(which)
        elif which not in self.failed:
            self.failed.add(which)
            yield Trouble(problem)


def best_lost(epoch: int | None) -> Problem:
    """The weights that a run is judged by are not on the disk when it ends."""
    return Problem(
        "best-not-kept",
        "A run leaves the weights that its result is told of",
        f"those of epoch {epoch} could not be written; what lies there is of an earlier one, if anything",
        "Make room and go on with the run: it is trained again from its last checkpoint",
    )
