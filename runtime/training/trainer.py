"""The inner loop: a module, data and settings in; events out. It knows no document, no folder and no window."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import TypeAlias

import torch
from torch import nn

from runtime.training.batches import Batches
from runtime.training.computing.computation import Computation, stock
from runtime.training.control import Control, Watch
from runtime.training.evaluating.evaluation import evaluate
from runtime.training.events import (
    Changed,
    Epoch,
    Event,
    Finished,
    Maps,
    Started,
    State,
    Steps,
    Trouble,
)
from runtime.training.feeding import Feed
from runtime.training.guards import Drawn, Guards, Origin
from runtime.training.learning.learner import Learner, Weights
from runtime.training.learning.schedules import Schedule
from runtime.training.ledger import Ledger
from runtime.training.records.checkpoints import Keeper
from runtime.training.records.saving import Save, Saver, best_lost
from runtime.training.settings import Settings
from runtime.training.state import StateDict
from runtime.training.tasks import Evaluation, Task

#: Seconds between two looks at what is watched, where one takes no more than the second figure; else in proportion.
_BETWEEN_LOOKS, _QUICK_LOOK = 0.2, 0.002

#: (what is watched, step) → maps.
Look: TypeAlias = Callable[[Watch, int], Iterable[Maps]]


class Trainer:
    """One training of ``model`` (already on ``device``); ``events()`` runs it.

    Randomness depends on the seed, the epoch and the step alone: the order of an epoch is drawn by a generator
    of its own, and the default generators, where dropout or the like draws from them, are seeded before each step.
    So looking on, validating and pausing change nothing, and any step can be repeated without its past.
    """

    def __init__(
        self,
        model: nn.Module,
        data: Batches,
        settings: Settings,
        device: torch.device,
        task: Task,
        *,
        computation: Computation | None = None,
        control: Control | None = None,
        look: Look | None = None,
        save: Save | None = None,
        keeper: Keeper | None = None,
        drawn: Drawn | None = None,
    ) -> None:
        self.model = model
        self.data = data
        self.settings = settings
        self.device = device
        self.task = task
        self.computation = computation or stock(settings, device)
        self.control = control or Control()
        self.step = 0
        self.epoch = 0
        self.best: Weights | None = None
        self._best_epoch: int | None = None
        self._best: tuple[float, float] | None = None
        self._look_at = look
        self._saver = Saver(save)
        self._keeper = keeper
        self._kept: tuple[int, int] | None = None
        self.feed = Feed(data, settings, device)
        self.learner = Learner(model, task, settings, device, self.computation)
        self.schedule = Schedule(settings, self.steps, self.feed.steps)
        self.guards = Guards(self.learner, drawn, len(data.classes), self.feed.steps)
        self._origin = Origin(self.learner, self.feed, settings, device, drawn)
        self._ledger = Ledger(device, task.tallies)
        self._reason: str | None = None
        self._standing = False
        self._seen: Watch | None = None
        self._next_look = 0.0
        self._look_seconds = math.inf
        self._sums: list[float] = []
        self._began = self._epoch_began = time.perf_counter()
        self._seconds = self._epoch_seconds = 0.0

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.feed.steps * self.settings.epochs

    def events(self) -> Iterator[Event]:
        """Train; the last event is Finished. The model is left with the best weights, in eval mode."""
        self._began = time.perf_counter() - self._seconds
        yield Started(
            device=str(self.device),
            precision=self.computation.precision,
            parameters=sum(weight.numel() for weight in self.model.parameters()),
            epochs=self.settings.epochs,
            steps_per_epoch=self.feed.steps,
            batch=self.settings.batch,
            classes=tuple(self.data.classes),
            first_step=self.step,
            task=self.task.kind,
            metric=self.task.metric,
            memory_format=self.computation.memory_format,
            threads=self.computation.threads,
            compiled=self.computation.compile,
            why=self.computation.why,
        )
        if self.step and self.best is not None and self._best_epoch is not None and self._best is not None:
            # What lies there may be of an epoch that was told after the checkpoint.
            yield from self._saver.save("best", self.best, self._best_epoch, self._best[0])
        self.learner.computed.train()
        while self._reason is None and self.epoch < self.settings.epochs and not self._has_stalled():
            self._epoch_began = time.perf_counter() - self._epoch_seconds
            yield from self._train_epoch(self.epoch + 1)
            if self._reason is None:
                yield from self._end_epoch(self.epoch + 1)
        yield from self._finish()

    # what it goes on from --------------------------------------------------------------------------------

    def state(self) -> StateDict:
        """A copy of all that the rest of the run depends on; every step must have been told (``_tell``)."""
        now = time.perf_counter()
        return {
            "learner": self.learner.state(),
            "schedule": self.schedule.state(),
            "guards": self.guards.state(),
            "step": self.step,
            "epoch": self.epoch,
            "epochs": self.settings.epochs,
            "steps_per_epoch": self.feed.steps,
            "sums": list(self._sums),
            "best": self.best,
            "best_epoch": self._best_epoch,
            "best_figures": None if self._best is None else list(self._best),
            "seconds": now - self._began,
            "epoch_seconds": now - self._epoch_began,
        }

    def load_state(self, state: StateDict) -> None:
        """Go on from ``state`` of a trainer made alike, before ``events()``.

        Raises ValueError, KeyError, TypeError or RuntimeError where it is of another.
        """
        step, epoch = int(state["step"]), int(state["epoch"])
        if (
            state["steps_per_epoch"] != self.feed.steps
            or not 0 <= step - epoch * self.feed.steps <= self.feed.steps
        ):
            raise ValueError(
                f"step {step} of {state['steps_per_epoch']} an epoch; here are {self.feed.steps}"
            )
        self.learner.load_state(state["learner"])
        self.schedule.load_state(state["schedule"])
        self.guards.load_state(state.get("guards", {}))
        self.step, self.epoch = step, epoch
        self._sums = [float(figure) for figure in state["sums"]]
        self.best = state["best"]
        self._best_epoch = state["best_epoch"]
        figures = state["best_figures"]
        self._best = None if figures is None else (float(figures[0]), float(figures[1]))
        self._seconds, self._epoch_seconds = float(state["seconds"]), float(state["epoch_seconds"])
        self._kept = step, epoch
        self._ledger.go_on(step)

    # an epoch --------------------------------------------------------------------------------------------

    def _train_epoch(self, epoch: int) -> Iterator[Event]:
        self._ledger.restart()
        batches = self.feed.epoch(epoch, self.step - self.epoch * self.feed.steps)
        for batch in self._ledger.gauge.timed(batches):
            if self.control.interrupts:
                yield from self._hold()
                if self.control.stopping:
                    self._reason = self._reason or "stopped"
                if self._reason is not None:
                    break
            if (wanted := self.control.take_learning_rate()) is not None:
                yield from self._change_rate(wanted)
                if self._reason is not None:
                    break
            rate = self.schedule.at(self.step)
            loss, tally = self.learner.learn(batch, self.step, rate, self.guards.probe(self.step))
            self._ledger.add(loss, tally, len(batch), rate)
            self.guards.look(batch, self.step)
            self.step += 1
            if self._ledger.due():
                yield from self._tell()
                if self._reason is None and self._keeper is not None and self._keeper.due():
                    yield from self._keep()
                if self._reason is not None:
                    break
            if self.control.watched is not None:
                yield from self._look()
        if self._reason != "failed":
            yield from self._tell(everything=True)

    def _change_rate(self, rate: float) -> Iterator[Event]:
        self.schedule.change(self.step, rate)
        yield Changed(setting="learning_rate", value=self.schedule.at(self.step), step=self.step)
        self._kept = None  # what lies there knows nothing of it
        yield from self._keep()

    def _tell(self, *, everything: bool = False) -> Iterator[Event]:
        """What the steps yielded; a loss that is no number ends the run."""
        for stretch in self._ledger.take(everything=everything):
            sound = next(
                (i for i, loss in enumerate(stretch.loss) if not math.isfinite(loss)), len(stretch.loss)
            )
            counts = stretch.counts[:sound]
            # One after the other: the sum must not depend on where a stretch ends.
            for loss, count, tally in zip(stretch.loss, counts, stretch.tallies, strict=False):
                figures = (loss * count, count, *tally)
                self._sums = [a + b for a, b in zip_longest(self._sums, figures, fillvalue=0.0)]
            if sound:
                yield Steps(
                    first=stretch.first,
                    loss=stretch.loss[:sound],
                    accuracy=tuple(
                        self.task.score(tally, count)
                        for tally, count in zip(stretch.tallies, counts, strict=False)
                    ),
                    learning_rate=stretch.learning_rate[:sound],
                    images_per_second=stretch.images_per_second,
                    data_wait=stretch.usage.data_wait,
                    memory=stretch.usage.memory,
                    utilisation=stretch.usage.utilisation,
                )
                yield from self.guards.losses(stretch.loss[:sound])
            if sound < len(stretch.loss):
                self._reason = "failed"
                yield Trouble(self._origin.find(stretch.first + sound, stretch.learning_rate[sound]))
                return
        yield from self.guards.events(wait=everything)

    def _end_epoch(self, epoch: int) -> Iterator[Event]:
        with self.learner.averaged():
            found = self._evaluate("validation", self.learner.computed, lambda: self.control.stopping)
            better = found is not None and self._is_better(found)
            if better:
                self.best = self.learner.weights()
        if found is None:
            self._reason = "stopped"
            return
        if not math.isfinite(found.loss):
            self._reason = "failed"
            yield Trouble(self._origin.unproven(self.step - 1, self.learner.learning_rate))
            return
        self.epoch = epoch
        self.schedule.epoch_over(found.loss)
        loss, samples, *tally = self._sums
        yield Epoch(
            epoch=epoch,
            step=self.step,
            train_loss=loss / samples,
            train_accuracy=self.task.score(tally, int(samples)),
            validation_loss=found.loss,
            validation_accuracy=found.score,
            seconds=time.perf_counter() - self._epoch_began,
            best=better,
            metrics=found.metrics,
        )
        if better:
            self._best, self._best_epoch = (found.score, -found.loss), epoch
            yield from self._saver.save("best", self.best, epoch, found.score)
        self._sums = []
        self._epoch_began, self._epoch_seconds = time.perf_counter(), 0.0
        same = better and self.learner.average is None
        yield from self._saver.save("last", self.best if same else self.learner.weights(), epoch, found.score)
        if self._keeper is not None and self._keeper.affordable():
            yield from self._keep()

    def _is_better(self, found: Evaluation) -> bool:
        figures = (found.score, -found.loss)
        return math.isfinite(found.loss) and (self._best is None or figures > self._best)

    def _has_stalled(self) -> bool:
        """Whether validation has not got better for as many epochs as the settings bear."""
        patience = self.settings.early_stopping
        return patience > 0 and self._best_epoch is not None and self.epoch - self._best_epoch >= patience

    def _evaluate(self, split: str, network: nn.Module, stop: Callable[[], bool]) -> Evaluation | None:
        return evaluate(network, self.data, split, self.device, self.task, stop)

    # the end ---------------------------------------------------------------------------------------------

    def _finish(self) -> Iterator[Event]:
        reason = self._reason or "completed"
        if reason != "failed":
            yield from self._keep()
        if reason == "stopped":
            yield from self._saver.save("last", self.learner.weights(), self.epoch, None)
        test = None
        if self.best is not None and self._best is not None:
            yield from self._rescue_best()
            if "best" in self._saver.failed:
                reason = "failed"
                yield Trouble(best_lost(self._best_epoch))
            self.model.load_state_dict(self.best)
            # In fp32, whatever the run is computed in: the same figure as whoever evaluates its weights gets.
            test = self._evaluate("test", self.model, lambda: self.control.at_once)
        self.model.eval()
        if self._keeper is not None:
            yield from self._saver.say("checkpoint", self._keeper.close())
        yield Finished(
            reason=reason,
            best_epoch=self._best_epoch,
            best_validation_accuracy=self._best[0] if self._best else None,
            test_loss=test.loss if test else None,
            test_accuracy=test.score if test else None,
            seconds=time.perf_counter() - self._began,
            test_metrics=test.metrics if test else {},
        )

    def _rescue_best(self) -> Iterator[Event]:
        """Try once more to write the best weights, in place of the older checkpoint if it must be."""
        for again in (False, True):
            if "best" not in self._saver.failed or self._best_epoch is None or self._best is None:
                return
            if again and self._keeper is not None:
                self._keeper.make_room()
            yield from self._saver.save("best", self.best, self._best_epoch, self._best[0])

    def _keep(self) -> Iterator[Event]:
        """A checkpoint of where it stands, unless that is kept already; where it fails training goes on, said once."""
        keeper = self._keeper
        if keeper is None:
            return
        yield from self._tell(everything=True)
        here = self.step, self.epoch
        if self._reason == "failed" or (self._kept == here and keeper.problem is None):
            return
        keeper.keep(self.state)
        self._kept = here
        self._ledger.restart()
        yield from self._saver.say("checkpoint", keeper.problem)

    # between steps ---------------------------------------------------------------------------------------

    def _hold(self) -> Iterator[Event]:
        """Stand still while paused; returns when a step may be taken or the run is to stop."""
        control = self.control
        if control.stopping:
            return
        yield from self._tell(everything=True)
        if self._reason is not None:
            return
        if control.paused and not self._standing:
            self._standing = True
            yield State(state="paused", step=self.step)
            yield from self._keep()
        while control.paused and not control.stopping:
            if control.watched is not self._seen or self._next_look < 0:
                self._next_look = 0.0
                yield from self._look()
            if control.take_step():
                self._next_look = -1.0  # what is watched has changed by the next time
                self._ledger.restart()
                return
            control.wait(self._seen)
        if not control.stopping:
            self._standing = False
            yield State(state="running", step=self.step)
        self._ledger.restart()

    def _look(self) -> Iterator[Event]:
        """Maps of what is watched, a few times a second, in a hundredth of the time, and no more than are taken."""
        began = time.perf_counter()
        watched = self.control.watched
        waits = self.control.behind and not self.control.paused
        if watched is self._seen and (began < self._next_look or waits):
            return
        maps: list[Maps] = []
        if watched is not None and self._look_at is not None:
            maps += self._look_at(watched, self.step)
        now = time.perf_counter()
        if watched is not self._seen:  # the first one also wakes what was asleep
            self._seen, self._look_seconds, self._next_look = watched, math.inf, now + _BETWEEN_LOOKS
        else:
            self._look_seconds = min(self._look_seconds, now - began)
            self._next_look = now + _BETWEEN_LOOKS * max(self._look_seconds / _QUICK_LOOK, 1.0)
        yield from maps
