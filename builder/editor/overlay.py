"""What a gesture shows while it lasts, above all else: the rubber band, a wire in the hand, where it would go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from builder.editor import geometry
from builder.editor.board import Board
from builder.editor.faces import Wire
from builder.widgets.theme import MEDIUM, SMALL, Theme, font

_EVERYWHERE = QRectF(-1e7, -1e7, 2e7, 2e7)


class Overlay(QGraphicsItem):
    """Painted in scene coordinates, with lines and words of the same size at every zoom."""

    def __init__(self, board: Board, theme: Theme) -> None:
        super().__init__()
        self.board = board
        self.theme = theme
        self._box: QRectF | None = None
        self._path: QPainterPath | None = None
        self._end = QPointF()
        self._fits = True
        self._reason = ""
        self._node: str | None = None
        self._wire: Wire | None = None
        self._stroke: tuple[QPainterPath, str] | None = None
        self._struck: tuple[Wire, ...] = ()
        self._ghosts: tuple[QRectF, ...] = ()
        self.setZValue(10)

    def boundingRect(self) -> QRectF:
        return _EVERYWHERE

    @property
    def reason(self) -> str:
        """Why the wire in the hand is refused where it is; empty where it is not."""
        return self._reason

    def show_box(self, box: QRectF) -> None:
        """A rubber band."""
        self._box = box
        self.update()

    def show_wire(self, fixed: QPointF, free: QPointF, from_output: bool, *, fits: bool, reason: str) -> None:
        """A wire from a port to the pointer, whether it could end there, and if not why."""
        start, end = (fixed, free) if from_output else (free, fixed)
        self._path = geometry.wire_path(geometry.wire_points(start, end))
        self._end, self._fits, self._reason = free, fits, reason
        self.update()

    def show_node_target(self, node_id: str | None) -> None:
        """The node whose free input would be taken."""
        self._node = node_id
        self.update()

    def show_wire_target(self, wire: Wire | None) -> None:
        """The wire on which a block would be inserted."""
        self._wire = wire
        self.update()

    def show_stroke(self, places: Sequence[tuple[float, float]], struck: Iterable[Wire], color: str) -> None:
        """A line drawn across wires, and the wires it meets."""
        path = QPainterPath(QPointF(*places[0]))
        for place in places[1:]:
            path.lineTo(*place)
        self._stroke, self._struck = (path, color), tuple(struck)
        self.update()

    def show_ghosts(self, rects: Iterable[QRectF]) -> None:
        """Where copies of nodes would come."""
        self._ghosts = tuple(rects)
        self.update()

    @property
    def wire_target(self) -> Wire | None:
        """The wire that is highlighted."""
        return self._wire

    def clear(self) -> None:
        """Show nothing."""
        self._box = self._path = self._node = self._wire = self._stroke = None
        self._struck, self._ghosts = (), ()
        self._reason = ""
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = self.theme.color("accent")
        if self._wire is not None:
            painter.strokePath(self._wire.path, QPen(accent, 4))
        if self._node is not None and (face := self.board.faces.get(self._node)) is not None:
            painter.setPen(QPen(accent, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(
                face.rect.adjusted(-4, -4, 4, 4), geometry.RADIUS + 4, geometry.RADIUS + 4
            )
        if self._path is not None:
            self._paint_wire(painter)
        if self._stroke is not None:
            self._paint_stroke(painter, *self._stroke)
        if self._ghosts:
            painter.setPen(QPen(accent, 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(self.theme.color("accent", 0.12))
            for rect in self._ghosts:
                painter.drawRoundedRect(rect, geometry.RADIUS, geometry.RADIUS)
        if self._box is not None:
            pen = QPen(accent, 1)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.setBrush(self.theme.color("accent", 0.12))
            painter.drawRect(self._box)

    def _paint_stroke(self, painter: QPainter, path: QPainterPath, color: str) -> None:
        for wire in self._struck:
            painter.strokePath(wire.path, QPen(self.theme.color(color), 4))
        pen = QPen(self.theme.color(color), 1.5, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        painter.strokePath(path, pen)

    def _paint_wire(self, painter: QPainter) -> None:
        assert self._path is not None
        color = self.theme.color("error" if self._reason else "accent" if self._fits else "wire")
        pen = QPen(color, 2)
        if not self._fits:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.strokePath(self._path, pen)
        painter.setPen(pen)
        painter.setBrush(self.theme.color("canvas"))
        painter.drawEllipse(self._end, 4, 4)
        if self._reason:
            self._paint_reason(painter)

    def _paint_reason(self, painter: QPainter) -> None:
        place = painter.worldTransform().map(self._end)
        painter.save()
        painter.resetTransform()
        made = font(SMALL, MEDIUM)
        width = QFontMetricsF(made).horizontalAdvance(self._reason) + 20
        rect = QRectF(round(place.x()) + 14.5, round(place.y()) + 12.5, width, 26)
        painter.setFont(made)
        painter.setPen(QPen(self.theme.color("error"), 1))
        painter.setBrush(self.theme.color("panel"))
        painter.drawRoundedRect(rect, 6, 6)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._reason)
        painter.restore()
