"""Trainings that wait for their turn: a list to add to, to put in order and to work through."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from builder.errors import Problem
from builder.figures import count
from builder.widgets.guarding import guarded
from builder.widgets.session import Session
from runtime.panels.parts import Hint, small_button
from runtime.panels.running.status import Trained
from runtime.panels.running.training import Training
from runtime.training.events import Finished
from runtime.training.records.queue import Queue, Waiting
from runtime.training.settings import Settings

_HINT = (
    "Trainings can wait here for their turn. Add to queue puts the network that is drawn, with its data and settings "
    "as they are now, at the end; you may go on drawing."
)
_NAME = Qt.ItemDataRole.UserRole
_COLUMNS = ("Network", "Data", "Epochs", "Batch", "Learning rate", "Optimizer")
_FIGURES = (2, 3, 4)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class QueueRunner(QObject):
    """Trains what waits, one after the other, whatever comes of each; a run that is stopped by hand holds the rest."""

    changed = Signal()
    #: What could not be kept or read: a list of Problem.
    troubled = Signal(object)

    def __init__(
        self, session: Session, training: Training, queue: Queue, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.queue = queue
        self.session, self._training = session, training
        #: Whether the next begins when a run ends.
        self.is_on = False
        self._begun: Waiting | None = None
        training.traceChanged.connect(self._take_out)
        training.runFinished.connect(self._ended)

    def add(self) -> None:
        """Put what is drawn at the end; while a run goes on its turn comes by itself."""
        self.session.flush()
        document = self.session.document
        errors = [problem for problem in self.session.analysis.problems if problem.is_error]
        settings = Settings.read(document.training)
        if errors or isinstance(settings, list):
            self.troubled.emit(errors or settings)
            return
        if self._told(self.queue.add(document, settings)):
            self.session.statusMessage.emit(f"{document.name} waits for its turn")
            if self._training.is_running:
                self.start()
        self.changed.emit()

    def move(self, name: str, by: int) -> None:
        """Let it have its turn earlier or later."""
        names = [waiting.name for waiting in self.queue.waiting()]
        if name in names:
            self._told(self.queue.move(name, max(0, names.index(name) + by)))
            self.changed.emit()

    def remove(self, name: str) -> None:
        """Take it out."""
        self._told(self.queue.remove(name))
        self.changed.emit()

    def start(self) -> None:
        """Work through it, beginning now or when the run that goes on has ended."""
        if not self.queue.work():
            self.troubled.emit(
                [
                    Problem(
                        "queue-in-use",
                        "One window works through the queue",
                        "another one does",
                        "Close that one, or hold its queue",
                    )
                ]
            )
            return
        self.is_on = True
        self._next()
        self.changed.emit()

    def hold(self) -> None:
        """Begin no other; the run that goes on goes on."""
        self.is_on = False
        self.queue.rest()
        self.changed.emit()

    def _next(self) -> None:
        waiting = [entry for entry in self.queue.waiting() if entry is not self._begun]
        if self._training.is_running:
            return
        if not waiting:
            self.hold()
            return
        self._begun = waiting[0]
        self._training.take_up(waiting[0])

    def _take_out(self) -> None:
        """What has a run of its own waits no longer; until then it does, whatever happens."""
        if self._begun is not None and self._training.recorded is not None:
            begun, self._begun = self._begun, None
            self.remove(begun.name)

    def _ended(self, finished: Finished) -> None:
        if self._begun is not None:  # it failed before it began
            begun, self._begun = self._begun, None
            self.remove(begun.name)
        if self.is_on and finished.reason == "stopped":
            self.hold()
        elif self.is_on:
            self._next()

    def _told(self, answer: Waiting | Problem | None) -> bool:
        if isinstance(answer, Problem):
            self.troubled.emit([answer])
            return False
        return True


class QueuePanel(QWidget):
    """The list of what waits, and what can be done with it."""

    def __init__(self, runner: QueueRunner, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner, self._training = runner, training
        self.setAccessibleName("Queue")
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHeaderLabels(_COLUMNS)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setAccessibleName("Trainings that wait, the next first")
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemSelectionChanged.connect(self._enable)
        for figure in _FIGURES:
            self.list.headerItem().setTextAlignment(figure, _RIGHT)
        self.now = QLabel()
        self.now.setProperty("role", "caption")
        self.now.setContentsMargins(8, 0, 8, 6)
        self.now.setAccessibleName("What trains now")
        self.hint = Hint(_HINT)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.hint)
        self.pages.addWidget(self.list)
        self.add = small_button(
            "Add to queue", "The network that is drawn, with its data and settings", runner.add
        )
        self.start = small_button("Start", "", lambda: self._toggle())
        self.up = small_button("Earlier", "Its turn comes one earlier", lambda: self._move(-1))
        self.down = small_button("Later", "Its turn comes one later", lambda: self._move(1))
        self.remove = small_button("Remove", "It does not wait any longer", self._remove)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(12, 4, 12, 6)
        buttons.setSpacing(8)
        for button in (self.add, self.start, self.up, self.down, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.now)
        column.addWidget(self.pages, 1)
        column.addLayout(buttons)
        self._trained = Trained(runner.session, training)
        training.traceChanged.connect(self._tell_now)
        runner.changed.connect(self.refresh)
        training.runStarted.connect(self._enable)
        training.runFinished.connect(self._enable)
        self.refresh()

    @property
    def chosen(self) -> str | None:
        """The name of the selected one."""
        item = self.list.currentItem()
        return item.data(0, _NAME) if item is not None and item.isSelected() else None

    def refresh(self) -> None:
        """Show what waits."""
        chosen = self.chosen
        self.list.clear()
        for waiting in self._runner.queue.waiting():
            item = QTreeWidgetItem(_texts(waiting))
            item.setData(0, _NAME, waiting.name)
            item.setToolTip(1, waiting.data_source)
            for column in _FIGURES:
                item.setTextAlignment(column, _RIGHT)
            self.list.addTopLevelItem(item)
            if waiting.name == chosen:
                self.list.setCurrentItem(item)
        self.pages.setCurrentIndex(1 if self.list.topLevelItemCount() else 0)
        self._tell_now()
        self._enable()

    def _tell_now(self) -> None:
        """Name what trains, and how far it is."""
        trained = self._trained.document if self._training.is_running else None
        started = self._training.trace.started
        said = [trained.name, _data(str(trained.data.get("source", "digits")))] if trained is not None else []
        if said and started is not None:
            said.append(
                f"epoch {min(int(self._training.trace.epoch) + 1, started.epochs):,} / {started.epochs:,}"
            )
        self.now.setText(f"Trains now: {'  ·  '.join(said)}" if said else "")
        self.now.setVisible(bool(said))

    @guarded
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _enable(self, *_: object) -> None:
        waits = self.list.topLevelItemCount()
        item = self.list.currentItem()
        row = self.list.indexOfTopLevelItem(item) if item is not None and item.isSelected() else -1
        on = self._runner.is_on
        self.start.setText("Hold" if on else "Start")
        self.start.setToolTip(
            "Begin no other; the run that goes on goes on"
            if on
            else f"Train {count(waits, 'network')}, one after the other"
        )
        self.start.setEnabled(on or waits > 0)
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < waits - 1)
        self.remove.setEnabled(row >= 0)

    def _toggle(self) -> None:
        if self._runner.is_on:
            self._runner.hold()
        else:
            self._runner.start()

    def _move(self, by: int) -> None:
        if self.chosen is not None:
            self._runner.move(self.chosen, by)

    def _remove(self) -> None:
        if self.chosen is not None:
            self._runner.remove(self.chosen)


def _texts(waiting: Waiting) -> list[str]:
    settings = waiting.settings
    return [
        waiting.document.name,
        _data(waiting.data_source),
        f"{settings.epochs:,}",
        f"{settings.batch:,}",
        f"{settings.learning_rate:g}",
        settings.optimizer,
    ]


def _data(source: str) -> str:
    """The data's name, of a file without its folder."""
    return Path(source).name or source
