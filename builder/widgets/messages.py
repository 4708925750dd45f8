"""The line above the status bar where opening and saving say what they found; it never stops anyone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from builder.errors import Problem, Severity
from builder.figures import count
from builder.widgets.icons import pixmap, themed
from builder.widgets.repairs import repair_buttons
from builder.widgets.session import Session

#: Problems shown before one asks for all of them.
_FIRST = 2

#: Repairs offered for one problem.
_REPAIRS = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: its word, why one would press it, and what it does."""

    text: str
    why: str
    do: Callable[[], object]
    is_next: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """Something that one may do or leave; it stands until it is withdrawn or put away."""

    problem: Problem
    choices: tuple[Choice, ...]


class MessageBar(QWidget):
    """What opening, saving and training found: rule, values, way out; closed by hand, by Esc or by the next ones.

    A problem with a place leads there, and what can be mended is mended by a button. Offers stand before problems
    and are not closed by them.
    """

    shown = Signal(bool)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._problems: list[Problem] = []
        self._offers: list[Offer] = []
        self._all = False
        self.setAccessibleName("Messages")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._rows = QWidget(self)
        self._list = QVBoxLayout(self._rows)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(4)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._rows)
        self._rows.setProperty("surface", "panel")
        self._more = QPushButton(self)
        self._more.setProperty("variant", "quiet")
        self._more.setProperty("scale", "small")
        self._more.setAccessibleName("More problems")
        self._more.clicked.connect(self._show_all)
        self._close = QToolButton(self)
        self._close.setProperty("variant", "quiet")
        self._close.setAccessibleName("Close messages")
        self._close.setToolTip("Close (Esc)")
        self._close.clicked.connect(self.put_away)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        session.themeChanged.connect(self._fill)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is shown."""
        return tuple(self._problems)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What is offered."""
        return tuple(self._offers)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self._problems or self._offers)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Say these instead of what was said before; none closes the line, unless something is offered."""
        self._problems = list(problems)
        self._all = False
        self._refresh()

    def offer(self, offer: Offer) -> None:
        """Offer something, besides what is offered already."""
        self._offers.append(offer)
        self._refresh()

    def withdraw(self, offer: Offer) -> None:
        """Offer it no longer."""
        self._offers = [other for other in self._offers if other is not offer]
        self._refresh()

    def clear(self) -> None:
        """Say no more problems."""
        self.show_problems(())

    def put_away(self) -> None:
        """Close the line, whatever is in it."""
        self._offers.clear()
        self.clear()

    def _refresh(self) -> None:
        self._fill()
        self.shown.emit(not self.is_empty)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
        else:
            super().keyPressEvent(event)

    def _show_all(self) -> None:
        self._all = not self._all
        self._fill()

    def _fill(self) -> None:
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        theme = self._session.theme
        self._close.setIcon(themed("close", theme))
        listed: list[Offer | Problem] = [*self._offers, *self._problems]
        hidden = len(listed) - _FIRST
        self._more.setVisible(hidden > 0)
        self._more.setText("Show fewer" if self._all else count(hidden, self._word(listed[_FIRST:])))
        listed = listed if self._all else listed[:_FIRST]
        for shown in listed:
            if isinstance(shown, Offer):
                self._list.addWidget(self._row(shown.problem, self._choices(shown)))
            else:
                self._list.addWidget(self._row(shown, self._buttons(shown)))
        self._list.addStretch(1)
        rows = min(len(listed), 6)
        self._scroll.setFixedHeight(max(rows, 1) * 36)

    @staticmethod
    def _word(hidden: Sequence[Offer | Problem]) -> str:
        return "more problem" if all(isinstance(one, Problem) for one in hidden) else "more message"

    def _row(self, problem: Problem, buttons: Sequence[QPushButton]) -> QWidget:
        theme = self._session.theme
        row = QWidget(self._rows)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        badge = QLabel(row)
        badge.setPixmap(
            pixmap(str(problem.severity), theme.severity(problem.severity), 16, self.devicePixelRatioF())
        )
        badge.setAccessibleName(str(problem.severity))
        layout.addWidget(badge, 0, Qt.AlignmentFlag.AlignTop)
        colour = theme.text if problem.severity is Severity.ADVICE else theme.severity(problem.severity)
        first = f"<b style='color:{colour}'>{escape(problem.rule)}</b>"
        where = f" <span style='color:{theme.muted}'>{escape(problem.path)}</span>" if problem.path else ""
        rest = " ".join(escape(part.rstrip(".") + ".") for part in (problem.values, problem.way_out) if part)
        text = QLabel(f"{first}{where}<br>{rest}" if rest else f"{first}{where}", row)
        text.setTextFormat(Qt.TextFormat.RichText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setWordWrap(True)
        text.setAccessibleName(problem.message)
        layout.addWidget(text, 1)
        for button in buttons:
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return row

    @staticmethod
    def _choices(offer: Offer) -> list[QPushButton]:
        made = []
        for choice in offer.choices:
            button = QPushButton(choice.text)
            button.setToolTip(choice.why)
            button.setAccessibleName(f"{choice.text}: {offer.problem.rule}")
            button.setProperty("variant", "primary" if choice.is_next else "quiet")
            button.setProperty("scale", "small")
            button.clicked.connect(lambda *_, do=choice.do: do())
            made.append(button)
        return made

    def _buttons(self, problem: Problem) -> list[QPushButton]:
        """The repairs, best first, and the way to the node."""
        session = self._session
        if problem.address is None:
            return []
        made: list[QPushButton] = []
        for repair in repair_buttons(session, problem, limit=_REPAIRS):
            repair.repaired.connect(lambda: self._drop(problem))
            made.append(repair)
        go = QPushButton("Show")
        go.setProperty("variant", "quiet")
        go.setToolTip(f"Go to {problem.path} in the network")
        go.setAccessibleName(f"Show {problem.path}")
        go.clicked.connect(lambda: session.reveal(problem.path, problem.address))
        for button in (*made, go):
            button.setProperty("scale", "small")
        return [*made, go]

    def _drop(self, problem: Problem) -> None:
        self.show_problems([other for other in self._problems if other != problem])
