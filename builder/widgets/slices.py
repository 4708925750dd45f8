"""Work in small pieces between what people do, so that the window answers at once while it goes on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

#: Milliseconds between two pieces, in which whatever was pressed or moved is dealt with, and while a button is held.
_PAUSE, _HELD = 5, 100


class Slices(QObject):
    """Calls ``step`` again and again while it says that there is more, never while a button of the mouse is held."""

    def __init__(self, step: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._step = step
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._next)

    def start(self, delay_ms: int = _PAUSE) -> None:
        """Go on, if it is not going on already."""
        if not self._timer.isActive():
            self._timer.start(delay_ms)

    def stop(self) -> None:
        """Do no more until it is started again."""
        self._timer.stop()

    @property
    def is_active(self) -> bool:
        """Whether there may be more to do."""
        return self._timer.isActive()

    def _next(self) -> None:
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._timer.start(_HELD)
        elif self._step():
            self._timer.start(_PAUSE)
