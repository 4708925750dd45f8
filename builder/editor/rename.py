"""Typing a node's name on the node itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolTip

from builder.acts import rename_node
from builder.editor.faces import Face
from builder.errors import Problem

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


class RenameField(QLineEdit):
    """Enter renames, Esc does not; a name that cannot be is told under the field, which stays open."""

    def __init__(self, canvas: Canvas, face: Face, font: QFont) -> None:
        super().__init__(face.name, canvas)
        self.canvas = canvas
        self.node_id = face.id
        self.setObjectName("rename")
        self.setAccessibleName(f"New name of {face.name}")
        self.setFont(font)
        corner = canvas.mapFromScene(face.rect.topLeft())
        width = max(120, round(face.rect.width() * canvas.zoom) - 8)
        self.setGeometry(QRect(corner.x() + 6, corner.y() + 3, width, max(24, round(28 * canvas.zoom))))
        self.textEdited.connect(QToolTip.hideText)
        canvas.viewChanged.connect(self._close)
        self.selectAll()
        self.show()
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # while one types, keys are text, not the canvas' shortcuts
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._rename()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._close()

    def _rename(self) -> None:
        graph = self.canvas.graph
        if self.node_id not in graph:
            self._close()
            return
        node, name = graph.node(self.node_id), self.text().strip()
        edits = rename_node(self.canvas.session.document, graph.key, node.id, name)
        if not isinstance(edits, Problem):
            self._close()
            self.canvas.session.perform(f"Rename {node.name}", edits)
            return
        wrong = edits.message
        QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), wrong, self)
        self.setAccessibleDescription(wrong)

    def _close(self) -> None:
        if self.isHidden():
            return
        self.hide()
        self.canvas.setFocus()
        self.deleteLater()
