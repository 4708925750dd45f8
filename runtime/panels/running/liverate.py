"""The learning rate of the run that goes on, to be read and changed."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout

from builder.widgets.fields import LineField
from builder.widgets.session import Session
from runtime.panels.running.training import Training
from runtime.training.settings import DECLARATIONS

_RATE = DECLARATIONS["learning_rate"]


class LiveRate(QFrame):
    """There while a run goes on: half, double, or a rate that is typed; the schedule goes on from it."""

    def __init__(self, session: Session, training: Training) -> None:
        super().__init__()
        self._training = training
        self.setAccessibleName("Learning rate of this run")
        self.said = QLabel()
        self.said.setProperty("role", "strong")
        about = QLabel("Holds from the next step on; the schedule goes on in proportion.")
        about.setProperty("role", "caption")
        about.setWordWrap(True)
        self.half = self._button("÷ 2", "Half the learning rate of this run", 0.5)
        self.double = self._button("× 2", "Double the learning rate of this run", 2.0)
        self.field = LineField(_RATE, session.theme)
        self.field.setAccessibleName("New learning rate of this run")
        self.field.line.setPlaceholderText("another, then Enter")
        self.field.line.clear()
        self.field.line.returnPressed.connect(self._typed)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.half)
        row.addWidget(self.double)
        row.addWidget(self.field, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        column.addWidget(self.said)
        column.addLayout(row)
        column.addWidget(about)
        training.traceChanged.connect(self.refresh)
        session.runStateChanged.connect(lambda _: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        """Show the rate of the last step that was told."""
        rate = self._training.trace.learning_rate
        self.setVisible(self._training.is_running and rate > 0)
        self.said.setText(f"This run learns at {rate:.3g}")

    def _button(self, text: str, told: str, factor: float) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(told)
        button.setAccessibleName(told)
        button.clicked.connect(lambda: self._set(self._training.trace.learning_rate * factor))
        return button

    def _typed(self) -> None:
        if self.field.line.text().strip() and _RATE.check(self.field.value) is None:
            self._set(self.field.value)
            self.field.line.clear()

    def _set(self, rate: float) -> None:
        if _RATE.check(rate) is None:
            self._training.set_learning_rate(rate)
