"""Where nodes, ports and wires lie: plain arithmetic in canvas units, the same for the canvas and for drawings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, TypeAlias

from builder.spacing import COLLAPSED_HEIGHT, NODE_HEIGHT, NODE_WIDTH

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float]
Points: TypeAlias = list[Point]
#: x, y, width, height.
Box: TypeAlias = tuple[float, float, float, float]

RADIUS = 9.0
STRIPE = 5.0
PORT = 10.0  #: diameter of the ring
PORT_PITCH = 22.0
PILL_HEIGHT = 18.0
BEND = 5.0  #: radius of the dot where a wire bends

#: How far a wire keeps from nodes it runs round.
CLEARANCE = 36.0
_TURN = 60.0
#: How far a wire that turns back keeps from nodes: its pill is clear of them.
_PILL_ROOM = PILL_HEIGHT / 2 + 6

#: Where text begins in a node, how wide it may be, and how far its two lines are from the middle.
TEXT_LEFT = 16.0
TEXT_WIDTH = NODE_WIDTH - TEXT_LEFT - 12
NAME_LINE, SUMMARY_LINE = -9.0, 9.5
#: Room for the name of a port beside it.
PORT_NAME = (56.0, 14.0)
#: The ground of such a name, and how much it hides of the wires behind it.
PORT_NAME_RADIUS, PORT_NAME_GROUND = 4.0, 0.85


class Obstacles(Protocol):
    """What wires run round."""

    @property
    def boxes(self) -> NDArray[np.float64]:
        """Rectangles (x, y, width, height), one a row."""

    def among(self, left: float, top: float, right: float, bottom: float) -> list[Box]:
        """Those of the rectangles that meet this one."""


def node_height(inputs: int, outputs: int, *, collapsed: bool = False) -> float:
    """Tall enough for its ports; collapsed, for its name."""
    if collapsed:
        return float(COLLAPSED_HEIGHT)
    return max(float(NODE_HEIGHT), max(inputs, outputs) * PORT_PITCH + 10)


def port_offsets(count: int, height: float) -> list[float]:
    """Distances of ``count`` ports from the upper edge, evenly about the middle."""
    return [height / 2 + (index - (count - 1) / 2) * PORT_PITCH for index in range(count)]


def input_place(box: Box, index: int, count: int) -> Point:
    """The middle of an input's ring."""
    x, y, _, height = box
    return x, y + port_offsets(count, height)[index]


def output_place(box: Box, index: int, count: int) -> Point:
    """The middle of an output's ring."""
    x, y, width, height = box
    return x + width, y + port_offsets(count, height)[index]


def back_box(box: Box) -> Box:
    """What shows behind the right edge of a module."""
    x, y, width, height = box
    return x + 20, y + 0.5, width - 16.5, height - 1


def badge_box(box: Box) -> Box:
    """The circle at the corner of a node that has a problem."""
    x, y, width, _ = box
    return x + width - 13, y - 6, 16.0, 16.0


def port_name_box(place: Point, is_output: bool) -> Box:
    """Room for a port's name: outside the node and above the wire."""
    width, height = PORT_NAME
    left = place[0] + PORT if is_output else place[0] - PORT - width
    return left, place[1] - height, width, height


def port_name_ground(place: Point, is_output: bool, width: float) -> Box:
    """What lies between a port's name of this width and the wires behind it."""
    left, top, wide, high = port_name_box(place, is_output)
    width = min(width, wide)
    return (left if is_output else left + wide - width) - 3, top + 1, width + 6, high - 2


def wire_points(
    start: Point, end: Point, obstacles: Obstacles | None = None, *, above: bool = False
) -> Points:
    """A wire as a chain of cubic Béziers: start, then three points for each.

    ``obstacles`` are the nodes the wire should not cross; only a long wire, or one that turns back, looks at them.
    ``above`` says on which side it runs round them.
    """
    (x0, y0), (x1, y1) = start, end
    if x1 < x0 + 24:
        return _backward(x0, y0, x1, y1, obstacles)
    if x1 - x0 > NODE_WIDTH and obstacles is not None:
        lane = _lane(x0, y0, x1, y1, obstacles.boxes, above)
        if lane is not None:
            return lane_points(start, end, lane)
    return [(x0, y0), *_forward(x0, y0, x1, y1)]


def bent_points(start: Point, bends: Sequence[Point], end: Point) -> Points:
    """A wire that runs through these places: level at its ends, smooth at each bend (a Catmull-Rom spline)."""
    places = [start, *bends, end]
    first, last = places[0], places[-1]
    around = [(first[0] - 80.0, first[1]), *places, (last[0] + 80.0, last[1])]
    points: Points = [first]
    for index in range(1, len(around) - 2):
        before, here, there, behind = around[index - 1 : index + 3]
        # A third of the way between neighbours, but no further than the next place is away.
        points += [
            _towards(here, (there[0] - before[0], there[1] - before[1]), there),
            _towards(there, (here[0] - behind[0], here[1] - behind[1]), here),
            there,
        ]
    return points


