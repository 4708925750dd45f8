"""Lining nodes up: positions for some boxes, in whole points, as people do it by hand."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from builder.geometry import Box, Point

Boxes: TypeAlias = Mapping[str, Box]
Positions: TypeAlias = dict[str, Point]


class Line(StrEnum):
    """What is brought to one line: an edge, or the middles above (``centre``) or beside (``middle``) each other."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"
    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"

    @property
    def share(self) -> float:
        """Where in a box the line is, from 0 at its left or upper edge to 1 at the other."""
        return {"left": 0.0, "top": 0.0, "right": 1.0, "bottom": 1.0}.get(self.value, 0.5)

    @property
    def is_upright(self) -> bool:
        """Whether boxes move sideways to it."""
        return self in (Line.LEFT, Line.CENTRE, Line.RIGHT)


def align(boxes: Boxes, line: Line) -> Positions:
    """Bring all boxes to the line of the outermost, or their middles to the middle of them all."""
    start, extent = (0, 2) if line.is_upright else (1, 3)
    first = min(box[start] for box in boxes.values())
    last = max(box[start] + box[extent] for box in boxes.values())
    at = first + (last - first) * line.share
    return _moved(boxes, {key: at - box[extent] * line.share for key, box in boxes.items()}, start)


def distribute(boxes: Boxes, *, across: bool) -> Positions:
    """Make the gaps between boxes equal, side by side (``across``) or one below the other; the outermost stay.

    Whole points may leave gaps that differ by one.
    """
    start, extent = (0, 2) if across else (1, 3)
    order = sorted(boxes, key=lambda key: (boxes[key][start] + boxes[key][extent] / 2, key))
    if len(order) < 3:
        return {}
    first, last = boxes[order[0]], boxes[order[-1]]
    at = first[start] + first[extent]
    gap = (last[start] - at - sum(boxes[key][extent] for key in order[1:-1])) / (len(order) - 1)
    places = {}
    for key in order[1:-1]:
        places[key] = at + gap
        at += gap + boxes[key][extent]
    return _moved(boxes, places, start)


def snapped(boxes: Boxes, grid: float) -> Positions:
    """Bring each box to the nearest lines of the grid."""
    near = {key: (round(box[0] / grid) * grid, round(box[1] / grid) * grid) for key, box in boxes.items()}
    return {key: place for key, place in near.items() if place != boxes[key][:2]}


def _moved(boxes: Boxes, places: Mapping[str, float], axis: int) -> Positions:
    """The new positions of what moves along one axis (0: sideways)."""
    found = {}
    for key, place in places.items():
        x, y, *_ = boxes[key]
        if boxes[key][axis] != (whole := float(round(place))):
            found[key] = (whole, y) if axis == 0 else (x, whole)
    return found
