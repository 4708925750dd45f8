"""Lines of text that never ask for more room than there is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from builder.widgets.theme import MEDIUM, SEMIBOLD, SMALL, font


def device_words(device: str) -> str:
    """A device as people write it: ``CPU``, ``CUDA:0``; others as they are."""
    return device.upper() if device.startswith(("cpu", "cuda")) else device


class Caption(QLabel):
    """One line that gives way: what is said in fewer words, then cut at its end; whole in the tooltip."""

    def __init__(self, strong: bool = False) -> None:
        super().__init__()
        self._ways: tuple[str, ...] = ("",)
        self.setFont(font(SMALL, SEMIBOLD if strong else MEDIUM))
        self.setProperty("role", "heading" if strong else "caption")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def say(self, *ways: str) -> None:
        """Show another text: the first of several ways to say it that fits."""
        if ways != self._ways:
            self._ways = ways
            self.setAccessibleName(ways[0])
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics, whole, width = self.fontMetrics(), self._ways[0], self.width()
        text = next((way for way in self._ways if metrics.horizontalAdvance(way) <= width), self._ways[-1])
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        self.setText(shown)
        self.setToolTip(whole if shown != whole else "")


class Sentence(QLabel):
    """A caption that takes as many lines as it needs at the width there is."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "caption")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def say(self, text: str) -> None:
        """Show another text."""
        self.setText(text)
