"""An outline as a picture: boxes in the colours of their categories and wires, sharp at every size."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from builder.editor import geometry
from builder.outline import Box, Outline
from builder.spacing import NODE_HEIGHT, NODE_WIDTH
from builder.widgets.theme import Theme

#: Room round the drawing, the radius of a box and the width of a wire, in pixels of the picture.
_MARGIN, _RADIUS, _WIRE = 10.0, 2.5, 1.0
#: A drawing of few boxes is not blown up beyond this.
_LARGEST = 0.34


class Thumbnail:
    """Paints an outline into any rectangle; what does not depend on its size is worked out once."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.rects = [QRectF(x, y, NODE_WIDTH, NODE_HEIGHT) for x, y in outline.corners]

    @cached_property
    def _wires(self) -> tuple[QPainterPath, QRectF]:
        """All wires in one path, and the rectangle round everything."""
        path, bounds = QPainterPath(), QRectF()
        for rect in self.rects:
            bounds = bounds.united(rect)
        for source, target in self.outline.wires:
            points = self._points(source, target)
            path.addPath(geometry.wire_path(points))
            bounds = bounds.united(QRectF(*geometry.wire_bounds(points)))
        return path, bounds

    def _points(self, source: int, target: int) -> geometry.Points:
        """A wire that goes below what stands in its way; of so few boxes each is looked at."""
        start = geometry.output_point(self.rects[source], 0, 1)
        end = geometry.input_point(self.rects[target], 0, 1)
        way = QRectF(start, end).normalized().adjusted(8, -8, -8, 8)
        met = (
            [rect for rect in self.rects if rect.intersects(way)] if end.x() - start.x() > NODE_WIDTH else []
        )
        if not met:
            return geometry.wire_points(start, end)
        below = max(rect.bottom() for rect in met) + geometry.CLEARANCE
        return geometry.lane_points(start, end, below)

    def paint(self, painter: QPainter, room: QRectF, theme: Theme) -> None:
        """Fill a rectangle with the drawing, as large as it fits, in the middle."""
        if not self.rects:
            return
        path, bounds = self._wires
        inside = room.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        scale = min(inside.width() / bounds.width(), inside.height() / bounds.height(), _LARGEST)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(room.center())
        painter.scale(scale, scale)
        painter.translate(-bounds.center())
        painter.strokePath(path, QPen(theme.color("wire", 0.9), _WIRE / scale))
        painter.setPen(Qt.PenStyle.NoPen)
        for box, rect in zip(self.outline.boxes, self.rects, strict=True):
            _paint_box(painter, box, rect, scale, theme)
        painter.restore()

    def pixmap(self, width: int, height: int, ratio: float, theme: Theme) -> QPixmap:
        """The picture in pixels of a screen of this scaling, on the canvas' colour."""
        made = QPixmap(round(width * ratio), round(height * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(theme.color("canvas"))
        painter = QPainter(made)
        self.paint(painter, QRectF(0, 0, width, height), theme)
        painter.end()
        return made


def _paint_box(painter: QPainter, box: Box, rect: QRectF, scale: float, theme: Theme) -> None:
    """One colour, or of a closed module a stripe for each category, as broad as it has blocks of it."""
    radius = min(_RADIUS / scale, rect.height() / 2)
    if not box.inside:
        painter.setBrush(QColor(theme.category(box.category)))
        painter.drawRoundedRect(rect, radius, radius)
        return
    outer = QPainterPath()
    outer.addRoundedRect(rect, radius, radius)
    painter.save()
    painter.setClipPath(outer, Qt.ClipOperation.IntersectClip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # neighbours meet without a seam
    left = rect.left()
    for category, number in Counter(box.inside).items():
        width = rect.width() * number / len(box.inside)
        painter.fillRect(QRectF(left, rect.top(), width, rect.height()), QColor(theme.category(category)))
        left += width
    painter.restore()
