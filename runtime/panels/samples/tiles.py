"""Samples as a grid of pictures, each with what it is and what it was taken for under it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from builder.widgets.theme import TINY, Theme, font
from runtime.panels.captions import fitted_pair
from runtime.panels.looking.pictures import IMAGE, INDEX, LINES, Index, PictureDelegate, PictureList

#: Width of a tile, side of the picture in it, and height of a line of text.
_WIDTH, _SIDE, _LINE = 92, 56, 14


class _Tile(PictureDelegate):
    """A picture with sharp pixels over lines of text."""

    def __init__(self, theme: Theme, lines: int) -> None:
        super().__init__(theme)
        self._lines = lines

    def paint_picture(self, painter: QPainter, rect: QRect, index: Index) -> None:
        image = index.data(IMAGE)
        size = image.size().scaled(_SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, max(size.width(), 1), max(size.height(), 1))
        place.moveCenter(QRect(rect.left(), rect.top() + 2, rect.width(), _SIDE).center())
        painter.drawImage(place, image)
        painter.setFont(font(TINY))
        metrics = painter.fontMetrics()
        for number, text in enumerate(index.data(LINES)):
            painter.setPen(self.theme.color("text" if number == 0 else "muted"))
            top = rect.top() + _SIDE + 4 + number * _LINE
            line = QRect(rect.left() + 2, top, rect.width() - 4, _LINE)
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, fitted_pair(text, metrics, line.width()))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_WIDTH, _SIDE + self._lines * _LINE + 10)


class Tiles(PictureList):
    """Pictures to go through; ``opened(index)`` tells Enter or two clicks."""

    opened = Signal(int)

    def __init__(self, theme: Theme, name: str, lines: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(_Tile(theme, lines), name, parent)
        self.setMinimumSize(_WIDTH + 20, 80)
        self.itemDoubleClicked.connect(lambda item: self.opened.emit(item.data(INDEX)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self.opened.emit(item.data(INDEX))
        else:
            super().keyPressEvent(event)
