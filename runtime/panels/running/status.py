"""How the run stands, for the status bar: ``running · epoch 7 / 30 · 5,288 images/s · CPU``."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from builder.figures import size
from builder.widgets.session import Session
from runtime.panels.captions import device_words
from runtime.panels.running.training import Training
from runtime.training.events import Steps

_WORDS = {"starting": "starting PyTorch…", "stopping": "stopping…", "paused": "paused"}


def standing(training: Training, state: str) -> str:
    """The run in one line; empty before the first."""
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
    return "  ·  ".join(said)


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
        self.setAccessibleName("Training")
        session.runStateChanged.connect(self.refresh)
        training.traceChanged.connect(self.refresh)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Say how it stands."""
        text = standing(self._training, self._session.run_state)
        self.setText(text)
        self.setToolTip(usage(self._training.trace.last_steps))
        self.setVisible(bool(text))
