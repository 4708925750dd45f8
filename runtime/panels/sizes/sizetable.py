"""What each input size costs, a row each; a row can be taken for the drawing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from builder.analysis.sizes import Row
from builder.figures import size, thousands, work
from builder.shapes import format_shape
from builder.widgets.session import Session

#: What figures mean, by column.
_TIPS = {
    4: "Kept for the backward pass in training",
    5: "The most that is alive at once in a prediction, input and output included",
    6: "Weights, buffers, gradients, optimizer and activations",
    7: "Weights, buffers and what is alive at once",
}


class SizeTable(QTreeWidget):
    """Rows of a sweep. ``used(number)``: a row was taken, by Enter or by a double click."""

    used = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName("What each input size costs")
        self.setColumnCount(len(self._heads()))
        for column, tip in _TIPS.items():
            self.headerItem().setToolTip(column, tip)
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.setMinimumSize(0, 64)
        self.itemDoubleClicked.connect(lambda item: self.used.emit(self.indexOfTopLevelItem(item)))

    @property
    def chosen(self) -> int | None:
        """The number of the row that is selected, None where there are none or several."""
        rows = self.selectedItems()
        return self.indexOfTopLevelItem(rows[0]) if len(rows) == 1 else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter takes the selected row."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.chosen is not None:
            self.used.emit(self.chosen)
        else:
            super().keyPressEvent(event)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows, and the work as it is counted now."""
        self.setHeaderLabels(self._heads())
        while self.topLevelItemCount() > len(rows):
            self.takeTopLevelItem(self.topLevelItemCount() - 1)
        for number, row in enumerate(rows):
            item = self.topLevelItem(number)
            if item is None:
                item = QTreeWidgetItem()
                for column in range(2, 8):
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.addTopLevelItem(item)
            self._write(item, row)

    def _heads(self) -> list[str]:
        unit = self._session.convention.unit
        return [
            "Input",
            "Output",
            "Parameters",
            unit,
            "Activations",
            "Peak",
            "Training",
            "Prediction",
            "",
        ]

    def _write(self, item: QTreeWidgetItem, row: Row) -> None:
        theme, memory = self._session.theme, row.memory
        texts = [format_shape(row.input_shape)]
        if row.problem is not None:
            texts += ["does not work", *[""] * 6, f"{row.problem.path}: {row.problem.rule}"]
        else:
            figures = (memory.activations, memory.peak, memory.training, memory.inference)
            texts.append(", ".join(map(format_shape, row.output_shapes)))
            texts += [
                thousands(row.parameters),
                work(row.macs, self._session.convention),
                *map(size, figures),
                "",
            ]
        for column, text in enumerate(texts):
            if item.text(column) != text:
                item.setText(column, text)
            item.setForeground(column, theme.color("muted" if row.problem is not None else "text"))
            item.setToolTip(column, row.problem.message if row.problem is not None else "")
