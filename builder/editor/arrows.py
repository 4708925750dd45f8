"""Arrow keys on the canvas: along the wires from node to node, or the selection over the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from builder import spacing
from builder.editor import geometry
from builder.framing import carried, move_all
from builder.graph import Graph, Node

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

_DIRECTIONS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip


class Arrows:
    """What arrow keys do on one canvas."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.session = canvas.session

    def key(self, event: QKeyEvent) -> bool:
        """With nothing held along the wires, with Ctrl or Shift the selection moves on the grid."""
        direction = _DIRECTIONS.get(Qt.Key(event.key()))
        if direction is None or not (len(self.canvas.graph) or self.canvas.framing.selected):
            return False
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            return True  # a way that leads nowhere now: the view does not scroll instead
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            far = 4 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self._nudge(direction[0] * far * geometry.GRID, direction[1] * far * geometry.GRID)
        else:
            self._walk(*direction)
        return True

    def _nudge(self, dx: float, dy: float) -> None:
        graph, frames = self.canvas.graph, self.canvas.framing.selected
        ids, numbers = carried(graph, self.session.selection, frames)
        if ids or numbers:
            edits = move_all(graph, ids, numbers, dx, dy)
            self.session.perform("Nudge", edits, merge=("nudge", graph.key, ids, numbers))

    def _walk(self, dx: int, dy: int) -> None:
        graph, selection = self.canvas.graph, self.session.selection
        if not len(graph):
            return
        if not selection:
            target: str | None = min(graph, key=lambda node: (node.position[1], node.position[0])).id
        else:
            here = graph.node(selection[-1])
            target = _along_wires(graph, here, dx) if dx else _beyond(graph, here, dy)
        if target is not None:
            self.session.select((target,))
            self.canvas.reveal(target)


def _along_wires(graph: Graph, here: Node, dx: int) -> str | None:
    """Of the nodes it feeds (1), or that feed it (-1), the one whose height is nearest."""
    edges = graph.outgoing(here.id) if dx > 0 else list(graph.incoming(here.id).values())
    ends = [edge.target if dx > 0 else edge.source for edge in edges]
    return min(ends, key=lambda end: abs(graph.node(end).position[1] - here.position[1]), default=None)


def _beyond(graph: Graph, here: Node, dy: int) -> str | None:
    """The nearest node below (1) or above (-1), where a way to the side counts half."""
    x, y = here.position
    beyond = [node for node in graph if (node.position[1] - y) * dy > spacing.NODE_HEIGHT / 2]
    nearest = min(
        beyond, key=lambda node: abs(node.position[1] - y) + 0.5 * abs(node.position[0] - x), default=None
    )
    return nearest.id if nearest is not None else None
