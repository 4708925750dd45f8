"""Samples as a list of small pictures, of which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPen
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

from builder.widgets.theme import Theme
from runtime.panels.imagery import picture_image
from runtime.panels.looking.backstage import Sample

#: Of an item: the picture, its index in the data, and the lines that say what it is.
IMAGE, INDEX, LINES = (Qt.ItemDataRole.UserRole + k for k in range(3))

Index = QModelIndex | QPersistentModelIndex


class PictureDelegate(QStyledItemDelegate):
    """A frame round the chosen picture and the one under the mouse; what is in it is for ``paint_picture``."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme

    def paint_picture(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """Draw the picture and what belongs to it."""
        raise NotImplementedError

    def frame(self, rect: QRect, chosen: bool) -> QRect:
        """Where the frame is."""
        return rect

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect.adjusted(2, 2, -2, -2)  # type: ignore[attr-defined]
        self.paint_picture(painter, rect, index)
        state = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(self.theme.color("accent" if chosen else "wire"), 2 if chosen else 1))
            painter.drawRect(self.frame(rect, chosen))


class PictureList(QListWidget):
    """Pictures in rows, sharp and without gaps; ``chosen(index)`` tells a click or an arrow key."""

    chosen = Signal(int)

    def __init__(self, delegate: PictureDelegate, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = delegate
        delegate.setParent(self)
        self.setItemDelegate(delegate)
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
        # Not the current item: to get the focus makes one current, and chooses none.
        self.itemSelectionChanged.connect(self._tell)

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
            item.setData(IMAGE, picture_image(sample.pixels))
            item.setData(INDEX, sample.index)
            item.setData(LINES, tuple(said))
            whole = " · ".join((*said, f"no. {sample.index}"))
            item.setToolTip(whole)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, whole)
            self.addItem(item)
        self.blockSignals(False)

    def _tell(self) -> None:
        for item in self.selectedItems():
            self.chosen.emit(item.data(INDEX))
