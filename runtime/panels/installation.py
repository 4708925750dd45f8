"""Puts the runtime's half into a window: controls, panels, menus, status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog

from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.shell import Shell
from builder.widgets.worker import Worker
from runtime.panels.header import Controls, DataChip, DeviceChip
from runtime.panels.looking.aside import MapsAside
from runtime.panels.looking.backstage import Weights
from runtime.panels.looking.looking import Looking
from runtime.panels.plotting.curves import Curves
from runtime.panels.plotting.series import Trace
from runtime.panels.running.exports import Exports
from runtime.panels.running.following import Following
from runtime.panels.running.offering import Offering
from runtime.panels.running.queueing import QueuePanel, QueueRunner
from runtime.panels.running.status import RunStatus
from runtime.panels.running.training import Training
from runtime.panels.running.troubles import Troubles
from runtime.panels.samples.downloads import Downloads
from runtime.training.records.queue import Queue
from runtime.training.records.runs import Run, default_folder

if TYPE_CHECKING:
    from runtime.panels.code.source import SourceView
    from runtime.panels.judging.mistakes import MistakesPanel
    from runtime.panels.looking.maps import FeatureMaps
    from runtime.panels.plotting.depth import DepthPanel
    from runtime.panels.records.runs import RunsPanel
    from runtime.panels.samples.databrowser import DataBrowser
    from runtime.panels.sizes.sizes import SizesPanel
    from runtime.panels.tuning.settings import SettingsPanel

#: Milliseconds after the start when PyTorch is loaded behind the window.
_IDLE = 1200


class Panels(QObject):
    """Everything that was put in; lives as long as the window and closes its threads with it."""

    def __init__(self, shell: Shell, session: Session, run_dir: Path | None = None) -> None:
        super().__init__(shell)
        self._shell, self._session = shell, session
        self._folder = run_dir if run_dir is not None else default_folder()
        self.worker = Worker("pictures and maps", self, prepare=_leave_the_cores)
        self.files = Worker("runs and exports", self)
        self.searches = Worker("searches", self, prepare=_leave_the_cores)
        self.judging = Worker("mistakes", self, prepare=_leave_the_cores)
        self.training = Training(session, self._folder, self)
        self.following = Following(self)
        self.queue = QueueRunner(session, self.training, Queue(self._folder.with_name("queue")), self)
        self.looking = Looking(session, self.training, self.worker, self)
        self.exports = Exports(session, self.training, self.files, shell)
        self.controls = Controls(session, self.training)
        self.fetcher = Worker("downloads", self)
        self.downloads = Downloads(session, self.fetcher)
        self.data_chip = DataChip(session, self.looking, self.downloads)
        self.device_chip = DeviceChip(session, self.training)
        self._workers = (self.worker, self.files, self.fetcher, self.searches, self.judging)
        self._place()
        self._connect()
        # A window that is taken away without being closed must not leave threads behind.
        self.destroyed.connect(_Closer(self.training, *self._workers))
        self.troubles = Troubles(session, shell.messages, self.training)
        self.offering = Offering(shell.messages, self.training, self.queue, self.files, self._folder)
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.timeout.connect(self.looking.warm_up)
        self._warm.start(_IDLE)

    def _place(self) -> None:
        shell = self._shell
        for widget in (self.data_chip, self.device_chip, self.controls):
            shell.header_slot(widget)
        add = shell.add_panel
        self._sizes = add("bottom", "Sizes", self._make_sizes, workspaces=("Design",))
        self._curves = add("bottom", "Curves", self._make_curves, leads=("Design", "Train"))
        self._maps = add("bottom", "Feature maps", self._make_maps, leads=("Inspect",))
        self._depth = add("bottom", "Gradients", self._make_depth, workspaces=("Train",))
        self._mistakes = add("bottom", "Mistakes", self._make_mistakes, workspaces=("Train", "Inspect"))
        self._data = add("bottom", "Data", self._make_data, workspaces=("Train", "Inspect"))
        self._source = add("bottom", "Source", self._make_source)
        self._runs = add("bottom", "Runs", self._make_runs)
        self._queue = add("bottom", "Queue", self._make_queue, workspaces=("Train",))
        self._settings = add(
            "right", "Training", self._make_settings, workspaces=("Train",), leads=("Train",)
        )
        shell.status_slot(self.exports.progress)
        shell.status_slot(self.downloads)
        shell.status_slot(RunStatus(self._session, self.training))
        train = shell.menu("Train")
        train.addActions(self.controls.actions_)
        train.addSeparator()
        train.addAction("Add to queue", self._add_to_queue)
        train.addAction("Follow a run…", self._choose_run)
        # Their keys must work wherever the focus is, also while the menu is closed.
        shell.addActions(self.controls.actions_)
        export = shell.menu("Export")
        export.setToolTipsVisible(True)
        export.addActions(self.exports.actions())

    def _connect(self) -> None:
        training = self.training
        training.runStarted.connect(self._show_live)
        self.queue.troubled.connect(self._tell)
        self.following.standingChanged.connect(lambda said: self.curves.rename(said))
        self.following.changed.connect(lambda: self.curves.refresh())
        self.queue.changed.connect(self._count_waiting)
        self.looking.troubled.connect(self._tell)
        self.looking.deviceFound.connect(self.device_chip.found)
        self._shell.closing.connect(self.close)

    def _count_waiting(self) -> None:
        self._queue.set_count(len(self.queue.queue.waiting()))

    # the panels, each made when it is asked for first --------------------------------------------------------

    @property
    def curves(self) -> Curves:
        """Loss and accuracy of a run."""
        return cast(Curves, self._curves.widget())

    @property
    def maps(self) -> FeatureMaps:
        """What the selected node makes of a picture."""
        return cast("FeatureMaps", self._maps.widget())

    @property
    def depth(self) -> DepthPanel:
        """How strong the gradient is in each node."""
        return cast("DepthPanel", self._depth.widget())

    @property
    def mistakes(self) -> MistakesPanel:
        """What the network gets wrong."""
        return cast("MistakesPanel", self._mistakes.widget())

    @property
    def data(self) -> DataBrowser:
        """What the network learns from."""
        return cast("DataBrowser", self._data.widget())

    @property
    def source(self) -> SourceView:
        """The network as Python."""
        return cast("SourceView", self._source.widget())

    @property
    def runs(self) -> RunsPanel:
        """The runs there are."""
        return cast("RunsPanel", self._runs.widget())

    @property
    def queue_panel(self) -> QueuePanel:
        """The trainings that wait."""
        return cast(QueuePanel, self._queue.widget())

    @property
    def settings(self) -> SettingsPanel:
        """How the network is trained."""
        return cast("SettingsPanel", self._settings.widget())

    @property
    def sizes(self) -> SizesPanel:
        """What the network costs at other input sizes."""
        return cast("SizesPanel", self._sizes.widget())

    def _make_sizes(self) -> SizesPanel:
        from runtime.panels.sizes.sizes import SizesPanel

        return SizesPanel(self._session)

    def _make_curves(self) -> Curves:
        made = Curves(self._session, self.files, MapsAside(self._session, self.looking))
        made.troubled.connect(self._tell)
        self.training.traceChanged.connect(made.refresh)
        return made

    def _make_maps(self) -> FeatureMaps:
        from runtime.panels.looking.maps import FeatureMaps

        return FeatureMaps(self._session, self.looking)

    def _make_depth(self) -> DepthPanel:
        from runtime.panels.plotting.depth import DepthPanel

        made = DepthPanel(self._session)
        made.show_trace(self.curves.trace)
        self.curves.traceShown.connect(made.show_trace)
        self.training.traceChanged.connect(made.refresh)
        self.following.changed.connect(made.refresh)
        return made

    def _make_mistakes(self) -> MistakesPanel:
        from runtime.panels.judging.mistakes import MistakesPanel

        made = MistakesPanel(self._session, self.looking, self.training, self.judging)
        made.inspectAsked.connect(lambda: self._shell.show_panel("Feature maps"))
        return made

    def _make_data(self) -> DataBrowser:
        from runtime.panels.samples.databrowser import DataBrowser

        made = DataBrowser(self._session, self.looking, self.worker)
        made.inspectAsked.connect(lambda: self._shell.show_panel("Feature maps"))
        return made

    def _make_source(self) -> SourceView:
        from runtime.panels.code.source import SourceView

        return SourceView(self._session)

    def _make_runs(self) -> RunsPanel:
        from runtime.panels.records.runs import RunsPanel

        made = RunsPanel(self._session, self.files, self._folder)
        self.training.runStarted.connect(made.refresh)
        self.training.runFinished.connect(lambda _: made.refresh())
        made.troubled.connect(self._tell)
        made.runShown.connect(self._show_run)
        made.exportAsked.connect(self.exports.offer)
        made.resumeAsked.connect(self.training.go_on)
        return made

    def _make_queue(self) -> QueuePanel:
        return QueuePanel(self.queue, self.training)

    def _make_settings(self) -> SettingsPanel:
        from runtime.panels.tuning.settings import SettingsPanel
        from runtime.panels.tuning.variants import VariantsView

        variants = VariantsView(self._session, self.looking, self.worker)
        made = SettingsPanel(self._session, self.training, self.searches, variants)
        self.training.objections.append(made.refusals)
        return made

    # what they say to each other -------------------------------------------------------------------------

    def _add_to_queue(self) -> None:
        self.queue.add()
        self._shell.show_panel("Queue")

    def _choose_run(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._shell, "The folder of a run", str(self._folder))
        if chosen:
            self.follow(Path(chosen))

    def follow(self, folder: Path) -> None:
        """Show a run that somebody else writes, as it goes on."""
        run = Run.open(folder)
        if isinstance(run, Problem):
            self._tell(run)
            return
        self.following.follow(folder)
        self.curves.show_trace(self.following.trace, self.following.said)
        self._shell.show_panel("Curves")

    def _show_live(self) -> None:
        self.following.leave()
        self.curves.expect(self.training.trace)
        if self._shell.workspace != "Inspect":
            self._shell.show_panel("Curves")

    def _show_run(self, folder: Path, trace: Trace) -> None:
        """A run of the list: its curves, and its weights to look with."""
        self.following.leave()
        if folder in (self.training.folder, self.training.recorded):
            trace = self.training.trace
        elif trace.finished is None and not trace.problem:
            self.follow(folder)
            return
        self.curves.show_trace(trace, "" if trace is self.training.trace else folder.name)
        self._shell.show_panel("Curves")
        file = folder / "best.safetensors"
        if trace.best is not None and file.is_file() and not self.training.is_running:
            self.looking.use(Weights(file, f"{folder.name}, epoch {trace.best.epoch}"))
            if self._mistakes.is_made:
                self.mistakes.refresh()

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
        self.following.leave()
        self.queue.hold()
        self.training.close()
        if self._settings.is_made:
            self.settings.finder.halt()
            self.settings.batches.halt()
        if self._runs.is_made:
            self.runs.recalibration.dismiss()
        if self._mistakes.is_made:
            self.mistakes.close_down()
        self.downloads.stop()
        for worker in self._workers:
            worker.close()

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


def _leave_the_cores() -> None:
    """What is computed for the eye takes one core, so that a training has all others to itself."""
    from runtime.threads import compute_alone

    compute_alone()
