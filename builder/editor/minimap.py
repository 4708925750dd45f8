"""The whole graph in a corner, and what of it is in view; a click or a drag goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from builder.editor.far import color_of
from builder.frames import border_of
from builder.heat import Heat
from builder.spacing import NODE_HEIGHT, NODE_WIDTH
from builder.widgets import preferences

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

_SIZE = (182, 74)
_PADDING = 10
_WANTED_KEY = "minimap/wanted"


class MiniMap(QWidget):
    """Rectangles of the categories' colours; drawn anew when the graph changes, copied when the view moves."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self._picture: tuple[object, QPixmap] | None = None
        self._heat: Heat | None = None
        self._bounds = QRectF()
        self.setObjectName("minimap")
        self.setAccessibleName("Mini-map")
        self.setToolTip("Click to go there · Alt+M hides it")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.resize(*_SIZE)
        #: Whether a person wants it; it is shown where it is of use.
        self.wanted = preferences.recall_text(_WANTED_KEY, "yes") == "yes"
        canvas.viewChanged.connect(self._follow)

    def want(self, wanted: bool) -> None:
        """Show it where it is of use, or never, from now on."""
        self.wanted = wanted
        preferences.remember(_WANTED_KEY, "yes" if wanted else "no")
        self._follow()

    def _follow(self) -> None:
        """Out of the way of an empty canvas, and of the network while all of it is in view anyway."""
        canvas = self.canvas
        faces, wires = canvas.board.faces, canvas.board.wires
        under = canvas.mapToScene(self.geometry()).boundingRect()
        in_the_way = canvas.framed and bool(len(faces.within(under)) or len(wires.within(under)))
        self.setVisible(self.wanted and len(faces) > 0 and not in_the_way)
        self.update()

    def _scale(self) -> tuple[float, QPointF]:
        """Pixels of the map for one of the scene, and where the scene's origin lies on the map."""
        bounds = self._bounds
        room = QRectF(self.rect()).adjusted(_PADDING, _PADDING, -_PADDING, -_PADDING)
        scale = min(room.width() / max(bounds.width(), 1), room.height() / max(bounds.height(), 1), 0.12)
        return scale, room.center() - bounds.center() * scale

    def paintEvent(self, event: QPaintEvent) -> None:
        board, theme = self.canvas.board, self.canvas.session.theme
        heat = self.canvas.layer.heat
        key = (board.form, theme.name, self.devicePixelRatioF(), board.moving is not None)
        if self._picture is None or self._picture[0] != key or self._heat is not heat:
            self._heat = heat
            self._picture = key, self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture[1])
        scale, origin = self._scale()
        seen = self.canvas.visible_rect()
        frame = QRectF(origin + seen.topLeft() * scale, seen.size() * scale)
        frame = frame.intersected(QRectF(self.rect()).adjusted(3, 3, -3, -3))
        if frame.isValid():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.color("accent"), 1))
            painter.setBrush(theme.color("accent", 0.08))
            painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)

    def _draw(self) -> QPixmap:
        theme, ratio = self.canvas.session.theme, self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("hairline"), 1))
        painter.setBrush(theme.color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        faces = self.canvas.board.faces
        self._bounds = self.canvas.board.extent()
        scale, origin = self._scale()
        painter.setPen(Qt.PenStyle.NoPen)
        for _, frame in self.canvas.board.drawn_frames():
            painter.setBrush(QColor(border_of(frame, theme)))
            painter.setOpacity(0.4)
            painter.drawRect(
                QRectF(origin + QPointF(frame.x, frame.y) * scale, QSizeF(frame.width, frame.height) * scale)
            )
        painter.setOpacity(1.0)
        wide, high = max(4.0, NODE_WIDTH * scale), max(3.0, NODE_HEIGHT * scale)
        for face in faces:
            color = color_of(face, theme, self._heat)
            painter.setBrush(QColor(theme.error if face.severity == "error" else color))
            middle = origin + face.rect.center() * scale
            painter.drawRoundedRect(QRectF(middle.x() - wide / 2, middle.y() - high / 2, wide, high), 1, 1)
        painter.end()
        return picture

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def _go(self, at: QPointF) -> None:
        scale, origin = self._scale()
        self.canvas.look_at((at - origin) / scale)
