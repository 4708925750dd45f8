"""A small picture of a curve in a form: one line, what its ends are, and a mark."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from builder.widgets.theme import MEDIUM, TINY, Theme, font

_HEIGHT = 84
#: Room for the words above and below the line.
_ABOVE, _BELOW, _SIDE = 16, 16, 2


class Picture(QWidget):
    """Draws a line through points whose x and y lie in 0…1; words stand at three corners."""

    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.points: tuple[tuple[float, float], ...] = ()
        self.top = self.left = self.right = ""
        self.mark: float | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_curve(
        self,
        x: Sequence[float],
        y: Sequence[float],
        *,
        from_zero: bool = True,
        top: str = "",
        left: str = "",
        right: str = "",
        mark: float | None = None,
    ) -> None:
        """Draw y over x, each from its least, or y ``from_zero``, to its largest; ``mark`` is an x to draw a line at.

        A curve that is level lies at the top. ``top`` says what the largest y is, the others what the ends of x are.
        """
        heights = _scaled(y, (*y, 0.0) if from_zero else y)
        self.points = tuple(zip(_scaled(x, x), heights, strict=True))
        self.top, self.left, self.right = top, left, right
        self.mark = None if mark is None else _scaled((mark,), x)[0]
        self.setAccessibleDescription(", ".join(text for text in (top, left, right) if text))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Use another theme's colours."""
        self.theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(_SIDE, _ABOVE, -_SIDE, -_BELOW)
        painter.setPen(QPen(self.theme.color("hairline"), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        if self.mark is not None:
            x = room.left() + self.mark * room.width()
            painter.setPen(QPen(self.theme.color("ok"), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        painter.setPen(QPen(self.theme.color("accent"), 1.5))
        painter.drawPath(self._path(room))
        painter.setFont(font(TINY, MEDIUM))
        painter.setPen(self.theme.color("muted"))
        words = QRectF(self.rect()).adjusted(_SIDE, 0, -_SIDE, 0)
        bottom = Qt.AlignmentFlag.AlignBottom
        painter.drawText(words, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, self.top)
        painter.drawText(words, bottom | Qt.AlignmentFlag.AlignLeft, self.left)
        painter.drawText(words, bottom | Qt.AlignmentFlag.AlignRight, self.right)

    def _path(self, room: QRectF) -> QPainterPath:
        path = QPainterPath()
        for number, (x, y) in enumerate(self.points):
            point = QPointF(room.left() + x * room.width(), room.bottom() - y * room.height())
            if number:
                path.lineTo(point)
            else:
                path.moveTo(point)
        return path


def _scaled(values: Sequence[float], span: Sequence[float]) -> list[float]:
    """Values on a scale from the least (0) to the largest (1) of ``span``; all 1 where these are one."""
    least, largest = min(span, default=0.0), max(span, default=0.0)
    return [(value - least) / (largest - least) if largest > least else 1.0 for value in values]
