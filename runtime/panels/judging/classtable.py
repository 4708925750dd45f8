"""The figures of each class, or of each value that is told; sorted by a click on what it is to be sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

#: How a figure is headed, and why one looks at it.
_HEADS = {
    "class": ("Class", ""),
    "value": ("Value", ""),
    "precision": ("Precision", "Of what was taken for this class, the share that is of it"),
    "recall": ("Recall", "Of what is of this class, the share that was found"),
    "f1": ("F1", "The harmonic mean of precision and recall"),
    "iou": (
        "IoU",
        "Pixels of this class that were found, in parts of all that are of it or were taken for it",
    ),
    "dice": (
        "Dice",
        "Twice the pixels that were found, in parts of those of the class and those taken for it",
    ),
    "samples": ("Samples", ""),
    "pixels": ("Pixels", ""),
    "r2": ("R²", "How much of the variance is explained; 1 is all"),
    "mae": ("MAE", "The mean absolute error, in the unit of the data"),
    "rmse": ("RMSE", "The root of the mean squared error, in the unit of the data"),
}
_SHARES = frozenset({"precision", "recall", "f1", "iou", "dice"})
#: By these the table is sorted before anybody sorts it, what is worst first.
_WORST_BY = ("f1", "iou")
#: The widest column: long names are cut in their middle.
_WIDEST = 144
_NUMBER, _VALUE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class _Row(QTreeWidgetItem):
    """Sorts by what the numbers are, not by how they are written; what is not known comes last."""

    def __lt__(self, other: QTreeWidgetItem) -> bool:
        column = self.treeWidget().sortColumn()
        one, two = self.data(column, _VALUE), other.data(column, _VALUE)
        if one is None or two is None:
            downwards = self.treeWidget().header().sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
            return (one is None) == downwards and one is not two
        return bool(one < two)


class ClassTable(QTreeWidget):
    """``chosen(number)`` tells the class or value that was gone to."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[str, ...] = ()
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Figures of each class")
        self.setSortingEnabled(True)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(40)
        self.header().setMaximumSectionSize(_WIDEST)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(180, 64)
        self.itemSelectionChanged.connect(self._tell)

    def _tell(self) -> None:
        for item in self.selectedItems():
            self.chosen.emit(item.data(0, _NUMBER))

    def show_rows(self, rows: Sequence[dict[str, Any]]) -> None:
        """Show these figures, each row with the same ones, without telling; sorted as before."""
        self.blockSignals(True)
        self.setSortingEnabled(False)
        self.clear()
        heads = tuple(rows[0]) if rows else ()
        if heads != self._shown:
            self._shown = heads
            self.setHeaderLabels([_HEADS[name][0] for name in heads])
            for column, name in enumerate(heads):
                self.headerItem().setToolTip(column, _HEADS[name][1])
                self.headerItem().setTextAlignment(column, _side(column))
            worst = next(
                (heads.index(name) for name in _WORST_BY if name in heads), -1
            )  # or as the data has them
            self.header().setSortIndicator(worst, Qt.SortOrder.AscendingOrder)
        for number, row in enumerate(rows):
            item = _Row([_text(name, value) for name, value in row.items()])
            item.setData(0, _NUMBER, number)
            item.setToolTip(0, item.text(0))
            for column, value in enumerate(row.values()):
                item.setData(column, _VALUE, number if column == 0 else value)
                item.setTextAlignment(column, _side(column))
            self.addTopLevelItem(item)
        self.setSortingEnabled(True)
        self.blockSignals(False)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As wide as its columns."""
        return QSize(self.header().length() + self.verticalScrollBar().sizeHint().width() + 4, 160)


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _text(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if name in _SHARES:
        return f"{100 * value:.1f} %"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}".replace("-", "−")
