"""The runs there are: what came out, their curves again, their weights to look with and to take away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from builder.blocks.normalisation import BatchNorm
from builder.document import Document
from builder.errors import Problem
from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.captions import shortened
from runtime.panels.parts import Hint, small_button
from runtime.panels.plotting.curves import score
from runtime.panels.plotting.series import Trace
from runtime.panels.records.recalibrating import Recalibration
from runtime.training.records.runs import Run, list_runs
from runtime.training.records.summaries import Summary

if TYPE_CHECKING:
    from runtime.panels.records.comparison import Compared, ComparisonView

_HINT = "Every training is kept as a run: its network, settings, curves and weights. Press Train (F5) for the first."
_FOLDER, _STATE, _NORMS = (Qt.ItemDataRole.UserRole + number for number in range(3))
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
#: How runs stand that can go on.
_OPEN_ENDED = ("unfinished", "stopped", "failed")
_COLUMNS = ("Run", "Network", "Data", "Epochs", "Validation", "Test", "State", "When")
_FIGURES = (3, 4, 5)
#: Letters of a name in a column that is not the run's own; the whole is in the tooltip.
_LETTERS = 20

_RECALIBRATES = "Computes batch norm's running averages anew on the training data, and tests again"
_NO_NORMS = "Its network has no batch norm with running averages, so there is nothing to compute anew"


@dataclass(frozen=True, slots=True)
class Row:
    """A run in the list; ``when`` is local time, as text. ``has_norms``: whether there is any to recalibrate."""

    summary: Summary
    when: str
    has_norms: bool = True


def read_rows(folder: Path) -> list[Row]:
    """Every readable run in a folder, newest first."""
    return [Row(run.summary(), _when(run), _has_norms(run.document)) for run in list_runs(folder)]


def _has_norms(document: Document) -> bool:
    """Whether a batch norm that keeps running averages is drawn anywhere."""
    return any(
        node.block == BatchNorm.id and node.parameters.get("track_running_stats") is not False
        for graph in document.graphs()
        for node in graph
    )


def _when(run: Run) -> str:
    try:
        moment = datetime.fromisoformat(str(run.environment().get("started")))
    except ValueError:
        return ""
    local = moment.astimezone()
    is_lately = local.year == datetime.now().astimezone().year
    return f"{local:%d %b, %H:%M}" if is_lately else f"{local:%d %b %Y, %H:%M}"


def replay(folder: Path) -> Trace | Problem:
    """A recorded run, told once more: the same events, the same trace as when it was live."""
    run = Run.open(folder)
    if isinstance(run, Problem):
        return run
    trace = Trace()
    for event in run.events():
        trace.add(event)
    return trace


class RunsPanel(QWidget):
    """Lists the runs of a folder; double-click or Enter shows one, ``runShown(folder, trace)``."""

    runShown = Signal(object, object)
    exportAsked = Signal(object)
    resumeAsked = Signal(object)
    troubled = Signal(object)

    def __init__(self, session: Session, worker: Worker, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._worker, self.folder = session, worker, folder
        self.comparison: ComparisonView | None = None
        self.setAccessibleName("Runs")
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHeaderLabels(_COLUMNS)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setAccessibleName("Runs, newest first")
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._arrange_head()
        self.list.itemDoubleClicked.connect(lambda *_: self.show_chosen())
        self.list.itemSelectionChanged.connect(self._enable)
        self.hint = Hint(_HINT)
        self.curves = small_button("Show curves", "Its curves, and its best weights for the feature maps")
        self.export = small_button("Export…", "Its network and its best weights")
        self.curves.clicked.connect(self.show_chosen)
        self.export.clicked.connect(self._ask_export)
        self.compare = small_button(
            "Compare", "Side by side: choose several runs with Ctrl or Shift, then see what differs (Enter)"
        )
        self.compare.clicked.connect(self.compare_chosen)
        self.recalibrate = small_button("Recalibrate", _RECALIBRATES)
        self.recalibration = Recalibration(worker)
        self.recalibrate.clicked.connect(lambda: self.recalibration.begin(self.chosen))
        buttons = QHBoxLayout()
        buttons.setContentsMargins(12, 4, 12, 6)
        buttons.setSpacing(8)
        self.resume = small_button(
            "Resume", "Go on from its last checkpoint, on the network that it began with"
        )
        self.resume.clicked.connect(lambda: self.resumeAsked.emit(self.chosen))
        buttons.addWidget(self.curves)
        buttons.addWidget(self.resume)
        buttons.addWidget(self.export)
        buttons.addWidget(self.recalibrate)
        buttons.addWidget(self.compare)
        buttons.addStretch(1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list, 1)
        column.addWidget(self.recalibration)
        column.addLayout(buttons)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.hint)
        self.pages.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)
        self._enable()

    def _arrange_head(self) -> None:
        """Every column as wide as what is in it, but for the run's name, which gets what is left."""
        head = self.list.header()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setStretchLastSection(False)
        for column in _FIGURES:
            self.list.headerItem().setTextAlignment(column, _RIGHT)

    @property
    def chosen(self) -> Path | None:
        """The folder of the selected run; None where none or several are."""
        rows = self.list.selectedItems()
        return rows[0].data(0, _FOLDER) if len(rows) == 1 else None

    @property
    def several(self) -> list[Path]:
        """The folders of all selected runs, in the order of the list."""
        rows = sorted(self.list.selectedItems(), key=self.list.indexOfTopLevelItem)
        return [row.data(0, _FOLDER) for row in rows]

    def refresh(self) -> None:
        """Read the folder again, if anybody can see it."""
        if self.isVisible():
            folder = self.folder
            self._worker.submit("runs", lambda: read_rows(folder), self._show)

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if len(self.several) > 1:
                self.compare_chosen()
            else:
                self.show_chosen()
        else:
            super().keyPressEvent(event)

    def _show(self, rows: list[Row] | Problem) -> None:
        if isinstance(rows, Problem):
            self.troubled.emit(rows)
            return
        chosen = self.several
        self.list.clear()
        for row in rows:
            item = QTreeWidgetItem(_texts(row))
            item.setData(0, _FOLDER, row.summary.folder)
            item.setData(0, _STATE, row.summary.state)
            item.setData(0, _NORMS, row.has_norms)
            for column in _FIGURES:
                item.setTextAlignment(column, _RIGHT)
            for column, tip in enumerate(_tips(row)):
                item.setToolTip(column, tip)
            self.list.addTopLevelItem(item)
            if row.summary.folder in chosen:
                if not self.list.selectedItems():
                    self.list.setCurrentItem(item)
                item.setSelected(True)
        if self.comparison is None or self.pages.currentWidget() is not self.comparison:
            self.pages.setCurrentIndex(1 if rows else 0)
        self._enable()

    def _enable(self) -> None:
        for button in (self.curves, self.export):
            button.setEnabled(self.chosen is not None)
        rows = self.list.selectedItems()
        lacks = len(rows) == 1 and not rows[0].data(0, _NORMS)
        self.recalibrate.setEnabled(len(rows) == 1 and not lacks)
        self.recalibrate.setToolTip(_NO_NORMS if lacks else _RECALIBRATES)
        self.resume.setEnabled(len(rows) == 1 and rows[0].data(0, _STATE) in _OPEN_ENDED)
        self.compare.setEnabled(len(rows) > 1)

    def show_chosen(self) -> None:
        """Show the selected run's curves."""
        folder = self.chosen
        if folder is not None:
            self._worker.submit(
                "replay", lambda: replay(folder), lambda answer: self._replayed(folder, answer)
            )

    def _replayed(self, folder: Path, answer: Trace | Problem) -> None:
        if isinstance(answer, Problem):
            self.troubled.emit(answer)
        else:
            self.runShown.emit(folder, answer)

    def compare_chosen(self) -> None:
        """Show the selected runs side by side, in place of the list."""
        from runtime.panels.records.comparison import read_compared

        folders = self.several
        if len(folders) > 1:
            self._worker.submit("compare", lambda: read_compared(folders), self._show_compared)

    def _show_compared(self, answer: Compared | Problem) -> None:
        from runtime.panels.records.comparison import ComparisonView

        if isinstance(answer, Problem):
            self.troubled.emit(answer)
            return
        if self.comparison is None:
            self.comparison = ComparisonView(self._session)
            self.comparison.closed.connect(self._show_list)
            self.comparison.troubled.connect(self.troubled)
            self.pages.addWidget(self.comparison)
        self.pages.setCurrentWidget(self.comparison)
        self.comparison.show_runs(answer)

    def _show_list(self) -> None:
        self.pages.setCurrentIndex(1)
        self.list.setFocus()

    def _ask_export(self) -> None:
        if self.chosen is not None:
            self.exportAsked.emit(self.chosen)


def _texts(row: Row) -> list[str]:
    summary = row.summary

    def told(value: float | None) -> str:
        if value is None:
            return "–"
        name = "" if summary.metric == "accuracy" else f" {summary.metric.removeprefix('mean ')}"
        return score(summary.metric, value) + name

    return [
        summary.name,
        shortened(summary.network, _LETTERS),
        shortened(Path(summary.data).name or summary.data, _LETTERS),
        f"{summary.epochs:,}",
        told(summary.validation_accuracy),
        told(summary.test_accuracy),
        summary.state,
        row.when,
    ]


def _tips(row: Row) -> tuple[str, ...]:
    """The whole of what a row has too little room for."""
    summary = row.summary
    return str(summary.folder), summary.network, summary.data, "", summary.metric, summary.metric
