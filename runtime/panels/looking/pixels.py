"""A picture or one feature map, large: pixels with sharp edges, one of them chosen, a box exactly on pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.widgets.theme import SMALL, Theme, font

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The first and last pixel of a box along each axis, (y, x); outside the picture is padding.
Box = Sequence[tuple[float, float]]

#: Where pixels are at least so large, lines between them have room for a dark rim.
_ROOMY = 4

#: A receptive field that is larger than the picture is shown with this much of the outside, in pictures.
_OUTSIDE = 0.35


class PixelView(QWidget):
    """Shows an image with nearest-neighbour pixels, as large as fits.

    ``picked(y, x)`` tells a click or an arrow key on a pixel. A box may reach outside the picture: then the
    padding around it is drawn hatched, so that what the window sees there is seen too.
    """

    picked = Signal(int, int)

    def __init__(self, theme: Theme, name: str, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._hint = theme, hint
        self._image = QImage()
        self._edges: list[QLineF] = []
        self._cell: tuple[int, int] | None = None
        self._box: Box | None = None
        self._reach = (0.0, 0.0, 0.0, 0.0)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(96, 96)

    def sizeHint(self) -> QSize:
        return QSize(196, 196)

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._theme = theme
        self.update()

    def show_image(self, image: QImage, edges: NDArray[np.int64] | None = None) -> None:
        """Show another image; a null one shows the hint.

        ``edges`` (n, 4) are drawn between its pixels: y and x of where each begins, then of where it ends.
        """
        if image.size() != self._image.size():
            self._cell = None
        self._image = image
        found = edges.tolist() if edges is not None else ()
        self._edges = [QLineF(left, top, right, bottom) for top, left, bottom, right in found]
        self.update()

    @property
    def has_image(self) -> bool:
        """Whether there is anything to see."""
        return not self._image.isNull()

    @property
    def whole(self) -> Box:
        """A box around the whole image."""
        return (0, self._image.height() - 1), (0, self._image.width() - 1)

    @property
    def cell(self) -> tuple[int, int] | None:
        """The chosen pixel, (y, x)."""
        return self._cell

    def choose(self, cell: tuple[int, int] | None) -> None:
        """Mark a pixel, without telling."""
        self._cell = cell
        self.update()

    def show_box(self, box: Box | None, reach: tuple[float, float, float, float] = (0, 0, 0, 0)) -> None:
        """Draw a box around pixels (first to last of each axis, both inside it).

        ``reach`` is how far any box of this kind goes outside (top, left, bottom, right, in pixels), so that
        the picture keeps its place while boxes move.
        """
        self._box = box
        height, width = self._image.height(), self._image.width()
        most = (_OUTSIDE * height, _OUTSIDE * width) * 2
        self._reach = tuple(min(max(r, 0.0), m) for r, m in zip(reach, most, strict=True))  # type: ignore[assignment]
        self.update()

    # geometry --------------------------------------------------------------------------------------------

    def frame(self) -> tuple[QRectF, float]:
        """Where the image lies in the widget, and the size of one of its pixels there."""
        if self._image.isNull():
            return QRectF(), 1.0
        top, left, bottom, right = self._reach
        height, width = self._image.height() + top + bottom, self._image.width() + left + right
        scale = min((self.width() - 4) / width, (self.height() - 4) / height)
        if scale > 1:  # whole device pixels per pixel, so that all are equally large
            ratio = self.devicePixelRatioF()
            scale = max(math.floor(scale * ratio), 1) / ratio
        x = (self.width() - width * scale) / 2 + left * scale
        y = 2 + top * scale  # under the heading, beside its neighbours
        return QRectF(round(x), round(y), self._image.width() * scale, self._image.height() * scale), scale

    def box_rect(self) -> QRectF | None:
        """Where the box is drawn, its edges on the edges of pixels."""
        if self._box is None or self._image.isNull():
            return None
        (top, bottom), (left, right) = self._box
        frame, scale = self.frame()
        return QRectF(
            frame.left() + float(left) * scale,
            frame.top() + float(top) * scale,
            float(right - left + 1) * scale,
            float(bottom - top + 1) * scale,
        )

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """The pixel under a point of the widget, (y, x)."""
        frame, scale = self.frame()
        if not frame.contains(at):
            return None
        y, x = int((at.y() - frame.top()) / scale), int((at.x() - frame.left()) / scale)
        return min(y, self._image.height() - 1), min(x, self._image.width() - 1)

    def cell_rect(self, cell: tuple[int, int]) -> QRectF:
        """Where a pixel is drawn."""
        frame, scale = self.frame()
        return QRectF(frame.left() + cell[1] * scale, frame.top() + cell[0] * scale, scale, scale)

    # drawing ---------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image.isNull():
            painter.setPen(self._theme.color("muted"))
            painter.setFont(font(SMALL))
            area = self.rect().adjusted(8, 8, -8, -8)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._hint)
            return
        frame, scale = self.frame()
        top, left, bottom, right = self._reach
        if any(self._reach):
            outside = frame.adjusted(-left * scale, -top * scale, right * scale, bottom * scale)
            painter.fillRect(outside, self._theme.color("raised"))
            painter.fillRect(outside, QBrush(self._theme.color("hairline"), Qt.BrushStyle.BDiagPattern))
        painter.drawImage(frame, self._image)
        self._draw_edges(painter, frame, scale)
        if self._cell is not None:
            self._outline(painter, self.cell_rect(self._cell), 1)
        box = self.box_rect()
        if box is not None:
            painter.setClipRect(self.rect())
            self._outline(painter, box, 2)
        if self.hasFocus():
            painter.setClipping(False)
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _draw_edges(self, painter: QPainter, frame: QRectF, scale: float) -> None:
        """Lines that are seen on dark and on bright pixels, as wide at any size."""
        if not self._edges:
            return
        painter.save()
        painter.translate(frame.topLeft())
        painter.scale(scale, scale)
        lines = (("#0d1117", 3), ("#ffffff", 1))
        for color, width in lines if scale >= _ROOMY else lines[1:]:
            pen = QPen(self._theme.color(color), width)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawLines(self._edges)
        painter.restore()

    def _outline(self, painter: QPainter, rect: QRectF, width: int) -> None:
        """A line around pixels that is seen on dark and on bright ones."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = width / 2
        for color, grow in (("#0d1117", half + width), ("#ffffff", half)):
            painter.setPen(QPen(self._theme.color(color), width, j=Qt.PenJoinStyle.MiterJoin))
            painter.drawRect(rect.adjusted(-grow, -grow, grow, grow))

    # hands -----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pick(self.cell_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(self.cell_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._image.isNull():
            super().keyPressEvent(event)
            return
        if self._cell is None:
            self._pick((self._image.height() // 2, self._image.width() // 2))
            return
        y = min(max(self._cell[0] + step[0], 0), self._image.height() - 1)
        x = min(max(self._cell[1] + step[1], 0), self._image.width() - 1)
        self._pick((y, x))

    def _pick(self, cell: tuple[int, int] | None) -> None:
        if cell is not None:
            self._cell = cell
            self.update()
            self.picked.emit(*cell)
