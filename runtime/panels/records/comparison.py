"""Runs side by side: a figure of each over the epochs, what came of them, and what differs in how they were made."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from builder.errors import Problem
from builder.figures import count
from builder.widgets.session import Session
from builder.widgets.theme import SEMIBOLD, SMALL, font
from runtime.panels.captions import Caption
from runtime.panels.parts import small_button
from runtime.panels.plotting.curves import percent
from runtime.panels.plotting.series import figure
from runtime.training.events import Epoch
from runtime.training.metrics import is_share
from runtime.training.records.comparing import Comparison, compare
from runtime.training.records.runs import Run
from runtime.weights import write_atomically

if TYPE_CHECKING:
    from runtime.panels.plotting.curvefiles import Legend
    from runtime.panels.plotting.overlay import Overlay

#: Fields of the theme that are told apart at a glance, for the first lines; after that strokes differ.
COLORS = ("convolution", "activation", "normalisation", "merge", "pooling", "dense", "reshape", "neutral")
#: What can be drawn: a field of Epoch.
_FIGURES = {
    "Validation score": "validation_accuracy",
    "Validation loss": "validation_loss",
    "Training score": "train_accuracy",
    "Training loss": "train_loss",
}
#: Side of the mark that says which line is a run's, in pixels.
_MARK = 12
#: The least width of a column, in pixels.
_WIDE = 128
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Compared:
    """Runs side by side, and the epochs of each."""

    comparison: Comparison
    epochs: tuple[tuple[Epoch, ...], ...]


def read_compared(folders: Sequence[Path]) -> Compared | Problem:
    """Runs from their folders, in this order."""
    runs, epochs = [], []
    for folder in folders:
        run = Run.open(folder)
        if isinstance(run, Problem):
            return run
        runs.append(run)
        told = {event.epoch: event for event in run.events() if isinstance(event, Epoch)}
        epochs.append(tuple(told[number] for number in sorted(told)))
    return Compared(compare(runs), tuple(epochs))


def _table_as_csv(compared: Compared) -> str:
    return compared.comparison.to_csv()


def _table_as_markdown(compared: Compared) -> str:
    return compared.comparison.to_markdown()


def _epochs_as_csv(compared: Compared) -> str:
    """A row for each run and epoch, with every figure that was told of it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", "epoch", "step", *_FIGURES.values(), "seconds"])
    for run, epochs in zip(compared.comparison.runs, compared.epochs, strict=True):
        for epoch in epochs:
            figures = [getattr(epoch, field) for field in (*_FIGURES.values(), "seconds")]
            writer.writerow([run.name, epoch.epoch, epoch.step, *(f"{figure:.7g}" for figure in figures)])
    return out.getvalue()


