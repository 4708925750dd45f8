"""How the run stands, for the status bar: ``running · epoch 7 / 30 · 5,288 images/s · CPU``."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel, QWidget

from builder.document import Document
from builder.figures import size
from builder.widgets.session import Session
from runtime.panels.captions import device_words, shortened
from runtime.panels.running.training import Training
from runtime.training.events import Steps
from runtime.training.records.runs import Run

#: Letters of a network's name beside the run.
_LETTERS = 24

_WORDS = {"starting": "starting PyTorch…", "stopping": "stopping…", "paused": "paused"}


class Trained:
    """What the run that goes on trains, or the last one trained; None where there is no run of it yet."""

    def __init__(self, session: Session, training: Training) -> None:
        self._session, self._training = session, training
        self._folder: Path | None = None
        self._read: tuple[Path, Document | None] | None = None
        training.runStarted.connect(self._forget)

    def _forget(self) -> None:
        self._folder = None

    @property
    def is_drawn(self) -> bool:
        """Whether it is the open document that is trained, or was."""
        return self._training.folder is not None

    @property
    def document(self) -> Document | None:
        """The open document, or what the run's folder has."""
        self._folder = self._training.recorded or self._folder
        if self.is_drawn:
            return self._session.document
        if self._folder is None:
            return None
        if self._read is None or self._read[0] != self._folder:
            run = Run.open(self._folder)
            self._read = self._folder, run.document if isinstance(run, Run) else None
        return self._read[1]


def standing(training: Training, state: str, network: str = "") -> str:
    """The run in one line, with the name of its ``network`` where that has to be said; empty before the first."""
    trace = training.trace
    said = [_WORDS[state]] if state in _WORDS else []
    if trace.started is not None:
        epochs = trace.started.epochs
        now = len(trace.epochs) if trace.finished else min(int(trace.epoch) + 1, epochs)
        said.append(f"epoch {now} / {epochs}")
        if trace.images_per_second:
            said.append(f"{trace.images_per_second:,.0f} images/s")
        said.append(device_words(trace.started.device))
    if trace.finished is not None and trace.finished.reason != "completed":
        said.insert(0, trace.finished.reason)
    return "  ·  ".join([network, *said] if network and said else said)


def usage(steps: Steps | None) -> str:
    """What a run takes of the machine, a line for each; empty before the first step."""
    if steps is None:
        return ""
    said = [f"Waiting for data: {steps.data_wait:.0%} of the time"]
    if steps.utilisation is not None:
        said.append(f"Processor: {steps.utilisation:.0%} at work")
    if steps.memory is not None:
        said.append(f"Memory: {size(steps.memory)}")
    return "\n".join(said)


class RunStatus(QLabel):
    """Follows the run; as wide as what it says, with the machine's share in its tooltip."""

    def __init__(self, session: Session, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._training = session, training
        self._trained = Trained(session, training)
        self.setAccessibleName("Training")
        session.documentReplaced.connect(self.refresh)
        session.runStateChanged.connect(self.refresh)
        training.traceChanged.connect(self.refresh)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Say how it stands, and of which network where another one is drawn."""
        trained = self._trained.document
        network = "" if trained is None or self._trained.is_drawn else shortened(trained.name, _LETTERS)
        text = standing(self._training, self._session.run_state, network)
        self.setText(text)
        self.setToolTip(usage(self._training.trace.last_steps))
        self.setVisible(bool(text))
