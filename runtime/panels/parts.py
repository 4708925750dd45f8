"""What several panels are put together from."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget


class Hint(QLabel):
    """Stands in the middle of a panel that has nothing to show, and says what brings something."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setProperty("role", "muted")


def small_button(
    text: str, tip: str = "", do: Callable[..., object] | None = None, *, quiet: bool = False
) -> QPushButton:
    """A button of a line's height; a ``quiet`` one has no frame until it is pointed at."""
    made = QPushButton(text)
    made.setProperty("scale", "small")
    if quiet:
        made.setProperty("variant", "quiet")
    made.setToolTip(tip)
    if do is not None:
        made.clicked.connect(do)
    return made
