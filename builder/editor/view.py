"""A view of a plane without end: moving, zooming, bringing things into view, and the dots behind it all."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from builder.editor import geometry
from builder.widgets.session import Session

_EXTENT = 200_000.0
#: Room round what is brought into view: less where the view is small.
_MARGIN, _PARTS = 48, 14


class View(QGraphicsView):
    """What can be looked at from near and far; ``framed`` says whether everything was brought into view."""

    viewChanged = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._framed = True
        self._dots: tuple[object, QPolygonF] | None = None
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        scene.setSceneRect(-_EXTENT, -_EXTENT, 2 * _EXTENT, 2 * _EXTENT)
        self.setScene(scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)

    @property
    def zoom(self) -> float:
        """Pixels of the screen for one of the scene."""
        return self.transform().m11()

    @property
    def framed(self) -> bool:
        """Whether everything was brought into view and nobody has looked elsewhere since."""
        return self._framed

    def visible_rect(self) -> QRectF:
        """What is in view, in scene coordinates."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def pan(self, by: QPoint) -> None:
        """Move what is seen by pixels of the screen."""
        self._framed = False
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - by.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() - by.y())
        self.view_moved()

    def zoom_by(self, factor: float, at: QPoint | None = None) -> None:
        """Zoom so that the point under ``at`` (default: the middle) stays where it is."""
        at = self.viewport().rect().center() if at is None else at
        low, high = geometry.ZOOM_RANGE
        zoom = min(high, max(low, self.zoom * factor))
        if abs(zoom - 1) < 0.04 and (self.zoom - 1) * (zoom - 1) <= 0:
            zoom = 1.0
        kept = self.mapToScene(at)
        middle = QPointF(self.viewport().rect().center())
        self._framed = False
        self.set_view(zoom, kept + (middle - QPointF(at)) / zoom)
        if not (drift := at - self.mapFromScene(kept)).isNull():
            self.pan(drift)

    def set_zoom(self, zoom: float) -> None:
        """Zoom about the middle."""
        self.zoom_by(zoom / self.zoom)

    def set_view(self, zoom: float, centre: QPointF) -> None:
        """Look at a point of the scene from this near."""
        self.resetTransform()
        self.scale(zoom, zoom)
        self.centerOn(centre)
        self.view_moved()

    def view_moved(self) -> None:
        """Something else is seen: paint it and tell."""
        self.viewport().update()
        self.viewChanged.emit()

    def show_rect(self, bounds: QRectF, below: int = 0) -> None:
        """Bring a rectangle of the scene into view, under the breadcrumb, with some room kept free below."""
        seen = QRectF(self.viewport().rect())
        across, up = (min(_MARGIN, side / _PARTS) for side in (seen.width(), seen.height()))
        room = seen.adjusted(across, up + 24, -across, -up - below)
        if bounds.isEmpty() or room.width() < 50 or room.height() < 50:
            self.set_view(1.0, bounds.center())
            return
        wide, high = room.width() / bounds.width(), room.height() / bounds.height()
        zoom = min(
            1.0, wide, max(high, min((room.height() + below) / bounds.height(), geometry.PILLS_FROM + 0.02))
        )
        zoom = max(zoom, geometry.ZOOM_RANGE[0])
        shift = QPointF(self.viewport().rect().center()) - room.center()
        self.set_view(zoom, bounds.center() + shift / zoom)

    def look_at(self, point: QPointF, zoom: float | None = None) -> None:
        """Put a point of the scene into the middle of the view, from as near as now or from another ``zoom``."""
        self._framed = False
        self.set_view(self.zoom if zoom is None else zoom, point)

    def wheelEvent(self, event: QWheelEvent) -> None:
        two_fingers = event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()
        if two_fingers and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan(event.pixelDelta())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            steps = event.angleDelta()
            self.pan(QPoint(steps.x() or steps.y(), 0))
        else:
            self.zoom_by(1.0015 ** event.angleDelta().y(), event.position().toPoint())
        event.accept()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.save()
        painter.resetTransform()
        painter.fillRect(self.viewport().rect(), self.session.theme.color("canvas"))
        pitch = geometry.DOTS * self.zoom
        while pitch < 14:
            pitch *= 2
        origin = self.mapFromScene(QPointF())
        columns, rows = (
            int(side / pitch) + 2 for side in (self.viewport().width(), self.viewport().height())
        )
        if self._dots is None or self._dots[0] != (pitch, columns):
            self._dots = (pitch, columns), QPolygonF([QPointF(round(x * pitch), 0) for x in range(columns)])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        pen = painter.pen()
        pen.setColor(self.session.theme.color("grid"))
        pen.setWidthF(2)
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
        painter.setPen(pen)
        painter.translate(round(origin.x() % pitch - pitch), round(origin.y() % pitch - pitch))
        below = 0
        for row in range(rows):  # one row again and again: while zooming every point would be made anew
            painter.translate(0, round(row * pitch) - below)
            below = round(row * pitch)
            painter.drawPoints(self._dots[1])
        painter.restore()
