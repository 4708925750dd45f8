"""Lines of text that never ask for more room than there is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from builder.widgets.theme import MEDIUM, SEMIBOLD, SMALL, font

#: Between what something is and what it was taken for.
_ARROW = " → "
#: The longest line of a hint.
_LINE = 560


def device_words(device: str) -> str:
    """A device as people write it: ``CPU``, ``CUDA:0``; others as they are."""
    return device.upper() if device.startswith(("cpu", "cuda")) else device


def shortened(text: str, most: int) -> str:
    """A name of at most so many letters, cut in its middle: the ends are where names differ."""
    return text if len(text) <= most else f"{text[: most - most // 2 - 1]}…{text[-(most // 2) :]}"


def fitted_pair(text: str, metrics: QFontMetrics, width: int) -> str:
    """``one → other`` in so many pixels, each of the two cut by itself; other text is cut at its end."""
    one, arrow, other = text.partition(_ARROW)
    if not arrow:
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
    room = width - metrics.horizontalAdvance(arrow)
    left, right = metrics.horizontalAdvance(one), metrics.horizontalAdvance(other)
    left, right = min(left, max(room // 2, room - right)), min(right, max(room - room // 2, room - left))
    return _in(left, one, metrics) + arrow + _in(right, other, metrics)


def _in(room: int, name: str, metrics: QFontMetrics) -> str:
    """A name that is cut in its middle if it must be: what fits but for the rounding of its width stays whole."""
    fits = metrics.horizontalAdvance(name) <= room
    return name if fits else metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)


def centred(hint: QWidget) -> QWidget:
    """A page with a hint in its middle, in lines no longer than one likes to read."""
    page = QWidget()
    row = QHBoxLayout(page)
    row.setContentsMargins(16, 0, 16, 0)
    hint.setMaximumWidth(_LINE)
    row.addStretch(1)
    row.addWidget(hint, 1000)
    row.addStretch(1)
    return page


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
