"""The canvas by hand: real presses, moves, wheels and keys, and what they do to the document."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from builder.editor import geometry
from builder.editor.rename import RenameField
from builder.graph import Edge, Node
from tests.builder.editor.hand import ALT, CONTROL, LEFT, MIDDLE, NONE, SHIFT, Hand, small_document


@pytest.fixture
def hand(qtbot: QtBot) -> Hand:
    return Hand(qtbot, small_document(Node("b", "bn", "batch_norm", {}, (248, 240))))


def test_click_selects_shift_adds_and_the_empty_deselects(hand: Hand) -> None:
    hand.click(hand.middle("c"))
    assert hand.session.selection == ("c",)
    hand.click(hand.middle("r"), SHIFT)
    assert set(hand.session.selection) == {"c", "r"}
    hand.click(hand.middle("c"), CONTROL)
    assert hand.session.selection == ("r",)
    hand.click((600, 300))
    assert hand.session.selection == ()


def test_a_box_selects_what_it_touches(hand: Hand) -> None:
    hand.drag((200, -60), (560, 100))
    assert set(hand.session.selection) == {"c", "r"}


def test_dragging_moves_by_the_grid_in_one_step(hand: Hand) -> None:
    before = hand.text()
    x, y = hand.middle("c")
    hand.drag((x, y), (x + 51, y + 99))
    assert hand.session.graph.node("c").position == (296, 96)
    assert hand.canvas.board.faces["c"].rect.topLeft() == QPointF(296, 96)
    hand.session.undo()
    assert hand.text() == before
    assert not hand.session.history.can_undo


def test_escape_cancels_a_drag(hand: Hand) -> None:
    before = hand.text()
    x, y = hand.middle("c")
    hand.press((x, y))
    hand.move((x + 80, y + 80))
    hand.key(Qt.Key.Key_Escape)
    hand.release((x + 80, y + 80))
    assert hand.text() == before
    assert hand.canvas.board.moving is None


def test_a_wire_from_port_to_port_and_one_to_the_body(hand: Hand) -> None:
    hand.drag(hand.output("i"), hand.input("b"))
    assert hand.session.graph.has_edge(Edge("i", "y", "b", "x"))
    hand.session.undo()
    hand.drag(hand.output("i"), hand.middle("b"))
    assert hand.session.graph.has_edge(Edge("i", "y", "b", "x"))


def test_a_wire_drawn_backwards(hand: Hand) -> None:
    hand.drag(hand.input("b"), hand.output("i"))
    assert hand.session.graph.has_edge(Edge("i", "y", "b", "x"))


def test_a_wire_that_makes_no_sense_is_refused_with_the_reason(hand: Hand) -> None:
    before = hand.text()
    hand.press(hand.output("r"))
    hand.move(hand.middle("b"))
    assert ("b", "x") in hand.canvas.layer.fitting
    assert ("c", "x") not in hand.canvas.layer.fitting
    hand.move(hand.input("c"))
    assert hand.canvas.overlay.reason
    hand.release(hand.input("c"))
    assert hand.text() == before


def test_the_end_of_a_wire_moves_or_comes_off(hand: Hand) -> None:
    hand.drag(hand.input("r"), hand.input("b"))
    assert hand.session.graph.has_edge(Edge("c", "y", "b", "x"))
    assert not hand.session.graph.incoming("r")
    hand.session.undo()
    hand.drag(hand.input("r"), (450, 200))
    assert not hand.session.graph.incoming("r")


def test_a_wire_dropped_into_the_empty_asks_what_to_add_and_wires_it(hand: Hand) -> None:
    hand.drag(hand.output("c"), (500, 200))
    popup = hand.canvas.search
    assert popup.isVisible()
    assert "Linear" not in popup.list.titles()  # takes vectors
    hand.bot.keyClicks(popup.field, "max pool")
    hand.bot.keyClick(popup.field, Qt.Key.Key_Return)
    added = hand.session.graph.node(hand.session.selection[0])
    assert added.block == "max_pool"
    assert hand.session.graph.has_edge(Edge("c", "y", added.id, "x"))


def test_a_wire_is_selected_and_deleted(hand: Hand) -> None:
    edge = Edge("c", "y", "r", "x")
    x, y = hand.canvas.board.wires[edge].middle
    hand.click((x, y))
    assert set(hand.canvas.layer.selected_wires) == {edge}
    hand.key(Qt.Key.Key_Delete)
    assert not hand.session.graph.has_edge(edge)


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_joins_what_a_node_lay_between(hand: Hand, key: Qt.Key) -> None:
    hand.click(hand.middle("c"))
    before = hand.text()
    hand.key(key)
    assert "c" not in hand.session.graph
    assert hand.session.graph.has_edge(Edge("i", "y", "r", "x"))
    hand.session.undo()
    assert hand.text() == before


def test_a_stretch_is_deleted_and_what_it_lay_between_is_joined(hand: Hand) -> None:
    hand.drag((200, -60), (560, 100))
    hand.key(Qt.Key.Key_Delete)
    assert hand.session.graph.has_edge(Edge("i", "y", "o", "x"))


def test_delete_with_control_takes_the_wires_too(hand: Hand) -> None:
    hand.click(hand.middle("c"))
    hand.key(Qt.Key.Key_Delete, CONTROL)
    assert "c" not in hand.session.graph
    assert not hand.session.graph.incoming("r")


def test_cut_heals_and_paste_brings_it_back(hand: Hand) -> None:
    hand.click(hand.middle("c"))
    hand.key(Qt.Key.Key_X, CONTROL)
    assert hand.session.graph.has_edge(Edge("i", "y", "r", "x"))
    assert "conv" in QGuiApplication.clipboard().text()
    hand.key(Qt.Key.Key_V, CONTROL)
    assert hand.session.graph.node(hand.session.selection[0]).block == "conv"


def test_duplicate(hand: Hand) -> None:
    hand.key(Qt.Key.Key_A, CONTROL)
    assert len(hand.session.selection) == 5
    hand.key(Qt.Key.Key_D, CONTROL)
    assert len(hand.session.graph) == 10
    assert len(list(hand.session.graph.edges())) == 6


def test_tab_adds_behind_the_selected_node(hand: Hand) -> None:
    hand.click(hand.middle("b"))
    hand.key(Qt.Key.Key_Tab)
    popup = hand.canvas.search
    assert popup.isVisible()
    hand.bot.keyClicks(popup.field, "1x1")
    hand.bot.keyClick(popup.field, Qt.Key.Key_Return)
    added = hand.session.graph.node(hand.session.selection[0])
    assert dict(added.parameters) == {"kernel_size": 1}
    assert hand.session.graph.has_edge(Edge("b", "y", added.id, "x"))
    assert added.position == (496, 240)


def test_double_click_on_the_empty_opens_the_search_and_escape_closes_it(hand: Hand) -> None:
    hand.bot.mouseDClick(hand.canvas.viewport(), LEFT, NONE, hand.at(600, 300))
    assert hand.canvas.search.isVisible()
    hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Escape)
    assert not hand.canvas.search.isVisible()


def test_a_loose_node_dragged_onto_a_wire_is_put_into_it(hand: Hand) -> None:
    x, y = hand.canvas.board.wires[Edge("c", "y", "r", "x")].middle
    hand.drag(hand.middle("b"), (x, y))
    assert hand.session.graph.has_edge(Edge("c", "y", "b", "x"))
    hand.session.undo()
    assert hand.session.graph.node("b").position == (248, 240)


def test_bypass_and_back(hand: Hand) -> None:
    hand.click(hand.middle("r"))
    hand.key(Qt.Key.Key_M)
    hand.session.flush()
    assert hand.session.graph.node("r").when == "False"
    assert hand.canvas.board.faces["r"].bypassed
    hand.key(Qt.Key.Key_M)
    assert hand.session.graph.node("r").when is None


def test_arrows_walk_along_wires_and_nudge(hand: Hand) -> None:
    hand.click(hand.middle("c"))
    hand.key(Qt.Key.Key_Right)
    assert hand.session.selection == ("r",)
    hand.key(Qt.Key.Key_Left)
    hand.key(Qt.Key.Key_Down)
    assert hand.session.selection == ("b",)
    hand.key(Qt.Key.Key_Down, CONTROL)
    hand.key(Qt.Key.Key_Down, CONTROL)
    assert hand.session.graph.node("b").position == (248, 256)
    hand.session.undo()
    assert hand.session.graph.node("b").position == (248, 240)


def test_layout_is_one_step(hand: Hand) -> None:
    before = hand.text()
    hand.key(Qt.Key.Key_L)
    assert hand.text() != before
    hand.session.undo()
    assert hand.text() == before


@pytest.mark.parametrize("notches", [-4, -1, 1, 3])
def test_the_wheel_zooms_at_the_pointer(hand: Hand, notches: int) -> None:
    at = hand.at(100, 20)
    kept, zoom = hand.canvas.mapToScene(at), hand.canvas.zoom
    hand.wheel(at, QPoint(0, 120 * notches))
    assert (hand.canvas.zoom > zoom) == (notches > 0)
    assert (hand.canvas.mapToScene(at) - kept).manhattanLength() < 4
    hand.wheel(at, QPoint(0, -120 * notches))
    assert hand.canvas.zoom == pytest.approx(zoom)


def test_the_wheel_stops_where_nothing_could_be_read(hand: Hand) -> None:
    for towards, limit in ((1, geometry.ZOOM_RANGE[1]), (-1, geometry.ZOOM_RANGE[0])):
        for _ in range(60):
            hand.wheel(hand.at(100, 20), QPoint(0, 120 * towards))
        assert hand.canvas.zoom == pytest.approx(limit)


def test_shift_and_the_wheel_move_sideways(hand: Hand) -> None:
    zoom, seen = hand.canvas.zoom, hand.canvas.visible_rect().center()
    hand.wheel(hand.at(100, 20), QPoint(0, -120), SHIFT)
    moved = hand.canvas.visible_rect().center() - seen
    assert hand.canvas.zoom == zoom
    assert moved.x() > 50
    assert abs(moved.y()) < 2


def test_two_fingers_on_a_touchpad_move_and_with_control_zoom(hand: Hand) -> None:
    zoom, seen = hand.canvas.zoom, hand.canvas.visible_rect().center()
    hand.wheel(hand.at(100, 20), QPoint(0, 120), pixels=QPoint(30, 40))
    moved = hand.canvas.visible_rect().center() - seen
    assert hand.canvas.zoom == zoom
    assert (moved.x(), moved.y()) == (pytest.approx(-30 / zoom, abs=2), pytest.approx(-40 / zoom, abs=2))
    hand.wheel(hand.at(100, 20), QPoint(0, 120), CONTROL, pixels=QPoint(0, 40))
    assert hand.canvas.zoom > zoom


@pytest.mark.parametrize("how", ["middle", "space"])
def test_panning_moves_the_view_and_nothing_else(hand: Hand, how: str) -> None:
    before, seen = hand.text(), hand.canvas.visible_rect().center()
    button = MIDDLE if how == "middle" else LEFT
    if how == "space":
        hand.bot.keyPress(hand.canvas, Qt.Key.Key_Space)
    start, end = hand.at(300, 150), hand.at(400, 150)
    hand.bot.mousePress(hand.canvas.viewport(), button, NONE, start)
    hand.bot.mouseMove(hand.canvas.viewport(), end)
    hand.bot.mouseRelease(hand.canvas.viewport(), button, NONE, end)
    if how == "space":
        hand.bot.keyRelease(hand.canvas, Qt.Key.Key_Space)
    assert hand.canvas.visible_rect().center().x() < seen.x() - 50
    assert hand.text() == before


def test_renaming_on_the_node(hand: Hand) -> None:
    hand.click(hand.middle("c"))
    hand.key(Qt.Key.Key_F2)
    edit = hand.canvas.findChild(RenameField)
    assert edit is not None
    hand.bot.keyClicks(edit, "forward")
    hand.bot.keyClick(edit, Qt.Key.Key_Return)
    assert hand.session.graph.node("c").name == "conv"
    edit.selectAll()
    hand.bot.keyClicks(edit, "stem")
    hand.bot.keyClick(edit, Qt.Key.Key_Return)
    assert hand.session.graph.node("c").name == "stem"
    assert hand.canvas.board.faces["c"].name == "stem"


def test_the_context_menu_offers_what_can_be_done(hand: Hand) -> None:
    hand.click(hand.middle("c"))
    menu = hand.canvas.commands.menu(QPointF())
    hand.bot.addWidget(menu)
    names = [action.text() for action in menu.actions()]
    assert {"Add block…", "Delete", "Duplicate", "Bypass", "Rename"} <= set(names)


@pytest.mark.parametrize("modifiers", [SHIFT, CONTROL])
def test_another_box_selects_besides(hand: Hand, modifiers: Qt.KeyboardModifier) -> None:
    hand.click(hand.middle("b"))
    hand.drag((200, -60), (560, 100), modifiers)
    assert set(hand.session.selection) == {"b", "c", "r"}
    hand.drag((200, -60), (560, 100))
    assert set(hand.session.selection) == {"c", "r"}


def test_what_is_copied_in_one_window_is_pasted_in_another(hand: Hand, qtbot: QtBot) -> None:
    hand.drag((200, -60), (560, 100))
    hand.key(Qt.Key.Key_C, CONTROL)
    other = Hand(qtbot, small_document())
    other.key(Qt.Key.Key_V, CONTROL)
    copies = [other.canvas.graph.node(node_id) for node_id in other.session.selection]
    assert [(node.name, node.block) for node in copies] == [("conv2", "conv"), ("relu2", "relu")]
    assert copies[0].parameters == hand.canvas.graph.node("c").parameters
    assert other.canvas.graph.has_edge(Edge(copies[0].id, "y", copies[1].id, "x"))


def test_f_brings_the_selection_into_view_and_home_everything(hand: Hand) -> None:
    canvas = hand.canvas
    canvas.set_view(1.0, QPointF(3000, 3000))
    hand.key(Qt.Key.Key_Home)
    assert all(canvas.visible_rect().contains(face.rect) for face in canvas.board.faces)
    hand.click(hand.middle("b"))
    canvas.set_view(0.3, QPointF(-1000, 0))
    hand.key(Qt.Key.Key_F)
    assert canvas.visible_rect().contains(canvas.board.faces["b"].rect)
    assert canvas.zoom == 1.0


def test_keys_zoom_about_the_middle(hand: Hand) -> None:
    canvas = hand.canvas
    canvas.set_view(0.7, QPointF(300, 100))
    middle = canvas.visible_rect().center()
    hand.key(Qt.Key.Key_Plus)
    assert canvas.zoom == pytest.approx(0.875)
    hand.key(Qt.Key.Key_Minus)
    assert canvas.zoom == pytest.approx(0.7)
    hand.key(Qt.Key.Key_1)
    assert canvas.zoom == 1.0
    assert (canvas.visible_rect().center() - middle).manhattanLength() < 4


def test_alt_m_puts_the_map_away_and_brings_it_back(hand: Hand) -> None:
    hand.canvas.set_view(2.0, QPointF(300, 100))  # not all is in view
    assert hand.canvas.minimap.isVisible()
    hand.key(Qt.Key.Key_M, ALT)
    assert not hand.canvas.minimap.isVisible()
    hand.key(Qt.Key.Key_M, ALT)
    assert hand.canvas.minimap.isVisible()
