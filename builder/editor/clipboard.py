"""Copying nodes to the system's clipboard and back, as the text of a small document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor, QGuiApplication

from builder.clipboard import copy_nodes, paste_nodes
from builder.editor import geometry
from builder.figures import count
from builder.framing import carried, duplicate_all

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


class Clipboard:
    """The clipboard as the canvas uses it."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def taken(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """What is copied: the selected nodes and frames, and what lies in these."""
        canvas = self.canvas
        return carried(canvas.graph, canvas.session.selection, canvas.framing.selected)

    def copy(self) -> None:
        """Put the selected nodes and frames on the clipboard."""
        ids, frames = self.taken()
        if ids or frames:
            text = copy_nodes(self.canvas.session.document, self.canvas.graph.key, ids, frames)
            QGuiApplication.clipboard().setText(text)

    def paste(self, *, wired: bool = False) -> None:
        """Paste at the pointer where it is over the canvas, else beside what was copied; what cannot be is told.

        ``wired``: with the wires that came in from nodes that are here too.
        """
        session, graph = self.canvas.session, self.canvas.graph
        at = self._pointer()
        found = paste_nodes(session.document, graph.key, QGuiApplication.clipboard().text(), at, wired=wired)
        if isinstance(found, list):
            session.statusMessage.emit(
                found[0].message
                if found[0].code in ("nothing-to-paste", "recursive-module")
                else "What is on the clipboard is no part of a network. Copy some nodes first."
            )
            return
        what = count(len(found.ids), "node") if found.ids else count(len(found.frames), "frame")
        session.perform(f"Paste {what}", found.edits)
        self.canvas.choose(found.ids, found.frames)

    def duplicate(self) -> None:
        """Copies of the selected nodes and frames, which are selected then."""
        session, graph = self.canvas.session, self.canvas.graph
        ids, frames = self.taken()
        if ids or frames:
            edits, copies, added = duplicate_all(session.document, graph.key, ids, frames)
            session.perform("Duplicate", edits)
            self.canvas.choose(copies, added)

    def _pointer(self) -> tuple[float, float] | None:
        """The pointer in the scene, if it is over the canvas and has moved since the last paste there."""
        viewport = self.canvas.viewport()
        at: QPoint = viewport.mapFromGlobal(QCursor.pos())
        if not viewport.underMouse() or not viewport.rect().contains(at):
            return None
        point = self.canvas.mapToScene(at)
        return geometry.snap(point.x()), geometry.snap(point.y())
