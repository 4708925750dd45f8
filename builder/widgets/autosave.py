"""Keeps a copy of what is in no file yet: a few seconds after the last change, and now and then while one goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from builder.errors import Problem
from builder.keeping import Keeper, Kept
from builder.widgets.session import Session
from builder.widgets.worker import Worker

#: Milliseconds after the last change, at most since the first one, after a copy that failed, and while a button is
#: held: what is drawn meanwhile is not to be disturbed.
REST, LONGEST, AGAIN, HELD = 3_000, 12_000, 30_000, 100

_COPY, _OPENED = "keep a copy", "look at the file"


class Autosave(QObject):
    """Copies the document in memory, which is quick, and writes the copy in a thread.

    Nothing is written while nothing has changed, and nothing is left once all is saved, undone or given up.
    """

    def __init__(self, session: Session, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._worker = worker
        self._keeper = Keeper()
        self._first: float | None = None
        #: The revision of which there is a copy, or will be.
        self._kept: int | None = None
        self._saved_at = session.saved_at
        self._told: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._keep)
        session.savedChanged.connect(self._follow)
        session.documentReplaced.connect(self._replaced)
        session.runStateChanged.connect(self._heed_run)
        if session.path is not None:
            self._tell_opened()

    @property
    def token(self) -> str:
        """Under which the copies are written."""
        return self._keeper.claim.token

    def keep_now(self, then: Callable[[], object] = lambda: None) -> None:
        """Keep a copy without waiting for a rest; ``then`` is called in the thread when it is there."""
        session = self._session
        self._timer.stop()
        self._first = None
        self._kept = session.document.revision
        document, path, steps = session.document.copy(), session.path, session.history.unsaved_steps

        def work() -> Kept | Problem:
            kept = self._keeper.keep(document, path, -1 if steps is None else steps)
            if isinstance(kept, Kept):
                then()
            return kept

        self._worker.submit(_COPY, work, self._answered)

    def close(self) -> None:
        """All is saved or given up: leave nothing. The worker must have been closed."""
        self._timer.stop()
        self._keeper.close()

    def _follow(self) -> None:
        session = self._session
        if session.saved_at != self._saved_at:
            self._saved_at = session.saved_at
            self._tell_opened()
        if session.is_saved:
            self._forget()
        elif session.document.revision != self._kept:
            now = time.monotonic()
            self._first = now if self._first is None else self._first
            left = LONGEST - 1000 * (now - self._first)
            self._timer.start(max(0, round(min(REST, left))))

    def _replaced(self) -> None:
        self._saved_at = self._session.saved_at
        self._told.clear()
        self._forget()
        if self._session.path is not None:
            self._tell_opened()

    def _heed_run(self, state: str) -> None:
        """Training may take all the memory there is, and the program with it."""
        if state == "starting" and self._timer.isActive():
            self.keep_now()

    def _forget(self) -> None:
        self._timer.stop()
        self._first = None
        if self._kept is not None:
            self._kept = None
            self._worker.submit(_COPY, self._keeper.drop, lambda _: None)

    def _tell_opened(self) -> None:
        path: Path | None = self._session.path
        self._worker.submit(_OPENED, lambda: self._keeper.opened(path), lambda _: None)

    def _keep(self) -> None:
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._timer.start(HELD)
        elif not self._session.is_saved:
            self.keep_now()

    def _answered(self, kept: Kept | Problem) -> None:
        """Say once where the copy is if it is not where it should be, or that there is none, and try again."""
        session = self._session
        if isinstance(kept, Problem):
            self._kept = None
            if not self._timer.isActive():
                self._timer.start(AGAIN)
            if kept.code not in self._told:
                self._told.add(kept.code)
                session.problemsFound.emit([kept])
            return
        self._told.discard("autosave-failed")
        if kept.aside is not None and "aside" not in self._told:
            self._told.add("aside")
            reason = kept.aside.strerror or str(kept.aside)
            session.statusMessage.emit(
                f"Changes are kept safe in {kept.path.parent}: beside {session.title} there is “{reason}”"
            )
