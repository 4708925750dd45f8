"""What a training tells, recorded in its run's folder as it comes."""

from __future__ import annotations

from collections.abc import Iterator

from runtime.training.events import Durable, Event, Finished, Maps, Started, Trouble
from runtime.training.records.runs import Run


class Recorder:
    """Records the events of a run as they come. Of one that is to go on nothing before it does: it stays as it was."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._begun, self._broken = not run.resumes, False
        self._waiting: list[Durable] = []

    def take(self, event: Event) -> Iterator[Trouble]:
        """Record an event; why it cannot be, once."""
        if isinstance(event, Maps):
            return
        self._waiting.append(event)
        self._begun = self._begun or isinstance(event, Started)
        if not self._begun:
            return
        problems = [self._run.record(waiting) for waiting in self._waiting]
        self._waiting.clear()
        problem = next(filter(None, problems), None)
        if problem is not None and not self._broken:
            self._broken = True
            yield Trouble(problem)

    def end(self, finished: bool) -> None:
        """Close the run; one that was not ``finished`` was stopped."""
        if self._begun and not finished:
            self._run.record(Finished("stopped", None, None, None, None, 0.0))
        self._run.close()
