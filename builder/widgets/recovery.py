"""After a crash: a plain offer of what was kept, in the line above the status bar. It stops nobody."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, QTimer

from builder import leftovers
from builder.claims import Holder
from builder.errors import Problem, Severity
from builder.figures import ago, count
from builder.leftovers import Leftover, Survey
from builder.widgets.autosave import Autosave
from builder.widgets.messages import Choice, Offer
from builder.widgets.shell import Shell
from builder.widgets.worker import Worker

_RECENT = 12 * 3600
_START, _OPENED = "look for what was left", "look beside the file"


class Recovery(QObject):
    """Keeps copies while the window lives, and offers those of windows that ended without closing."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._shell, self._session, self._bar = shell, shell.session, shell.messages
        self._worker = Worker("safekeeping", self)
        self.autosave = Autosave(shell.session, self._worker, self)
        self._offered: dict[str, Offer] = {}
        shell.session.documentReplaced.connect(self._look_beside)
        shell.closing.connect(self.close)
        QTimer.singleShot(0, self, self._look_at_start)

    def close(self) -> None:
        """The window closes: nothing is lost any more."""
        self._worker.close()
        self.autosave.close()

    def _look_at_start(self) -> None:
        if copies := leftovers.at_start():
            work = partial(leftovers.survey, copies, self.autosave.token)
            self._worker.submit(_START, work, self._offer)

    def _look_beside(self) -> None:
        file, token = self._session.path, self.autosave.token
        if file is None:
            return

        def found(survey: Survey | Problem) -> None:
            self._offer(survey)
            if isinstance(survey, Survey) and survey.also_open and self._session.path == file:
                self._session.statusMessage.emit(
                    f"{file.name} is open in another window too, with changes that are not saved"
                )

        work = partial(lambda: leftovers.survey(leftovers.of_document(file), token))
        self._worker.submit(_OPENED, work, found)

    def _offer(self, survey: Survey | Problem) -> None:
        if isinstance(survey, Problem):
            self._session.problemsFound.emit([survey])
            return
        for leftover in survey.leftovers:
            if self._offered.get(str(leftover.copy)) not in self._bar.offers:
                offer = Offer(told(leftover, time.time()), self._choices(leftover))
                self._offered[str(leftover.copy)] = offer
                self._bar.offer(offer)

    def _choices(self, leftover: Leftover) -> tuple[Choice, ...]:
        discard = Choice(
            "Discard", "Delete the copy; the file stays as it is", partial(self._discard, leftover)
        )
        if leftover.document is None:
            return (discard,)
        restore = Choice(
            "Restore", "Open it with those changes; the file stays as it is until you save",
            partial(self._restore, leftover), is_next=True,
        )  # fmt: skip
        return restore, discard

    def _restore(self, leftover: Leftover) -> None:
        document, file = leftover.document, leftover.file
        assert document is not None

        def done() -> None:
            self._withdraw(leftover)
            self.autosave.keep_now(then=leftover.discard)

        self._session.recover(document, file if file is not None and file.parent.is_dir() else None, done)

    def _discard(self, leftover: Leftover) -> None:
        try:
            leftover.discard()
        except OSError as error:
            reason = error.strerror or str(error)
            problem = Problem(
                "discard-failed", "The copy could not be deleted", f"{leftover.copy}: {reason}", "Delete it by hand.",
                severity=Severity.WARNING,
            )  # fmt: skip
            self._session.problemsFound.emit([problem])
        self._withdraw(leftover)

    def _withdraw(self, leftover: Leftover) -> None:
        offer = self._offered.pop(str(leftover.copy), None)
        if offer is not None:
            self._bar.withdraw(offer)


def install(shell: Shell) -> Recovery:
    """Let a window keep copies of what is not saved, and offer what others left."""
    return Recovery(shell)


def told(leftover: Leftover, now: float) -> Problem:
    """What it is: of what, from when, how much it differs."""
    head = leftover.head
    when = f"Kept {moment(head.written, now) if head is not None else 'at an unknown time'}"
    if leftover.document is None:
        problem = leftover.problem
        return Problem(
            "autosave-damaged",
            f"Changes to “{leftover.name}” were kept, but the copy cannot be read",
            f"{when}; {(problem.values or problem.rule) if problem is not None else 'it is damaged'}",
            f"It is {leftover.copy}.",
            severity=Severity.WARNING,
        )
    rule = f"Changes to “{leftover.name}” were not saved when the program ended"
    if leftover.holder is Holder.UNKNOWN:
        host = f" on {head.host}" if head is not None and head.host else ""
        rule = f"Changes to “{leftover.name}” were kept by another window{host}, which may still be open"
    return Problem(
        "autosave-found", rule, "; ".join(filter(None, (when, _extent(leftover)))), _warning(leftover),
        severity=Severity.ADVICE,
    )  # fmt: skip


def _extent(leftover: Leftover) -> str:
    head, document, differs = leftover.head, leftover.document, leftover.differs
    assert document is not None
    words = differs.words() if differs is not None else ""
    if differs is None:
        words = count(sum(len(graph) for graph in document.graphs()), "block")
    steps = count(head.steps, "edit") if head is not None and head.steps > 0 else ""
    return ": ".join(filter(None, (steps, words)))


def _warning(leftover: Leftover) -> str:
    if leftover.file is None:
        return "It had no file yet."
    if leftover.differs is None:
        return f"{leftover.file} cannot be read or is not there any more."
    return "The file itself has been changed since by something else." if leftover.file_changed else ""


def moment(written: float, now: float) -> str:
    """``5 min ago``, or the date and the time where that is long ago, or to come by this computer's clock."""
    if 0 <= now - written < _RECENT:
        return ago(now - written)
    try:
        return f"on {datetime.fromtimestamp(written).astimezone():%d %B %Y at %H:%M}"
    except (OverflowError, OSError, ValueError):
        return "at an unknown time"
