"""The switch between FLOPs and MACs, wherever a panel tells work."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton, QWidget

from builder.widgets.session import Session


class ConventionSwitch(QPushButton):
    """Says in what work is counted; a click counts in the other."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setProperty("variant", "quiet")
        self.setProperty("scale", "small")
        self.clicked.connect(lambda: session.set_convention(session.convention.other))
        session.conventionChanged.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        convention = self._session.convention
        self.setText(f"Work in {convention.unit}")
        self.setToolTip(f"{convention.unit}: {convention.words}. Click to count in {convention.other.unit}")
