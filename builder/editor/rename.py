"""Typing on the canvas itself: a node's name, a module's, how often something stands there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF

from builder.acts import rename_node
from builder.editor.faces import Face
from builder.editor.inplace import InPlaceField
from builder.errors import Problem
from builder.widgets.theme import NAME, SEMIBOLD, font

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


class CanvasField(InPlaceField):
    """A field where a node's name stands; it goes with the view, and closes where another graph is shown."""

    def __init__(
        self, canvas: Canvas, over: QRectF, text: str, accept: Callable[[str], Problem | None]
    ) -> None:
        self.canvas = canvas
        self._over, self._graph = over, canvas.graph
        super().__init__(canvas, self._place(), text, accept)
        self._follow()
        canvas.viewChanged.connect(self._follow)

    def _place(self) -> QRect:
        """Where it stands, in the view."""
        zoom, over = self.canvas.zoom, self._over
        corner = self.canvas.mapFromScene(over.topLeft())
        width = max(120, round(over.width() * zoom) - 8)
        return QRect(corner.x() + 6, corner.y() + 3, width, max(24, round(28 * zoom)))

    def _follow(self) -> None:
        """The canvas is painted anew, for whatever reason: nothing that is typed is lost by that."""
        if self.canvas.graph is not self._graph:
            self.close_field()
            return
        made = font(NAME, SEMIBOLD)
        made.setPixelSize(max(11, round(NAME * self.canvas.zoom)))
        self.setFont(made)
        self.setGeometry(self._place())


class RenameField(CanvasField):
    """The name of a node, on the node."""

    def __init__(self, canvas: Canvas, face: Face) -> None:
        self.node_id = face.id
        super().__init__(canvas, face.rect, face.name, self._rename)
        self.setObjectName("rename")
        self.setAccessibleName(f"New name of {face.name}")

    def _rename(self, name: str) -> Problem | None:
        session, graph = self.canvas.session, self.canvas.graph
        if self.node_id not in graph:
            return None
        edits = rename_node(session.document, graph.key, self.node_id, name)
        if isinstance(edits, Problem):
            return edits
        session.perform(f"Rename {graph.node(self.node_id).name}", edits)
        return None
