"""Where one is: the document, then the modules one went through, each a way back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from builder.widgets.session import Session

_HEIGHT = 32
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


class Breadcrumb(QWidget):
    """The document's name, the names of the nodes one went in through, and the block one is in."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("breadcrumb")
        self.setAccessibleName("Where you are")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 0, 4, 0)
        self.setFixedHeight(_HEIGHT)
        self._row.setSpacing(0)
        self._names: tuple[str, ...] | None = None
        for signal in (
            session.documentReplaced,
            session.instanceChanged,
            session.analysisChanged,
            session.savedChanged,
        ):
            signal.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        names = (self.session.document.name or "untitled", *self.session.instance, self._block_of_last())
        if names != self._names:
            self._names = names
            self._rebuild()

    def _block_of_last(self) -> str:
        return self.session.graph.key

    def _rebuild(self) -> None:
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        *names, block = self._names or ("",)
        for depth, name in enumerate(names):
            last = depth == len(names) - 1
            if last:
                text = f"{name} : {block}" if block and block != name else name
                label = QLabel(text)
                label.setTextFormat(Qt.TextFormat.PlainText)
                label.setProperty("role", "strong")
                label.setContentsMargins(12 if depth else 6, 0, 6, 0)
                self._row.addWidget(label, 0, _MIDDLE)
            else:
                button = QToolButton()
                button.setText(name)
                button.setProperty("variant", "quiet")
                button.setProperty("scale", "crumb")
                button.setCursor(Qt.CursorShape.PointingHandCursor)
                button.setAccessibleName(f"Go back to {name}")
                button.clicked.connect(lambda *_, depth=depth: self.session.leave(depth))
                self._row.addWidget(button, 0, _MIDDLE)
                arrow = QLabel("›")  # noqa: RUF001
                arrow.setProperty("role", "muted")
                self._row.addWidget(arrow, 0, _MIDDLE)
        for widget in self.findChildren(QWidget):
            widget.setVisible(self._row.indexOf(widget) >= 0)
        for widget in self.findChildren(QWidget):
            widget.ensurePolished()  # its size depends on the style
        self.resize(self._row.sizeHint().width(), _HEIGHT)
