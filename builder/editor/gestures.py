"""What the pointer does between press and release: one class for each gesture.

A gesture shows what it would do while it lasts and does it, as one undo step, when it ends; cancelled, it
leaves everything as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from builder.editor import geometry
from builder.editor.framegestures import DragFrame, ResizeFrame
from builder.editor.gesture import Gesture
from builder.editor.hit import Hit, bend_at, hit, wire_at
from builder.editor.placing import Link
from builder.editor.strokes import BendWires, CutWires, DragBend, DragCopies
from builder.edits import Connect, Disconnect, Edit
from builder.framing import carried, move_all
from builder.graph import Edge
from builder.links import check_link, free_input, ports_of

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas

#: With the right button these draw a stroke over wires, and no menu comes.
STROKING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class Pan(Gesture):
    """Move the view with the pointer."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        super().__init__(canvas, at, modifiers)
        self._last = at

    def drag(self, at: QPoint, point: QPointF) -> None:
        self.canvas.pan(at - self._last)
        self._last = at


class SelectBox(Gesture):
    """Select what a rubber band touches; with Shift or Ctrl, besides what is selected already."""

    cursor = Qt.CursorShape.CrossCursor

    def start(self) -> None:
        canvas, adding = self.canvas, bool(self.modifiers & _ADDING)
        self._before = canvas.session.selection, canvas.layer.selected_frames
        self._kept = self._before if adding else ((), ())

    def drag(self, at: QPoint, point: QPointF) -> None:
        box = QRectF(self.origin, point).normalized()
        self.canvas.overlay.show_box(box)
        faces = self.canvas.board.faces
        touched = [faces.keys[row] for row in sorted(faces.within(box))]
        within = [n for n, frame in self.canvas.board.drawn_frames() if box.contains(QRectF(*frame.box))]
        nodes, frames = self._kept
        self.canvas.choose((*nodes, *touched), {*frames, *within})

    def finish(self) -> None:
        self.canvas.overlay.clear()

    def click(self) -> None:
        if not self.modifiers & _ADDING:
            self.canvas.select_wires(())
            self.canvas.choose((), ())

    def cancel(self) -> None:
        self.canvas.overlay.clear()
        if self.started:
            self.canvas.choose(*self._before)


class DragNodes(Gesture):
    """Select a node, and drag the selection by it, from line to line of the grid."""

    def __init__(self, canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier, node_id: str) -> None:
        super().__init__(canvas, at, modifiers)
        self.node_id = node_id
        session = canvas.session
        self._was_selected = node_id in session.selection
        canvas.select_wires(())
        if modifiers & _ADDING:
            others = tuple(other for other in session.selection if other != node_id)
            canvas.choose(others if self._was_selected else (*others, node_id), canvas.layer.selected_frames)
        elif not self._was_selected:
            session.select((node_id,))

    def start(self) -> None:
        canvas, frames = self.canvas, self.canvas.layer.selected_frames
        canvas.choose((*canvas.session.selection, self.node_id), frames)
        canvas.board.lift(*carried(canvas.graph, canvas.session.selection, frames))
        self._anchor = self.canvas.graph.node(self.node_id).position

    def drag(self, at: QPoint, point: QPointF) -> None:
        x, y = self._anchor
        move = point - self.origin
        self.canvas.board.shift(geometry.snap(x + move.x()) - x, geometry.snap(y + move.y()) - y)
        self._insertion()

    def finish(self) -> None:
        canvas = self.canvas
        moving = canvas.board.moving
        edge = self._insertion()
        canvas.overlay.clear()
        if moving is None or not (moving.dx or moving.dy):
            canvas.board.settle()
            return
        graph = canvas.graph
        count = len(moving.nodes)
        edits = move_all(graph, moving.nodes, moving.frames, moving.dx, moving.dy)
        label = f"Move {graph.node(self.node_id).name}" if count == 1 else f"Move {count} nodes"
        if edge is not None:
            edits += canvas.commands.insertion_of(self.node_id, edge)
            label = f"Insert {graph.node(self.node_id).name}"
        canvas.session.perform(label, edits)
        canvas.board.reroute()

    def click(self) -> None:
        if self._was_selected and not self.modifiers & _ADDING:
            self.canvas.choose((self.node_id,), ())

    def cancel(self) -> None:
        self.canvas.overlay.clear()
        self.canvas.board.settle()

    def _insertion(self) -> Edge | None:
        """The wire a single unconnected node would be put on, highlighted."""
        canvas, moving = self.canvas, self.canvas.board.moving
        if moving is None or len(moving.nodes) != 1:
            return None
        if canvas.graph.incoming(self.node_id) or canvas.graph.outgoing(self.node_id):
            return None
        rect = canvas.board.faces[self.node_id].rect.translated(moving.dx, moving.dy)
        wire = wire_at(canvas.board, rect.center(), canvas.zoom, reach=24)
        if wire is not None and not canvas.commands.insertion_of(self.node_id, wire.edge):
            wire = None
        canvas.overlay.show_wire_target(wire)
        return wire.edge if wire is not None else None


