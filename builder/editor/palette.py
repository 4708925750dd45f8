"""The palette: everything that can be placed, by category, then the networks there are, with a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QVBoxLayout, QWidget

from builder.editor.catalogue import Entry, entries, find, networks
from builder.editor.entrylist import EntryList
from builder.widgets.session import Session

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


class Palette(QWidget):
    """Type to filter, Enter or a click adds, a drag puts a block where it is dropped. A network shows its card."""

    #: A module of the user's library is to go from it.
    removalAsked = Signal(object)

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__()
        self.session = session
        self.canvas = canvas
        self._shown: list[Entry] = []
        self.setObjectName("palette")
        self.setAccessibleName("Palette of blocks")
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search blocks…")
        self.field.setAccessibleName("Search blocks")
        self.field.setClearButtonEnabled(False)
        self.field.setMinimumHeight(32)
        self._hint = QLabel("Tab")
        self._hint.setProperty("role", "keycap")
        self._hint.setToolTip("Tab opens the search on the canvas, where the new block is wired at once")
        inside = QHBoxLayout(self.field)
        inside.setContentsMargins(0, 0, 8, 0)
        inside.addStretch()
        inside.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignVCenter)
        self.list = EntryList(session)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.list)
        self.field.installEventFilter(self)
        self.list.installEventFilter(self)
        self.field.textChanged.connect(self._filter)
        self.list.chosen.connect(self._add)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        session.documentReplaced.connect(self.refresh)
        session.instanceChanged.connect(self.refresh)
        session.analysisChanged.connect(self.refresh)
        session.themeChanged.connect(self._dress)
        self._dress()
        self.refresh()

    def _dress(self) -> None:
        theme = self.session.theme
        self._hint.setStyleSheet(
            f"border: 1px solid {theme.hairline}; border-radius: 4px; padding: 1px 5px; color: {theme.muted};"
            f"background: {theme.panel}; font-size: 10px;"
        )

    def refresh(self) -> None:
        """Offer what there is now."""
        offered = [*entries(self.session.document, self.session.graph.key), *networks()]
        if offered != self._shown:
            self._shown = offered
            self._filter()

    def _filter(self) -> None:
        text = self.field.text().strip()
        self._hint.setVisible(not text)
        if not text:
            self.list.show_entries(self._shown, grouped=True)
            return
        found = find(text, self._shown)
        self.list.show_entries(found, grouped=False)
        if not found:
            self.list.show_note("Nothing is called that.")

    def _add(self, entry: Entry) -> None:
        if not entry.network:
            self.canvas.setFocus()
        self.canvas.commands.add(entry)

    def _show_menu(self, at: QPoint) -> None:
        """What can be done with an entry of the user's library, at the mouse or, by the menu key, at the entry."""
        by_mouse = self.list.viewport().underMouse()
        entry = self.list.entry_at(at) if by_mouse else self.list.current()
        if entry is None or entry.own is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        own = entry.own
        menu.addAction("Add", lambda: self._add(entry))
        menu.addAction("Remove from your library", lambda: self.removalAsked.emit(own))
        menu.popup(self.list.viewport().mapToGlobal(at))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.list.choose_current()
                return True
            if key == Qt.Key.Key_Escape:
                self.field.clear()
                self.canvas.setFocus()
                return True
            if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self.list.step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key == Qt.Key.Key_Delete and watched is self.list:
                entry = self.list.current()
                if entry is not None and entry.own is not None:
                    self.removalAsked.emit(entry.own)
                return True
            if key == Qt.Key.Key_Tab and watched is self.field:
                self.canvas.setFocus()
                self.canvas.open_search(None)
                return True
        return super().eventFilter(watched, event)
