"""A mouse and a keyboard over a canvas, for tests that draw by hand."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.document import Document
from builder.editor.canvas import Canvas
from builder.graph import Edge, Graph, Node
from builder.widgets.session import Session
from builder.writing import write_document

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE, SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
Place = tuple[float, float]


def small_document(*others: Node) -> Document:
    """input → conv → relu → output in a row (ids i, c, r, o), and what else is asked for."""
    graph = Graph()
    graph.add_node(Node("i", "input", "input", {"shape": [1, 28, 28]}, (0, 0)))
    graph.add_node(Node("c", "conv", "conv", {"out_channels": 4}, (248, 0)))
    graph.add_node(Node("r", "relu", "relu", {}, (496, 0)))
    graph.add_node(Node("o", "output", "output", {}, (744, 0)))
    for node in others:
        graph.add_node(node)
    for source, target in ("ic", "cr", "ro"):
        graph.connect(Edge(source, "y", target, "x"))
    return Document("small", graph)


class Hand:
    """Places are those of the scene."""

    def __init__(self, bot: QtBot, document: Document) -> None:
        self.bot = bot
        self.canvas = canvas = Canvas(Session(document))
        self.session = canvas.session
        bot.addWidget(canvas)
        canvas.resize(1200, 700)
        canvas.show()
        canvas.activateWindow()
        canvas.setFocus()
        bot.waitUntil(lambda: canvas.width() == 1200 and canvas.hasFocus())

    # places ------------------------------------------------------------------------------------------------

    def at(self, x: float, y: float) -> QPoint:
        """The same place in the view."""
        return self.canvas.mapFromScene(QPointF(x, y))

    def middle(self, node_id: str) -> Place:
        centre = self.canvas.board.faces[node_id].rect.center()
        return centre.x(), centre.y()

    def output(self, node_id: str, port: str = "y") -> Place:
        point = self.canvas.board.faces[node_id].output_point(port)
        return point.x(), point.y()

    def input(self, node_id: str, port: str = "x") -> Place:
        point = self.canvas.board.faces[node_id].input_point(port)
        return point.x(), point.y()

    # the mouse ---------------------------------------------------------------------------------------------

    def click(self, place: Place, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.bot.mouseClick(self.canvas.viewport(), LEFT, modifiers, self.at(*place))

    def double(self, place: Place) -> None:
        self.click(place)
        self.bot.mouseDClick(self.canvas.viewport(), LEFT, NONE, self.at(*place))

    def press(
        self, place: Place, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE
    ) -> None:
        self.bot.mousePress(self.canvas.viewport(), button, modifiers, self.at(*place))

    def move(self, place: Place) -> None:
        self.bot.mouseMove(self.canvas.viewport(), self.at(*place))

    def release(
        self, place: Place, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE
    ) -> None:
        self.bot.mouseRelease(self.canvas.viewport(), button, modifiers, self.at(*place))

    def drag(
        self, start: Place, end: Place, modifiers: Qt.KeyboardModifier = NONE, *, release: bool = True
    ) -> None:
        self.press(start, LEFT, modifiers)
        self.move(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        self.move(end)
        if release:
            self.release(end, LEFT, modifiers)

    def wheel(
        self,
        at: QPoint,
        angle: QPoint,
        modifiers: Qt.KeyboardModifier = NONE,
        *,
        pixels: QPoint | None = None,
    ) -> None:
        """Turn the wheel over a point of the view; with ``pixels`` it is a touchpad."""
        viewport = self.canvas.viewport()
        phase = Qt.ScrollPhase.ScrollUpdate if pixels else Qt.ScrollPhase.NoScrollPhase
        place, where = QPointF(at), QPointF(viewport.mapToGlobal(at))
        buttons = Qt.MouseButton.NoButton
        event = QWheelEvent(place, where, pixels or QPoint(), angle, buttons, modifiers, phase, False)
        assert QApplication.sendEvent(viewport, event)

    # keys, and what came of it -----------------------------------------------------------------------------

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.bot.keyClick(self.canvas, key, modifiers)

    def text(self) -> str:
        return write_document(self.session.document)
