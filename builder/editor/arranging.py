"""Laying out from the canvas: at once where that is quick, else behind the window, and nodes glide to their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation
from PySide6.QtWidgets import QStyle

from builder import layout, spacing
from builder.edits import BendWire, Edit, MoveNodes
from builder.errors import Problem
from builder.framing import refit
from builder.graph import Graph
from builder.widgets.worker import Worker

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

#: Larger graphs are laid out behind the window, which could stutter otherwise.
AT_ONCE = 1000
#: Of larger graphs a frame would take too long to glide.
GLIDING = 300
MILLISECONDS = 150
_KEY = "lay out"

Places = dict[str, tuple[float, float]]


class Arranger(QObject):
    """Lays out the graph one looks at, as one undo step; Escape lets it be while it is still reckoned."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self._worker: Worker | None = None
        self._glide: QVariantAnimation | None = None
        self._from: Places = {}
        self._graph: Graph | None = None
        self._revision = 0

    @property
    def waiting(self) -> bool:
        """Whether a layout is being reckoned behind the window."""
        return self._worker is not None and self._worker.busy

    @property
    def gliding(self) -> bool:
        """Whether nodes are on their way."""
        return self._glide is not None

    def arrange(self) -> None:
        """Lay out all nodes in columns and rows that fit the view."""
        graph = self.canvas.graph
        width = self.canvas.viewport().width() - 80
        columns = max(4, int(width // (spacing.COLUMN * 0.85)))
        if len(graph) <= AT_ONCE:
            self._put(layout.arrange(graph, columns=columns))
            return
        self._end_work()
        self._worker = Worker("layout", self)
        copy, key, revision = graph.copy(), graph.key, graph.structure_revision
        self.canvas.session.statusMessage.emit(f"Laying out {len(graph):,} nodes… Escape lets them be.")
        self._worker.submit(
            _KEY,
            lambda: layout.arrange(copy, columns=columns),
            lambda found: self._done(key, revision, found),
        )

    def cancel(self) -> bool:
        """Let everything be where it is; whether there was something to cancel."""
        if not self.waiting:
            return False
        self._end_work()
        self.canvas.session.statusMessage.emit("Not laid out.")
        return True

    def _end_work(self) -> None:
        """Want no answer any more; the thread ends with what it is at."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close(0)
            worker.deleteLater()

    def _done(self, key: str, revision: int, found: Places | Problem) -> None:
        self._end_work()
        graph = self.canvas.graph
        if isinstance(found, Problem):
            self.canvas.session.statusMessage.emit(found.message)
        elif graph.key == key and graph.structure_revision == revision:
            self._put(found)
            self.canvas.session.statusMessage.emit("Laid out.")
        else:
            self.canvas.session.statusMessage.emit("The network has changed meanwhile; it was not laid out.")

    def _put(self, places: Mapping[str, tuple[float, float]]) -> None:
        graph, session = self.canvas.graph, self.canvas.session
        moved = {n: place for n, place in places.items() if graph.node(n).position != place}
        straight: list[Edit] = [BendWire(graph.key, edge, ()) for edge in graph.edges() if graph.bends(edge)]
        if not (moved or straight):
            return
        self.stop()
        before = {node.id: node.position for node in graph}
        frames = refit(session.document, graph, moved)
        session.perform("Lay out", [MoveNodes(graph.key, dict(places)), *straight, *frames])
        self.canvas.board.reroute()
        self.canvas.frame(())
        if len(graph) <= GLIDING and self._animates():
            self._start(before)

    # gliding -----------------------------------------------------------------------------------------------

    def _animates(self) -> bool:
        hint = QStyle.StyleHint.SH_Widget_Animation_Duration
        return self.canvas.isVisible() and self.canvas.style().styleHint(hint, None, self.canvas) > 0

    def _start(self, before: Places) -> None:
        self._from, self._graph = before, self.canvas.graph
        self._revision = self._graph.revision
        glide = QVariantAnimation(self)
        glide.setDuration(MILLISECONDS)
        glide.setStartValue(0.0)
        glide.setEndValue(1.0)
        glide.setEasingCurve(QEasingCurve.Type.OutCubic)
        glide.valueChanged.connect(self._show)
        glide.finished.connect(self.stop)
        self._glide = glide
        glide.start()

    def _show(self, share: float) -> None:
        graph, board = self.canvas.graph, self.canvas.board
        if graph is not self._graph or graph.revision != self._revision:
            self.stop()
            return
        places = {}
        for node_id, (x, y) in self._from.items():
            to_x, to_y = graph.node(node_id).position
            places[node_id] = (x + (to_x - x) * share, y + (to_y - y) * share)
        board.pose(places)

    def stop(self) -> None:
        """Put everything where the document has it."""
        glide, self._glide = self._glide, None
        if glide is not None:
            glide.stop()
            glide.deleteLater()
            self.canvas.board.pose({})
