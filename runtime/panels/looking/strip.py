"""Pictures to choose from: some of every class of the test split; a person's own can be dropped on it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter
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
from runtime.panels.looking.backstage import Samples

_SIDE = 36
_IMAGE, _INDEX = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class _Thumbnail(QStyledItemDelegate):
    """A picture with sharp pixels; the chosen one has a frame."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:  # type: ignore[no-untyped-def]
        rect: QRect = option.rect.adjusted(2, 2, -2, -2)  # type: ignore[attr-defined]
        painter.drawImage(rect, index.data(_IMAGE))
        state = option.state  # type: ignore[attr-defined]
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            pen = painter.pen()
            pen.setColor(self.theme.color("accent" if chosen else "wire"))
            pen.setWidth(2 if chosen else 1)
            painter.setPen(pen)
            painter.drawRect(rect.adjusted(-1, -1, 0, 0) if chosen else rect.adjusted(0, 0, -1, -1))

    def sizeHint(self, option: QStyleOptionViewItem, index) -> QSize:  # type: ignore[no-untyped-def]
        return QSize(_SIDE + 4, _SIDE + 4)


class SampleStrip(QListWidget):
    """Thumbnails; ``sampleChosen(index)`` tells a click or an arrow key, ``fileDropped(path)`` a dropped file."""

    sampleChosen = Signal(int)
    fileDropped = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = _Thumbnail(theme, self)
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
        self.setAcceptDrops(True)
        self.setAccessibleName("Pictures to choose from")
        self.setFixedWidth(2 * (_SIDE + 4) + 16)
        self.itemSelectionChanged.connect(
            self._tell
        )  # to get the focus makes an item current, and chooses none

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._delegate.theme = theme
        self.viewport().update()

    def show_samples(self, samples: Samples | None) -> None:
        """Offer these pictures."""
        self.blockSignals(True)
        self.clear()
        for sample in samples.samples if samples is not None else ():
            item = QListWidgetItem()
            item.setData(_IMAGE, picture_image(sample.pixels))
            item.setData(_INDEX, sample.index)
            name = " · ".join(filter(None, (sample.said, f"no. {sample.index}")))
            item.setToolTip(name)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, name)
            self.addItem(item)
        self.blockSignals(False)

    def mark(self, index: int | None) -> None:
        """Show which picture is looked at, without telling; None: one that is not here."""
        self.blockSignals(True)
        for row in range(self.count()):
            if self.item(row).data(_INDEX) == index:
                self.setCurrentRow(row)
                break
        else:
            self.setCurrentRow(-1)
        self.blockSignals(False)
        self.viewport().update()

    def _tell(self) -> None:
        for item in self.selectedItems():
            self.sampleChosen.emit(item.data(_INDEX))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event) is not None:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragEnterEvent) -> None:  # type: ignore[override]
        if dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.fileDropped.emit(path)


def dropped_file(event: QDropEvent) -> str | None:
    """The one local file that is dragged, or None."""
    urls = event.mimeData().urls()
    if len(urls) == 1 and urls[0].isLocalFile() and Path(urls[0].toLocalFile()).is_file():
        return urls[0].toLocalFile()
    return None