class DragWire(Gesture):
    """Draw a wire from a port, or take one by its end and put that elsewhere.

    ``node_id`` and ``port`` are the end that stays; ``moved`` is the wire whose other end is being moved.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(
        self,
        canvas: Canvas,
        at: QPoint,
        modifiers: Qt.KeyboardModifier,
        fixed: Hit,
        moved: Edge | None = None,
    ) -> None:
        super().__init__(canvas, at, modifiers)
        assert fixed.node is not None
        assert fixed.port is not None
        self.node_id, self.port, self.from_output = fixed.node, fixed.port, fixed.is_output
        self.moved = moved
        self._edge: Edge | None = None
        self._point = self.origin

    def start(self) -> None:
        import networkx as nx

        canvas = self.canvas
        network = canvas.graph.networkx
        reach = nx.ancestors if self.from_output else nx.descendants
        #: Nodes a wire to which would close a circle.
        self._circle = {self.node_id, *reach(network, self.node_id)}
        canvas.layer.hidden_wire = self.moved
        canvas.layer.fitting = self._fitting()
        canvas.layer.update()

    def drag(self, at: QPoint, point: QPointF) -> None:
        canvas = self.canvas
        self._point = point
        target = hit(canvas.board, point, canvas.zoom, wires=False)
        edge = self._edge_to(target)
        problem = None
        if edge is not None and edge != self.moved:
            problem = check_link(canvas.session.document, canvas.graph.key, edge, instead_of=self.moved)
        self._edge = edge if problem is None else None
        self._over_node = target.node is not None
        reason = problem.rule if problem is not None else ""
        if edge is None and target.node is not None and target.node != self.node_id:
            reason = "All its inputs are taken" if self.from_output else "It has no output"
        end = point
        if self._edge is not None:
            face = canvas.board.faces[self._edge.target if self.from_output else self._edge.source]
            end = (
                face.input_point(self._edge.target_port)
                if self.from_output
                else face.output_point(self._edge.source_port)
            )
        canvas.overlay.show_wire(
            self._anchor(), end, self.from_output, fits=self._edge is not None, reason=reason
        )
        canvas.overlay.show_node_target(
            target.node if self._edge is not None and target.port is None else None
        )

    def finish(self) -> None:
        canvas, key = self.canvas, self.canvas.graph.key
        edge, moved = self._edge, self.moved
        self._clear()
        if edge is not None and edge != moved:
            before: list[Edit] = [Disconnect(key, moved)] if moved is not None else []
            canvas.session.perform("Move wire" if moved else "Connect", [*before, Connect(key, edge)])
        elif edge is None and not self._over_node:
            if moved is not None:
                canvas.session.perform("Disconnect", [Disconnect(key, moved)])
            else:
                canvas.open_search(self._point, link=Link(self.node_id, self.port, self.from_output))

    def click(self) -> None:
        """A click on a port selects its wire, or else its node."""
        if self.moved is not None:
            self.canvas.session.select(())
            self.canvas.select_wires((self.moved,))
        else:
            self.canvas.select_wires(())
            self.canvas.session.select((self.node_id,))

    def cancel(self) -> None:
        self._clear()

    def _clear(self) -> None:
        canvas = self.canvas
        canvas.overlay.clear()
        canvas.layer.hidden_wire = None
        canvas.layer.fitting = ()
        canvas.layer.update()

    def _anchor(self) -> QPointF:
        face = self.canvas.board.faces[self.node_id]
        return face.output_point(self.port) if self.from_output else face.input_point(self.port)

    def _fitting(self) -> frozenset[tuple[str, str]]:
        """The ports a wire from here may end at: what ``check_link`` says, without walking the graph for each."""
        graph = self.canvas.graph
        found = set()
        for face in self.canvas.board.faces:
            if face.id in self._circle:
                continue
            if self.from_output:
                taken = graph.incoming(face.id)
                found |= {
                    (face.id, port) for port in face.inputs if port not in taken or taken[port] == self.moved
                }
            else:
                found |= {(face.id, port) for port in face.outputs}
        return frozenset(found)

    def _edge_to(self, target: Hit) -> Edge | None:
        """The wire to what is under the pointer; on a node's body, to its free input or its output."""
        if target.node is None or (target.node == self.node_id and target.port is None):
            return None
        document, key = self.canvas.session.document, self.canvas.graph.key
        port = target.port if target.is_output != self.from_output else None
        if target.port is not None and port is None:
            return None
        if self.canvas.board.faces[target.node].collapsed:
            port = None  # one place stands for all of a side
        if port is None and self.from_output:
            port = self._free_input(target.node)
        elif port is None:
            outputs = ports_of(document, self.canvas.graph.node(target.node), key).outputs
            port = outputs[0] if outputs else None
        if port is None:
            return None
        if self.from_output:
            return Edge(self.node_id, self.port, target.node, port)
        return Edge(target.node, port, self.node_id, self.port)

    def _free_input(self, node_id: str) -> str | None:
        if self.moved is not None and self.moved.target == node_id:
            return self.moved.target_port
        return free_input(self.canvas.session.document, self.canvas.graph.key, node_id)


