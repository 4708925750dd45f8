"""Wires by keyboard: what the selected node can be wired to, or is wired to already, found by a few letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from builder.closeness import ranked
from builder.editor.finder import kind_of
from builder.edits import Connect, Disconnect
from builder.graph import Edge, Node
from builder.links import check_link, free_input, ports_of
from builder.widgets.picker import Picker, Row

if TYPE_CHECKING:
    from builder.editor.canvas import Canvas


class Connector(Picker):
    """Enter draws the wire that is chosen, or takes it away. Two selected nodes are wired at once, in their order."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas.session, canvas, name="Connect", prompt="Connect with…")
        self.setObjectName("connector")
        self.canvas = canvas
        self._choices: list[Row] = []
        self.session.selectionChanged.connect(self.leave)

    def begin(self) -> None:
        """Wire the two nodes that are selected, or ask with what the one is to be wired."""
        session, graph = self.session, self.canvas.graph
        nodes = [graph.node(node_id) for node_id in session.selection if node_id in graph]
        if len(nodes) == 2:
            self._join(*nodes)
        elif len(nodes) == 1:
            self._choices = [*self._ahead(nodes[0]), *self._behind(nodes[0]), *self._drawn(nodes[0])]
            self.field.setPlaceholderText(f"Connect {nodes[0].name} with…")
            self.canvas.card.hide()
            self.come()

    def rows(self, query: str) -> Sequence[Row]:
        return ranked(query, self._choices, lambda row: ((row.title, 1.0), (row.detail, 0.6)))

    def take(self, row: Row, modifiers: Qt.KeyboardModifier) -> None:
        self.leave()
        self._draw(row.thing)

    def hint(self, query: str, found: int) -> str:
        if self._choices:
            return "" if found else "None of the nodes it can be wired with is called that."
        return "There is no free input it could feed, nor an output that could feed it."

    def leave(self) -> None:
        was_hidden = self.isHidden()
        super().leave()
        if not was_hidden:
            self.canvas.card.follow()

    def top(self) -> int:
        return 8

    # what can be wired -------------------------------------------------------------------------------------

    def _ahead(self, node: Node) -> Iterator[Row]:
        """Wires from the node, the nearest first."""
        for other in self._near(node):
            for edge in self._wires(node, other):
                told = f"{kind_of(other)}: {node.name} feeds its input {edge.target_port}"
                yield Row(other.name, told, "→", True, edge)

    def _behind(self, node: Node) -> Iterator[Row]:
        """Wires to the node."""
        for other in self._near(node):
            for edge in self._wires(other, node):
                told = f"{kind_of(other)}: feeds the input {edge.target_port} of {node.name}"
                yield Row(other.name, told, "←", True, edge)

    def _drawn(self, node: Node) -> Iterator[Row]:
        """Wires that are there."""
        graph = self.canvas.graph
        for edge in (*graph.outgoing(node.id), *graph.incoming(node.id).values()):
            other = graph.node(edge.target if edge.source == node.id else edge.source)
            yield Row(other.name, f"{kind_of(other)}: take the wire away", "✕", True, edge)

    def _near(self, node: Node) -> list[Node]:
        x, y = node.position
        others = (other for other in self.canvas.graph if other.id != node.id)
        return sorted(others, key=lambda other: abs(other.position[0] - x) + abs(other.position[1] - y))

    def _wires(self, source: Node, target: Node) -> Iterator[Edge]:
        """The wires that could be drawn from one node to another, for each pair of ports."""
        document, key = self.session.document, self.canvas.graph.key
        outputs = ports_of(document, source, key).outputs
        ports = ports_of(document, target, key)
        taken = self.canvas.graph.incoming(target.id)
        free = [port for port in ports.inputs if port not in taken]
        if ports.variadic and (port := free_input(document, key, target.id)) is not None:
            free = [port]
        for output in outputs:
            for port in free:
                edge = Edge(source.id, output, target.id, port)
                if check_link(document, key, edge) is None:
                    yield edge

    # drawing -----------------------------------------------------------------------------------------------

    def _join(self, first: Node, second: Node) -> None:
        edge = next(self._wires(first, second), None) or next(self._wires(second, first), None)
        if edge is None:
            self.session.statusMessage.emit(f"No wire can be drawn between {first.name} and {second.name}")
        else:
            self._draw(edge)

    def _draw(self, edge: Edge) -> None:
        """Draw a wire, or take it away where it is there."""
        graph = self.canvas.graph
        if edge.source not in graph or edge.target not in graph:
            return
        ends = f"{graph.node(edge.source).name} → {graph.node(edge.target).name}"
        if graph.has_edge(edge):
            self.session.perform("Disconnect", [Disconnect(graph.key, edge)])
            self.session.statusMessage.emit(f"The wire {ends} is taken away")
        elif check_link(self.session.document, graph.key, edge) is None:
            self.session.perform("Connect", [Connect(graph.key, edge)])
            self.session.statusMessage.emit(f"Connected {ends}")
