"""What an empty canvas says: how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

TEXT = (
    "Press Tab to find the first block, or drag one here from the palette.\n"
    "A network that is known is in the gallery: Ctrl+Shift+N."
)


class Invitation(QLabel):
    """In the middle of the canvas while nothing is on it; lets the pointer through."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(TEXT, canvas)
        self.canvas = canvas
        self.setProperty("role", "muted")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        canvas.viewChanged.connect(self._follow)
        self.hide()

    def _follow(self) -> None:
        self.setVisible(not len(self.canvas.board.faces))
        if not self.isHidden():
            self.adjustSize()
            self.move(self.canvas.rect().center() - self.rect().center())
