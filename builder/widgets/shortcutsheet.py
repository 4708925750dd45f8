"""The sheet of shortcuts: what every key does, by where it does it, read off the actions themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from builder.closeness import plain
from builder.widgets.actions import commands_of

if TYPE_CHECKING:
    from builder.widgets.shell import Shell

_SIZE, _MARGIN = (880, 680), 32
#: Of a heading, in rows.
_HEADING = 2

#: What something does, and its keys; under headings.
Entry: TypeAlias = tuple[str, tuple[str, ...]]
Groups: TypeAlias = Mapping[str, Sequence[Entry]]


def shortcuts_of(shell: Shell) -> dict[str, list[Entry]]:
    """Everything that has keys, under the menu or the part of the window it belongs to."""
    groups: dict[str, list[Entry]] = {}
    for command in commands_of(shell):
        if command.keys:
            groups.setdefault(command.place[0], []).append((command.title, command.keys))
    for heading, hints in shell.hints.items():
        groups.setdefault(heading, []).extend(hints)
    return groups


class ShortcutSheet(QFrame):
    """Two columns over the window, with a search; Esc or a click elsewhere closes it."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._shell = shell
        self._before: QWidget | None = None
        self._groups: Groups = {}
        self.setObjectName("shortcut-sheet")
        self.setProperty("surface", "card")
        self.setAccessibleName("Shortcuts")
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search: a key, or what it does…")
        self.field.setAccessibleName("Search shortcuts")
        self.field.setClearButtonEnabled(True)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        title = QLabel("Shortcuts")
        title.setProperty("role", "title")
        for widget in (title, self.field, self._scroll):
            column.addWidget(widget)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.hide()

    def toggle(self) -> None:
        """Show it, or hide it where it is shown."""
        if not self.isHidden():
            self.leave()
            return
        for area in self._shell.areas.values():
            area.make_all()  # panels have keys of their own
        self._groups = shortcuts_of(self._shell)
        self._before = self._shell.focusWidget()
        self.field.clear()
        self._fill()
        width, height = (
            min(most, room - 2 * _MARGIN) for most, room in zip(_SIZE, self._room(), strict=True)
        )
        self.setGeometry(
            (self._shell.width() - width) // 2, (self._shell.height() - height) // 2, width, height
        )
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """Hide it; the focus goes back to where it was."""
        before, self._before = self._before, None
        had = self.isAncestorOf(self._shell.focusWidget())
        if before is not None and had and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.hide()

    def listed(self) -> dict[str, list[Entry]]:
        """What is shown, by heading."""
        words = plain(self.field.text()).split()

        def fits(heading: str, what: str, keys: tuple[str, ...]) -> bool:
            text = plain(" ".join((heading, what, *keys)))
            return all(word in text for word in words)

        found = {
            heading: [row for row in rows if fits(heading, *row)] for heading, rows in self._groups.items()
        }
        return {heading: rows for heading, rows in found.items() if rows}

    def _room(self) -> tuple[int, int]:
        return self._shell.width(), self._shell.height()

    def _fill(self) -> None:
        page = QWidget()
        page.setProperty("surface", "plain")
        sides = QHBoxLayout(page)
        sides.setContentsMargins(0, 0, 8, 0)
        sides.setSpacing(40)
        listed = self.listed()
        for headings in _columns(listed):
            side = QVBoxLayout()
            side.setSpacing(2)
            for heading in headings:
                side.addWidget(_heading(heading))
                for what, keys in listed[heading]:
                    side.addWidget(_row(what, keys))
                side.addSpacing(12)
            side.addStretch(1)
            sides.addLayout(side, 1)
        if not listed:
            sides.addWidget(_muted("No key does that. The command palette (Ctrl+Shift+P) has what has none."))
        self._scroll.setWidget(page)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the field; the end, when something else is clicked."""
        if watched is self.field and not self.isHidden():
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                return self._key(event)
            if event.type() == QEvent.Type.FocusOut and self._shell.isActiveWindow():
                focus: QWidget | None = self._shell.focusWidget()
                if focus is not None and not self.isAncestorOf(focus):
                    self._before = None
                    self.leave()
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        bar, key = self._scroll.verticalScrollBar(), event.key()
        steps = {
            Qt.Key.Key_Up: -bar.singleStep(), Qt.Key.Key_Down: bar.singleStep(),
            Qt.Key.Key_PageUp: -bar.pageStep(), Qt.Key.Key_PageDown: bar.pageStep(),
        }  # fmt: skip
        if key in (Qt.Key.Key_Escape, Qt.Key.Key_F1) or (
            key == Qt.Key.Key_Question and not self.field.text()
        ):
            self.leave()
        elif key in steps:
            bar.setValue(bar.value() + steps[Qt.Key(key)])
        else:
            return False
        return True


def _columns(groups: Groups) -> list[list[str]]:
    """The headings of two columns, in order, cut where the longer one is shortest."""
    headings, lengths = list(groups), [len(rows) + _HEADING for rows in groups.values()]
    cut = min(range(len(headings) + 1), key=lambda cut: max(sum(lengths[:cut]), sum(lengths[cut:])))
    return [headings[:cut], headings[cut:]]


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setWordWrap(True)
    return label


def _row(what: str, keys: tuple[str, ...]) -> QWidget:
    row = QWidget()
    row.setAccessibleName(f"{what}: {', '.join(keys)}")
    line = QHBoxLayout(row)
    line.setContentsMargins(0, 1, 0, 1)
    line.setSpacing(6)
    text = QLabel(what)
    text.setTextFormat(Qt.TextFormat.PlainText)
    line.addWidget(text, 1)
    for key in keys:
        cap = QLabel(key)
        cap.setProperty("role", "keycap")
        cap.setTextFormat(Qt.TextFormat.PlainText)
        line.addWidget(cap)
    return row
