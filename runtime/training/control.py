"""What a person asks of a running training: pause, resume, a single step, stop, and what to watch.

Any thread asks; only the trainer's thread answers, between steps. No torch in here.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Any

from builder.errors import ConvolabError


@dataclass(frozen=True, slots=True, eq=False)
class Watch:
    """The nodes to show maps of, and the picture to show them on.

    ``picture`` is the index of a sample of the data, or a prepared picture (1, C, H, W) as a float tensor or
    array, normalised as the data is (``Data.prepare_picture``). ``number`` counts what a run was asked to show.
    """

    paths: tuple[str, ...]
    picture: Any
    number: int = 0


class Control:
    """Requests to a trainer, safe from any thread.

    The trainer reads plain attributes between steps (no lock is taken there) and sleeps on a condition
    while it is paused.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._steps = self._asked = 0
        #: Whether the trainer is to stand still.
        self.paused = False
        #: Whether the trainer is to finish after the current step.
        self.stopping = False
        #: Whether it is to finish without the test of the best weights (a window that is closing).
        self.at_once = False
        self._rate: float | None = None
        #: What to show maps of; None: nothing.
        self.watched: Watch | None = None
        #: Whether the last maps still wait to be looked at: until they are, none are made of the same.
        self.behind = False

    def pause(self) -> None:
        """Stand still after the current step."""
        with self._changed:
            self.paused = True
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on after a pause."""
        with self._changed:
            self.paused = False
            self._steps = 0
            self._changed.notify_all()

    def step(self) -> None:
        """Take one step and stand still again; a running training is paused."""
        with self._changed:
            self._steps += 1
            self.paused = True
            self._changed.notify_all()

    def stop(self, at_once: bool = False) -> None:
        """Finish after the current step, keeping what was learned; ``at_once``: without the final test."""
        with self._changed:
            self.stopping = True
            self.at_once = self.at_once or at_once
            self._changed.notify_all()

    def watch(self, paths: str | tuple[str, ...] | None, picture: Any = 0) -> None:
        """Show maps of these nodes on ``picture`` from now on, a few times a second; None: no maps."""
        with self._changed:
            paths = (paths,) if isinstance(paths, str) else paths
            self._asked += 1
            self.watched = Watch(tuple(paths), picture, self._asked) if paths else None
            self._changed.notify_all()

    def set_learning_rate(self, rate: float) -> None:
        """Learn at ``rate`` from the next step on; the schedule goes on from there, as much above or below its plan.

        Raises ConvolabError for what is no rate above 0.
        """
        if not (rate > 0 and math.isfinite(rate)):
            raise ConvolabError(f"a learning rate is a number above 0, not {rate}")
        with self._changed:
            self._rate = float(rate)

    # the trainer's side ----------------------------------------------------------------------------------

    @property
    def interrupts(self) -> bool:
        """Whether the trainer must look closer before its next step."""
        return self.paused or self.stopping

    def take_learning_rate(self) -> float | None:
        """The learning rate that was asked for since the last time."""
        if self._rate is None:
            return None
        with self._changed:
            rate, self._rate = self._rate, None
            return rate

    def take_step(self) -> bool:
        """Whether a single step was asked for; takes it off the list."""
        with self._changed:
            if self._steps and not self.stopping:
                self._steps -= 1
                return True
            return False

    def wait(self, seen: Watch | None, timeout: float | None = None) -> None:
        """Sleep while paused, until something else than ``seen`` is to be watched, or any other request comes."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.stopping or not self.paused or self._steps > 0 or self.watched is not seen,
                timeout,
            )
