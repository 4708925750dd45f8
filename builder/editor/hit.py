"""What lies under the pointer: a port, a node, a wire, or nothing.

Asked of the board's arrays: one comparison over all boxes is quicker than an index of items to keep in step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QPointF

from builder.editor import geometry
from builder.editor.board import Board
from builder.editor.faces import Face, Wire
from builder.frames import TITLE_HEIGHT
from builder.graph import Edge


@dataclass(frozen=True, slots=True)
class Hit:
    """At most one of: a port (with its node), a node, a wire, a frame.

    A frame is held by its title, a note anywhere; ``side`` says which edges are held: (-1, 0) the left one, (1, 1) the
    lower right corner.
    """

    node: str | None = None
    port: str | None = None
    is_output: bool = False
    edge: Edge | None = None
    frame: int | None = None
    side: tuple[int, int] = (0, 0)


NOTHING = Hit()


def hit(board: Board, point: QPointF, zoom: float = 1.0, *, wires: bool = True) -> Hit:
    """What is drawn topmost at a point of the scene; targets never get smaller than a few pixels of the screen."""
    reach = max(geometry.PORT_HIT / 2, min(8 / zoom, 24.0))
    rows = board.faces.at(point.x(), point.y(), reach)
    if zoom >= geometry.NAMES_FROM and (found := _port(board, rows, point, reach)) is not None:
        return found
    for row in reversed(rows):
        face = board.faces.values[row]
        if face.rect.contains(point):
            return Hit(node=face.id)
    if wires and (wire := wire_at(board, point, zoom)) is not None:
        return Hit(edge=wire.edge)
    return _frame(board, point, zoom)


def _port(board: Board, rows: list[int], point: QPointF, reach: float) -> Hit | None:
    best, found = reach, None
    for row in rows:
        face = board.faces.values[row]
        for is_output, port, place in _held(board, face):
            apart = place - point
            distance = (apart.x() ** 2 + apart.y() ** 2) ** 0.5
            if distance <= best:
                best, found = distance, Hit(node=face.id, port=port, is_output=is_output)
    return found


def _held(board: Board, face: Face) -> Iterable[tuple[bool, str, QPointF]]:
    """The ports that can be taken hold of: of a collapsed node the input that was wired last, and the first output."""
    if not face.collapsed:
        return face.ports()
    taken = board.graph.incoming(face.id)
    inputs = [port for port in face.inputs if port in taken][-1:] or face.inputs[:1]
    held = [(False, port, face.input_point(port)) for port in inputs]
    return [*held, *((True, port, face.output_point(port)) for port in face.outputs[:1])]


def _frame(board: Board, point: QPointF, zoom: float) -> Hit:
    reach = max(4.0, 5 / zoom)
    for number, frame in reversed(board.drawn_frames()):
        x, y = point.x() - frame.x, point.y() - frame.y
        if not (-reach <= x <= frame.width + reach and -reach <= y <= frame.height + reach):
            continue
        side = (_end(x, frame.width, reach), _end(y, frame.height, reach))
        if side != (0, 0):
            return Hit(frame=number, side=side)
        if frame.is_note or y <= max(TITLE_HEIGHT, min(16 / zoom, frame.height / 2)):
            return Hit(frame=number)
    return NOTHING


def _end(at: float, length: float, reach: float) -> int:
    """Which end of a side is within reach; of a short one, the nearer."""
    near, far = abs(at), abs(length - at)
    if min(near, far) > min(reach, length / 3 + reach / 2):
        return 0
    return -1 if near <= far else 1


def bend_at(board: Board, point: QPointF, zoom: float = 1.0) -> tuple[Edge, int] | None:
    """The bend of a wire, by its number, within reach of a point; where they are drawn."""
    if zoom < geometry.NAMES_FROM:
        return None
    reach = max(geometry.BEND, min(6 / zoom, 24.0))
    for row in board.wires.at(point.x(), point.y(), reach):
        edge = board.wires.values[row].edge
        for number, (x, y) in enumerate(board.graph.bends(edge)):
            if (x - point.x()) ** 2 + (y - point.y()) ** 2 <= reach**2:
                return edge, number
    return None


def wire_at(board: Board, point: QPointF, zoom: float = 1.0, *, reach: float = 7.0) -> Wire | None:
    """The wire nearest to a point, if it or its pill is within reach."""
    best, found = max(reach, min(6 / zoom, 24.0)), None
    for row in board.wires.at(point.x(), point.y(), best):
        wire = board.wires.values[row]
        if zoom >= geometry.PILLS_FROM and wire.pill.contains(point):
            return wire
        distance = geometry.distance_to_wire(wire.points, point.x(), point.y())
        if distance <= best:
            best, found = distance, wire
    return found
