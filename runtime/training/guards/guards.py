"""What watches over one training, in one place: fed by the trainer between steps, it tells events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from builder.errors import Problem, Severity
from runtime.training.events import Event, Gradients, Trouble
from runtime.training.feeding import Batch
from runtime.training.guards.activity import Activity, check_dead
from runtime.training.guards.course import Course, loss_of_guessing
from runtime.training.guards.drawn import Drawn
from runtime.training.guards.gradients import Depth, GradientProbe
from runtime.training.guards.pace import Pace
from runtime.training.learning.learner import Learner

#: Seconds between two probes of the gradients, and between two looks at the ReLUs, at least.
_GRADIENTS, _LOOKS = 0.25, 0.5
#: Before this step batch norm's running averages are not yet those of the images.
_SETTLED = 30
#: The ReLUs whose units can be dead for all images.
_RELUS = ("relu", "relu6")


class Guards:
    """Looks at a training without changing a bit of it, for a hundredth of the time; each trouble is told once."""

    def __init__(self, learner: Learner, drawn: Drawn | None, classes: int, steps_per_epoch: int) -> None:
        self._learner = learner
        self._drawn = drawn
        self._parts = learner.parts
        self._probe = GradientProbe(learner.model, drawn.leaves if drawn is not None else {})
        relus = drawn.of_block(*_RELUS) if drawn is not None else ()
        self._activity = Activity(drawn.twin, relus) if drawn is not None and relus else None
        self._depth = Depth()
        weights = [head.weight for head in learner.task.heads]
        self._course = Course(loss_of_guessing(learner.task.kind, classes, weights), steps_per_epoch)
        self._dead: dict[str, float] = {}
        self._probing, self._looking = Pace(_GRADIENTS), Pace(_LOOKS)
        self._told: set[str] = set()

    def probe(self, step: int) -> Callable[[], None] | None:
        """What is to be done with the gradients of the coming step, after its backward pass; None: nothing."""
        return (lambda: self._take(step)) if self._probing.due else None

    def _take(self, step: int) -> None:
        with self._probing.spending():
            self._probe.take(step)

    def look(self, batch: Batch, step: int) -> None:
        """Between two steps: look at the ReLUs, where it is time."""
        if self._activity is not None and step >= _SETTLED and self._looking.due:
            with self._looking.spending():
                self._activity.look(batch.inputs)

    def events(self, *, wait: bool = False) -> Iterator[Event]:
        """What there is to tell; ``wait``: what is still on its way too."""
        if self._learner.parts != self._parts:
            self._parts = self._learner.parts
            yield Trouble(_split(self._parts))
        if self._activity is not None and (dead := self._activity.read()) is not None:
            self._dead = dead
            yield from self.trouble(check_dead(dead))
        if (found := self._probe.read(wait=wait)) is not None:
            yield Gradients(step=found.step, paths=found.paths, norms=found.norms, dead=self._dead)
            yield from self.trouble(self._depth.check(found))

    def losses(self, losses: Sequence[float]) -> Iterator[Event]:
        """Take in the losses of the steps that follow, and tell what their course shows."""
        for problem in self._course.add(losses):
            yield from self.trouble(problem)

    def trouble(self, problem: Problem | None) -> Iterator[Trouble]:
        """A problem, at its node, if it has not been told."""
        if problem is not None and problem.code not in self._told:
            self._told.add(problem.code)
            yield Trouble(problem if self._drawn is None else self._drawn.place(problem))

    def state(self) -> dict[str, Any]:
        """What a resume needs: what has been told."""
        return {"told": ",".join(sorted(self._told)), "course": self._course.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what ``state`` gave, after the learner has."""
        self._parts = self._learner.parts
        if "course" in state:
            self._course.load_state(state["course"])
        self._told = set(filter(None, str(state.get("told", "")).split(",")))


def _split(parts: int) -> Problem:
    return Problem(
        "batch-split",
        "A batch and what the network makes of it must fit in memory",
        f"it did not, and goes through the network in {parts:,} parts from here on, with the same step",
        "Nothing is to be done; batch norm sees a part at a time, so set the batch lower if it matters",
        severity=Severity.WARNING,
        path="training.batch",
    )