class PressWire(Gesture):
    """Select a wire; dragged, its nearer end comes along."""

    def __init__(self, canvas: Canvas, at: QPoint, modifiers: Qt.KeyboardModifier, edge: Edge) -> None:
        super().__init__(canvas, at, modifiers)
        self.edge = edge
        self._wire: DragWire | None = None

    def start(self) -> None:
        points = self.canvas.board.wires[self.edge].points
        to_start = (QPointF(*points[0]) - self.origin).manhattanLength()
        to_end = (QPointF(*points[-1]) - self.origin).manhattanLength()
        if to_end <= to_start:
            fixed = Hit(node=self.edge.source, port=self.edge.source_port, is_output=True)
        else:
            fixed = Hit(node=self.edge.target, port=self.edge.target_port)
        self._wire = DragWire(self.canvas, self.pressed_at, self.modifiers, fixed, self.edge)
        self._wire.start()

    def drag(self, at: QPoint, point: QPointF) -> None:
        assert self._wire is not None
        self._wire.drag(at, point)

    def finish(self) -> None:
        assert self._wire is not None
        self._wire.finish()

    def click(self) -> None:
        canvas = self.canvas
        if self.modifiers & _ADDING:
            canvas.select_wires(set(canvas.layer.selected_wires) ^ {self.edge})
        else:
            canvas.session.select(())
            canvas.select_wires((self.edge,))

    def cancel(self) -> None:
        if self._wire is not None:
            self._wire.cancel()


def begin(
    canvas: Canvas, at: QPoint, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier
) -> Gesture | None:
    """The gesture that a press at a point of the view begins, by what lies there."""
    if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and canvas.space_held):
        return Pan(canvas, at, modifiers)
    if button == Qt.MouseButton.RightButton:
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            return CutWires(canvas, at, modifiers)
        return BendWires(canvas, at, modifiers) if modifiers & Qt.KeyboardModifier.ShiftModifier else None
    if button != Qt.MouseButton.LeftButton:
        return None
    bend = bend_at(canvas.board, canvas.mapToScene(at), canvas.zoom)
    if bend is not None:
        return DragBend(canvas, at, modifiers, *bend)
    under = hit(canvas.board, canvas.mapToScene(at), canvas.zoom)
    if under.port is not None and under.node is not None:
        wire = None if under.is_output else canvas.graph.incoming(under.node).get(under.port)
        if wire is not None:
            under = Hit(node=wire.source, port=wire.source_port, is_output=True)
        return DragWire(canvas, at, modifiers, under, wire)
    is_frame = under.frame is not None and under.side == (0, 0)
    if (under.node is not None or is_frame) and modifiers & Qt.KeyboardModifier.AltModifier:
        return DragCopies(canvas, at, modifiers, under)
    if under.node is not None:
        return DragNodes(canvas, at, modifiers, under.node)
    if under.edge is not None:
        return PressWire(canvas, at, modifiers, under.edge)
    if under.frame is None:
        return SelectBox(canvas, at, modifiers)
    if is_frame:
        return DragFrame(canvas, at, modifiers, under.frame)
    return ResizeFrame(canvas, at, modifiers, under.frame, under.side)
