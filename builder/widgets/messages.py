"""The line above the status bar where opening and saving say what they found; it never stops anyone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from builder.errors import Problem, Severity
from builder.figures import count
from builder.widgets.icons import pixmap, themed
from builder.widgets.repairs import repair_buttons
from builder.widgets.session import Session

#: Problems shown before one asks for all of them.
_FIRST = 2

#: Repairs offered for one problem.
_REPAIRS = 2

#: Lines of text for each message, and for all of them together, before they scroll.
_LINES, _MOST_LINES = 4, 10
_SPACING = 4


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


class Told(QObject):
    """The problems that the message line of a session says at present, for those who count and list problems."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, session: Session) -> Told:
        """The one of this session."""
        found: Told | None = session.findChild(cls)
        return found if found is not None else cls(session)

    def tell(self, problems: Sequence[Problem]) -> None:
        """Say these now; advice is none."""
        said = tuple(dict.fromkeys(one for one in problems if one.severity is not Severity.ADVICE))
        if said != self.problems:
            self.problems = said
            self.changed.emit()


class _Rows(QScrollArea):
    """One message under the other, as high as their texts are at this width."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[QWidget] = []
        #: A layout that is placing this does not hear of another height.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.fit)
        self.content = QWidget(self)
        self.content.setProperty("surface", "panel")
        self.column = QVBoxLayout(self.content)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(_SPACING)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(self.content)

    def add(self, row: QWidget) -> None:
        """Put one at the end; shown at once, since what is hidden has no height."""
        self._rows.append(row)
        self.column.addWidget(row)
        row.show()

    def clear(self) -> None:
        """Take all of them out."""
        for row in self._rows:
            self.column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = []

    def fit(self) -> None:
        """Be as high as the rows, unless they are too many lines."""
        between = _SPACING * max(len(self._rows) - 1, 0)
        wanted = sum(row.heightForWidth(self.width()) for row in self._rows)
        most = min(_LINES * len(self._rows), _MOST_LINES) * self.fontMetrics().lineSpacing()
        self.setFixedHeight(min(wanted, most) + between)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other widths break the lines elsewhere."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._soon.start()


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
        self._rows = _Rows(self)
        self._more = QPushButton(self)
        self._more.setProperty("variant", "quiet")
        self._more.setProperty("scale", "small")
        self._more.setAccessibleName("More problems")
        self._more.clicked.connect(self._show_all)
        self._close = QToolButton(self)
        self._close.setProperty("variant", "quiet")
        self._close.setProperty("scale", "small")
        self._close.setAccessibleName("Close messages")
        self._close.setToolTip("Close (Esc)")
        self._close.clicked.connect(self.put_away)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self._rows, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._more, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
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
        Told.of(self._session).tell([*(offer.problem for offer in self._offers), *self._problems])
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
        self._rows.clear()
        theme = self._session.theme
        self._close.setIcon(themed("close", theme))
        listed: list[Offer | Problem] = [*self._offers, *self._problems]
        hidden = len(listed) - _FIRST
        self._more.setVisible(hidden > 0)
        self._more.setText("Show fewer" if self._all else count(hidden, self._word(listed[_FIRST:])))
        listed = listed if self._all else listed[:_FIRST]
        for shown in listed:
            if isinstance(shown, Offer):
                self._rows.add(self._row(shown.problem, self._choices(shown)))
            else:
                self._rows.add(self._row(shown, self._buttons(shown)))
        self._rows.fit()

    @staticmethod
    def _word(hidden: Sequence[Offer | Problem]) -> str:
        return "more problem" if all(isinstance(one, Problem) for one in hidden) else "more message"

    def _row(self, problem: Problem, buttons: Sequence[QPushButton]) -> QWidget:
        theme = self._session.theme
        row = QWidget(self._rows.content)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        badge = QLabel(row)
        badge.setPixmap(
            pixmap(str(problem.severity), theme.severity(problem.severity), 16, self.devicePixelRatioF())
        )
        badge.setAccessibleName(str(problem.severity))
        layout.addWidget(badge, 0, Qt.AlignmentFlag.AlignVCenter)
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
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
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
