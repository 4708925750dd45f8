"""How often to do what costs time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: What is done may take this share of the time.
_SHARE = 0.01
#: It is done about so often while the time since the beginning grows to e times as much.
_TIMES = 200


class Pace:
    """Says when something is to be done again: a few times a second at first, then ever more rarely.

    It takes no more than a hundredth of the time, by the quickest so far: the first also wakes what was asleep. On
    CUDA it is the time of the launching thread.
    """

    def __init__(self, least: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._least = least
        self._clock = clock
        self._began = self._next = clock()
        self._cost = math.inf

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return self._clock() >= self._next

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Inside it is done."""
        began = self._clock()
        yield
        now = self._clock()
        self._cost = min(self._cost, now - began)
        self._next = now + max(self._least, self._cost / _SHARE, (now - self._began) / _TIMES)
