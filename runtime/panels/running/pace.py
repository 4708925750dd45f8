"""How often the window looks at the run that goes on: what it works for that, the trainer lacks. No Qt in here."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

#: Share of the time that the window's thread may work for its looks: at first, and after a while.
_FIRST, _LASTING = 0.04, 0.01
#: Seconds in which the share comes down to a half of the first.
_HALF = 2.0
#: Seconds between two looks, at most.
SLOWEST = 2.0
#: What a look costs: the thread's own time, which Windows counts in steps longer than most looks.
_WORK = time.perf_counter if sys.platform == "win32" else time.thread_time


class Pace:
    """Says when to look again: often while a run is young, later so that looking takes a hundredth of the time.

    ``looking()`` is called before a look and ``settled()`` once what it changed has been painted; what the thread
    worked in between, by the smaller of the last two looks, sets the time until the next.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = _WORK,
    ) -> None:
        self._clock, self._worked = clock, worked
        self._began = self._looked = clock()
        self._before: float | None = None
        self._costs = (0.0, 0.0)

    @property
    def due(self) -> bool:
        """Whether it is time."""
        now = self._clock()
        share = max(_FIRST / (1 + (now - self._began) / _HALF), _LASTING)
        return now - self._looked >= min(min(self._costs) / share, SLOWEST)

    def looking(self) -> None:
        """A look begins."""
        self._looked, self._before = self._clock(), self._worked()

    def settled(self) -> None:
        """What the last look changed has been painted by now."""
        if self._before is not None:
            self._costs = (self._costs[1], self._worked() - self._before)
            self._before = None
