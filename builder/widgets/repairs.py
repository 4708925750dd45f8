"""The ways out of a problem as buttons, wherever it is shown: on the canvas, in the inspector, above the status bar."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from builder.errors import Problem
from builder.fixes import Proposal, proposals
from builder.widgets.session import Session


class RepairButton(QPushButton):
    """Does one repair, as it is when it is pressed: the network may have been drawn on since it was offered."""

    #: The button was pressed, and what it offered was done or is not needed any more.
    repaired = Signal()

    def __init__(
        self, session: Session, problem: Problem, proposal: Proposal, parent: QWidget | None = None
    ) -> None:
        super().__init__(proposal.label, parent)
        self._session, self._problem = session, problem
        self.proposal = proposal
        self.setToolTip(proposal.effect)
        self.setAccessibleDescription(proposal.effect)
        self.clicked.connect(self._repair)

    @property
    def effect(self) -> str:
        """What it changes, in figures."""
        return self.proposal.effect

    def _repair(self) -> None:
        session = self._session
        session.flush()
        offered = _offered(session, self._problem)
        now = next((other for other in offered if other.id == self.proposal.id), None)
        if now is not None:
            session.perform(now.label, now.edits)
            session.statusMessage.emit(f"{now.label}: {now.effect}".rstrip(": "))
        self.repaired.emit()


def repair_buttons(
    session: Session, problem: Problem, parent: QWidget | None = None, limit: int | None = None
) -> list[RepairButton]:
    """Buttons for the repairs that work, best first, which is the one to press; ``limit`` of them at most."""
    session.flush()
    offered = _offered(session, problem)[:limit]
    buttons = [RepairButton(session, problem, proposal, parent) for proposal in offered]
    for button in buttons[:1]:
        button.setProperty("variant", "primary")
    return buttons


def _offered(session: Session, problem: Problem) -> list[Proposal]:
    return proposals(session.document, session.analysis, problem, convention=session.convention)
