"""Looks for the value of a setting behind the window, and shows what was found with a button that takes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from builder.errors import Problem
from builder.widgets.session import Session
from builder.widgets.worker import Worker
from runtime.panels.tuning.ratepicture import Picture
from runtime.training.settings import Settings

if TYPE_CHECKING:
    from builder.document import Document
    from runtime.data import Data

#: Seconds to wait for the step that is being taken.
_PATIENCE = 10.0


class Finder(QWidget):
    """Hidden until ``search``. A run that begins ends a search: both would draw from the same chance.

    ``chosen(value)`` tells that what was found is to be used. Those that look for something say what (``sought``,
    with its article), what goes on (``doing``), and how: ``seek`` and ``show_found``.
    """

    chosen = Signal(object)
    #: From the worker's thread: how far a search has come, in words.
    _progressed = Signal(object, str)

    sought: ClassVar[str]
    doing: ClassVar[str]

    def __init__(self, session: Session, worker: Worker, picture: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._worker = session, worker
        self._stop = threading.Event()
        self._learning = threading.Lock()
        self._searching = False
        self._value: Any = None
        self.picture = Picture(picture, session.theme)
        self.said = QLabel()
        self.said.setProperty("role", "caption")
        self.said.setWordWrap(True)
        self.use = QPushButton()
        self.use.setProperty("variant", "primary")
        self.use.clicked.connect(self._use)
        self.close_ = QPushButton()
        self.close_.clicked.connect(self.dismiss)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addWidget(self.use)
        buttons.addWidget(self.close_)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.addWidget(self.said)
        column.addWidget(self.picture)
        column.addLayout(buttons)
        self.hide()
        self._progressed.connect(self._tell_progress)
        session.runStateChanged.connect(self._run_state_changed)
        session.documentReplaced.connect(self.dismiss)
        session.themeChanged.connect(lambda: self.picture.set_theme(session.theme))

    @staticmethod
    def seek(
        document: Document,
        settings: Settings,
        data: Data,
        stop: Callable[[], bool],
        tell: Callable[[str], None],
    ) -> Any:
        """In the worker's thread: what is found, or Problems; ``tell`` says how far it has come."""
        raise NotImplementedError

    def show_found(self, found: Any) -> None:
        """Show what was found, and ``offer`` a value."""
        raise NotImplementedError

    def search(self) -> None:
        """Look for a value for what is drawn now; says so where that cannot be done."""
        self.forget()
        self.show()
        settings = Settings.read(self._session.document.training)
        errors = [problem for problem in self._session.analysis.problems if problem.is_error]
        if self._session.run_state != "idle":
            self.tell(f"{self.sought} is looked for while nothing trains: stop the run first.")
        elif errors or isinstance(settings, list):
            self.tell((errors or settings)[0].message)  # type: ignore[index]
        else:
            self._begin(self._session.document.copy(), settings)

    def forget(self) -> None:
        """What was found before is of no use any more."""
        self._value = None

    def dismiss(self) -> None:
        """Give up looking, and go; the step that is being taken ends behind the window."""
        self._end()
        self.hide()

    def halt(self) -> None:
        """End a search, and wait for the step that is being taken."""
        self._end()
        if self._learning.acquire(timeout=_PATIENCE):
            self._learning.release()

    def tell(self, text: str, close: str = "Close") -> None:
        """Say this alone."""
        self.said.setText(text)
        self.close_.setText(close)
        self.use.hide()
        self.picture.hide()

    def offer(self, value: Any, text: str) -> None:
        """Let this value be used, by a button of this text."""
        self._value = value
        self.use.setText(text)
        self.use.show()
        if self.close_.hasFocus():
            self.use.setFocus()

    def _begin(self, document: Document, settings: Settings) -> None:
        self._end()
        self._stop = stop = threading.Event()
        self._searching = True
        self.tell(self.doing, "Stop")
        self._worker.submit(self.sought, lambda: self._found(document, settings, stop), self._show)

    def _found(self, document: Document, settings: Settings, stop: threading.Event) -> Any:
        """In the worker's thread: what is found, or the first Problem; None where it was stopped before it began."""
        data = _data(document)
        if isinstance(data, Problem):
            return data
        with self._learning:
            if stop.is_set():
                return None
            found = self.seek(
                document, settings, data, stop.is_set, lambda said: self._progressed.emit(stop, said)
            )
        return found[0] if isinstance(found, list) else found

    def _end(self) -> None:
        self._searching = False
        self._worker.drop(self.sought)
        self._stop.set()

    def _show(self, answer: Any) -> None:
        self._searching = False
        if isinstance(answer, Problem):
            self.tell(answer.message)
        elif answer is not None:
            self.show_found(answer)

    def _tell_progress(self, of: threading.Event, said: str) -> None:
        if self._searching and of is self._stop:
            self.tell(said, "Stop")

    def _use(self) -> None:
        if self._value is not None:
            self.chosen.emit(self._value)
        self.hide()

    def _run_state_changed(self, state: str) -> None:
        if state == "idle":
            return
        searching = self._searching
        self.halt()
        if searching:
            self.tell("The search ended with the start of the run.")


def _data(document: Document) -> Data | Problem:
    """The data that a document is trained on."""
    from runtime.data import load_data
    from runtime.training.loop import input_shape, mask_size

    shape = input_shape(document)
    if isinstance(shape, Problem):
        return shape
    return load_data(str(document.data.get("source", "digits")), shape, mask_size=mask_size(document))
