"""A run that somebody else writes, followed live: another window, a command, a machine that shares a folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from runtime.panels.plotting.series import Trace
from runtime.training.records.following import Follower, Standing

#: Milliseconds between two looks at the folder, and between two pieces of what was told before.
_LOOK, _CATCH_UP = 250, 5

_WORDS = {
    Standing.RUNNING: "running elsewhere",
    Standing.PAUSED: "paused elsewhere",
    Standing.STALLED: "no news for long; it may be stalled",
    Standing.INTERRUPTED: "interrupted; Resume in the list of runs goes on with it",
    Standing.FINISHED: "finished",
    Standing.GONE: "its folder is gone",
}


class Following(QObject):
    """At most one run that is followed; ``trace`` is what it has told, as of a run of one's own."""

    changed = Signal()
    #: How it stands, in words.
    standingChanged = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.trace = Trace()
        self._follower: Follower | None = None
        self._said = ""
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)

    @property
    def folder(self) -> Path | None:
        """The run that is followed."""
        return self._follower.folder if self._follower is not None else None

    @property
    def said(self) -> str:
        """Its name, and how it stands."""
        return f"{self._follower.folder.name}: {self._said}" if self._follower is not None else ""

    def follow(self, folder: Path) -> None:
        """Follow this run from now on, and no other."""
        self.trace, self._follower, self._said = Trace(), Follower(folder), ""
        self.look()
        self._timer.start()

    def leave(self) -> None:
        """Follow none."""
        self._timer.stop()
        self._follower = None

    def look(self) -> None:
        """Take in what is new."""
        if self._follower is None:
            return
        news = self._follower.poll()
        if news.afresh:
            self.trace.restart()
        for event in news.events:
            self.trace.add(event)
        self._timer.setInterval(_CATCH_UP if news.more else _LOOK)
        standing = _WORDS[self._follower.standing]
        if standing != self._said:
            self._said = standing
            self.standingChanged.emit(self.said)
        if news.events or news.afresh:
            self.changed.emit()
