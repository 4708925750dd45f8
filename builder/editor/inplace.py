"""A field that opens over what it is about, for one name or one number."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QWidget

from builder.errors import Problem


class InPlaceField(QLineEdit):
    """Enter does it, Esc does not; what cannot be is told under the field, which stays open.

    ``accept`` gets what was typed and says what is wrong with it. The focus goes back to where it came from.
    """

    def __init__(
        self, parent: QWidget, place: QRect, text: str, accept: Callable[[str], Problem | None]
    ) -> None:
        super().__init__(text, parent)
        self._accept = accept
        self._back = QApplication.focusWidget()
        self.setGeometry(place)
        self.textEdited.connect(QToolTip.hideText)
        self.selectAll()
        self.show()
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # while one types, keys are text, not the canvas' shortcuts
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_field()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.close_field()

    def _do(self) -> None:
        problem = self._accept(self.text().strip())
        if problem is None:
            self.close_field()
            return
        QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), problem.message, self)
        self.setAccessibleDescription(problem.message)

    def close_field(self) -> None:
        """Take the field away; what was done stays done."""
        if self.isHidden():
            return
        had_focus = self.hasFocus()
        self.hide()
        if had_focus and self._back is not None:
            self._back.setFocus()
        self.deleteLater()