def _towards(place: Point, direction: Point, other: Point) -> Point:
    """A control point in this direction, a third as far as the other place is away."""
    length = max((direction[0] ** 2 + direction[1] ** 2) ** 0.5, 1e-9)
    reach = ((other[0] - place[0]) ** 2 + (other[1] - place[1]) ** 2) ** 0.5 / 3
    return place[0] + direction[0] / length * reach, place[1] + direction[1] / length * reach


def _forward(x0: float, y0: float, x1: float, y1: float) -> Points:
    reach = max(24.0, min((x1 - x0) / 2, 120.0))
    return [(x0 + reach, y0), (x1 - reach, y1), (x1, y1)]


def _backward(x0: float, y0: float, x1: float, y1: float, obstacles: Obstacles | None) -> Points:
    """Out to the right, back between the rows, and in from the left: how a line of text wraps."""
    if abs(y1 - y0) <= NODE_HEIGHT + 40:
        middle = max(y0, y1) + NODE_HEIGHT / 2 + CLEARANCE
    else:
        middle = (y0 + y1) / 2
        if obstacles is not None:
            middle = _between(x0, y0, x1, y1, obstacles)
    bulge = min(_TURN, 24 + abs(middle - y0) * 0.5)
    right, left = x0 - 28, x1 + 28
    if left > right:
        right = left = (x0 + x1) / 2
    return [
        (x0, y0),
        *((x0 + bulge * 1.2, y0), (x0 + bulge * 1.2, middle), (right, middle)),
        *((right, middle), (left, middle), (left, middle)),
        *((x1 - bulge * 1.2, middle), (x1 - bulge * 1.2, y1), (x1, y1)),
    ]


def _between(x0: float, y0: float, x1: float, y1: float, obstacles: Obstacles) -> float:
    """The height nearest to the middle at which a wire that turns back meets no node; the middle where none is free."""
    low, high, middle = min(y0, y1), max(y0, y1), (y0 + y1) / 2
    met = obstacles.among(x1 - _TURN, low - _PILL_ROOM, x0 + _TURN, high + _PILL_ROOM)
    taken = sorted((top - _PILL_ROOM, top + height + _PILL_ROOM) for _, top, _, height in met)
    if not any(top < middle < bottom for top, bottom in taken):
        return middle
    edges = [taken[0][0]]
    reached = taken[0][1]
    for top, bottom in taken[1:]:
        if top >= reached:
            edges += [reached, top]
        reached = max(reached, bottom)
    free = [edge for edge in (*edges, reached) if low < edge < high]
    return min(free, key=lambda edge: abs(edge - middle), default=middle)


def _lane(
    x0: float, y0: float, x1: float, y1: float, obstacles: NDArray[np.float64], above: bool
) -> float | None:
    """The height at which the wire has to run to miss what lies between, or None where it may go straight."""
    import numpy as np

    left, top, right, bottom = (
        obstacles[:, 0],
        obstacles[:, 1],
        obstacles[:, 0] + obstacles[:, 2],
        obstacles[:, 1] + obstacles[:, 3],
    )
    between = (right > x0 + 8) & (left < x1 - 8) & (bottom > min(y0, y1) - 8) & (top < max(y0, y1) + 8)
    if not between.any():
        return None
    t = np.linspace(0.02, 0.98, 25)
    (_, _), (cx, _), (dx, _), (_, _) = (x0, y0), *_forward(x0, y0, x1, y1)
    x = (1 - t) ** 3 * x0 + 3 * (1 - t) ** 2 * t * cx + 3 * (1 - t) * t * t * dx + t**3 * x1
    y = (1 - t) ** 2 * (1 + 2 * t) * y0 + t * t * (3 - 2 * t) * y1
    inside = (
        (x[:, None] > left[between] - 4)
        & (x[:, None] < right[between] + 4)
        & (y[:, None] > top[between] - 4)
        & (y[:, None] < bottom[between] + 4)
    )
    if not inside.any():
        return None
    # A lane that meets a further node moves on past it.
    over = (right > x0 + 8) & (left < x1 - 8)
    lane = float(top[between].min()) - CLEARANCE if above else float(bottom[between].max()) + CLEARANCE
    for _ in range(8):
        hit = over & (top - 12 < lane) & (bottom + 12 > lane)
        if not hit.any():
            break
        lane = float(top[hit].min()) - CLEARANCE if above else float(bottom[hit].max()) + CLEARANCE
    return lane


