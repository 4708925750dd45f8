"""Gestures on wires and of copies: strokes that cut or bend, a bend that is dragged, nodes dragged off as copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from builder.editor import geometry
from builder.editor.faces import Wire
from builder.editor.gesture import Gesture
from builder.editor.hit import Hit
from builder.edits import BendWire, Disconnect, Edit
from builder.framing import carried, duplicate_all
from builder.graph import Bends, Edge

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


class Stroke(Gesture):
    """A line drawn across wires with the right button; what it meets is shown while it lasts."""

    cursor = Qt.CursorShape.CrossCursor
    #: Of the line and what it meets.
    color = "accent"

    def start(self) -> None:
        self._places = [(self.origin.x(), self.origin.y())]
        self._struck: dict[Edge, tuple[float, float]] = {}

    def drag(self, at: QPoint, point: QPointF) -> None:
        board = self.canvas.board
        self._places.append((point.x(), point.y()))
        self._struck = {}
        for row in board.wires.within(QRectF(*geometry.wire_bounds(self._places)), 1):
            wire = board.wires.values[row]
            if (place := geometry.crossing(wire.points, self._places)) is not None:
                self._struck[wire.edge] = place
        self.canvas.overlay.show_stroke(
            self._places, [board.wires[edge] for edge in self._struck], self.color
        )

    def finish(self) -> None:
        self.canvas.overlay.clear()
        if self._struck:
            label, edits = self.edits(self._struck)
            self.canvas.session.perform(label, edits)

    def cancel(self) -> None:
        self.canvas.overlay.clear()

    def edits(self, struck: dict[Edge, tuple[float, float]]) -> tuple[str, list[Edit]]:
        """What becomes of the wires that were met, each at its place."""
        raise NotImplementedError


class CutWires(Stroke):
    """Take away every wire that the line crosses."""

    color = "error"

    def edits(self, struck: dict[Edge, tuple[float, float]]) -> tuple[str, list[Edit]]:
        key = self.canvas.graph.key
        label = "Cut wire" if len(struck) == 1 else f"Cut {len(struck)} wires"
        return label, [Disconnect(key, edge) for edge in struck]


class BendWires(Stroke):
    """Put a bend into every wire that the line crosses, to lead it elsewhere."""

    def edits(self, struck: dict[Edge, tuple[float, float]]) -> tuple[str, list[Edit]]:
        graph = self.canvas.graph
        label = "Bend wire" if len(struck) == 1 else f"Bend {len(struck)} wires"
        made: list[Edit] = []
        for edge, place in struck.items():
            wire, bends = self.canvas.board.wires[edge], list(graph.bends(edge))
            bends.insert(_place_among(wire, bends, place), (geometry.snap(place[0]), geometry.snap(place[1])))
            made.append(BendWire(graph.key, edge, tuple(bends)))
        return label, made


def _place_among(wire: Wire, bends: list[tuple[float, float]], place: tuple[float, float]) -> int:
    """How many of a wire's bends come before a place on it."""
    along = geometry.sampled(wire.points)

    def position(point: tuple[float, float]) -> int:
        return int(((along - point) ** 2).sum(axis=1).argmin())

    here = position(place)
    return sum(position(bend) < here for bend in bends)


class DragBend(Gesture):
    """Lead a wire through another place; a click on the bend selects its wire."""

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(
        self, canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier, edge: Edge, number: int
    ) -> None:
        super().__init__(canvas, at, modifiers)
        self.edge, self.number = edge, number
        self._before = canvas.graph.bends(edge)
        self._bends: Bends = self._before

    def drag(self, at: QPoint, point: QPointF) -> None:
        bends = list(self._before)
        bends[self.number] = geometry.snap(point.x()), geometry.snap(point.y())
        self._bends = tuple(bends)
        self.canvas.board.preview(self.edge, self._bends)

    def finish(self) -> None:
        if self._bends != self._before:
            self.canvas.session.perform(
                "Move bend", [BendWire(self.canvas.graph.key, self.edge, self._bends)]
            )

    def click(self) -> None:
        self.canvas.session.select(())
        self.canvas.select_wires((self.edge,))

    def cancel(self) -> None:
        self.canvas.board.preview(self.edge, self._before)


class DragCopies(Gesture):
    """Drag copies of the selected nodes and frames off them, with what lies in these; all that is there stays."""

    cursor = Qt.CursorShape.DragCopyCursor

    def __init__(self, canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier, under: Hit) -> None:
        super().__init__(canvas, at, modifiers)
        if under.node is not None and under.node not in canvas.session.selection:
            canvas.select_wires(())
            canvas.choose((under.node,), ())
        elif under.frame is not None and under.frame not in canvas.layer.selected_frames:
            canvas.select_wires(())
            canvas.choose((), (under.frame,))
        self._taken = carried(canvas.graph, canvas.session.selection, canvas.layer.selected_frames)
        self._offset = (0.0, 0.0)

    def drag(self, at: QPoint, point: QPointF) -> None:
        move, board = point - self.origin, self.canvas.board
        self._offset = geometry.snap(move.x()), geometry.snap(move.y())
        rects = [face.rect for node_id in self._taken[0] if (face := board.faces.get(node_id))]
        rects += [QRectF(*board.frames[number].box) for number in self._taken[1]]
        self.canvas.overlay.show_ghosts(rect.translated(*self._offset) for rect in rects)

    def finish(self) -> None:
        canvas = self.canvas
        canvas.overlay.clear()
        if self._offset != (0.0, 0.0):
            session, key = canvas.session, canvas.graph.key
            edits, ids, frames = duplicate_all(session.document, key, *self._taken, self._offset)
            session.perform("Duplicate", edits)
            canvas.choose(ids, frames)

    def cancel(self) -> None:
        self.canvas.overlay.clear()