class ComparisonView(QWidget):
    """``closed`` says that it is done with; ``troubled(problem)`` that a table could not be written."""

    closed = Signal()
    troubled = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.compared: Compared | None = None
        self.plot: Overlay | None = None
        self.setAccessibleName("Comparison of runs")
        self.back = small_button("Back to the list", "The list of runs again (Esc)")
        self.back.clicked.connect(self.closed)
        self.figure = QComboBox()
        self.figure.setProperty("scale", "small")
        self.figure.setAccessibleName("What is drawn")
        for title, field in _FIGURES.items():
            self.figure.addItem(title, field)
        self.figure.currentIndexChanged.connect(self._draw)
        self.log = QCheckBox("Log")
        self.log.setToolTip("A logarithmic scale, on which small differences at the end of runs are seen too")
        self.log.toggled.connect(self._draw)
        self.everything = small_button("All epochs", "Shows all again after zooming with the wheel (A)")
        self.everything.setEnabled(False)
        self.reading = Caption()
        self.copy = small_button("Copy", "The table as Markdown, for a report")
        self.copy.clicked.connect(self.copy_markdown)
        self.save = small_button("Export", "The table, the lines as a picture, or their figures")
        self.save.setMenu(self._menu())
        self.table = QTreeWidget()
        self.table.setAccessibleName("What came of each run, and what differs")
        self.table.setUniformRowHeights(True)
        self.table.setIndentation(12)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.header().setStretchLastSection(False)
        self.table.header().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.header().setMinimumSectionSize(_WIDE)
        self.table.setMinimumWidth(200)
        #: The first row: what is read off.
        self._pointed = QTreeWidgetItem()
        self._lay_out()
        session.themeChanged.connect(self._dress)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for title, (name, write) in self._exports().items():
            menu.addAction(title).triggered.connect(
                lambda _=False, name=name, write=write: self._ask(name, write)
            )
        return menu

    def _exports(self) -> dict[str, tuple[str, Callable[[Path], Problem | None]]]:
        """What can be taken away: a name for its file, and what writes it."""
        return {
            "Picture (PNG)…": ("runs.png", self._write_picture),
            "Drawing (SVG)…": ("runs.svg", self._write_drawing),
            "Figures (CSV)…": ("epochs.csv", lambda file: self._write_text(file, _epochs_as_csv)),
            "Table (CSV)…": ("comparison.csv", lambda file: self._write_text(file, _table_as_csv)),
            "Table (Markdown)…": ("comparison.md", lambda file: self._write_text(file, _table_as_markdown)),
        }

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        for widget in (self.back, self.figure, self.log):
            top.addWidget(widget)
        top.addWidget(self.reading, 1)
        for widget in (self.everything, self.copy, self.save):
            top.addWidget(widget)
        self._parts = QSplitter(Qt.Orientation.Horizontal)
        self._parts.setChildrenCollapsible(False)
        self._parts.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 2, 12, 8)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self._parts, 1)
        QWidget.setTabOrder(self.back, self.figure)

    # showing ---------------------------------------------------------------------------------------------

    def show_runs(self, compared: Compared) -> None:
        """Show these runs."""
        self.compared = compared
        self._fill(compared.comparison)
        self._build()
        self._draw()
        self.table.setFocus()

    def _fill(self, comparison: Comparison) -> None:
        self.table.clear()
        self.table.setColumnCount(1 + len(comparison.runs))
        self.table.setHeaderLabels(["", *(run.name for run in comparison.runs)])
        self._pointed = self._row([], len(comparison.runs))
        self.table.addTopLevelItem(self._pointed)
        for title, rows in comparison.sections().items():
            section = QTreeWidgetItem([title])
            section.setFont(0, font(SMALL, SEMIBOLD))
            self.table.addTopLevelItem(section)
            for row in rows:
                item = self._row([row.label, *row.texts], len(comparison.runs))
                for column, text in enumerate((row.label, *row.texts)):
                    item.setToolTip(column, text)
                section.addChild(item)
        if len(comparison.sections()) == 1:
            self.table.addTopLevelItem(QTreeWidgetItem(["They were made alike"]))
        self.table.expandAll()
        header = self.table.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for column, run in enumerate(comparison.runs, start=1):
            self.table.headerItem().setToolTip(column, str(run.folder))
            self.table.headerItem().setTextAlignment(column, _RIGHT)
        self._mark()

    @staticmethod
    def _row(texts: Sequence[str], runs: int) -> QTreeWidgetItem:
        """A row with a figure of each run, which stand under one another."""
        made = QTreeWidgetItem(list(texts))
        for column in range(1, runs + 1):
            made.setTextAlignment(column, _RIGHT)
        return made

    def _mark(self) -> None:
        """Each run's column has the line that is its own."""
        if self.compared is not None:
            for number in range(len(self.compared.epochs)):
                self.table.headerItem().setIcon(1 + number, self._sample(number))

    def _sample(self, number: int) -> QIcon:
        from runtime.panels.plotting.overlay import stroke

        ratio = self.devicePixelRatioF()
        pixels = QPixmap(round(2 * _MARK * ratio), round(_MARK * ratio))
        pixels.setDevicePixelRatio(ratio)
        pixels.fill(QColor(0, 0, 0, 0))
        painter = QPainter(pixels)
        color = self._session.theme.color(COLORS[number % len(COLORS)])
        painter.setPen(QPen(color, 2, stroke(number, len(COLORS))))
        painter.drawLine(0, _MARK // 2, 2 * _MARK, _MARK // 2)
        painter.end()
        return QIcon(pixels)

    def _build(self) -> None:
        """The plot: what draws it is loaded when it is first seen."""
        if self.plot is not None:
            return
        from runtime.panels.plotting.overlay import Overlay

        self.plot = Overlay("Figure", self._session.theme, self._write, len(COLORS))
        self.plot.setMinimumWidth(160)
        self.plot.readingChanged.connect(lambda _: self._say())
        self.plot.zoomed.connect(self.everything.setEnabled)
        self.everything.clicked.connect(self.plot.show_all)
        self._parts.insertWidget(0, self.plot)
        self._parts.setSizes([2000, 3000])

    def _draw(self, *_: object) -> None:
        if self.compared is None or self.plot is None:
            return
        from runtime.panels.plotting.sizeplot import Line

        last = max((len(epochs) for epochs in self.compared.epochs), default=0)
        field, lines = self.figure.currentData(), []
        for number, (run, epochs) in enumerate(
            zip(self.compared.comparison.runs, self.compared.epochs, strict=True)
        ):
            values = [float(getattr(epoch, field)) for epoch in epochs]
            values += [math.nan] * (last - len(values))
            lines.append(Line(run.name, COLORS[number % len(COLORS)], values))
        self.plot.setAccessibleName(f"{self.figure.currentText()} of each run, over epochs")
        self.plot.most = 1.0 if self._draws_shares else math.inf
        # Shares are read in per cent, of which nobody wants the logarithm.
        self.log.setEnabled(not self._draws_shares)
        self.plot.set_log(self.log.isChecked() and not self._draws_shares)
        self.plot.show_lines(range(1, last + 1), lines, 0)
        self._say()

    @property
    def _draws_shares(self) -> bool:
        """Whether the lines are scores, and all runs judged by shares."""
        runs = self.compared.comparison.runs if self.compared is not None else ()
        return self.figure.currentData().endswith("accuracy") and all(is_share(run.metric) for run in runs)

    def _write(self, value: float) -> str:
        """A value of what is drawn: shares in per cent."""
        return percent(value) if self._draws_shares else figure(float(f"{value:.4g}"))

    def _say(self) -> None:
        """What is read off, the values in the table; or what is drawn, and where each run ended."""
        if self.compared is None or self.plot is None:
            return
        said = f"{count(len(self.compared.epochs), 'run')} over epochs"
        if not any(self.compared.epochs):
            said = "Lines appear here once an epoch is over"
        whole, index = said, self.plot.pointed
        if index is not None:
            said, whole = f"epoch {self.plot.sizes[index]:,}", self.plot.reading(index)
        self.reading.say(said)
        self.reading.setAccessibleName(whole)
        self._pointed.setText(0, "At the last epoch" if index is None else f"At {said}")
        for column, line in enumerate(self.plot.lines, start=1):
            known = [value for value in line.values if math.isfinite(value)] or [math.nan]
            value = known[-1] if index is None else line.values[index]
            self._pointed.setText(column, self._write(value) if math.isfinite(value) else "–")

    def _dress(self) -> None:
        if self.plot is not None:
            self.plot.set_theme(self._session.theme)
        self._mark()

    # taking away -----------------------------------------------------------------------------------------

    def copy_markdown(self) -> None:
        """Put the table on the clipboard."""
        if self.compared is not None:
            QGuiApplication.clipboard().setText(self.compared.comparison.to_markdown())
            self._session.statusMessage.emit("Comparison copied as Markdown")

    def _ask(self, name: str, write: Callable[[Path], Problem | None]) -> None:
        suffix = Path(name).suffix
        path, _ = QFileDialog.getSaveFileName(self, "Export the comparison", name, f"*{suffix}")
        if path:
            self.export(Path(path) if Path(path).suffix else Path(path).with_suffix(suffix), write)

    def export(self, file: Path, write: Callable[[Path], Problem | None]) -> None:
        """Write a file, and tell how that went."""
        if problem := write(file):
            self.troubled.emit(problem)
        else:
            self._session.statusMessage.emit(f"Exported {file.name}")

    def _write_text(self, file: Path, made: Callable[[Compared], str]) -> Problem | None:
        assert self.compared is not None
        return write_atomically(file, made(self.compared).encode())

    def _legend(self) -> Legend:
        """What a picture of the lines has to say by itself."""
        from runtime.panels.plotting.curvefiles import Legend
        from runtime.panels.plotting.overlay import stroke

        assert self.plot is not None
        theme = self._session.theme
        lines = tuple(
            (line.name, QPen(theme.color(line.color), 2, stroke(number, len(COLORS))))
            for number, line in enumerate(self.plot.lines)
        )
        title = self.figure.currentText() + (", logarithmic" if self.plot.is_log else "")
        return Legend(title, "epoch", lines, theme.color("text"), theme.color("panel"))

    def _write_picture(self, file: Path) -> Problem | None:
        from runtime.panels.plotting.curvefiles import write_picture

        assert self.plot is not None
        return write_picture(self.plot, file, self._legend())

    def _write_drawing(self, file: Path) -> Problem | None:
        from runtime.panels.plotting.curvefiles import write_drawing

        assert self.plot is not None
        return write_drawing(self.plot, file, self._legend())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)
