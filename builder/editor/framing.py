"""What is done with frames and notes on the canvas: put down, written on, coloured, and taken away."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QAction, QActionGroup, QCursor
from PySide6.QtWidgets import QMenu, QWidget

from builder.editor import geometry
from builder.editor.framefields import NoteField, TitleField
from builder.editor.swatches import Swatches, dot
from builder.frames import COLOURS, NOTE_SIZE, Frame, grown
from builder.framing import add_frames, change_frame, frame_around, recolour
from builder.graph import Graph

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

#: An empty frame, put down where nothing is selected.
_EMPTY = (400.0, 240.0)


class Framing:
    """The actions on frames and notes of one canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.session = canvas.session
        self.swatches = Swatches(canvas, self)
        self._step: Hashable = None

    @property
    def selected(self) -> list[int]:
        """The numbers of the selected frames and notes."""
        return sorted(self.canvas.layer.selected_frames)

    @property
    def chosen(self) -> list[Frame]:
        """The selected frames and notes."""
        return [self.canvas.board.frames[number] for number in self.selected]

    def step(self) -> None:
        """Select the next frame or note, from above to below, and bring it into view."""
        canvas = self.canvas
        order = sorted(range(len(canvas.board.frames)), key=lambda n: canvas.board.frames[n].box[1::-1])
        if not order:
            self.session.statusMessage.emit("There are no frames and notes here.")
            return
        here = order.index(self.selected[-1]) if self.selected else -1
        number = order[(here + 1) % len(order)]
        canvas.choose((), (number,))
        if not canvas.visible_rect().contains(QRectF(*canvas.board.frames[number].box)):
            canvas.frame((), (number,))

    # adding ------------------------------------------------------------------------------------------------

    def add_frame(self, point: QPointF | None = None) -> None:
        """Put a frame round the selection, or an empty one at a point, and let its title be typed."""
        graph, ids = self.canvas.graph, self.session.selection
        if ids or self.selected:
            frame = frame_around(self.session.document, graph, ids, self.selected)
        else:
            frame = self._at(point, _EMPTY)
        self._add(frame, "Add frame")

    def add_note(self, point: QPointF | None = None) -> None:
        """Put a note at a point (None: under the pointer, else in the middle) and let its text be typed."""
        x, y, width, height = self._at(point, NOTE_SIZE).box
        self._add(Frame(x, y, width, height, text=""), "Add note")

    def _add(self, frame: Frame, label: str) -> None:
        graph, number = self.canvas.graph, len(self.canvas.board.frames)
        # What is typed on it at once is part of the same step.
        self._step = ("frame", graph.key, number, self.session.document.revision)
        self.session.perform(label, add_frames(graph, [frame]), merge=self._step)
        self.canvas.choose((), (number,))
        self.edit(number, label)

    def _at(self, point: QPointF | None, size: tuple[float, float]) -> Frame:
        """A place of this size, its corner at a point."""
        canvas = self.canvas
        if point is None:
            viewport = canvas.viewport()
            at = viewport.mapFromGlobal(QCursor.pos())
            if viewport.underMouse() and viewport.rect().contains(at):
                point = canvas.mapToScene(at)
            else:
                point = canvas.visible_rect().center() - QPointF(size[0] / 2, size[1] / 2)
        return Frame(geometry.snap(point.x()), geometry.snap(point.y()), *size)

    # changing ----------------------------------------------------------------------------------------------

    def edit(self, number: int, label: str = "") -> None:
        """Type on a frame or a note; ``label`` is what it is part of, if it has just been put down."""
        if number >= len(self.canvas.board.frames):
            return
        self.canvas.choose((), (number,))
        frame, graph = self.canvas.board.frames[number], self.canvas.graph
        step = self._step if label else None
        if frame.is_note:
            NoteField(self.canvas, frame, partial(self._write, graph, number, label or "Edit note", step))
        else:
            TitleField(self.canvas, frame, partial(self._call, graph, number, label or "Rename frame", step))

    def _call(self, graph: Graph, number: int, label: str, step: Hashable, title: str) -> None:
        self._change(graph, number, label, step, title=title)

    def _write(self, graph: Graph, number: int, label: str, step: Hashable, text: str) -> None:
        if graph is self.canvas.graph and number < len(self.canvas.board.frames):
            frame = self.canvas.board.frames[number]
            self._change(graph, number, label, step, text=text, height=grown(frame, text, geometry.GRID))

    def _change(self, graph: Graph, number: int, label: str, step: Hashable, **changes: object) -> None:
        if graph is self.canvas.graph and number < len(self.canvas.board.frames):
            if edits := change_frame(graph, number, **changes):
                self.session.perform(label, edits, merge=step)
            self.session.end_merging()

    def recolour(self, colour: str) -> None:
        """Give the selected frames and notes a colour."""
        if edits := recolour(self.canvas.graph, self.selected, colour):
            self.session.perform(f"Colour {'frame' if len(self.selected) == 1 else 'frames'}", edits)

    # menu --------------------------------------------------------------------------------------------------

    def colour_menu(self, parent: QWidget) -> QMenu:
        """The colours there are, the one of the selected frame ticked."""
        menu = QMenu("Colour", parent)
        group = QActionGroup(menu)
        shades = {self.canvas.board.frames[number].shade for number in self.selected}
        for name in COLOURS:
            action = QAction(dot(name, self.session.theme), name.capitalize(), menu)
            action.setCheckable(True)
            action.setChecked(shades == {name})
            action.triggered.connect(partial(self._recolour, name))
            group.addAction(action)
            menu.addAction(action)
        return menu

    def _recolour(self, name: str, *_: object) -> None:
        self.recolour(name)
