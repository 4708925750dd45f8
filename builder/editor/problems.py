"""The list of problems: what, where and why; choosing one goes there."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QLabel,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from builder.errors import Problem, Severity
from builder.figures import count
from builder.widgets.icons import draw
from builder.widgets.messages import Told
from builder.widgets.session import Session
from builder.widgets.theme import BODY, MEDIUM, SEMIBOLD, SMALL, font

Index = QModelIndex | QPersistentModelIndex

ROW = 44
#: How much of the accent is under the chosen row.
CHOSEN = 0.13

NO_PROBLEMS = "The drawing has no problems. What a run of it tells is listed here while its message stands."
EMPTY = "What is wrong with the network will be listed here, with ways out. Begin by placing an Input."


#: Where a row's problem is, in words.
_WHERE = Qt.ItemDataRole.UserRole + 1
_ORDER = tuple(Severity)


class ProblemsModel(QAbstractListModel):
    """The problems of the drawing and those told besides, errors first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problems: tuple[Problem, ...] = ()
        self._drawn: tuple[Problem, ...] = ()

    def set_problems(self, drawn: tuple[Problem, ...], told: tuple[Problem, ...] = ()) -> bool:
        """List these; False if they are those that are listed."""
        problems = drawn + tuple(problem for problem in told if problem not in drawn)
        if len(problems) > len(drawn):
            problems = tuple(sorted(problems, key=lambda problem: _ORDER.index(problem.severity)))
        if problems == self.problems:
            return False
        self.beginResetModel()
        self.problems, self._drawn = problems, drawn
        self.endResetModel()
        return True

    def _where(self, problem: Problem) -> str:
        """Its path; the network for what is drawn, and nothing for what came from elsewhere."""
        return problem.path or ("network" if problem in self._drawn else "")

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.problems)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        problem = self.problems[index.row()]
        where = self._where(problem)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            what = str(problem.severity).capitalize()
            return f"{', '.join(filter(None, (what, where)))}: {problem.message}"
        if role == Qt.ItemDataRole.ToolTipRole:
            head = f"<b>{escape(where)}</b><br>" if where else ""
            return f"{head}{escape(problem.message)}"
        if role == _WHERE:
            return where
        if role == Qt.ItemDataRole.UserRole:
            return problem
        return None


class ProblemsPanel(QStackedWidget):
    """A click or Enter selects the node and brings it into view; Ctrl+C copies the sentence."""

    #: How many errors and warnings there are, for the tab.
    counted = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.empty = QLabel(EMPTY, self)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.model = ProblemsModel(self)
        self.list = ProblemsView(session, self)
        self.list.setModel(self.model)
        self.addWidget(self.empty)
        self.addWidget(self.list)
        self.list.clicked.connect(self._go)
        self.list.activated.connect(self._go)
        self._told = Told.of(session)
        self._told.changed.connect(self.refresh)
        session.analysisChanged.connect(self.refresh)
        session.themeChanged.connect(self.list.viewport().update)
        self.refresh()

    @property
    def number(self) -> int:
        """How many errors and warnings there are; advice is not counted."""
        return sum(str(problem.severity) != "advice" for problem in self.model.problems)

    def refresh(self) -> None:
        """List what the analysis finds and what is told now, keeping the chosen row where it is still there."""
        chosen = self.list.currentIndex()
        before = self.model.problems[chosen.row()] if chosen.isValid() else None
        changed = self.model.set_problems(tuple(self._session.analysis.problems), self._told.problems)
        problems = self.model.problems
        if changed and before in problems:
            self.list.setCurrentIndex(self.model.index(problems.index(before)))
        self.empty.setText(NO_PROBLEMS if len(self._session.document.network) else EMPTY)
        self.setCurrentWidget(self.list if problems else self.empty)
        self.counted.emit(self.number)

    def _go(self, index: QModelIndex) -> None:
        problem = self.model.problems[index.row()]
        if not self._session.reveal(problem.path, problem.address):
            self._session.statusMessage.emit(problem.message)


class ProblemsView(QListView):
    """Rows of an icon, the rule in the severity's colour, where it is, and the values with the way out."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Problems")
        self.setItemDelegate(ProblemDelegate(session, self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContentsMargins(0, 0, 0, 0)
        self.setStyleSheet("QListView { padding: 4px 12px; }")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the chosen problem as a sentence."""
        index = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy) and index.isValid():
            QGuiApplication.clipboard().setText(str(index.data()))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self.activated.emit(index)
        else:
            super().keyPressEvent(event)


class ProblemDelegate(QStyledItemDelegate):
    """Draws a row; the severity is an icon and a word as well as a colour."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Two lines."""
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Icon and rule over path, values and way out."""
        theme = self._session.theme
        problem: Problem = index.data(Qt.ItemDataRole.UserRole)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = rect.adjusted(0, 1, 0, -1)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setBrush(theme.color("accent", CHOSEN) if chosen else theme.color("raised"))
            painter.drawRoundedRect(box, 6, 6)
        color = theme.severity(problem.severity)
        icon = QRect(box.left() + 8, box.top() + 5, 16, 16)
        draw(painter, str(problem.severity), color, icon.toRectF())
        left, width = icon.right() + 9, box.right() - icon.right() - 17
        top = QRect(left, box.top() + 3, width, 20)
        word = str(problem.severity).capitalize()
        used = self._write(painter, top, word, color, BODY, SEMIBOLD)
        where = str(index.data(_WHERE))
        if problem.count > 1:
            where += f" · {count(problem.count, 'instance')}"
        if where:
            used += (
                self._write(painter, top.adjusted(used + 10, 0, 0, 0), where, theme.muted, BODY, MEDIUM) + 10
            )
        self._write(painter, top.adjusted(used + 10, 0, 0, 0), problem.rule, theme.text, BODY, MEDIUM)
        rest = ". ".join(text.rstrip(".") for text in (problem.values, problem.way_out) if text)
        if rest:
            below = QRect(left, box.top() + 21, width, 18)
            self._write(painter, below, f"{rest[:1].upper()}{rest[1:]}.", theme.muted, SMALL)
        painter.restore()

    @staticmethod
    def _write(painter: QPainter, room: QRect, text: str, color: str, size: int, weight: int = 400) -> int:
        painter.setFont(font(size, weight))
        painter.setPen(color)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(room.width(), 0))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        return painter.fontMetrics().horizontalAdvance(shown)
