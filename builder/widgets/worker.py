"""A thread behind the window for what takes time or needs torch; the newest wish of each kind wins."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from builder.errors import Problem, Severity

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    key: str
    work: Callable[[], Any]
    done: Callable[[Any], None]


class Worker(QObject):
    """Runs jobs one after the other in a plain thread, which starts with the first job.

    A job that waits is replaced by a newer one of the same key, and the answer of one that runs is dropped
    when a newer one has been handed in. ``done`` is called in the thread of this object; a job that fails
    answers with a Problem that names the log. ``prepare`` is called in the thread before the first job.
    """

    _answered = Signal(object, object)

    def __init__(
        self, name: str, parent: QObject | None = None, *, prepare: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._prepare = prepare
        self._changed = threading.Condition()
        self._waiting: dict[str, _Job] = {}
        self._newest: dict[str, _Job] = {}
        self._running: _Job | None = None
        self._closed = False
        self._thread: threading.Thread | None = None
        self._answered.connect(self._deliver)

    def submit(self, key: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do ``work`` in the thread and call ``done`` with what it returns."""
        job = _Job(key, work, done)
        with self._changed:
            if self._closed:
                return
            self._waiting.pop(key, None)
            self._waiting[key] = self._newest[key] = job
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def drop(self, key: str) -> None:
        """Forget what was wished under a key; the answer of a job that runs is not delivered."""
        with self._changed:
            self._waiting.pop(key, None)
            self._newest.pop(key, None)

    @property
    def busy(self) -> bool:
        """Whether a job waits or runs."""
        return bool(self._waiting) or self._running is not None

    def close(self, seconds: float = 10.0) -> bool:
        """Take no more jobs, wait for the one that runs; False where it did not end in time."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._newest.clear()
            self._changed.notify()
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._prepare()
        while True:
            with self._changed:
                self._running = None
                self._changed.wait_for(lambda: self._closed or bool(self._waiting))
                if self._closed:
                    return
                self._running = job = self._waiting.pop(next(iter(self._waiting)))
            try:
                answer = job.work()
            except Exception as error:  # noqa: BLE001  the thread must go on; the user is told, the log has the rest
                _log.exception("%s failed", job.key)
                answer = Problem(
                    "internal",
                    f"Something unexpected happened ({job.key})",
                    str(error) or type(error).__name__,
                    "The log has the details",
                    severity=Severity.ERROR,
                )
            with self._changed:
                if self._closed:
                    return
            self._answered.emit(job, answer)

    def _deliver(self, job: _Job, answer: Any) -> None:
        if self._newest.get(job.key) is job:
            del self._newest[job.key]
            job.done(answer)
