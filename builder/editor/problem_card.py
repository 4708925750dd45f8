"""A problem with its repairs: the rule, the values, then buttons, each with its effect in figures."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from builder.entry import sentence
from builder.errors import Problem
from builder.figures import count
from builder.widgets.icons import pixmap
from builder.widgets.repairs import RepairButton, repair_buttons
from builder.widgets.session import Session

#: Repairs are tried on a copy of the document, so they wait until typing pauses.
_PAUSE = 150


class ProblemCard(QFrame):
    """What is wrong with a node, and what to do."""

    def __init__(self, session: Session, problem: Problem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.problem = problem
        self.setAccessibleName(f"{problem.severity}: {problem.message}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._badge = QLabel(self)
        head.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        self._rule = self._label(problem.rule)
        head.addWidget(self._rule, 1)
        layout.addLayout(head)
        details = [sentence(text) for text in (problem.values, problem.way_out) if text]
        here = ".".join(session.instance)
        if problem.path.rpartition(".")[0] != here:
            details.append(f"At {problem.path}.")
        if problem.count > 1:
            details.append(f"In {count(problem.count, 'instance')} of this module.")
        for text in details:
            layout.addWidget(self._label(text))
        self._fixes = QVBoxLayout()
        self._fixes.setSpacing(4)
        layout.addLayout(self._fixes)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self.propose)
        if problem.fixes:
            self._timer.start()
        self._dress()
        session.themeChanged.connect(self._dress)

    def propose(self) -> None:
        """Look for repairs now and show them as buttons."""
        self._timer.stop()
        while (item := self._fixes.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for button in repair_buttons(self._session, self.problem, self):
            self._fixes.addWidget(button)
            if button.effect:
                effect = self._label(button.effect)
                effect.setProperty("role", "small")
                self._fixes.addWidget(effect)

    def buttons(self) -> list[RepairButton]:
        """The repairs as buttons, best first."""
        return self.findChildren(RepairButton)

    def _label(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label

    def _dress(self) -> None:
        theme = self._session.theme
        color = theme.severity(self.problem.severity)
        self._badge.setPixmap(pixmap(str(self.problem.severity), color, 16, self.devicePixelRatioF()))
        self._rule.setStyleSheet(f"color: {color}; font-weight: 600;")
        self.setStyleSheet(
            f"ProblemCard {{ border: 1px solid {color}; border-radius: 8px; background: {theme.canvas}; }}"
        )
