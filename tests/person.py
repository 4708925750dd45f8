"""Somebody who draws in the whole window: presses, moves and keys, each where a hand would put it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from builder.editor.canvas import Canvas
from builder.editor.inspector import Inspector
from builder.widgets.fields import Field, FlagField, LineField
from builder.widgets.shell import Shell

LEFT = Qt.MouseButton.LeftButton
ALT, CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


class Person:
    """Looks at a window; nodes are called by the names that stand on them."""

    def __init__(self, bot: QtBot, shell: Shell) -> None:
        self.bot, self.shell, self.session = bot, shell, shell.session
        canvas, inspector = shell.findChild(Canvas), shell.findChild(Inspector)
        assert canvas is not None
        assert inspector is not None
        self.canvas, self.inspector = canvas, inspector

    # keys --------------------------------------------------------------------------------------------------

    @property
    def focus(self) -> QWidget:
        found = QApplication.focusWidget()
        assert found is not None
        return found

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.bot.keyClick(self.focus, key, modifiers)
        QApplication.processEvents()

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self.bot.keyClicks(self.focus, text)
        QApplication.processEvents()

    def type(self, text: str) -> None:
        """Type into what has the focus, and Enter."""
        self.bot.keyClicks(self.focus, text)
        self.press(Qt.Key.Key_Return)

    def add(self, words: str, called: str = "") -> str:
        """Tab, some letters, Enter; and F2 for another name. Returns the id of what was added."""
        self.press(Qt.Key.Key_Tab)
        self.type(words)
        if called:
            self.rename(called)
        (node_id,) = self.session.selection
        return node_id

    def rename(self, name: str) -> None:
        """F2 on what is selected."""
        self.press(Qt.Key.Key_F2)
        self.type(name)

    def group(self, name: str) -> None:
        """Ctrl+G, and what the module is called."""
        self.press(Qt.Key.Key_G, CONTROL)
        self.type(name)

    # the pointer over the canvas ---------------------------------------------------------------------------

    def id_of(self, name: str) -> str:
        node = self.canvas.graph.by_name(name)
        assert node is not None, f"there is no {name}"
        return node.id

    def body(self, name: str) -> QPointF:
        return self.canvas.board.faces[self.id_of(name)].rect.center()

    def output(self, name: str) -> QPointF:
        """Where the first output's wires begin."""
        face = self.canvas.board.faces[self.id_of(name)]
        return face.output_point(face.outputs[0])

    def wire(self, source: str, target: str) -> QPointF:
        """The middle of the wire between two nodes."""
        ends = self.id_of(source), self.id_of(target)
        (edge,) = [e for e in self.canvas.graph.edges() if (e.source, e.target) == ends]
        return QPointF(*self.canvas.board.wires[edge].middle)

    def end_of(self, source: str, target: str) -> QPointF:
        """Where the wire between two nodes ends."""
        ends = self.id_of(source), self.id_of(target)
        (edge,) = [e for e in self.canvas.graph.edges() if (e.source, e.target) == ends]
        return self.canvas.board.faces[edge.target].input_point(edge.target_port)

    def at(self, place: QPointF) -> QPoint:
        """The same place in the view, where nothing may lie over it."""
        at = self.canvas.mapFromScene(place)
        if not self._bare(at):
            self.press(Qt.Key.Key_Home)  # all of it
            at = self.canvas.mapFromScene(place)
        assert self._bare(at), f"{place} is out of view, or under {self.canvas.childAt(at)}"
        return at

    def _bare(self, at: QPoint) -> bool:
        viewport = self.canvas.viewport()
        return viewport.rect().contains(at) and self.canvas.childAt(at) is viewport

    def click(self, place: QPointF, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.bot.mouseClick(self.canvas.viewport(), LEFT, modifiers, self.at(place))
        QApplication.processEvents()

    def select(self, *names: str) -> None:
        """Click on a node, and with Shift on the others."""
        for number, name in enumerate(names):
            self.click(self.body(name), SHIFT if number else NONE)
        assert self.selected() == list(names)

    def select_wire(self, source: str, target: str) -> None:
        self.click(self.wire(source, target))
        assert len(self.canvas.layer.selected_wires) == 1

    def selected(self) -> list[str]:
        return [self.canvas.graph.node(node_id).name for node_id in self.session.selection]

    def enter(self, name: str) -> None:
        """Double-click on a module."""
        at = self.at(self.body(name))
        self.bot.mouseClick(self.canvas.viewport(), LEFT, NONE, at)
        self.bot.mouseDClick(self.canvas.viewport(), LEFT, NONE, at)
        QApplication.processEvents()
        assert self.session.instance[-1:] == (name,)

    def leave(self) -> None:
        self.press(Qt.Key.Key_Up, ALT)

    def drag(self, start: QPointF, end: QPointF, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press, move there in steps, let go."""
        view = self.canvas.viewport()
        if not (self._bare(self.canvas.mapFromScene(start)) and self._bare(self.canvas.mapFromScene(end))):
            self.press(Qt.Key.Key_Home)
        first, last = self.at(start), self.at(end)
        self.bot.mousePress(view, LEFT, modifiers, first)
        for step in range(1, 5):
            self.bot.mouseMove(view, first + (last - first) * step / 4)
        self.bot.mouseRelease(view, LEFT, modifiers, last)
        QApplication.processEvents()

    def box(self, *names: str) -> None:
        """A rubber band round these nodes."""
        rects = [self.canvas.board.faces[self.id_of(name)].rect for name in names]
        round_all = rects[0]
        for rect in rects[1:]:
            round_all = round_all.united(rect)
        round_all = round_all.adjusted(-14, -14, 14, 14)
        self.drag(round_all.bottomLeft(), round_all.topRight())
        assert sorted(self.selected()) == sorted(names)

    def connect(self, source: str, target: str) -> None:
        """Drag a wire from a node's output onto another node."""
        self.drag(self.output(source), self.body(target))
        assert any(e.target == self.id_of(target) for e in self.canvas.graph.outgoing(self.id_of(source)))

    # the inspector -----------------------------------------------------------------------------------------

    def field(self, name: str) -> Field:
        field = self.inspector.form.field(name)
        self.inspector.ensureWidgetVisible(field)  # the wheel over it
        return field

    def enter_value(self, name: str, text: str) -> None:
        """Click into a parameter's line, type over what is there, Enter; and Esc back to the canvas."""
        field = self.field(name)
        assert isinstance(field, LineField)
        self.bot.mouseClick(field.line, LEFT)
        self.press(Qt.Key.Key_A, CONTROL)
        self.type(text)
        assert not self.inspector.form.reason(name), self.inspector.form.reason(name)
        self.press(Qt.Key.Key_Escape)

    def switch(self, name: str) -> None:
        field = self.field(name)
        assert isinstance(field, FlagField)
        self.bot.mouseClick(field.switch, LEFT)
        self.press(Qt.Key.Key_Escape)

    def expose(self, name: str, called: str = "") -> None:
        """The button at the end of a parameter's row, what the module's parameter is called, and Esc to the canvas."""
        self.field(name)
        self.bot.mouseClick(self.inspector.form.side_button(name), LEFT)
        QApplication.processEvents()
        self.type(called)
        self.press(Qt.Key.Key_Escape)
