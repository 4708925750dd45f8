"""Where the window was: kept while it is used, so that a crash forgets nothing, and put onto a screen that is there."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow

from builder.widgets import preferences

_GEOMETRY = "window/geometry"
#: What must be seen of the bar that a window is dragged by.
_GRIP = QSize(160, 24)
_FIRST = QSize(1600, 1000)
_REST_MS = 1000


def restore(window: QMainWindow) -> None:
    """Put a window where it was, or a first one on the screen."""
    geometry = preferences.recall_bytes(_GEOMETRY)
    if geometry is None or not window.restoreGeometry(geometry):
        window.resize(_FIRST.boundedTo(QGuiApplication.primaryScreen().availableSize()))
    bring_back(window, [screen.availableGeometry() for screen in QGuiApplication.screens()])


def bring_back(window: QMainWindow, screens: list[QRect]) -> None:
    """Move a window that nobody could take hold of to the middle of the first screen, and make it fit there."""
    frame = window.frameGeometry()
    grip = QRect(frame.topLeft(), QSize(frame.width(), _GRIP.height()))
    seen = [screen.intersected(grip) for screen in screens]
    if any(part.width() >= _GRIP.width() and part.height() >= _GRIP.height() for part in seen):
        return
    first = screens[0]
    room = first.size() - (frame.size() - window.size())
    window.resize(window.size().boundedTo(room).expandedTo(window.minimumSize()))
    place = window.frameGeometry()
    place.moveCenter(first.center())
    window.move(max(place.left(), first.left()), max(place.top(), first.top()))


class PlacedWindow(QMainWindow):
    """A window that remembers itself a moment after it, or a part that says so, has been moved or sized."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.remember)

    def remember(self) -> None:
        """Keep where the window is and how large, also whether it fills the screen."""
        preferences.remember(_GEOMETRY, self.saveGeometry())

    def note_change(self) -> None:
        """Something was moved, sized, shown or hidden: remember it after a rest."""
        if self.isVisible():
            self._rest.start()

    def moveEvent(self, event: QMoveEvent) -> None:
        """It is somewhere else."""
        super().moveEvent(event)
        self.note_change()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """It is of another size, or fills the screen."""
        super().resizeEvent(event)
        self.note_change()

    def closeEvent(self, event: QCloseEvent) -> None:
        """For the last time."""
        self._rest.stop()
        self.remember()
        super().closeEvent(event)
