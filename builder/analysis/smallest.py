"""The search for the smallest input: exact, and by halving where that is proven."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeVar

from builder.errors import Problem

#: Findings that a larger map alone can mend. No block makes a larger map of a smaller one, so a size at which one
#: of these is found rules out every smaller size too.
TOO_SMALL = frozenset({"kernel-too-large", "padding-too-large"})
#: Larger inputs than this are not tried.
LARGEST = 4096
#: How many sizes above the bound are tried before one is found that works; and how many where someone waits.
TRIES, FEW_TRIES = 128, 32

Result = TypeVar("Result")


class Tried(Protocol):
    """A network at some size: an ``Analysis``."""

    @property
    def ok(self) -> bool:
        """Whether it has no error."""

    @property
    def findings(self) -> Sequence[Problem]:
        """What is wrong with it."""


def rules_out(tried: Tried) -> bool:
    """Whether neither this size nor any smaller one works."""
    return not tried.ok and any(problem.code in TOO_SMALL for problem in tried.findings)


def smallest(at: Callable[[int], Tried], start: int, tries: int = TRIES) -> Generator[None, None, int]:
    """The smallest number for which ``at(number)`` is ok, 0 for none; yields after each it looks at.

    A bound below which nothing works is found by halving, from there on each number is tried.
    """
    below, above = 0, max(start, 1)
    while rules_out(at(above)):
        below, above = above, 2 * above
        if above > LARGEST:
            return 0
        yield
    while above - below > 1:
        yield
        middle = (below + above) // 2
        if rules_out(at(middle)):
            below = middle
        else:
            above = middle
    for number in range(below + 1, min(below + tries, LARGEST) + 1):
        yield
        if at(number).ok:
            return number
    return 0


def finish(steps: Generator[None, None, Result]) -> Result:
    """Do all of a search at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result
