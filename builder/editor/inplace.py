"""Fields that open over what they are about, for a name, a number or a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QWidget

from builder.errors import Problem

if TYPE_CHECKING:  # its methods are those of the widget it is mixed into
    _Widget = QWidget
else:
    _Widget = object


class InPlace(_Widget):
    """What such fields do: they take all keys while one types, and close when the focus goes elsewhere.

    It goes before Qt's class among the bases. The focus goes ``back`` where it came from.
    """

    back: QWidget | None = None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # while one types, keys are text, not the canvas' shortcuts
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.close_field()

    def close_field(self) -> None:
        """Take the field away; what was done stays done."""
        if self.isHidden():
            return
        had_focus = self.hasFocus()
        self.hide()
        self.closing()
        if had_focus and self.back is not None:
            self.back.setFocus()
        self.deleteLater()

    def closing(self) -> None:
        """It has been taken away: the moment to keep what was typed."""


class InPlaceField(InPlace, QLineEdit):
    """Enter does it, Esc does not; what cannot be is told under the field, which stays open.

    ``accept`` gets what was typed and says what is wrong with it.
    """

    def __init__(
        self, parent: QWidget, place: QRect, text: str, accept: Callable[[str], Problem | None]
    ) -> None:
        super().__init__(text, parent)
        self._accept = accept
        self.back = QApplication.focusWidget()
        self.setGeometry(place)
        self.textEdited.connect(QToolTip.hideText)
        self.selectAll()
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_field()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do()
        else:
            super().keyPressEvent(event)

    def _do(self) -> None:
        problem = self._accept(self.text().strip())
        if problem is None:
            self.close_field()
            return
        QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), problem.message, self)
        self.setAccessibleDescription(problem.message)
