"""After a crash: the runs that were cut off and the trainings that waited are offered again."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from builder.errors import Problem, Severity
from builder.figures import count
from builder.widgets.messages import Choice, MessageBar, Offer
from builder.widgets.worker import Worker
from runtime.panels.running.queueing import QueueRunner
from runtime.panels.running.training import Training
from runtime.training.records import left
from runtime.training.records.runs import Run
from runtime.training.records.summaries import Summary

#: Runs that are offered by name; the others are in the list of runs.
_MOST = 3


class Offering(QObject):
    """Looks once, a moment after the window is there."""

    def __init__(
        self, bar: MessageBar, training: Training, runner: QueueRunner, worker: Worker, folder: Path
    ) -> None:
        super().__init__(training)
        self._bar, self._training, self._runner = bar, training, runner
        self._offers: dict[str, Offer] = {}

        def look() -> None:
            worker.submit(
                "left", lambda: (left.interrupted(folder), len(runner.queue.waiting())), self._offer
            )

        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(look)
        self._timer.start(0)

    def _offer(self, found: tuple[list[tuple[Run, Summary]], int] | Problem) -> None:
        if isinstance(found, Problem):
            return
        runs, waiting = found
        for run, summary in runs[-_MOST:]:
            self._add(
                run.name,
                Problem(
                    "run-interrupted",
                    f"The training of “{summary.network}” was cut off when its program ended",
                    f"{summary.epochs:,} of {count(run.settings.epochs, 'epoch')} are over",
                    severity=Severity.ADVICE,
                ),
                Choice(
                    "Resume",
                    "Go on from its last checkpoint, on the network that it began with",
                    partial(self._resume, run),
                    is_next=True,
                ),
                Choice(
                    "Leave", "It stays in the list of runs, and can go on later", partial(self._leave, run)
                ),
            )
        if waiting:
            self._runner.changed.emit()  # the tab of the queue says how many
            self._add(
                "",
                Problem(
                    "queue-waits",
                    f"{count(waiting, 'training')} wait{'s' if waiting == 1 else ''} in the queue",
                    severity=Severity.ADVICE,
                ),
                Choice("Start", "Train them, one after the other", self._start, is_next=True),
                Choice("Not now", "They wait on in the Queue panel", partial(self._withdraw, "")),
            )

    def _add(self, name: str, problem: Problem, *choices: Choice) -> None:
        self._offers[name] = Offer(problem, choices)
        self._bar.offer(self._offers[name])

    def _resume(self, run: Run) -> None:
        if not self._training.is_running:
            self._withdraw(run.name)
        self._training.go_on(run.folder)

    def _leave(self, run: Run) -> None:
        left.leave(run)
        self._withdraw(run.name)

    def _start(self) -> None:
        self._withdraw("")
        self._runner.start()

    def _withdraw(self, name: str) -> None:
        offer = self._offers.pop(name, None)
        if offer is not None:
            self._bar.withdraw(offer)
