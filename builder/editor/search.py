"""The search that Tab, a double-click or a wire dropped into the empty opens: type, Enter, placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QVBoxLayout

from builder.editor import placing
from builder.editor.catalogue import Entry, entries, find, networks, recent
from builder.editor.entrylist import EntryList
from builder.editor.placing import Link

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

_SIZE = (280, 340)


class SearchPopup(QFrame):
    """A field over a list. Focus stays in the field; the arrow keys go to the list."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self._point: QPointF | None = None
        self._link: Link | None = None
        self._instead_of: str | None = None
        self._offered: list[Entry] = []
        self.setObjectName("search-popup")
        self.setProperty("surface", "card")
        self.setAccessibleName("Add a block")
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search blocks…")
        self.field.setAccessibleName("Search blocks")
        self.list = EntryList(canvas.session)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hint = QLabel()
        self.hint.setProperty("role", "caption")
        self.hint.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        for widget in (self.field, self.hint, self.list):
            column.addWidget(widget)
        self.field.textChanged.connect(self._filter)
        self.list.chosen.connect(self._choose)
        self.field.installEventFilter(self)
        self.resize(*_SIZE)
        self.hide()

    def open_at(self, point: QPointF | None, link: Link | None = None) -> None:
        """Offer what can be placed at a point of the scene; with a loose wire, what it can go to."""
        canvas = self.canvas
        offered = [*self._entries(), *(networks() if link is None else ())]
        self._offer(point, link, offered if link is None else self._fitting(offered, link))
        if link is not None:
            self.hint.setText(
                f"What fits {'after' if link.is_output else 'before'} {canvas.graph.node(link.node).name}"
            )

    def _offer(self, point: QPointF | None, link: Link | None, offered: list[Entry]) -> None:
        """Show these at a point of the scene."""
        canvas = self.canvas
        self._point, self._link, self._instead_of = point, link, None
        self.hint.setVisible(link is not None)
        self._offered = offered
        self.field.clear()
        self._filter()
        corner = (
            canvas.mapFromScene(point)
            if point is not None
            else QPoint(canvas.width() // 2 - _SIZE[0] // 2, 72)
        )
        x = max(8, min(corner.x(), canvas.width() - self.width() - 8))
        y = max(8, min(corner.y(), canvas.height() - self.height() - 8))
        self.move(x, y)
        self.show()
        self.raise_()
        self.field.setFocus()

    def open_for(self, node_id: str, point: QPointF) -> None:
        """Offer what the node could be instead."""
        document = self.canvas.session.document
        self._offer(point, None, [entry for entry in self._entries() if placing.offers(document, entry)])
        self._instead_of = node_id
        self.hint.setText(f"In place of {self.canvas.graph.node(node_id).name}")
        self.hint.setVisible(True)

    def _entries(self) -> list[Entry]:
        return entries(self.canvas.session.document, self.canvas.graph.key)

    def _fitting(self, offered: list[Entry], link: Link) -> list[Entry]:
        document = self.canvas.session.document
        if not link.is_output:
            return [entry for entry in offered if placing.offers(document, entry)]
        report = self.canvas.session.report(link.node)
        shape = report.output_shapes.get(link.port) if report is not None else None
        return [entry for entry in offered if placing.accepts(document, entry, shape)]

    def _filter(self) -> None:
        found = find(self.field.text(), self._offered, recent())
        self.list.show_entries(found, grouped=False)
        if not found:
            self.list.show_note("Nothing is called that. Try “conv”, “pool” or “norm”.")

    def _choose(self, entry: Entry) -> None:
        point, link, instead_of = self._point, self._link, self._instead_of
        self.close_popup()
        if instead_of is not None and not entry.network:
            self.canvas.commands.swap(instead_of, entry)
        else:
            self.canvas.commands.add(entry, point, link=link)

    def close_popup(self) -> None:
        """Close without adding anything."""
        if self.isVisible():
            self.hide()
            self.canvas.setFocus()
            self.canvas.card.follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # while one types, keys are text, not the canvas' shortcuts
                return True
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                return self._key(event)
            if event.type() == QEvent.Type.FocusOut and self.isVisible() and not self.underMouse():
                self.hide()
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Escape, Qt.Key.Key_Tab):
            self.close_popup()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.list.choose_current()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.list.step(1 if key == Qt.Key.Key_Down else -1)
        else:
            return False
        return True
