"""Looks for a learning rate behind the window, and shows the curve with a button that takes what was found."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.ratepicture import Picture
from runtime.training.settings import Settings

if TYPE_CHECKING:
    from builder.document import Document
    from runtime.training.finding import RateCurve

#: Seconds to wait for the step that is being taken.
_PATIENCE = 10.0


class RateFinder(QWidget):
    """Hidden until ``search``. A run that begins ends a search: both would draw from the same chance.

    ``chosen(rate)`` tells that the rate is to be used.
    """

    chosen = Signal(float)

    def __init__(self, session: Session, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._worker = session, worker
        self._stop = threading.Event()
        self._learning = threading.Lock()
        self.curve: RateCurve | None = None
        self.picture = Picture("Loss at each learning rate", session.theme)
        self.said = QLabel()
        self.said.setProperty("role", "caption")
        self.said.setWordWrap(True)
        self.use = QPushButton()
        self.use.setProperty("variant", "primary")
        self.use.clicked.connect(self._use)
        self.close_ = QPushButton()
        self.close_.clicked.connect(self.dismiss)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(self.use)
        buttons.addWidget(self.close_)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.addWidget(self.said)
        column.addWidget(self.picture)
        column.addLayout(buttons)
        self.hide()
        session.runStateChanged.connect(self._run_state_changed)
        session.documentReplaced.connect(self.dismiss)
        session.themeChanged.connect(lambda: self.picture.set_theme(session.theme))

    def search(self) -> None:
        """Look for a rate for what is drawn now; says so where that cannot be done."""
        self.curve = None
        self.show()
        settings = Settings.read(self._session.document.training)
        errors = [problem for problem in self._session.analysis.problems if problem.is_error]
        if self._session.run_state != "idle":
            self._tell("A learning rate is looked for while nothing trains: stop the run first.")
        elif errors or isinstance(settings, list):
            self._tell((errors or settings)[0].message)  # type: ignore[index]
        else:
            self._begin(self._session.document.copy(), settings)

    def dismiss(self) -> None:
        """Give up looking, and go."""
        self.halt()
        self.hide()

    def halt(self) -> None:
        """End a search, after the step that is being taken."""
        self._worker.drop("learning rate")
        self._stop.set()
        if self._learning.acquire(timeout=_PATIENCE):
            self._learning.release()

    def _begin(self, document: Document, settings: Settings) -> None:
        self._stop = stop = threading.Event()
        self._tell("Looking: a fresh network learns while its rate grows from step to step…", "Stop")
        self._worker.submit(
            "learning rate", lambda: _found(document, settings, stop, self._learning), self._show
        )

    def _show(self, answer: Any) -> None:
        if isinstance(answer, Problem):
            self._tell(answer.message)
            return
        self.curve = curve = answer
        if curve.suggestion is None:
            self._tell(
                "The loss falls at no rate in so few steps: look at the data, the network or its settings."
            )
        else:
            self._tell(
                f"The loss falls fastest at {curve.steepest:.2g} and is lowest at {curve.lowest:.2g}, where the rate "
                "is about to be too high."
            )
            self.use.setText(f"Use {curve.suggestion:g}")
            self.use.show()
            if self.close_.hasFocus():
                self.use.setFocus()
        if curve.losses:
            self._draw(curve)

    def _draw(self, curve: RateCurve) -> None:
        losses = [
            min(loss, 1.5 * curve.losses[0]) for loss in curve.losses
        ]  # an explosion would flatten the rest
        self.picture.show_curve(
            [math.log10(rate) for rate in curve.rates],
            losses,
            from_zero=False,
            top=f"loss {min(losses):.3g} to {max(losses):.3g}",
            left=f"{curve.rates[0]:.0e}",
            right=f"{curve.rates[-1]:.2g}",
            mark=None if curve.suggestion is None else math.log10(curve.suggestion),
        )
        self.picture.show()

    def _tell(self, text: str, close: str = "Close") -> None:
        self.said.setText(text)
        self.close_.setText(close)
        self.use.hide()
        self.picture.hide()

    def _use(self) -> None:
        if self.curve is not None and self.curve.suggestion is not None:
            self.chosen.emit(self.curve.suggestion)
        self.hide()

    def _run_state_changed(self, state: str) -> None:
        if state != "idle" and not self._stop.is_set() and self.isVisible() and self.curve is None:
            self.halt()
            self._tell("The search ended with the start of the run.")


def _found(document: Document, settings: Settings, stop: threading.Event, learning: Any) -> Any:
    """In the worker's thread: a curve, or the first Problem."""
    from runtime.data import load_data
    from runtime.training.finding import find_learning_rate, read_curve
    from runtime.training.loop import input_shape

    shape = input_shape(document)
    if isinstance(shape, Problem):
        return shape
    data = load_data(str(document.data.get("source", "digits")), shape)
    if isinstance(data, Problem):
        return data
    with learning:
        if stop.is_set():
            return read_curve([], [])
        found = find_learning_rate(document, settings, data, stop=stop.is_set)
    return found[0] if isinstance(found, list) else found
