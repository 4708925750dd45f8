"""The geometry of the canvas in Qt's points and rectangles; the arithmetic is that of ``builder.geometry``."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from builder import geometry
from builder.geometry import (
    BEND,
    CLEARANCE,
    PILL_HEIGHT,
    PORT,
    PORT_PITCH,
    RADIUS,
    STRIPE,
    Box,
    Obstacles,
    Point,
    Points,
    crossing,
    distance_to_wire,
    node_height,
    port_offsets,
    sampled,
    wire_bounds,
    wire_middle,
)

__all__ = [
    "BEND", "CLEARANCE", "DOTS", "GRID", "NAMES_FROM", "PILLS_FROM", "PILL_HEIGHT", "PORT", "PORT_HIT", "PORT_PITCH",
    "RADIUS", "STRIPE", "THUMBNAIL", "ZOOM_RANGE", "Box", "Obstacles", "Point", "Points", "bent_points", "crossing",
    "distance_to_wire", "input_point", "lane_points", "node_height", "output_point", "port_offsets", "sampled",
    "snap", "wire_bounds", "wire_middle", "wire_path", "wire_points",
]  # fmt: skip

PORT_HIT = 20.0
GRID = 8.0
DOTS = 24.0  #: distance of the dots of the background
THUMBNAIL = 34.0
#: Zoom below which shapes, then names, are left out.
PILLS_FROM, NAMES_FROM = 0.6, 0.4
ZOOM_RANGE = (0.02, 4.0)


def snap(value: float) -> float:
    """The nearest line of the grid."""
    return round(value / GRID) * GRID


def input_point(rect: QRectF, index: int, count: int) -> QPointF:
    """The middle of an input's ring."""
    return QPointF(*geometry.input_place(_box(rect), index, count))


def output_point(rect: QRectF, index: int, count: int) -> QPointF:
    """The middle of an output's ring."""
    return QPointF(*geometry.output_place(_box(rect), index, count))


def wire_points(
    start: QPointF, end: QPointF, obstacles: Obstacles | None = None, *, above: bool = False
) -> Points:
    """A wire as a chain of cubic Béziers, see ``builder.geometry.wire_points``."""
    return geometry.wire_points((start.x(), start.y()), (end.x(), end.y()), obstacles, above=above)


def bent_points(start: QPointF, bends: Sequence[Point], end: QPointF) -> Points:
    """A wire that runs through these places, see ``builder.geometry.bent_points``."""
    return geometry.bent_points((start.x(), start.y()), bends, (end.x(), end.y()))


def lane_points(start: QPointF, end: QPointF, lane: float) -> Points:
    """A wire along a lane, see ``builder.geometry.lane_points``."""
    return geometry.lane_points((start.x(), start.y()), (end.x(), end.y()), lane)


def wire_path(points: Points) -> QPainterPath:
    """The chain of Béziers as a path; runs between equal heights become lines."""
    path = QPainterPath(QPointF(*points[0]))
    for index in range(1, len(points) - 2, 3):
        first, second, end = points[index : index + 3]
        if first == points[index - 1] and second == end:
            path.lineTo(*end)
        else:
            path.cubicTo(*first, *second, *end)
    return path


def _box(rect: QRectF) -> Box:
    return rect.x(), rect.y(), rect.width(), rect.height()
