"""Modules by hand: Ctrl+G and a name, Ctrl+Shift+G, Ctrl+R and a number; each is one step, and refusals are told."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from builder.document import Document, Module
from builder.editor.canvas import Canvas
from builder.editor.rename import CanvasField
from builder.errors import Problem
from builder.framing import add_frames, frame_around
from builder.graph import Graph
from builder.names import module_name_from
from builder.sketch import Sketch
from builder.widgets.session import Session
from builder.writing import write_document
from tests.builder.modular.support import chain, ids, wires

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


class Hand:
    """Keys and a mouse over a canvas with a chain of five blocks."""

    def __init__(self, bot: QtBot) -> None:
        self.bot = bot
        self.session = Session(Document("net", chain().graph))
        self.canvas = Canvas(self.session)
        self.problems: list[Problem] = []
        self.session.problemsFound.connect(self._found)
        bot.addWidget(self.canvas)
        self.canvas.resize(1200, 700)
        self.canvas.show()
        self.canvas.activateWindow()
        self.canvas.setFocus()
        bot.waitUntil(self.canvas.hasFocus)

    def _found(self, problems: list[Problem]) -> None:
        self.problems = problems

    @property
    def document(self) -> Document:
        return self.session.document

    def select(self, *names: str) -> None:
        """Click on a node, and with Shift on the others."""
        for number, name in enumerate(names):
            face = self.canvas.board.faces[ids(self.canvas.graph, name)[0]]
            at = self.canvas.mapFromScene(face.rect.center())
            self.bot.mouseClick(self.canvas.viewport(), LEFT, SHIFT if number else Qt.KeyboardModifier(0), at)
        assert self.selected() == list(names)

    def selected(self) -> list[str]:
        return [self.canvas.graph.node(node_id).name for node_id in self.session.selection]

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = CONTROL) -> None:
        self.bot.keyClick(self.canvas, key, modifiers)

    def field(self) -> CanvasField:
        (found,) = [one for one in self.canvas.findChildren(CanvasField) if not one.isHidden()]
        assert found.hasFocus()
        return found

    def type(self, text: str, end: Qt.Key = Qt.Key.Key_Return) -> None:
        """Type into the field that is open."""
        field = self.field()
        if text:
            self.bot.keyClicks(field, text)
        self.bot.keyClick(field, end)

    def steps(self) -> int:
        """How many steps lead back to the beginning; they are taken."""
        count = 0
        while self.session.history.can_undo:
            self.session.undo()
            count += 1
        return count


@pytest.fixture
def hand(qtbot: QtBot) -> Hand:
    return Hand(qtbot)


# grouping ----------------------------------------------------------------------------------------------------


def test_the_selection_becomes_a_module_that_is_named_where_it_stands(hand: Hand) -> None:
    before = write_document(hand.document)
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_G)
    assert hand.field().text() == hand.field().selectedText() == "ConvBnRelu"
    assert hand.selected() == ["conv_bn_relu"]
    hand.type("Stem")
    assert list(hand.document.modules) == ["Stem"]
    assert hand.selected() == ["stem"]
    assert wires(hand.document) == {
        "input.y > stem.input", "stem.output > pool.x", "pool.y > conv2.x", "conv2.y > output.x",
    }  # fmt: skip
    assert hand.canvas.hasFocus()
    assert hand.session.history.undo_label == "Group into Stem"
    hand.key(Qt.Key.Key_Z, Qt.KeyboardModifier(0))  # nothing: undo is the window's
    assert hand.steps() == 1
    assert write_document(hand.document) == before


def test_a_frame_that_is_selected_becomes_a_module_of_what_lies_in_it(hand: Hand) -> None:
    graph = hand.canvas.graph
    frame = frame_around(hand.document, graph, ids(graph, "conv", "bn", "relu"))
    hand.session.perform("Add frame", add_frames(graph, [frame]))
    corner = hand.canvas.mapFromScene(QPointF(frame.x + 40, frame.y + 8))
    hand.bot.mouseClick(hand.canvas.viewport(), LEFT, Qt.KeyboardModifier(0), corner)
    assert hand.canvas.framing.selected == [0]
    hand.key(Qt.Key.Key_G)
    hand.type("Stem")
    assert len(hand.document.graph("Stem").frames) == 1
    assert (hand.selected(), hand.canvas.graph.frames) == (["stem"], [])
    hand.key(Qt.Key.Key_G, CONTROL | SHIFT)
    assert hand.selected() == ["conv", "bn", "relu"]
    assert hand.canvas.graph.frames == [frame.entry()]


def test_what_is_typed_goes_with_the_view_and_is_lost_by_no_repaint(hand: Hand) -> None:
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_G)
    field = hand.field()
    hand.bot.keyClicks(field, "St")
    hand.canvas.board.changed()
    hand.canvas.zoom_by(0.8)
    hand.canvas.pan(QPoint(30, 20))
    face = hand.canvas.board.faces[hand.session.selection[0]]
    assert (field.pos() - hand.canvas.mapFromScene(face.rect.topLeft())).manhattanLength() < 12
    hand.type("em")
    assert list(hand.document.modules) == ["Stem"]


def test_a_field_goes_with_the_graph_it_stands_on(hand: Hand) -> None:
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_G)
    hand.session.enter("conv_bn_relu")
    assert not [one for one in hand.canvas.findChildren(CanvasField) if not one.isHidden()]


@pytest.mark.parametrize("end", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_the_name_proposed_may_stay(hand: Hand, end: Qt.Key) -> None:
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_G)
    hand.type("", end)
    assert list(hand.document.modules) == ["ConvBnRelu"]
    assert hand.canvas.hasFocus()
    assert hand.steps() == 1


def test_a_name_is_made_a_class_and_another_is_refused_in_place(hand: Hand) -> None:
    hand.session.document.put_module(Module("Taken", (), Graph("Taken")))
    hand.select("conv", "bn")
    hand.key(Qt.Key.Key_G)
    hand.type("Taken")
    field = hand.field()
    assert "another is called 'Taken'" in field.accessibleDescription()
    assert "another is called 'Taken'" in QToolTip.text()
    field.clear()
    hand.type("my first_block")
    assert set(hand.document.modules) == {"MyFirstBlock", "Taken"}
    assert hand.selected() == ["my_first_block"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Stem", "Stem"),
        ("stem", "Stem"),
        ("residual block", "ResidualBlock"),
        ("größe-3", "Größe3"),
        ("3", "3"),
        ("", ""),
    ],
)
def test_names_are_taken_as_they_are_meant(typed: str, name: str) -> None:
    assert module_name_from(typed) == name


def test_what_cannot_be_grouped_is_told_until_it_can(hand: Hand) -> None:
    hand.select("conv", "relu")
    hand.key(Qt.Key.Key_G)
    assert [problem.code for problem in hand.problems] == ["group-left"]
    assert not hand.document.modules
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_G)
    assert hand.problems == []
    hand.type("")


def test_nothing_selected_is_nothing_to_group(hand: Hand) -> None:
    assert not hand.canvas.commands.actions["group"].isEnabled()
    hand.canvas.commands.modules.group()
    assert not hand.session.history.can_undo


def test_inside_a_module_parts_of_it_are_grouped(hand: Hand) -> None:
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_G)
    hand.type("Stem")
    hand.key(Qt.Key.Key_Return, Qt.KeyboardModifier(0))
    assert hand.session.instance == ("stem",)
    hand.select("conv", "bn")
    hand.key(Qt.Key.Key_G)
    hand.type("")
    assert hand.session.graph.key == "Stem"
    assert hand.selected() == ["conv_bn"]
    assert hand.session.analysis.ok


# double-click, and once for all ------------------------------------------------------------------------------


def test_what_was_grouped_is_entered_by_double_click(hand: Hand) -> None:
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_G)
    hand.type("")
    face = hand.canvas.board.faces[hand.session.selection[0]]
    hand.bot.mouseDClick(
        hand.canvas.viewport(), LEFT, pos=hand.canvas.mapFromScene(face.rect.center()) + QPoint(0, 4)
    )
    assert hand.session.graph.key == "ConvBnRelu"
    assert {face.name for face in hand.canvas.board.faces} == {"input", "conv", "bn", "relu", "output"}


# opening up --------------------------------------------------------------------------------------------------


def test_a_module_is_opened_up_in_one_step(hand: Hand) -> None:
    before = write_document(hand.document)
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_G)
    hand.type("")
    grouped = write_document(hand.document)
    hand.key(Qt.Key.Key_G, CONTROL | SHIFT)
    assert write_document(hand.document) == before
    assert sorted(hand.selected()) == ["bn", "conv", "relu"]
    hand.session.undo()
    assert write_document(hand.document) == grouped
    assert hand.session.history.redo_label == "Ungroup conv_bn_relu"


def test_several_are_opened_up_at_once(hand: Hand) -> None:
    block = Sketch(Graph("Block"))
    block.output(block.add("conv", "conv", block.input(), kernel_size=1))
    net = Sketch()
    x = net.add("two", "module:Block", net.add("one", "module:Block", net.input((3, 8, 8))))
    net.output(x)
    hand.session.replace(Document("net", net.graph, [Module("Block", (), block.graph)]))
    hand.session.select(ids(net.graph, "one", "two"))
    hand.key(Qt.Key.Key_G, CONTROL | SHIFT)
    assert wires(hand.document) == {"input.y > conv.x", "conv.y > conv2.x", "conv2.y > output.x"}
    assert not hand.document.modules
    assert hand.steps() == 1


def test_a_repeated_module_says_why_it_stays(hand: Hand) -> None:
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_R)
    hand.type("3")
    hand.key(Qt.Key.Key_G, CONTROL | SHIFT)
    assert [problem.code for problem in hand.problems] == ["repeated-instance"]
    assert "ConvBnRelu" in hand.document.modules


def test_only_modules_can_be_opened_up(hand: Hand) -> None:
    hand.select("conv")
    assert not hand.canvas.commands.actions["ungroup"].isEnabled()
    assert hand.canvas.commands.actions["group"].isEnabled()
    hand.key(Qt.Key.Key_G)
    hand.type("")
    assert hand.canvas.commands.actions["ungroup"].isEnabled()


# repeating ---------------------------------------------------------------------------------------------------


def test_a_stretch_is_repeated_as_often_as_typed(hand: Hand) -> None:
    before = write_document(hand.document)
    hand.select("conv", "bn", "relu")
    hand.key(Qt.Key.Key_R)
    assert hand.field().text() == "× 2"
    assert hand.field().selectedText() == "2"
    hand.type("4")
    node = hand.document.network.by_name("conv_bn_relu")
    assert node is not None
    assert node.repeat == 4
    assert hand.selected() == ["conv_bn_relu"]
    assert hand.canvas.board.faces[node.id].count == " × 4"
    hand.key(Qt.Key.Key_R)
    assert hand.field().text() == "× 4"
    hand.field().selectAll()
    hand.type("2")
    assert hand.document.network.node(node.id).repeat == 2
    assert hand.steps() == 2
    assert write_document(hand.document) == before


@pytest.mark.parametrize(
    ("typed", "words"), [("many", "whole number"), ("6", "What comes out"), ("0", "at least once")]
)
def test_what_cannot_be_repeated_so_often_is_told_in_place(hand: Hand, typed: str, words: str) -> None:
    hand.select("pool")
    hand.key(Qt.Key.Key_R)
    hand.type(typed)
    field = hand.field()
    assert words in field.accessibleDescription()
    field.clear()
    hand.type("3")
    assert hand.document.network.node(hand.session.selection[0]).repeat == 3
    assert hand.steps() == 1


def test_esc_repeats_nothing(hand: Hand) -> None:
    hand.select("pool")
    hand.key(Qt.Key.Key_R)
    hand.type("5", Qt.Key.Key_Escape)
    assert not hand.session.history.can_undo
    assert hand.canvas.hasFocus()


def test_the_context_menu_has_them(hand: Hand) -> None:
    hand.select("conv", "bn")
    menu = hand.canvas.commands.menu(QPointF())
    hand.bot.addWidget(menu)
    offered = {action.text(): action.shortcut().toString() for action in menu.actions()}
    assert offered["Group into a module"] == "Ctrl+G"
    assert offered["Repeat…"] == "Ctrl+R"
    assert "Ungroup" not in offered
