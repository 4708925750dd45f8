"""A plot under its title, with what it says beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from builder.widgets.theme import SEMIBOLD, SMALL, font
from runtime.panels.captions import Caption

if TYPE_CHECKING:
    from runtime.panels.plotting.plots import Plot
    from runtime.panels.plotting.sizeplot import SizePlot


class Half(QWidget):
    """A plot under its title; beside the title what the lines say, or a remark."""

    def __init__(self, title: str, plot: Plot | SizePlot) -> None:
        super().__init__()
        self.plot, self._reading = plot, ""
        self._remark: tuple[str, ...] = ("",)
        heading = QLabel(title)
        heading.setFont(font(SMALL, SEMIBOLD))
        heading.setProperty("role", "muted")
        self.aside = Caption()
        self.aside.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout()
        row.setContentsMargins(6, 0, 8, 0)
        row.setSpacing(8)
        row.addWidget(heading)
        row.addWidget(self.aside, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(plot, 1)
        plot.readingChanged.connect(self._read)

    def remark(self, *ways: str) -> None:
        """What stands beside the title while nothing is read off: the first of several ways to say it that fits."""
        self._remark = ways or ("",)
        self._say()

    def _read(self, text: str) -> None:
        self._reading = text
        self._say()

    def _say(self) -> None:
        if not self._reading:
            self.aside.say(*self._remark)
            return
        values = self._reading.split(" · ")[1:]  # after where they are
        figures = (value.removesuffix(" %").rpartition(" ")[2] for value in values)
        self.aside.say(self._reading, " · ".join(values), " · ".join(figures))
