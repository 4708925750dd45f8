"""Fetching data that is known by name, behind the window: how far it is, and a way to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.parts import small_button

if TYPE_CHECKING:
    from runtime.data import Source

#: Milliseconds between two looks at how far it is.
_POLL = 100
#: What the bar counts to.
_WHOLE = 1000


class Downloads(QWidget):
    """In the status bar while something is fetched; one thing at a time."""

    #: A set is there now: its name.
    arrived = Signal(str)

    def __init__(self, session: Session, worker: Worker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._worker = session, worker
        self._source: Source | None = None
        self._there = 0
        self._stopping = False
        self.label = QLabel()
        self.bar = QProgressBar()
        self.bar.setRange(0, _WHOLE)
        self.bar.setFixedWidth(96)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Download progress")
        tip = "What came is kept: the next time it is gone on with"
        self.cancel = small_button("Stop", tip, self.stop, quiet=True)
        self.cancel.setAccessibleName("Stop the download")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (self.label, self.bar, self.cancel):
            row.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL)
        self._timer.timeout.connect(self._show)
        self.setVisible(False)

    @property
    def fetching(self) -> str | None:
        """The name of what is being fetched."""
        return self._source.name if self._source is not None else None

    def begin(self, source: Source) -> None:
        """Fetch a set; where one is on its way already, that goes on alone."""
        if self._source is not None:
            return
        self._source, self._there, self._stopping = source, 0, False
        self.cancel.setEnabled(True)
        self.setVisible(True)
        self._show()
        self._timer.start()
        done: dict[str, int] = {}

        def tell(file: str, there: int, _whole: int) -> None:
            done[file] = there
            self._there = sum(done.values())

        # Asked from the thread; a window that is closed stops it as well.
        self._worker.submit("download", lambda: source.download(tell, lambda: self._stopping), self._end)

    def stop(self) -> None:
        """Have it stop soon."""
        self._stopping = True
        self.cancel.setEnabled(False)

    def _show(self) -> None:
        if self._source is None:
            return
        there, whole = self._there, max(self._source.size, 1)
        self.bar.setValue(min(_WHOLE, there * _WHOLE // whole))
        self.label.setText(f"Fetching {self._source.title} · {there / 1e6:,.0f} of {whole / 1e6:,.0f} MB")

    def _end(self, problem: Problem | None) -> None:
        source, self._source = self._source, None
        self._timer.stop()
        self.setVisible(False)
        if isinstance(problem, Problem):
            if problem.code == "download-stopped":
                self._session.statusMessage.emit("Download stopped; what came is kept")
            else:
                self._session.problemsFound.emit([problem])
        elif source is not None:
            self._session.statusMessage.emit(f"{source.title} is here")
            self.arrived.emit(source.name)
