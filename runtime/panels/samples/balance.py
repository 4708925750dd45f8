"""How many samples of each class each split has, as bars; a class that is gone to is chosen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from builder.widgets.theme import Theme
from runtime.panels.samples.browsing import Overview

SPLITS = {"train": "Training", "validation": "Validation", "test": "Test"}
_LABEL, _SHARE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_BAR = 3


class _Bars(QStyledItemDelegate):
    """A bar under each count: its part of the largest of its split."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index) -> None:  # type: ignore[no-untyped-def]
        super().paint(painter, option, index)
        share = index.data(_SHARE)
        if share is not None:
            rect: QRect = option.rect.adjusted(4, 0, -4, -1)  # type: ignore[attr-defined]
            color = self.theme.color(self.theme.train if index.column() == 1 else self.theme.validation)
            width = round(share * rect.width())
            painter.fillRect(QRect(rect.right() - width + 1, rect.bottom() - _BAR + 1, width, _BAR), color)


class Balance(QTreeWidget):
    """``chosen()`` tells that another class was gone to; ``label`` is its number, None for all."""

    chosen = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = _Bars(theme, self)
        self.setItemDelegate(self._delegate)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Samples of each class")
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(48)
        self.setMinimumSize(220, 64)
        self.currentItemChanged.connect(lambda *_: self.chosen.emit())

    @property
    def label(self) -> int | None:
        """The class that is chosen."""
        item = self.currentItem()
        return item.data(0, _LABEL) if item is not None else None

    def set_theme(self, theme: Theme) -> None:
        """Put on a theme's colours."""
        self._delegate.theme = theme
        self.viewport().update()

    def show_overview(self, overview: Overview) -> None:
        """Show what the splits have, without telling; all classes are chosen."""
        about = overview.about
        self.blockSignals(True)
        self.clear()
        if about["balance"]:
            self._show_classes(about)
        else:
            self._show_values(about)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setCurrentIndex(self.model().index(0, 0))
        self.blockSignals(False)

    def _show_classes(self, about: dict[str, Any]) -> None:
        splits = [name for name in SPLITS if name in about["splits"]]
        unit = " (pixels)" if about["task"] == "segmentation" else ""
        self.setHeaderLabels([f"Class{unit}", *(SPLITS[name] for name in splits)])
        totals = [sum(about["balance"][name]) for name in splits]
        self._add("All", None, totals)
        most = [max(about["balance"][name], default=0) for name in splits]
        for number, name in enumerate(about["classes"]):
            counts = [about["balance"][split][number] for split in splits]
            item = self._add(name, number, counts)
            for column, (value, largest) in enumerate(zip(counts, most, strict=True), start=1):
                item.setData(column, _SHARE, value / max(largest, 1))

    def _show_values(self, about: dict[str, Any]) -> None:
        self.setHeaderLabels(["Value", "Mean", "Deviation"])
        figures = zip(about["targets"], about["target_mean"], about["target_std"], strict=True)
        for name, mean, deviation in figures:
            self._add(name, None, [f"{mean:.4g}", f"{deviation:.4g}"])

    def _add(self, name: str, label: int | None, values: list[Any]) -> QTreeWidgetItem:
        texts = [value if isinstance(value, str) else f"{value:,}" for value in values]
        item = QTreeWidgetItem([name, *texts])
        item.setData(0, _LABEL, label)
        item.setToolTip(0, name)
        for column in range(1, 1 + len(texts)):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.addTopLevelItem(item)
        return item
