"""Where the names of lines stand: beside their ends, clear of the lines, of one another and of what else is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

#: Between a name and its line, and between a name and a line that stands upright, in pixels.
_GAP, ASIDE = 2.0, 4.0
#: What a place costs, in pixels of distance from the line's end that one would rather accept.
_OUTSIDE, _STRUCK, _MEETS, _TURNED, _MOVED, _AWAY = 2000.0, 100.0, 400.0, 40.0, 6.0, 8.0
#: So many places of a name are tried with those of another.
_TRIED = 6


@dataclass(frozen=True, slots=True)
class View:
    """A part of a plane and the pixels it is seen in, which are counted from the upper left."""

    left: float
    right: float
    low: float
    high: float
    width: float
    height: float

    def x(self, step: float) -> float:
        """The pixel of a step."""
        return (step - self.left) / ((self.right - self.left) or 1.0) * self.width

    def y(self, value: float) -> float:
        """The pixel of a value."""
        return (self.high - value) / ((self.high - self.low) or 1.0) * self.height

    def step(self, x: float) -> float:
        """What is at a pixel."""
        return self.left + x / max(self.width, 1.0) * (self.right - self.left)

    def value(self, y: float) -> float:
        """What is at a pixel."""
        return self.high - y / max(self.height, 1.0) * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether they have a part in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


#: From where to where, downwards.
Band = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a name, and how bad it is; ``number`` tells the places of a name apart."""

    number: int
    box: Box
    end: float
    cost: float


@dataclass(frozen=True, slots=True)
class Ending:
    """A name: its size, its right edge, where its line ends, and where lines run along it, its own first.

    ``away`` says how many times its width it stands before the end. ``before`` is the number of the place it had, which
    it keeps where others are hardly better.
    """

    wide: float
    high: float
    right: float
    end: float
    bands: Sequence[Band]
    away: int = 0
    before: int = -1

    def spots(self, height: float, taken: Sequence[Box]) -> list[Spot]:
        """Where it could stand: over or under its line, over or under all, and a line further on."""
        own, highest = self.bands[0], min(band[0] for band in self.bands)
        lowest = max(band[1] for band in self.bands)
        over, under = highest - _GAP - self.high, lowest + _GAP
        tops = (own[0] - _GAP - self.high, own[1] + _GAP, over, under, over - self.high, under + self.high)
        return [self._spot(number, top, height, taken) for number, top in enumerate(tops)]

    def _spot(self, number: int, top: float, height: float, taken: Sequence[Box]) -> Spot:
        box = Box(self.right - self.wide, top, self.right, top + self.high)
        number += 6 * self.away
        cost = (
            abs((box.top + box.bottom) / 2 - self.end) + _AWAY * self.away + _MOVED * (number != self.before)
        )
        cost += _OUTSIDE * (top < 0 or box.bottom > height)
        cost += _STRUCK * sum(low < box.bottom and high > top for low, high in self.bands)
        cost += _MEETS * sum(box.meets(other) for other in taken)
        return Spot(number, box, self.end, cost)


def place(names: Sequence[Sequence[Ending]], height: float, taken: Sequence[Box] = ()) -> list[Spot]:
    """The spot of each name in a plot of such a height; a name is given with each right edge that it can have."""
    choices = [
        sorted(
            (spot for ending in endings for spot in ending.spots(height, taken)), key=lambda spot: spot.cost
        )[:_TRIED]
        for endings in names
    ]
    return list(min(product(*choices), key=_together))


def _together(spots: Iterable[Spot]) -> float:
    """How bad these are with one another."""
    spots = tuple(spots)
    total = sum(spot.cost for spot in spots)
    for number, one in enumerate(spots):
        for other in spots[:number]:
            total += _MEETS * one.box.meets(other.box)
            total += _TURNED * ((one.box.top - other.box.top) * (one.end - other.end) < 0)
    return total
