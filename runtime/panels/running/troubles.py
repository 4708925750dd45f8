"""What a run tells, in the line above the status bar: all of it, with a button where a setting is the way out."""

from __future__ import annotations

from typing import Any

from builder.edits import SetSettings
from builder.errors import Problem
from builder.widgets.messages import Choice, MessageBar, Offer
from builder.widgets.session import Session
from runtime.panels.running.training import Training
from runtime.training.remedies import change_for, words_for
from runtime.training.settings import Settings


class Troubles:
    """Shows the problems of the current run; an error leads to its node, a warning disturbs nobody's work."""

    def __init__(self, session: Session, messages: MessageBar, training: Training) -> None:
        self._session, self._messages, self._training = session, messages, training
        self._problems: list[Problem] = []
        self._offers: list[Offer] = []
        training.runStarted.connect(self.clear)
        training.troubled.connect(self.take)
        session.documentReplaced.connect(self.clear)

    def clear(self) -> None:
        """A new run, or another document: nothing has been told yet."""
        for offer in self._offers:
            self._messages.withdraw(offer)
        self._offers, self._problems = [], []
        self._messages.clear()

    def take(self, problems: list[Problem]) -> None:
        """Say these too; what keeps a run from beginning is said alone."""
        if not self._training.is_running:
            self._problems = []
        settings = Settings.read(self._session.document.training)
        for problem in problems:
            change = change_for(problem, settings) if isinstance(settings, Settings) else {}
            if change:
                self._offer(problem, change)
            else:
                self._problems.append(problem)
        self._session.problemsFound.emit(list(self._problems))
        placed = next((p for p in problems if p.is_error and p.address is not None), None)
        if placed is not None:
            self._session.reveal(placed.path, placed.address)

    def _offer(self, problem: Problem, change: dict[str, Any]) -> None:
        text = words_for(change)
        choices = [Choice(text, "For the runs to come", lambda: self._set(offer, text, change), is_next=True)]
        if problem.address is not None:
            choices.append(
                Choice(
                    "Show",
                    f"Go to {problem.path} in the network",
                    lambda: self._session.reveal(problem.path, problem.address),
                )
            )
        offer = Offer(problem, tuple(choices))
        self._offers.append(offer)
        self._messages.offer(offer)

    def _set(self, offer: Offer, text: str, change: dict[str, Any]) -> None:
        values = {**self._session.document.training, **change}
        self._session.perform(text, [SetSettings("training", values)])
        self._session.statusMessage.emit(f"{text} · undone by Ctrl+Z")
        self._offers.remove(offer)
        self._messages.withdraw(offer)
