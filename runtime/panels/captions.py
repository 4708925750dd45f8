"""One line of text that never asks for more room than there is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from builder.widgets.theme import MEDIUM, SEMIBOLD, SMALL, font


def device_words(device: str) -> str:
    """A device as people write it: ``CPU``, ``CUDA:0``; others as they are."""
    return device.upper() if device.startswith(("cpu", "cuda")) else device


class Caption(QLabel):
    """One line that gives way: cut at its end where there is no room, whole in the tooltip."""

    def __init__(self, strong: bool = False) -> None:
        super().__init__()
        self._whole = ""
        self.setFont(font(SMALL, SEMIBOLD if strong else MEDIUM))
        self.setProperty("role", "heading" if strong else "caption")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def say(self, text: str) -> None:
        """Show another text."""
        if text != self._whole:
            self._whole = text
            self.setAccessibleName(text)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        fits = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        self.setText(fits)
        self.setToolTip(self._whole if fits != self._whole else "")
