"""Looking for garbage when nobody waits: a full round takes a tenth of a second, which is a stutter in a drag."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

#: Collections of the middle generation after which Python, left alone, would begin a full round (its default).
_DUE = 10
#: So many that it never begins one by itself.
_NEVER = 1_000_000


class IdleCollector(QObject):
    """Keeps full rounds of the garbage collector for moments without a pressed button.

    Young garbage is collected as ever. From Python 3.14 on rounds are cut into small steps, and nothing is changed.
    """

    def __init__(self, parent: QObject | None = None, *, interval_ms: int = 5000) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        if sys.version_info < (3, 14):
            gc.set_threshold(*self._thresholds[:2], _NEVER)
            self._timer = QTimer(self)
            self._timer.setInterval(interval_ms)
            self._timer.timeout.connect(self.collect_if_due)
            self._timer.start()

    def collect_if_due(self) -> bool:
        """Run a full round if Python would have, and no button is held down; whether it was run."""
        held = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        if held or gc.get_count()[2] <= _DUE:
            return False
        gc.collect()
        return True

    def stop(self) -> None:
        """Leave everything to Python again."""
        if sys.version_info < (3, 14):
            self._timer.stop()
        gc.set_threshold(*self._thresholds)
