"""How the network is trained, as a form."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from builder.widgets.session import Session


class SettingsPanel(QWidget):
    """The settings of the document."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
