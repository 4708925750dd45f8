"""The graph one looks at, as faces and wires in numpy tables; it follows the document edit by edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from builder.document import Document, DocumentChange, FramesChange, ModuleChange
from builder.editor import geometry
from builder.editor.faces import Face, Wire, describe, make_face, shown_ports, wire_text
from builder.editor.table import Table
from builder.frames import Frame, frames_of, in_order
from builder.graph import Bends, Change, ChangeKind, Edge, Graph, Node

if TYPE_CHECKING:
    import numpy as np

    from builder.analysis import GraphView, NodeReport


@dataclass(slots=True)
class Moving:
    """Nodes being dragged: drawn at an offset, while the document knows nothing of it yet.

    ``rigid`` wires have both ends among them and keep their form; ``stretched`` ones are routed anew.
    """

    nodes: frozenset[str]
    frames: frozenset[int]
    rows: np.ndarray
    start: np.ndarray
    rigid: frozenset[Edge]
    stretched: tuple[Edge, ...]
    dx: float = 0.0
    dy: float = 0.0


@dataclass(slots=True)
class Board:
    """Faces, wires and frames of one graph. ``revision`` rises with every change of what is drawn, ``form`` with every
    change of what the far view (rectangles and lines) is made of. ``changed`` is called after each."""

    changed: Callable[[], None]
    document: Document | None = None
    graph: Graph = field(default_factory=Graph)
    faces: Table[str, Face] = field(default_factory=Table)
    wires: Table[Edge, Wire] = field(default_factory=Table)
    frames: list[Frame] = field(default_factory=list)
    moving: Moving | None = None
    form: int = 0

    def show(self, document: Document, graph: Graph, view: GraphView | None) -> None:
        """Start anew with a graph."""
        self.document, self.graph, self.moving = document, graph, None
        self.faces, self.wires, self.frames = Table(), Table(), frames_of(graph)
        for node in graph:
            self._put_face(node, view)
        for edge in graph.edges():
            self._put_wire(edge)
        self._touch()

    # following -----------------------------------------------------------------------------------------------

    def follow(self, change: DocumentChange) -> None:
        """Rebuild what an edit touched."""
        if isinstance(change, ModuleChange):
            self._module_changed(change.name)
        elif isinstance(change, FramesChange) and change.graph == self.graph.key:
            self.settle()
            self.frames = frames_of(self.graph)
            self._touch()
        elif isinstance(change, Change) and change.graph == self.graph.key:
            self.settle()
            self._follow(change)
            self._touch()

    def _follow(self, change: Change) -> None:
        edge, before, after = change.edge, change.before, change.after
        if change.kind is ChangeKind.NODE_ADDED and after is not None:
            self._put_face(after, None)
        elif change.kind is ChangeKind.NODE_REMOVED and before is not None:
            self.faces.remove(before.id)
        elif change.kind is ChangeKind.NODE_REPLACED and after is not None:
            if change.moves_only:
                self._place(after.id, after.position)
            else:
                self._put_face(after, None)
            self._route_around(after.id)
        elif edge is not None:
            if change.kind is ChangeKind.DISCONNECTED:
                if edge in self.wires:
                    self.wires.remove(edge)
            else:
                self._put_wire(edge)
            if change.kind is not ChangeKind.BENT:
                self._ports_changed(edge.target)

    def report(self, view: GraphView | None) -> None:
        """Take over what a new analysis says: texts, problems, shapes on the wires. Unchanged reports cost nothing."""
        stale: set[str] = set()
        for face in self.faces:
            report = view.reports.get(face.id) if view is not None else None
            if _differs(face.report, report) and face.id in self.graph:
                was = (face.severity, face.bypassed, face.culprit_ports)
                describe(face, self.graph, self.graph.node(face.id), report)
                stale.add(face.id)
                self.form += was != (face.severity, face.bypassed, face.culprit_ports)
            face.report = report
        for node_id in stale:
            for edge in [*self.graph.outgoing(node_id), *self.graph.incoming(node_id).values()]:
                if wire := self.wires.get(edge):
                    self._label(wire)
        if stale:
            self.changed()

    def _module_changed(self, name: str) -> None:
        placed = [node for node in self.graph if node.block == f"module:{name}"]
        for node in placed:
            self._put_face(node, None)
            self._route_around(node.id)
        if placed:
            self._touch()

    def _put_face(self, node: Node, view: GraphView | None) -> None:
        assert self.document is not None
        old = self.faces.get(node.id)
        report = view.reports.get(node.id) if view is not None else old.report if old is not None else None
        face = make_face(self.document, self.graph, node, report)
        self.faces.put(node.id, face, face.box)

    def _ports_changed(self, node_id: str) -> None:
        """A variadic block shows the inputs in use: give it its ports and height, and its wires their ends."""
        face = self.faces.get(node_id)
        if face is None or self.document is None:
            return
        node = self.graph.node(node_id)
        if shown_ports(self.document, self.graph, node)[:2] != (face.inputs, face.outputs):
            self._put_face(node, None)
            self._route_around(node_id)

    def _place(self, node_id: str, position: tuple[float, float]) -> None:
        face = self.faces[node_id]
        face.rect.moveTo(*position)
        self.faces.put(node_id, face, face.box)

    def _route_around(self, node_id: str) -> None:
        for edge in [*self.graph.incoming(node_id).values(), *self.graph.outgoing(node_id)]:
            self._put_wire(edge)

    # wires -------------------------------------------------------------------------------------------------

    def _put_wire(self, edge: Edge) -> None:
        source, target = self.faces.get(edge.source), self.faces.get(edge.target)
        if source is None or target is None or not self.graph.has_edge(edge):
            return
        points = self._points(edge, source, target)
        wire = Wire(edge, points, geometry.wire_path(points), geometry.wire_middle(points))
        wire.bends = self.graph.bends(edge)
        self._label(wire)
        self.wires.put(edge, wire, geometry.wire_bounds(points))

    def _points(self, edge: Edge, source: Face, target: Face) -> geometry.Points:
        start, end = source.output_point(edge.source_port), target.input_point(edge.target_port)
        if bends := self.graph.bends(edge):
            return geometry.bent_points(start, bends, end)
        return geometry.wire_points(start, end, self.faces, above=end.y() < target.rect.center().y() - 1)

    def pose(self, places: Mapping[str, tuple[float, float]]) -> None:
        """Draw nodes at these places, with plain wires, while the document has them elsewhere; {}: no longer."""
        for node in self.graph:
            if (face := self.faces.get(node.id)) is not None:
                face.rect.moveTo(*places.get(node.id, node.position))
                self.faces.put(node.id, face, face.box)
        if not places:
            self.reroute()
            return
        for edge in self.graph.edges():
            source, target = self.faces.get(edge.source), self.faces.get(edge.target)
            wire = self.wires.get(edge)
            if wire is not None and source is not None and target is not None:
                start, end = source.output_point(edge.source_port), target.input_point(edge.target_port)
                wire.points = geometry.wire_points(start, end)
                wire.path, wire.middle = geometry.wire_path(wire.points), geometry.wire_middle(wire.points)
                self.wires.put(edge, wire, geometry.wire_bounds(wire.points))
        self._touch()

    def preview(self, edge: Edge, bends: Bends) -> None:
        """Draw a wire as if it ran through these places, while the document knows nothing of it yet."""
        wire, source, target = self.wires.get(edge), self.faces.get(edge.source), self.faces.get(edge.target)
        if wire is None or source is None or target is None:
            return
        start, end = source.output_point(edge.source_port), target.input_point(edge.target_port)
        wire.points = geometry.bent_points(start, bends, end)
        wire.path, wire.middle = geometry.wire_path(wire.points), geometry.wire_middle(wire.points)
        wire.bends = bends
        self.wires.put(edge, wire, geometry.wire_bounds(wire.points))
        self._touch()

    def _label(self, wire: Wire) -> None:
        target = self.faces.get(wire.edge.target)
        wire.text = wire_text(self.faces.get(wire.edge.source), wire.edge.source_port)
        wire.culprit = target is not None and wire.edge.target_port in target.culprit_ports

    def reroute(self, area: QRectF | None = None) -> None:
        """Route wires anew (those that pass through ``area``) after nodes were moved about them."""
        rows = range(len(self.wires)) if area is None else self.wires.within(area, 2 * geometry.PORT_HIT)
        for edge in [self.wires.keys[row] for row in rows]:
            self._put_wire(edge)
        self._touch()

    # dragging ----------------------------------------------------------------------------------------------

    def lift(self, node_ids: Iterable[str], frames: Iterable[int] = ()) -> None:
        """Begin to move nodes and frames about."""
        import numpy as np

        nodes = frozenset(node_id for node_id in node_ids if node_id in self.faces)
        edges = {e for n in nodes for e in (*self.graph.incoming(n).values(), *self.graph.outgoing(n))}
        rigid = frozenset(edge for edge in edges if edge.source in nodes and edge.target in nodes)
        rows = np.array([self.faces.rows[node_id] for node_id in nodes], dtype=np.intp)
        start = self.faces.boxes[rows, :2].copy()
        self.moving = Moving(nodes, frozenset(frames), rows, start, rigid, tuple(edges - rigid))
        self._touch()

    def shift(self, dx: float, dy: float) -> None:
        """Draw the lifted nodes at this distance from where they were."""
        moving = self.moving
        if moving is None or (dx, dy) == (moving.dx, moving.dy):
            return
        moving.dx, moving.dy = dx, dy
        self.faces.boxes[moving.rows, :2] = moving.start + (dx, dy)
        for edge in moving.stretched:
            source, target = self.faces[edge.source], self.faces[edge.target]
            start, end = source.output_point(edge.source_port), target.input_point(edge.target_port)
            if edge.source in moving.nodes:
                start += QPointF(dx, dy)
            else:
                end += QPointF(dx, dy)
            above = target.input_point(edge.target_port).y() < target.rect.center().y() - 1
            bends = self.graph.bends(edge)
            points = (
                geometry.bent_points(start, bends, end)
                if bends
                else geometry.wire_points(start, end, self.faces, above=above)
            )
            wire = self.wires[edge]
            wire.points, wire.path, wire.middle = (
                points,
                geometry.wire_path(points),
                geometry.wire_middle(points),
            )
            self.wires.put(edge, wire, geometry.wire_bounds(points))
        self.changed()

    def settle(self) -> None:
        """Put lifted nodes back where the document has them."""
        if self.moving is None:
            return
        moving, self.moving = self.moving, None
        self.faces.boxes[moving.rows, :2] = moving.start
        for edge in moving.stretched:
            self._put_wire(edge)
        self._touch()

    # frames ------------------------------------------------------------------------------------------------

    def drawn_frames(self) -> list[tuple[int, Frame]]:
        """Frames and notes by their numbers, where they are drawn, the undermost first."""
        moving = self.moving
        shown = list(enumerate(self.frames))
        if moving is not None and moving.frames:
            shown = [(n, f.moved(moving.dx, moving.dy) if n in moving.frames else f) for n, f in shown]
        return in_order(shown)

    def preview_frame(self, number: int, frame: Frame) -> None:
        """Draw a frame as if it were so, while the document knows nothing of it yet."""
        self.frames[number] = frame
        self._touch()

    def extent(self) -> QRectF:
        """The rectangle round everything; empty where there is nothing."""
        found = self.faces.bounds()
        if len(self.wires):
            found = found.united(self.wires.bounds())
        for frame in self.frames:
            found = found.united(QRectF(*frame.box))
        return found

    def _touch(self) -> None:
        self.form += 1
        self.changed()


def _differs(before: NodeReport | None, after: NodeReport | None) -> bool:
    """Whether a node would look different; most edits leave most nodes as they are."""
    if before is None or after is None:
        return before is not after
    return (
        before.facts is not after.facts
        or before.node is not after.node
        or before.problems != after.problems
        or before.output_shapes != after.output_shapes
        or before.input_shapes != after.input_shapes
        or before.bypassed != after.bypassed
    )
