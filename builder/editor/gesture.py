"""What every gesture has in common: it begins with a press, may move, and ends with a release or is cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


class Gesture:
    """From a press to its release. ``started`` turns true once the pointer has moved far enough to mean it."""

    cursor: Qt.CursorShape | None = None

    def __init__(self, canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        self.canvas = canvas
        self.pressed_at = at
        self.origin = canvas.mapToScene(at)
        self.modifiers = modifiers
        self.started = False

    def move(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """The pointer went to ``at`` (in the view)."""
        if not self.started:
            far = (at - self.pressed_at).manhattanLength()
            if far < QApplication.startDragDistance() / 2:
                return
            self.started = True
            self.start()
        self.modifiers = modifiers
        self.drag(at, self.canvas.mapToScene(at))

    def release(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """The button went up."""
        self.modifiers = modifiers
        if self.started:
            self.drag(at, self.canvas.mapToScene(at))
            self.finish()
        else:
            self.click()

    def start(self) -> None:
        """The pointer has begun to move."""

    def drag(self, at: QPoint, point: QPointF) -> None:
        """The pointer moves; ``point`` is in the scene."""

    def finish(self) -> None:
        """Do it."""

    def click(self) -> None:
        """Pressed and released on the spot."""

    def cancel(self) -> None:
        """Undo what is shown."""