def lane_points(start: Point, end: Point, lane: float) -> Points:
    """Down (or up) just behind the source, along the lane at this height, and in an S up to the target."""
    (x0, y0), (x1, y1) = start, end
    fall = lane - y0
    run = min(110.0, (x1 - x0) / 3)
    down = x0 + min(run, 40 + abs(fall) * 0.35)
    rise = x1 - min(run, 40 + abs(lane - y1) * 0.55)
    return [
        (x0, y0),
        *((x0 + 44, y0), (x0 + 4, lane), (down, lane)),
        *((down, lane), (rise, lane), (rise, lane)),
        *(((rise + x1) / 2 + 6, lane), ((rise + x1) / 2 - 6, y1), (x1, y1)),
    ]


def wire_bounds(points: Points) -> Box:
    """A rectangle (x, y, width, height) round the control points."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def wire_extent(points: Points) -> Box:
    """The rectangle round the wire itself."""
    sides = []
    for values in zip(*points, strict=True):
        ends = [
            value for index in range(0, len(values) - 3, 3) for value in _turns(*values[index : index + 4])
        ]
        sides.append((min(ends), max(ends)))
    (left, right), (top, bottom) = sides
    return left, top, right - left, bottom - top


def _turns(a: float, b: float, c: float, d: float) -> list[float]:
    """The ends of a cubic Bézier along one axis, and where it turns round: the roots of its derivative."""
    found = [a, d]
    square, linear, constant = d - a + 3 * (b - c), 2 * (a - 2 * b + c), b - a
    if abs(square) > 1e-9:
        inner = linear * linear - 4 * square * constant
        roots = [(-linear + sign * inner**0.5) / (2 * square) for sign in (1, -1)] if inner >= 0 else []
    else:
        roots = [-constant / linear] if abs(linear) > 1e-9 else []
    for t in roots:
        if 0 < t < 1:
            u = 1 - t
            found.append(u**3 * a + 3 * u * u * t * b + 3 * u * t * t * c + t**3 * d)
    return found


def wire_middle(points: Points) -> Point:
    """Where the pill sits: the middle of the middle segment."""
    segments = (len(points) - 1) // 3
    index = 3 * (segments // 2)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points[index : index + 4]
    return (x0 + 3 * x1 + 3 * x2 + x3) / 8, (y0 + 3 * y1 + 3 * y2 + y3) / 8


def pill_box(middle: Point, text: str) -> Box:
    """The rectangle of a wire's pill; figures are equally wide, so no font is asked."""
    width = max(18.0, len(text) * 6.65 + 15)
    return middle[0] - width / 2, middle[1] - PILL_HEIGHT / 2, width, PILL_HEIGHT


def sampled(points: Points) -> NDArray[np.float64]:
    """Places along a wire a few pixels apart, (n, 2)."""
    import numpy as np

    parts = []
    for index in range(0, len(points) - 3, 3):
        corners = np.array(points[index : index + 4])
        length = float(np.abs(corners[3] - corners[0]).sum())
        t = np.linspace(0, 1, min(400, max(12, int(length / 4))))[:, None]
        u = 1 - t
        parts.append(
            u**3 * corners[0] + 3 * u * u * t * corners[1] + 3 * u * t * t * corners[2] + t**3 * corners[3]
        )
    return np.concatenate(parts)


def crossing(points: Points, stroke: Sequence[Point]) -> Point | None:
    """Where a stroke, as a chain of straight lines, first crosses a wire; None where it does not."""
    import numpy as np

    wire = sampled(points)
    a, along = wire[:-1], np.diff(wire, axis=0)
    for (x0, y0), (x1, y1) in pairwise(stroke):
        across = np.array([x1 - x0, y1 - y0])
        apart = np.array([x0, y0]) - a
        turn = along[:, 0] * across[1] - along[:, 1] * across[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            on_wire = (apart[:, 0] * across[1] - apart[:, 1] * across[0]) / turn
            on_stroke = (apart[:, 0] * along[:, 1] - apart[:, 1] * along[:, 0]) / turn
        met = (on_wire >= 0) & (on_wire <= 1) & (on_stroke >= 0) & (on_stroke <= 1)
        if met.any():
            row = int(np.flatnonzero(met)[0])
            place = a[row] + on_wire[row] * along[row]
            return float(place[0]), float(place[1])
    return None


def distance_to_wire(points: Points, x: float, y: float) -> float:
    """How far a point is from the wire, measured at samples a few pixels apart."""
    import numpy as np

    places = sampled(points)
    return float(np.hypot(places[:, 0] - x, places[:, 1] - y).min())
