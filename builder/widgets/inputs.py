"""The plain widgets that fields are made of: a line that steps, a switch, a choice that ignores a passing wheel."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget

from builder.widgets.theme import SMALL, Theme, font


class LineEdit(QLineEdit):
    """A line that leaves undo to the document, shows a unit, and steps with the arrow keys."""

    stepped = Signal(int)
    escaped = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None, unit: str = "") -> None:
        super().__init__(parent)
        self._unit = unit
        if unit:
            self.setTextMargins(0, 0, self.fontMetrics().horizontalAdvance(unit) + 6, 0)

    def event(self, event: QEvent) -> bool:
        """Let Ctrl+Z and Ctrl+Shift+Z through to the window, where they undo steps, not letters."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            if event.matches(keys.Undo) or event.matches(keys.Redo):
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down step, with Shift (or PageUp, PageDown) by ten; Esc restores, or is the panel's to answer."""
        big = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        steps = {Qt.Key.Key_Up: big, Qt.Key.Key_Down: -big, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
        if (step := steps.get(Qt.Key(event.key()))) is not None:
            self._step(step)
        elif event.key() == Qt.Key.Key_Escape:
            event.setAccepted(self.isModified())
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step while it has the focus; else let the panel scroll."""
        if self.hasFocus() and event.angleDelta().y():
            self._step(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def _step(self, step: int) -> None:
        """Ask for so many steps; a value that was stepped to is one that Esc takes back."""
        before, modified = self.text(), self.isModified()
        self.stepped.emit(step)
        self.setModified(modified or self.text() != before)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tell the field that the user went on."""
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.left.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line, with the unit in it at the right."""
        super().paintEvent(event)
        if self._unit:
            painter = QPainter(self)
            painter.setFont(font(SMALL))
            painter.setPen(self.palette().placeholderText().color())
            room = self.rect().adjusted(0, 0, -10, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._unit)


class Switch(QAbstractButton):
    """On or off, as a knob in a slot; Space switches."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """As large as its drawing."""
        return QSize(36, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The slot in the accent colour when on; the knob; a ring when it has the focus."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, on = self.theme, self.isChecked()
        slot = QRect(2, 3, 32, 16)
        painter.setPen(theme.color("text" if self.hasFocus() else "accent" if on else "wire"))
        painter.setBrush(theme.color("accent" if on else "raised"))
        painter.setOpacity(1.0 if self.isEnabled() else 0.5)
        painter.drawRoundedRect(slot, 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("on_accent" if on else "muted"))
        painter.drawEllipse(QRect(slot.right() - 13 if on else slot.left() + 3, 6, 10, 10))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the focus too."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)


class Combo(QComboBox):
    """A choice that the wheel does not change in passing."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step while it has the focus; else let the panel scroll."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
