"""All feature maps of a node side by side; a vector as bars."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from builder.widgets.theme import SMALL, Theme, font

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GAP = 3
#: Tiles are never smaller than this; what does not fit is scrolled.
_SMALLEST = 36
#: Least and greatest height of a bar's row.
_ROWS = (16, 24)


class MapGrid(QAbstractScrollArea):
    """Tiles of the maps, as large as the room allows; only those in view are painted.

    ``picked(channel, y, x)`` tells a click; arrow keys go from map to map. With ``shared`` all maps use one
    scale, else each its own.
    """

    picked = Signal(int, int, int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        #: The planes shown, all of one size (height, width).
        self._maps: list[NDArray[np.floating]] = []
        self._size = (1, 1)
        self._vector = False
        self._names: tuple[str, ...] = ()
        self._images: dict[int, QImage] = {}
        self._limits = (0.0, 1.0)
        self._hint = ""
        self._shares = False
        self._colours: NDArray[np.uint8] | None = None
        self.shared = False
        self.channel = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Feature maps")
        self.setMinimumSize(120, 80)
        self.viewport().setAutoFillBackground(False)

    def sizeHint(self) -> QSize:
        return QSize(320, 196)

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._theme = theme
        self.viewport().update()

    def say(self, hint: str) -> None:
        """What stands here while there is nothing to show."""
        if hint != self._hint:
            self._hint = hint
            self.setAccessibleDescription(hint)
            self.viewport().update()

    def show_values(
        self,
        values: NDArray[np.floating] | None,
        names: tuple[str, ...] = (),
        *,
        shares: bool = False,
        colours: NDArray[np.uint8] | None = None,
    ) -> None:
        """Show maps (C, …) or a vector (N,), whose entries may have names; None shows the hint.

        ``shares``: the entries are parts of one and are written as percent. ``colours`` (N, 3) are those of the bars.
        """
        self._shares, self._colours = shares, colours
        before = (len(self._maps), self._size, self._vector)
        self._vector = values is not None and values.ndim == 1
        self._maps, self._size, self._limits = [], (1, 1), (0.0, 1.0)
        if values is not None and len(values):
            from runtime.panels.imagery import limits, planes

            maps = values.reshape(-1, 1, 1) if self._vector else planes(values)
            self._maps, self._size, self._limits = list(maps), maps.shape[1:], limits(maps)
        self._names = names if len(names) == len(self._maps) else ()
        self._images.clear()
        if (len(self._maps), self._size, self._vector) != before:
            self.channel = 0
            self._arrange()
        self.viewport().update()

    def share_scale(self, shared: bool) -> None:
        """Whether all maps use one scale."""
        self.shared = shared
        self._images.clear()
        self.viewport().update()

    def image(self, channel: int) -> QImage:
        """One map as an image, one pixel per number."""
        if channel not in self._images:
            from runtime.panels.imagery import limits, map_image

            plane = self._maps[channel]
            self._images[channel] = map_image(plane, *(self._limits if self.shared else limits(plane)))
        return self._images[channel]

    def value(self, channel: int, y: int = 0, x: int = 0) -> float:
        """A number of a map."""
        return float(self._maps[channel][y, x])

    def choose(self, channel: int) -> None:
        """Mark a map and bring it into view, without telling."""
        if 0 <= channel < len(self._maps):
            self.channel = channel
            tile, bar = self._tile(channel), self.verticalScrollBar()
            if tile.top() < 0:
                bar.setValue(bar.value() + int(tile.top()) - _GAP)
            elif tile.bottom() > self.viewport().height():
                bar.setValue(bar.value() + math.ceil(tile.bottom() - self.viewport().height()) + _GAP)
            self.viewport().update()

    # geometry --------------------------------------------------------------------------------------------

    def _layout(self) -> tuple[int, float, float]:
        """Columns, and width and height of a tile."""
        width, height = self.viewport().width(), self.viewport().height()
        count = max(len(self._maps), 1)
        if self._vector:
            return 1, float(width), float(min(max(height // count, _ROWS[0]), _ROWS[1]))
        aspect = max(min(self._size[0] / self._size[1], 2.0), 0.12)
        best = (max(1, int((width + _GAP) // (_SMALLEST + _GAP))), float(_SMALLEST))
        for columns in range(1, best[0] + 1):
            side = (width - (columns - 1) * _GAP) / columns
            rows = -(-count // columns)
            side = min(side, ((height + _GAP) / rows - _GAP) / aspect)
            if side >= best[1]:
                best = (columns, side)
        return best[0], math.floor(best[1]), math.floor(best[1] * aspect)

    def _tile(self, channel: int) -> QRectF:
        columns, width, height = self._layout()
        row, column = divmod(channel, columns)
        gap = 0 if self._vector else _GAP
        top = row * (height + gap) - self.verticalScrollBar().value()
        return QRectF(column * (width + gap), top, width, height)

    def _arrange(self) -> None:
        columns, _, height = self._layout()
        gap = 0 if self._vector else _GAP
        rows = -(-len(self._maps) // columns)
        hidden = int(rows * (height + gap) - gap - self.viewport().height())
        bar = self.verticalScrollBar()
        bar.setRange(0, max(hidden, 0))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(int(height + gap))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # drawing ---------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setFont(font(SMALL))
        if not self._maps:
            painter.setPen(self._theme.color("muted"))
            area = self.viewport().rect().adjusted(12, 8, -12, -8)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._hint)
            return
        for channel in self._in_view():
            rect = self._tile(channel)
            if self._vector:
                self._paint_bar(painter, channel, rect)
            else:
                painter.drawImage(rect, self.image(channel))
            if channel == self.channel and (self.hasFocus() or not self._vector):
                painter.setPen(QPen(self._theme.color("accent"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(rect.adjusted(1, 1, -1, -1))

    def _in_view(self) -> range:
        columns, _, height = self._layout()
        gap = 0 if self._vector else _GAP
        first = int(self.verticalScrollBar().value() // (height + gap)) * columns
        rows = math.ceil(self.viewport().height() / (height + gap)) + 1
        return range(first, min(first + rows * columns, len(self._maps)))

    def _paint_bar(self, painter: QPainter, channel: int, rect: QRectF) -> None:
        low, high = (0.0, 1.0) if self._shares else (min(self._limits[0], 0.0), max(self._limits[1], 0.0))
        value = self.value(channel)
        name = self._names[channel] if self._names else str(channel)
        label = max(min(int(rect.width() * 0.3), 110), 28)
        figures = 58
        room = rect.adjusted(label + 8, 4, -figures - 8, -4)
        painter.setPen(self._theme.color("text" if value == self._limits[1] else "muted"))
        left = QRect(0, int(rect.top()), label, int(rect.height()))
        middle = Qt.AlignmentFlag.AlignVCenter
        said = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, label)
        painter.drawText(left, middle | Qt.AlignmentFlag.AlignRight, said)
        right = QRectF(rect.right() - figures, rect.top(), figures, rect.height())
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, self._written(value))
        span = high - low
        if span > 0 and math.isfinite(value) and room.width() > 4:
            zero, end = (room.left() + room.width() * (v - low) / span for v in (0.0, value))
            bar = QRectF(min(zero, end), room.top(), max(abs(end - zero), 1), room.height())
            color = self._theme.color("accent" if value >= 0 else "validation")
            painter.fillRect(
                bar, color if self._colours is None else QColor(*self._colours[channel].tolist())
            )

    def _written(self, value: float) -> str:
        return f"{100 * value:.1f} %" if self._shares else f"{value:.4g}".replace("-", "−")

    # hands -----------------------------------------------------------------------------------------------

    def place(self, at: QPointF) -> tuple[int, int, int] | None:
        """The map and its pixel under a point: (channel, y, x)."""
        for channel in self._in_view():
            rect = self._tile(channel)
            if rect.contains(at):
                height, width = self._size
                y = int((at.y() - rect.top()) / rect.height() * height)
                x = int((at.x() - rect.left()) / rect.width() * width)
                return channel, min(y, height - 1), min(x, width - 1)
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place(event.position())
        if place is not None:
            self.choose(place[0])
            self.picked.emit(*place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._layout()[0]
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_Home: -len(self._maps),
            Qt.Key.Key_End: len(self._maps),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._maps:
            super().keyPressEvent(event)
            return
        self.choose(min(max(self.channel + step, 0), len(self._maps) - 1))
        self.picked.emit(self.channel, -1, -1)
