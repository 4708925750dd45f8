"""Gestures on frames and notes: dragged by the title with what lies in them, or by an edge to another size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt

from builder.editor import geometry
from builder.editor.gesture import Gesture
from builder.frames import SMALLEST, Frame
from builder.framing import carried, change_frame, move_all

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

_ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier
_CURSORS = {
    (1, 0): Qt.CursorShape.SizeHorCursor,
    (0, 1): Qt.CursorShape.SizeVerCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
}


def cursor_of(side: tuple[int, int]) -> Qt.CursorShape:
    """The cursor over a frame's title or one of its edges."""
    if side == (0, 0):
        return Qt.CursorShape.SizeAllCursor
    return _CURSORS.get(side) or _CURSORS[-side[0], -side[1]]


class DragFrame(Gesture):
    """Select a frame or a note, and drag the selection by it, with all that lies in its frames."""

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier, number: int) -> None:
        super().__init__(canvas, at, modifiers)
        self.number = number
        selected = canvas.layer.selected_frames
        self._was_selected = number in selected
        canvas.select_wires(())
        if modifiers & _ADDING:
            canvas.choose(canvas.session.selection, set(selected) ^ {number})
        elif not self._was_selected:
            canvas.choose((), (number,))

    def start(self) -> None:
        canvas = self.canvas
        numbers = {*canvas.layer.selected_frames, self.number}
        canvas.choose(canvas.session.selection, numbers)
        self._frame = canvas.board.frames[self.number]
        canvas.board.lift(*carried(canvas.graph, canvas.session.selection, numbers))

    def drag(self, at: QPoint, point: QPointF) -> None:
        move = point - self.origin  # what lies on the grid stays on it
        self.canvas.board.shift(geometry.snap(move.x()), geometry.snap(move.y()))

    def finish(self) -> None:
        canvas, moving = self.canvas, self.canvas.board.moving
        if moving is None or not (moving.dx or moving.dy):
            canvas.board.settle()
            return
        edits = move_all(canvas.graph, moving.nodes, moving.frames, moving.dx, moving.dy)
        word = "note" if self._frame.is_note else "frame"
        canvas.session.perform(f"Move {word}", edits)
        canvas.board.reroute()

    def click(self) -> None:
        if self._was_selected and not self.modifiers & _ADDING:
            self.canvas.choose((), (self.number,))

    def cancel(self) -> None:
        self.canvas.board.settle()


class ResizeFrame(Gesture):
    """Drag an edge or a corner of a frame or a note, from line to line of the grid."""

    def __init__(
        self,
        canvas: Canvas,
        at: QPoint,
        modifiers: Qt.KeyboardModifier,
        number: int,
        side: tuple[int, int],
    ) -> None:
        super().__init__(canvas, at, modifiers)
        self.number, self.side = number, side
        self.cursor = cursor_of(side)
        self._before = canvas.board.frames[number]
        self._after = self._before
        canvas.select_wires(())
        if number not in canvas.layer.selected_frames:
            canvas.choose((), (number,))

    def drag(self, at: QPoint, point: QPointF) -> None:
        move = point - self.origin
        self._after = resized(self._before, self.side, move.x(), move.y())
        self.canvas.board.preview_frame(self.number, self._after)

    def finish(self) -> None:
        changes = dict(zip(("x", "y", "width", "height"), self._after.box, strict=True))
        edits = change_frame(self.canvas.graph, self.number, **changes)
        if edits:
            word = "note" if self._before.is_note else "frame"
            self.canvas.session.perform(f"Resize {word}", edits)

    def cancel(self) -> None:
        self.canvas.board.preview_frame(self.number, self._before)


def resized(frame: Frame, side: tuple[int, int], dx: float, dy: float) -> Frame:
    """A frame whose edges on this side have been dragged so far; never smaller than it can be handled."""
    x, width = _dragged(frame.x, frame.width, side[0], dx, SMALLEST[0])
    y, height = _dragged(frame.y, frame.height, side[1], dy, SMALLEST[1])
    return replace(frame, x=x, y=y, width=width, height=height)


def _dragged(start: float, length: float, end: int, by: float, least: float) -> tuple[float, float]:
    if end == 0:
        return start, length
    if end > 0:
        return start, max(least, geometry.snap(start + length + by) - start)
    moved = min(geometry.snap(start + by), start + length - least)
    return moved, start + length - moved
