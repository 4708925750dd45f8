"""How the curves are drawn: which plots and lines, how smooth, on what scale; and taking them away."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMenu, QPushButton, QWidget

#: Over how many steps the running mean goes; None: an eighth of an epoch, 1: no mean.
_SPANS = {"Smooth": None, "As it is": 1, "10 steps": 10, "100 steps": 100, "1,000 steps": 1000}
#: What there is to see of a run besides loss and score, and whether it is seen at first.
PLOTS = {
    "loss": "Loss",
    "score": "Score",
    "rate": "Learning rate",
    "norm": "Gradient norm",
    "speed": "Throughput, images/s",
}
_FIRST = ("loss", "score")


class CurveBar(QWidget):
    """A row of small controls over the plots; ``changed`` tells that something is to be drawn differently.

    ``exportAsked(kind)`` wants a file: ``png``, ``svg`` or ``csv``; ``allAsked`` all steps again.
    """

    changed = Signal()
    exportAsked = Signal(str)
    allAsked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: Mapping[str, QPushButton] = {
            name: self._toggle(name.capitalize(), tip)
            for name, tip in (
                ("batches", "The value of each batch, faint"),
                ("train", "The running mean over batches"),
                ("validation", "The validation after each epoch"),
            )
        }
        self.smoothing = QComboBox()
        self.smoothing.setProperty("scale", "small")
        self.smoothing.setAccessibleName("Smoothing of the train line")
        self.smoothing.setToolTip("Over how many steps its mean goes; Smooth: an eighth of an epoch")
        for title, span in _SPANS.items():
            self.smoothing.addItem(title, span)
        self.smoothing.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.log = QCheckBox("Log")
        self.log.setToolTip(
            "A logarithmic scale, on which small differences at the end of a run are seen too"
        )
        self.log.toggled.connect(lambda _: self.changed.emit())
        self.plots: Mapping[str, QAction] = {}
        self._choose = self._menu("Plots", "Which plots are shown")
        self._export = self._menu("Export", "The plots as a picture, or their figures as a table")
        self._fill()
        self.everything = QPushButton("All steps")
        self.everything.setToolTip("Shows the whole run again after zooming with the wheel (A)")
        self.everything.clicked.connect(self.allAsked)
        self._lay_out()

    def _toggle(self, text: str, tip: str) -> QPushButton:
        made = QPushButton(text)
        made.setCheckable(True)
        made.setChecked(True)
        made.setToolTip(tip)
        made.setProperty("variant", "quiet")
        made.toggled.connect(lambda _: self.changed.emit())
        return made

    @staticmethod
    def _menu(text: str, tip: str) -> QPushButton:
        made = QPushButton(text)
        made.setToolTip(tip)
        made.setMenu(QMenu(made))
        return made

    def _fill(self) -> None:
        made = {}
        menu = self._choose.menu()
        for key, title in PLOTS.items():
            made[key] = action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(key in _FIRST)
            action.toggled.connect(lambda _: self.changed.emit())
        self.plots = made
        for title, kind in (("Picture (PNG)…", "png"), ("Drawing (SVG)…", "svg"), ("Figures (CSV)…", "csv")):
            self._export.menu().addAction(title).triggered.connect(
                lambda _=False, kind=kind: self.exportAsked.emit(kind)
            )

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 8, 0)
        row.setSpacing(6)
        for widget in (*self.lines.values(), self.smoothing, self.log):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.everything, self._choose, self._export):
            row.addWidget(widget)
        for button in self.findChildren(QPushButton):
            button.setProperty("scale", "small")

    @property
    def span(self) -> int | None:
        """Over how many steps the running mean goes."""
        found: int | None = self.smoothing.currentData()
        return found

    def shown(self) -> tuple[str, ...]:
        """The plots that are wanted; the loss where none is."""
        return tuple(key for key, action in self.plots.items() if action.isChecked()) or ("loss",)

    def name_score(self, title: str) -> None:
        """What the score of the run is called."""
        self.plots["score"].setText(title)
