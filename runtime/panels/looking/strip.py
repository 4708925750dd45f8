"""Pictures to choose from: some of every class of the test split; a person's own can be dropped on it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from builder.widgets.theme import Theme
from runtime.panels.looking.backstage import Samples
from runtime.panels.looking.pictures import IMAGE, INDEX, Index, PictureDelegate, PictureList

_SIDE = 36


class _Thumbnail(PictureDelegate):
    """A picture with sharp pixels, as large as there is room."""

    def paint_picture(self, painter: QPainter, rect: QRect, index: Index) -> None:
        painter.drawImage(rect, index.data(IMAGE))

    def frame(self, rect: QRect, chosen: bool) -> QRect:
        return rect.adjusted(-1, -1, 0, 0) if chosen else rect.adjusted(0, 0, -1, -1)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_SIDE + 4, _SIDE + 4)


class SampleStrip(PictureList):
    """Thumbnails; ``fileDropped(path)`` tells a dropped file."""

    fileDropped = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(_Thumbnail(theme), "Pictures to choose from", parent)
        self.setAcceptDrops(True)
        self.setFixedWidth(2 * (_SIDE + 4) + 16)

    def offer(self, samples: Samples | None) -> None:
        """Show these to choose from, or none."""
        found = samples.samples if samples is not None else ()
        self.show_samples(found, [(sample.said,) if sample.said else () for sample in found])

    def mark(self, index: int | None) -> None:
        """Show which picture is looked at, without telling; None: one that is not here."""
        self.blockSignals(True)
        for row in range(self.count()):
            if self.item(row).data(INDEX) == index:
                self.setCurrentRow(row)
                break
        else:
            self.setCurrentRow(-1)
        self.blockSignals(False)
        self.viewport().update()

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
