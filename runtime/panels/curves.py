"""Loss and score of a run as it learns, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QWidget

from builder.widgets.session import Session
from runtime.panels.half import Half
from runtime.panels.series import Trace
from runtime.training.metrics import is_share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from runtime.panels.plots import Plot

_HINT = "Loss and accuracy are drawn here, step by step, while the network trains. Press Train (F5) to begin."
_STARTING = "Starting…"


def percent(share: float) -> str:
    """0.9806 as ``98.1 %``."""
    return f"{100 * share:.1f} %"


def score(metric: str, value: float) -> str:
    """A score as people write it: ``98.1 %`` of what is a share, ``0.913`` of what is none."""
    return percent(value) if is_share(metric) else f"{value:.3g}".replace("-", "−")


def summary(trace: Trace) -> str:
    """How a run ended, in a line: ``test 98.1 % with the weights of epoch 23``; empty while it goes on."""
    end = trace.finished
    if end is None:
        return ""
    if end.test_accuracy is not None and end.best_epoch is not None:
        told = score(trace.metric, end.test_accuracy)
        return f"test {told} with the weights of epoch {end.best_epoch}"
    if end.best_validation_accuracy is not None:
        return f"{end.reason}, validation {score(trace.metric, end.best_validation_accuracy)} at best"
    return f"{end.reason} before the first epoch was over"


class Curves(QWidget):
    """The two plots of a run (live or replayed), beside them whatever ``side`` is; a sentence while there is none.

    pyqtgraph is loaded when there is something to draw and the panel is seen.
    """

    def __init__(self, session: Session, side: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._trace = Trace()
        self._name = ""
        self._drawn = -1
        self._expected = False
        self.loss: Plot | None = None
        self.accuracy: Plot | None = None
        self._halves: tuple[Half, ...] = ()
        self._metric = ""
        self.setAccessibleName("Curves")
        self.hint = QLabel(_HINT)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self.hint.setProperty("role", "muted")
        self._plots = QWidget()
        self._row = QHBoxLayout(self._plots)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)
        plots = QWidget()
        self._stack = QStackedLayout(plots)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.hint)
        self._stack.addWidget(self._plots)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(16)
        row.addWidget(plots, 3)
        if side is not None:
            row.addWidget(side, 1)
        session.themeChanged.connect(self._dress)

    @property
    def trace(self) -> Trace:
        """The run that is shown."""
        return self._trace

    def expect(self, trace: Trace) -> None:
        """Show a run that is about to begin."""
        self._expected = True
        self.show_trace(trace)

    def show_trace(self, trace: Trace, name: str = "") -> None:
        """Show a run; ``name`` is said for one that is not the current one."""
        self._trace, self._name, self._drawn = trace, name, -1
        for plot in (self.loss, self.accuracy):
            if plot is not None:
                plot.show_all()
        self.refresh()

    def rename(self, name: str) -> None:
        """Say something else of the run that is shown."""
        if name != self._name:
            self._name, self._drawn = name, -1
            self.refresh()

    def refresh(self) -> None:
        """Draw what has come since the last time, if anybody can see it."""
        trace = self._trace
        if not self.isVisible() or trace.revision == self._drawn:
            return
        self._drawn = trace.revision
        if not trace.steps and not trace.epochs:
            self.hint.setText(trace.problem or (_STARTING if self._expected else _HINT))
            self._stack.setCurrentIndex(0)
            if self._expected:  # while the trainer loads PyTorch there is time to load what draws
                self._build()
            return
        self._build()
        assert self.loss is not None
        assert self.accuracy is not None
        best = trace.best.step if trace.best else None
        self.loss.show_run(trace.loss, trace.smooth_loss, self._epochs("validation_loss"), best)
        self.accuracy.show_run(
            trace.accuracy, trace.smooth_accuracy, self._epochs("validation_accuracy"), best
        )
        self._halves[0].remark(trace.problem or self._name)
        self._halves[1].remark(summary(trace))
        self._stack.setCurrentIndex(1)

    def _epochs(self, field: str) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        import numpy as np

        epochs = self._trace.epochs
        steps = np.array([epoch.step for epoch in epochs], dtype=np.float64)
        return steps, np.array([getattr(epoch, field) for epoch in epochs], dtype=np.float32)

    def _build(self) -> None:
        """The plots, the second one for the score by which the run that is shown is judged."""
        metric = self._trace.metric
        if self.loss is not None and metric == self._metric:
            return
        from runtime.panels.plots import Plot

        for half in self._halves:
            self._row.removeWidget(half)
            half.deleteLater()
        self._metric, theme = metric, self._session.theme
        title = metric[0].upper() + metric[1:]
        self.loss, self.accuracy = Plot("Loss", theme), Plot(title, theme, percent=is_share(metric))
        self._halves = (Half("Loss", self.loss), Half(title, self.accuracy))
        for half in self._halves:
            self._row.addWidget(half, 1)

    def _dress(self) -> None:
        for plot in (self.loss, self.accuracy):
            if plot is not None:
                plot.set_theme(self._session.theme)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
