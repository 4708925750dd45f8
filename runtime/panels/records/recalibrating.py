"""Recalibrates a run's batch norms behind the window, and shows the test before and after."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from builder.errors import Problem
from builder.figures import count
from builder.widgets.worker import Worker
from runtime.panels.parts import small_button

if TYPE_CHECKING:
    from runtime.training.recalibration import Recalibrated


class Recalibration(QFrame):
    """Hidden until ``begin``; then what is going on, what came of it, and a button that keeps it."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker
        self._stop = threading.Event()
        self.found: Recalibrated | None = None
        self.setAccessibleName("Recalibration of batch norms")
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.keep = small_button("Keep", do=lambda: self._keep())
        self.keep.setToolTip("Writes the weights with the new averages into the run's folder, beside its own")
        self.close_ = small_button("Stop", do=lambda: self.dismiss())
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 0)
        row.addWidget(self.said, 1)
        row.addWidget(self.keep)
        row.addWidget(self.close_)
        self.hide()

    def begin(self, folder: Path | None) -> None:
        """Recalibrate the best weights of this run."""
        if folder is None:
            return
        self._stop.set()
        self._stop = stop = threading.Event()
        self.found = None
        self._say(f"{folder.name}: averaging over the training data, and testing before and after…", "Stop")
        self.show()
        self._worker.submit("recalibration", lambda: _recalibrated(folder, stop), self._show)

    def dismiss(self) -> None:
        """Give up, and go."""
        self._stop.set()
        self._worker.drop("recalibration")
        self.hide()

    def _show(self, answer: Recalibrated | Problem | None) -> None:
        if answer is None or isinstance(answer, Problem):
            self._say("Stopped." if answer is None else f"{answer.message.rstrip('.')}.")
            return
        from runtime.training.metrics import format_metric

        self.found = answer
        name, before = next(iter(answer.before.metrics.items()))
        after = answer.after.score
        figures = f"{format_metric(name, before)} → {format_metric(name, after)}"
        furthest = max(answer.changes, key=lambda change: change.variance)
        self._say(
            f"{answer.run.name}: test {name} {figures}, loss {answer.before.loss:.4f} → {answer.after.loss:.4f}, with "
            f"{count(len(answer.changes), 'batch norm')} averaged anew; {furthest.path} moved furthest, its variance "
            f"by ×{furthest.variance:.3g}."
        )
        self.keep.show()

    def _keep(self) -> None:
        if self.found is not None:
            kept = self.found.keep()
            self._say(kept.message if isinstance(kept, Problem) else f"Kept as {kept.name} in {kept.parent}.")

    def _say(self, text: str, close: str = "Close") -> None:
        self.said.setText(text)
        self.close_.setText(close)
        self.keep.hide()


def _recalibrated(folder: Path, stop: threading.Event) -> Recalibrated | Problem | None:
    """In the worker's thread."""
    from runtime.training.recalibration import recalibrate_run

    return recalibrate_run(folder, stop.is_set)
