"""Nodes collapsed by hand: Alt+C, wires at the header's edge, drawing on, far and near, menus."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from builder.editor.rename import RenameField
from builder.graph import Edge, Node
from builder.spacing import COLLAPSED_HEIGHT, NODE_HEIGHT
from tests.builder.editor.hand import ALT, NONE, SHIFT, Hand, small_document


@pytest.fixture
def hand(qtbot: QtBot) -> Hand:
    add = Node("a", "add", "add", {}, (496, 240))
    return Hand(qtbot, small_document(Node("b", "bn", "batch_norm", {}, (248, 240)), add))


def collapse(hand: Hand, *ids: str) -> None:
    """Click on them, and Alt+C."""
    for number, node_id in enumerate(ids):
        hand.click(hand.middle(node_id), SHIFT if number else NONE)
    hand.key(Qt.Key.Key_C, ALT)


def heights(hand: Hand) -> dict[str, float]:
    return {face.id: face.rect.height() for face in hand.canvas.board.faces}


def test_several_are_collapsed_in_one_step_and_shown_again(hand: Hand) -> None:
    before, middle = hand.text(), hand.middle("c")
    collapse(hand, "c", "r")
    assert {n for n, height in heights(hand).items() if height == COLLAPSED_HEIGHT} == {"c", "r"}
    assert hand.middle("c") == middle
    assert set(hand.session.selection) == {"c", "r"}
    assert hand.session.history.undo_label == "Collapse"
    collapsed = hand.text()
    hand.session.undo()
    assert hand.text() == before
    assert set(heights(hand).values()) >= {NODE_HEIGHT}
    hand.session.redo()
    assert hand.text() == collapsed
    hand.key(Qt.Key.Key_C, ALT)
    assert hand.text() == before
    assert hand.session.history.undo_label == "Show whole"


def test_wires_of_all_ports_end_at_the_middle_of_the_edge(hand: Hand) -> None:
    hand.drag(hand.output("c"), hand.middle("a"))
    hand.drag(hand.output("r"), hand.middle("a"))
    apart = {hand.canvas.board.wires[edge].points[-1] for edge in hand.canvas.graph.incoming("a").values()}
    assert len(apart) == 2
    collapse(hand, "a")
    ends = {hand.canvas.board.wires[edge].points[-1] for edge in hand.canvas.graph.incoming("a").values()}
    rect = hand.canvas.board.faces["a"].rect
    assert ends == {(rect.left(), rect.center().y())}


@pytest.mark.parametrize("where", ["edge", "middle"])
def test_a_wire_drawn_to_it_takes_the_free_input(hand: Hand, where: str) -> None:
    hand.drag(hand.output("c"), hand.middle("a"))
    collapse(hand, "a")
    hand.drag(hand.output("r"), hand.input("a", "0") if where == "edge" else hand.middle("a"))
    assert set(hand.canvas.graph.incoming("a").values()) == {
        Edge("c", "y", "a", "0"),
        Edge("r", "y", "a", "1"),
    }


def test_the_wire_that_came_last_is_taken_off_by_its_end(hand: Hand) -> None:
    hand.drag(hand.output("c"), hand.middle("a"))
    hand.drag(hand.output("r"), hand.middle("a"))
    collapse(hand, "a")
    hand.drag(hand.input("a", "0"), (400, 420))
    assert set(hand.canvas.graph.incoming("a").values()) == {Edge("c", "y", "a", "0")}
    hand.drag(hand.input("a", "0"), hand.input("b"))
    assert not hand.canvas.graph.incoming("a")
    assert hand.canvas.graph.has_edge(Edge("c", "y", "b", "x"))


def test_a_wire_is_drawn_from_it(hand: Hand) -> None:
    collapse(hand, "c", "b")
    hand.drag(hand.output("c"), hand.input("b"))
    assert hand.canvas.graph.has_edge(Edge("c", "y", "b", "x"))


def test_it_is_renamed_where_its_name_stands(hand: Hand) -> None:
    collapse(hand, "c")
    hand.key(Qt.Key.Key_F2)
    field = hand.canvas.findChild(RenameField)
    assert field is not None
    hand.bot.keyClicks(field, "stem")
    hand.bot.keyClick(field, Qt.Key.Key_Return)
    assert hand.canvas.graph.node("c").name == "stem"
    assert hand.canvas.graph.node("c").collapsed


def test_nothing_selected_is_nothing_to_collapse(hand: Hand) -> None:
    assert not hand.canvas.commands.actions["collapse"].isEnabled()
    hand.key(Qt.Key.Key_C, ALT)
    assert not hand.session.history.can_undo


def test_it_stands_in_the_menu_and_is_told(hand: Hand) -> None:
    collapse(hand, "c")
    menu = hand.canvas.commands.menu(QPointF())
    hand.bot.addWidget(menu)
    offered = {action.text(): action.shortcut().toString() for action in menu.actions()}
    assert offered["Collapse"] == "Alt+C"
    hand.session.flush()
    assert "collapsed" in hand.canvas.accessibleDescription()


@pytest.mark.parametrize("zoom", [0.2, 1.0])
def test_near_and_far_it_takes_less_room(hand: Hand, zoom: float) -> None:
    hand.canvas.set_view(zoom, QPointF(320, 27))
    rect = hand.canvas.board.faces["c"].rect
    corner = rect.topLeft() + QPointF(24, 4)  # in the whole node, above the collapsed one
    assert not _is_background(hand, corner)
    collapse(hand, "c")
    hand.click((320, 500))
    assert _is_background(hand, corner)
    assert not _is_background(hand, hand.canvas.board.faces["c"].rect.topLeft() + QPointF(24, 4))


def _is_background(hand: Hand, place: QPointF) -> bool:
    """Whether the canvas shows nothing at a place of the scene."""
    picture: QImage = hand.canvas.viewport().grab().toImage()
    at = hand.canvas.mapFromScene(place)
    return picture.pixelColor(at) == hand.session.theme.color("canvas")
