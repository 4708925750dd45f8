"""A field over a list, above everything: type a few letters, Enter takes what is found. Esc leaves all as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from builder.widgets.session import Session
from builder.widgets.theme import BODY, MEDIUM, SMALL, font

Index = QModelIndex | QPersistentModelIndex

_ROW = Qt.ItemDataRole.UserRole + 1
_ROW_HEIGHT, _SHOWN, _WIDTH = 28, 12, 560
#: Nobody reads further than this; more is told in a sentence.
MOST = 100
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Row:
    """What can be taken: its title, what it is or where, its keys or a figure at the right, and whether it can be."""

    title: str
    detail: str = ""
    right: str = ""
    is_enabled: bool = True
    thing: Any = None

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        words = (self.title, self.detail, self.right, "" if self.is_enabled else "not available")
        return ", ".join(filter(None, words))


class Picker(QFrame):
    """Focus stays in the field; the arrow keys go through the list. A child says what is found and what is done.

    It closes when something else gets the focus, which goes back to where it was when it is closed by a key.
    """

    def __init__(self, session: Session, parent: QWidget, *, name: str, prompt: str) -> None:
        super().__init__(parent)
        self.session = session
        self._over = parent
        self._before: QWidget | None = None
        self.setProperty("surface", "card")
        self.setAccessibleName(name)
        self.field = QLineEdit()
        self.field.setPlaceholderText(prompt)
        self.field.setAccessibleName(name)
        self._model = QStandardItemModel(self)
        self.list = _List(session)
        self.list.setModel(self._model)
        self.list.setAccessibleName(f"{name}: what is found")
        self.note = QLabel()
        self.note.setProperty("role", "caption")
        self.note.setWordWrap(True)
        self.note.setMargin(4)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for widget in (self.field, self.list, self.note):
            column.addWidget(widget)
        self.field.textChanged.connect(self.refresh)
        self.field.installEventFilter(self)
        self.list.clicked.connect(lambda index: self._take(index.data(_ROW), Qt.KeyboardModifier.NoModifier))
        self.hide()

    # what a child says -------------------------------------------------------------------------------------

    def rows(self, query: str) -> Sequence[Row]:
        """What is found, best first."""
        raise NotImplementedError

    def take(self, row: Row, modifiers: Qt.KeyboardModifier) -> None:
        """Enter or a click on a row that can be taken."""
        raise NotImplementedError

    def passed_over(self, row: Row) -> None:
        """Enter or a click on a row that cannot be taken."""

    def hint(self, query: str, found: int) -> str:
        """A sentence under the list; "" for none."""
        return "" if found else "Nothing is called that."

    # showing -----------------------------------------------------------------------------------------------

    @property
    def shown(self) -> list[Row]:
        """What is listed."""
        return [self._model.item(row).data(_ROW) for row in range(self._model.rowCount())]

    @property
    def current(self) -> Row | None:
        """What Enter would take."""
        row = self.list.currentIndex().data(_ROW)
        return row if isinstance(row, Row) else None

    def come(self, text: str = "") -> None:
        """Show it with the focus in its field, what was typed last selected if ``text`` is the same."""
        if self.isHidden() and not self._has_focus():
            self._before = self._focus()
        self.field.setText(text)
        self.field.selectAll()
        self.show()
        self.refresh()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """Hide it; the focus goes back to where it was."""
        if self.isHidden():
            return
        before, self._before = self._before, None
        if before is not None and (self._focus() is None or self._has_focus()) and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.hide()

    def refresh(self) -> None:
        """List what is found for what is typed; the first is current, whether or not it can be taken."""
        found = self.rows(self.field.text())
        self._model.clear()
        for row in found[:MOST]:
            item = QStandardItem(row.title)
            item.setData(row, _ROW)
            item.setData(row.spoken, Qt.ItemDataRole.AccessibleTextRole)
            item.setToolTip(row.detail)
            self._model.appendRow(item)
        more = f"{len(found) - MOST:,} more: type on." if len(found) > MOST else ""
        self.note.setText(more or self.hint(self.field.text(), len(found)))
        self.note.setVisible(bool(self.note.text()))
        self.list.setVisible(bool(found))
        self.list.setCurrentIndex(self._model.index(0, 0))
        self.place()

    def place(self) -> None:
        """At the top of what it lies over, in the middle, no larger than what is found."""
        over = self._over
        width = max(240, min(_WIDTH, over.width() - 32))
        rows = min(self.most_rows(), self._model.rowCount(), max(1, (over.height() - 160) // _ROW_HEIGHT))
        self.list.setFixedHeight(rows * _ROW_HEIGHT + 2)
        self.setFixedWidth(width)
        self._column.activate()
        wraps = self._column.hasHeightForWidth()
        hint = self._column.totalSizeHint().height()
        self.resize(width, self._column.totalHeightForWidth(width) if wraps else hint)
        self.move((over.width() - width) // 2, self.top())

    def most_rows(self) -> int:
        """How many rows are seen at once, at most."""
        return _SHOWN

    def top(self) -> int:
        """How far from the upper edge of what it lies over."""
        return 64

    # keys --------------------------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """Go through the list, round its ends."""
        count = self._model.rowCount()
        if count:
            self.list.setCurrentIndex(self._model.index((self.list.currentIndex().row() + by) % count, 0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the field; the end, when something else is clicked."""
        if watched is self.field and not self.isHidden():
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # while one types, keys are text, not shortcuts
                return True
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                return self._key(event)
            if event.type() == QEvent.Type.FocusOut and not self._keeps_focus():
                self._before = None
                self.leave()
        return super().eventFilter(watched, event)

    def _focus(self) -> QWidget | None:
        return self.window().focusWidget()

    def _has_focus(self) -> bool:
        focus = self._focus()
        return focus is not None and self.isAncestorOf(focus)

    def _keeps_focus(self) -> bool:
        """Whether the focus went nowhere else in this window."""
        return self._focus() is None or self._has_focus() or not self.window().isActiveWindow()

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        page = max(1, self.list.height() // _ROW_HEIGHT)
        steps = {
            Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page,
        }  # fmt: skip
        if key in (Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.current, event.modifiers())
        elif key in steps:
            self.step(steps[Qt.Key(key)])
        else:
            return False
        return True

    def _take(self, row: object, modifiers: Qt.KeyboardModifier) -> None:
        if isinstance(row, Row):
            self.take(row, modifiers) if row.is_enabled else self.passed_over(row)


class _List(QListView):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self._delegate = _Delegate(session)
        self.setItemDelegate(self._delegate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("surface", "plain")


class _Delegate(QStyledItemDelegate):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, theme = index.data(_ROW), self.session.theme
        state, rect = option.state, option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent", 0.22) if chosen else theme.color("hover"))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 6, 6)
        room = rect.adjusted(10, 0, -10, 0)
        words = theme.color("text") if row.is_enabled else theme.color("muted", 0.75)
        width = self._text(painter, room, row.right, SMALL, theme.color("muted"), _RIGHT) if row.right else 0
        room.adjust(0, 0, -width - (16 if width else 0), 0)
        width = self._text(painter, room, row.title, BODY, words, _LEFT, MEDIUM)
        room.adjust(width + 10, 0, 0, 0)
        if row.detail and room.width() > 40:
            self._text(painter, room, row.detail, SMALL, theme.color("muted"), _LEFT)
        painter.restore()

    def _text(
        self, painter: QPainter, room: QRect, text: str, size: int, colour: Any, side: Any, weight: int = 400
    ) -> int:
        """Write as much as fits; returns how much room that took."""
        made = font(size, weight)
        metrics = QFontMetrics(made)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.setFont(made)
        painter.setPen(colour)
        painter.drawText(room, side, shown)
        return metrics.horizontalAdvance(shown)
