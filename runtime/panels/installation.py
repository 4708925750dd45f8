"""Puts the runtime's half into a window: controls, panels, menus, status."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction

from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from runtime.panels.backstage import Weights
from runtime.panels.curves import Curves
from runtime.panels.exports import Exports
from runtime.panels.header import Controls, DataChip, DeviceChip
from runtime.panels.looking import Looking
from runtime.panels.maps import FeatureMaps, MapsAside
from runtime.panels.runs import RunsPanel
from runtime.panels.series import Trace
from runtime.panels.settings import SettingsPanel
from runtime.panels.source import SourceView
from runtime.panels.status import RunStatus
from runtime.panels.training import Training
from runtime.panels.worker import Worker
from runtime.training.runs import default_folder

#: Milliseconds after the start when PyTorch is loaded behind the window.
_IDLE = 1200


class Panels(QObject):
    """Everything that was put in; lives as long as the window and closes its threads with it."""

    def __init__(self, shell: Shell, session: Session, run_dir: Path | None = None) -> None:
        super().__init__(shell)
        self._shell, self._session = shell, session
        folder = run_dir if run_dir is not None else default_folder()
        self.worker = Worker("pictures and maps", self)
        self.files = Worker("runs and exports", self)
        self.training = Training(session, folder, self)
        self.looking = Looking(session, self.training, self.worker, self)
        self.exports = Exports(session, self.training, self.files, shell)
        self.controls = Controls(session, self.training)
        self.data_chip = DataChip(session, self.looking)
        self.device_chip = DeviceChip(session, self.training)
        self.curves = Curves(session, MapsAside(session, self.looking))
        self.maps = FeatureMaps(session, self.looking)
        self.source = SourceView(session)
        self.runs = RunsPanel(session, self.files, folder)
        self.settings = SettingsPanel(session)
        self._place()
        self._connect()
        # A window that is taken away without being closed must not leave threads behind.
        self.destroyed.connect(_Closer(self.training, self.worker, self.files))
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.timeout.connect(self.looking.warm_up)
        self._warm.start(_IDLE)

    def _place(self) -> None:
        shell = self._shell
        for widget in (self.data_chip, self.device_chip, self.controls):
            shell.header_slot(widget)
        shell.add_panel("bottom", "Curves", self.curves, leads=("Design", "Train"))
        shell.add_panel("bottom", "Feature maps", self.maps, leads=("Inspect",))
        shell.add_panel("bottom", "Source", self.source)
        shell.add_panel("bottom", "Runs", self.runs)
        shell.add_panel("right", "Training", self.settings, workspaces=("Train",), leads=("Train",))
        shell.status_slot(self.exports.progress)
        shell.status_slot(RunStatus(self._session, self.training))
        train = shell.menu("Train")
        train.addActions(self.controls.actions_)
        # Their keys must work wherever the focus is, also while the menu is closed.
        shell.addActions(self.controls.actions_)
        export = shell.menu("Export")
        export.setToolTipsVisible(True)
        export.addActions(self.exports.actions())

    def _connect(self) -> None:
        training, session = self.training, self._session
        training.runStarted.connect(self._show_live)
        training.traceChanged.connect(self.curves.refresh)
        training.runFinished.connect(lambda _: self.runs.refresh())
        training.troubled.connect(self._tell)
        self.looking.troubled.connect(self._tell)
        self.looking.deviceFound.connect(self.device_chip.found)
        self.runs.troubled.connect(self._tell)
        self.runs.runShown.connect(self._show_run)
        self.runs.exportAsked.connect(self.exports.offer)
        session.documentReplaced.connect(self._shell.messages.clear)
        self._shell.closing.connect(self.close)

    # what they say to each other -------------------------------------------------------------------------

    def _show_live(self) -> None:
        self._shell.messages.clear()
        self.curves.expect(self.training.trace)
        if self._shell.workspace != "Inspect":
            self._shell.show_panel("Curves")
        self.runs.refresh()

    def _show_run(self, folder: Path, trace: Trace) -> None:
        """A run of the list: its curves, and its weights to look with."""
        if folder == self.training.folder:
            trace = self.training.trace
        self.curves.show_trace(trace, "" if trace is self.training.trace else folder.name)
        self._shell.show_panel("Curves")
        file = folder / "best.safetensors"
        if trace.best is not None and file.is_file() and not self.training.is_running:
            self.looking.use(Weights(file, f"{folder.name}, epoch {trace.best.epoch}"))

    def _tell(self, problems: Problem | list[Problem]) -> None:
        """Say problems in the window, and go to the node that has the first."""
        listed = problems if isinstance(problems, list) else [problems]
        self._session.problemsFound.emit(listed)
        first = listed[0]
        if first.address is not None:
            self._session.reveal(first.path, first.address)

    def close(self) -> None:
        """End the threads: training stops after its step, nothing that was learned is lost."""
        self._warm.stop()
        self.training.close()
        self.worker.close()
        self.files.close()

    def actions(self) -> tuple[QAction, ...]:
        """Train, stop, one step."""
        return self.controls.actions_


class _Closer:
    """Ends the threads; holds no window, and touches nothing of Qt that may be gone."""

    def __init__(self, training: Training, *workers: Worker) -> None:
        self._training, self._workers = training, workers

    def __call__(self, *_: object) -> None:
        self._training.abandon()
        for worker in self._workers:
            worker.close()


def install(shell: Shell, session: Session, run_dir: Path | None = None) -> Panels:
    """Put training, curves, maps, source, runs and exports into a window; ``run_dir`` is where runs are kept."""
    return Panels(shell, session, run_dir)
