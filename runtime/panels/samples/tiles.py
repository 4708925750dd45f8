"""Samples as a grid of pictures, each with what it is and what it was taken for under it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from builder.widgets.theme import TINY, Theme, font
from runtime.panels.imagery import picture_image
from runtime.panels.looking.backstage import Sample

#: Width of a tile, side of the picture in it, and height of a line of text.
_WIDTH, _SIDE, _LINE = 92, 56, 14
_IMAGE, _INDEX, _LINES = (Qt.ItemDataRole.UserRole + k for k in range(3))


class _Tile(QStyledItemDelegate):
    """A picture with sharp pixels over lines of text; the chosen one has a frame."""

    def __init__(self, theme: Theme, lines: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme, self._lines = theme, lines

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:  # type: ignore[no-untyped-def]
        rect: QRect = option.rect.adjusted(2, 2, -2, -2)  # type: ignore[attr-defined]
        image = index.data(_IMAGE)
        size = image.size().scaled(_SIDE, _SIDE, Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, max(size.width(), 1), max(size.height(), 1))
        place.moveCenter(QRect(rect.left(), rect.top() + 2, rect.width(), _SIDE).center())
        painter.drawImage(place, image)
        painter.setFont(font(TINY))
        metrics = painter.fontMetrics()
        for number, text in enumerate(index.data(_LINES)):
            painter.setPen(self.theme.color("text" if number == 0 else "muted"))
            top = rect.top() + _SIDE + 4 + number * _LINE
            line = QRect(rect.left() + 2, top, rect.width() - 4, _LINE)
            said = metrics.elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, said)
        state = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(self.theme.color("accent" if chosen else "wire"), 2 if chosen else 1))
            painter.drawRect(rect)

    def sizeHint(self, option: QStyleOptionViewItem, index) -> QSize:  # type: ignore[no-untyped-def]
        return QSize(_WIDTH, _SIDE + self._lines * _LINE + 10)


class Tiles(QListWidget):
    """Pictures to go through; ``chosen(index)`` tells where one goes, ``opened(index)`` Enter or two clicks."""

    chosen = Signal(int)
    opened = Signal(int)

    def __init__(self, theme: Theme, name: str, lines: int = 2, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = _Tile(theme, lines, self)
        self.setItemDelegate(self._delegate)
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setMovement(QListWidget.Movement.Static)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        self.setMinimumSize(_WIDTH + 20, 80)
        self.itemSelectionChanged.connect(self._tell)
        self.itemDoubleClicked.connect(lambda item: self.opened.emit(item.data(_INDEX)))

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._delegate.theme = theme
        self.viewport().update()

    def show_samples(self, samples: Sequence[Sample], lines: Sequence[Sequence[str]]) -> None:
        """Show these pictures with these lines of text, without telling."""
        self.blockSignals(True)
        self.clear()
        for sample, said in zip(samples, lines, strict=True):
            item = QListWidgetItem()
            item.setData(_IMAGE, picture_image(sample.pixels))
            item.setData(_INDEX, sample.index)
            item.setData(_LINES, tuple(said))
            whole = " · ".join((*said, f"no. {sample.index}"))
            item.setToolTip(whole)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, whole)
            self.addItem(item)
        self.blockSignals(False)

    def _tell(self) -> None:
        for item in self.selectedItems():
            self.chosen.emit(item.data(_INDEX))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self.opened.emit(item.data(_INDEX))
        else:
            super().keyPressEvent(event)
