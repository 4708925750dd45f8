"""Training from the window: one run at a time in a thread, polled by a timer; panels hear what it tells."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from builder.analysis import Analysis, analyze
from builder.document import Document
from builder.errors import Problem, Severity
from builder.shapes import TensorShape
from builder.widgets.session import Session
from runtime.panels.captions import device_words
from runtime.panels.plotting.series import Trace
from runtime.panels.running.pace import Pace
from runtime.training.control import Control
from runtime.training.events import Event, Finished, Maps, Started, State, Trouble
from runtime.training.records.queue import Waiting
from runtime.training.records.runs import Run
from runtime.training.settings import Settings
from runtime.training.thread import TrainingThread

#: Milliseconds between two looks into the trainer's ring, at least.
_POLL = 50
#: Seconds for which whoever asked the run for something is kept up to date.
_ATTENTIVE = 1.0

_BUSY = Problem(
    "training-busy",
    "One run at a time trains in a window",
    "one goes on now",
    "Stop it first, or wait until it ends",
    severity=Severity.WARNING,
)


class Training(QObject):
    """The current run: starts, pauses and stops it, and hands on its events.

    The trainer works on a copy of the document, so editing goes on. Nothing here waits for it, apart from
    ``close``, which waits for the step that is being taken.
    """

    #: The trace has grown (or is another one).
    traceChanged = Signal()
    #: A new run began; ``trace`` is empty.
    runStarted = Signal()
    #: The run is over; its Finished.
    runFinished = Signal(object)
    #: Maps of the watched node.
    mapsArrived = Signal(object)
    #: What keeps it from training, or what went wrong: a list of Problem.
    troubled = Signal(object)

    def __init__(self, session: Session, run_dir: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.run_dir = run_dir
        self.trace = Trace()
        self._thread: TrainingThread | None = None
        self._folder: Path | None = None
        self._document: Document | None = None
        self._paths: frozenset[str] = frozenset()
        self._shapes: list[TensorShape | None] = []
        self._watch: tuple[tuple[str, ...], Any] | None = None
        self._pace = Pace()
        #: Asked before a training begins: what stands in its way, beside the drawing.
        self.objections: list[Callable[[], list[Problem]]] = []
        self._asked = -math.inf
        self._expects_maps = False
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL)
        self._timer.timeout.connect(self._tick)

    # how it stands ---------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether a run goes on (or stands paused)."""
        return self._thread is not None

    @property
    def is_paused(self) -> bool:
        """Whether it is to stand still."""
        return self._thread is not None and self._thread.control.paused

    @property
    def recorded(self) -> Path | None:
        """The folder of the run that goes on, once there is one."""
        thread = self._thread
        return thread.recorded.folder if thread is not None and thread.recorded is not None else None

    @property
    def folder(self) -> Path | None:
        """The folder of the current or the last run of the open document; None before the first."""
        if self._document is not self._session.document:
            return None
        return self.recorded or self._folder

    def knows(self, path: str, input_shape: TensorShape) -> bool:
        """Whether the network that trains has this node and input: it may have been drawn on since."""
        return path in self._paths and self._shapes[:1] == [input_shape]

    # requests --------------------------------------------------------------------------------------------

    def _control(self) -> Control | None:
        """What takes requests to the run that goes on, which is then looked at closely for a while."""
        self._asked = time.monotonic()
        return self._thread.control if self._thread is not None else None

    def start(self) -> None:
        """Train what is drawn now; says what keeps it from that."""
        if self._thread is not None:
            self.resume()
            return
        self._session.flush()
        analysis = self._session.analysis
        settings = Settings.read(self._session.document.training)
        errors = [problem for problem in analysis.problems if problem.is_error]
        objections = [problem for objects in self.objections for problem in objects()]
        if errors or objections or isinstance(settings, list):
            self.troubled.emit(errors or objections or settings)
            return
        source = str(self._session.document.data.get("source", "digits"))
        thread = TrainingThread(self._session.document, settings, source, self.run_dir)
        self._begin(thread, self._session.document, analysis)

    def go_on(self, folder: Path) -> None:
        """Go on with a recorded run, on its own network; says what keeps it from that."""
        run = Run.open(folder) if self._thread is None else _BUSY
        if isinstance(run, Problem):
            self.troubled.emit([run])
        else:
            thread = TrainingThread(run.document, run.settings, resumes=folder)
            self._begin(thread, None, analyze(run.document))

    def take_up(self, waiting: Waiting) -> None:
        """Train what has waited for its turn."""
        if self._thread is None:
            thread = TrainingThread(waiting.document, waiting.settings, waiting.data_source, self.run_dir)
            self._begin(thread, None, analyze(waiting.document))

    def _begin(self, thread: TrainingThread, document: Document | None, analysis: Analysis) -> None:
        """Let a thread train; ``document`` is the open one, if that is what trains."""
        self._document, self._folder = document, None
        self._paths, self._shapes = _paths(analysis), analysis.input_shapes
        self.trace = Trace()
        self._thread = thread
        if self._watch is not None:
            thread.control.watch(*self._watch)
        self._session.set_run_state("starting")
        self._session.statusMessage.emit("Starting PyTorch…")
        self.runStarted.emit()
        self.traceChanged.emit()
        thread.start()
        self._pace = Pace()
        self._timer.start()

    def pause(self) -> None:
        """Stand still after the current step."""
        if control := self._control():
            control.pause()

    def resume(self) -> None:
        """Go on."""
        if control := self._control():
            control.resume()

    def step(self) -> None:
        """Take a single step and stand still again."""
        if control := self._control():
            control.step()

    def toggle(self) -> None:
        """The one big button: train, pause, go on."""
        if self._thread is None:
            self.start()
        elif self._thread.control.paused:
            self.resume()
        else:
            self.pause()

    def stop(self) -> None:
        """Finish after the current step; what was learned is kept and tested."""
        if control := self._control():
            self._session.set_run_state("stopping")
            control.stop()

    def set_learning_rate(self, rate: float) -> None:
        """Let the run learn at another rate from its next step on."""
        if control := self._control():
            control.set_learning_rate(rate)

    def watch(self, paths: tuple[str, ...], picture: Any) -> None:
        """Ask for the maps of these nodes on a picture, now and in runs to come; no paths: none."""
        self._watch = (paths, picture) if paths else None
        self._expects_maps = bool(paths)
        if self._thread is not None:
            self._thread.control.watch(*(self._watch or (None,)))

    def close(self, seconds: float = 20.0) -> bool:
        """Stop at once and wait for the thread; what it still told is taken in. Whether it ended in time."""
        self._timer.stop()
        thread = self._thread
        if thread is None:
            return True
        ended = thread.close(seconds)
        self.poll()
        while self._thread is not None and thread.ring.has_more:
            self.poll()
        return ended

    def abandon(self, seconds: float = 20.0) -> None:
        """End the thread where nobody is left to be told."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.close(seconds)

    # events ----------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Take in what the trainer has told since the last time."""
        thread = self._thread
        if thread is None:
            return
        self._pace.looking()
        alive = thread.is_alive()
        revision = self.trace.revision
        events = thread.poll()
        for event in events:
            self._take(event)
        if problems := [event.problem for event in events if isinstance(event, Trouble)]:
            self.troubled.emit(problems)
        if self.trace.revision != revision:
            self.traceChanged.emit()
        if not alive and not thread.ring.has_more:
            self._end(thread)

    def _tick(self) -> None:
        """Look if it is time for it, or if somebody waits for what comes: who asked for something, or stands paused."""
        self._pace.settled()
        thread = self._thread
        if thread is None:
            return
        waited_for = (
            thread.control.paused
            or time.monotonic() - self._asked < _ATTENTIVE
            or (self._expects_maps and thread.ring.has_maps)
            or thread.ring.is_long
        )
        if waited_for or self._pace.due or not thread.is_alive():
            self.poll()

    def _take(self, event: Event) -> None:
        self.trace.add(event)
        match event:
            case Maps() if self._is_stale(event):
                pass
            case Maps():
                self._expects_maps = False
                self.mapsArrived.emit(event)
            case Started():
                self._say_state("running")
                how = f": {event.why}" if event.why else ""
                self._session.statusMessage.emit(f"Training on {device_words(event.device)}{how}")
            case State():
                self._say_state(event.state)

    def _is_stale(self, maps: Maps) -> bool:
        """Whether something else has been asked for since: another picture, say."""
        watched = self._thread.control.watched if self._thread is not None else None
        return watched is not None and maps.asked != watched.number

    def _say_state(self, state: str) -> None:
        """Tell how it stands, unless it has been asked to stop meanwhile."""
        if self._thread is not None and not self._thread.control.stopping:
            self._session.set_run_state(state)

    def _end(self, thread: TrainingThread) -> None:
        self._timer.stop()
        thread.join()
        self._folder = thread.recorded.folder if thread.recorded is not None else None
        self._thread = None
        finished = self.trace.finished or Finished("failed", None, None, None, None, 0.0)
        self._session.set_run_state("idle")
        self.traceChanged.emit()
        self.runFinished.emit(finished)


def _paths(analysis: Analysis) -> frozenset[str]:
    """The paths of every node: leaves, the modules around them, the network's inputs and outputs."""
    found = {report.path for report in analysis.view().reports.values()}
    for leaf in analysis.leaves():
        parts = leaf.path.split(".")
        found.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return frozenset(found)
