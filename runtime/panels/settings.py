"""How the network is trained, as a form; every change is an undoable edit of the document."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from builder.edits import SetSettings
from builder.widgets.forms import Form
from builder.widgets.session import Session
from runtime.training.settings import DECLARATIONS


class SettingsPanel(QWidget):
    """The form made of the declared settings; what is typed is the document's at once, and the next run's."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAccessibleName("Training settings")
        title = QLabel("Training")
        title.setProperty("role", "title")
        self.remark = QLabel("Saved with the network; a run that goes on keeps its own.")
        self.remark.setProperty("role", "caption")
        self.remark.setWordWrap(True)
        self.form = Form(session.theme)
        self.form.edited.connect(self._edit)
        self.form.reset.connect(self._reset)
        self.form.finished.connect(self._end_step)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        column.addWidget(title)
        column.addWidget(self.remark)
        column.addSpacing(8)
        column.addWidget(self.form)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        session.historyChanged.connect(self.refresh)
        session.documentReplaced.connect(self.refresh)
        session.themeChanged.connect(lambda: self.form.set_theme(session.theme))
        self.refresh()

    def refresh(self) -> None:
        """Show what the document says."""
        self.form.show_parameters(DECLARATIONS, dict(self._session.document.training))

    def _edit(self, name: str, value: Any) -> None:
        values = {**self._session.document.training, name: value}
        label = f"Set {DECLARATIONS[name].label.lower()}"
        self._session.perform(label, [SetSettings("training", values)], merge=("training", name))

    def _reset(self, name: str) -> None:
        values = {key: value for key, value in self._session.document.training.items() if key != name}
        self._session.perform(f"Reset {DECLARATIONS[name].label.lower()}", [SetSettings("training", values)])

    def _end_step(self) -> None:
        """What is typed next is another step; the history is another one after a document is replaced."""
        self._session.history.end_merging()
