"""Strokes over wires, bends, copies dragged off, blocks swapped and pasted with their wires: by real events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from builder.document import Document
from builder.edits import MoveNodes
from builder.graph import Edge
from builder.reading import read_document
from builder.writing import write_document
from tests.builder.editor.hand import ALT, CONTROL, RIGHT, SHIFT, Hand
from tests.builder.editor.test_gestures import hand

__all__ = ["hand"]  # the fixture

FIRST, SECOND = Edge("i", "y", "c", "x"), Edge("c", "y", "r", "x")


def stroke(hand: Hand, places: list[tuple[float, float]], modifiers: Qt.KeyboardModifier) -> None:
    hand.press(places[0], RIGHT, modifiers)
    for place in places[1:]:
        hand.move(place)
    hand.release(places[-1], RIGHT, modifiers)


def edges(hand: Hand) -> set[Edge]:
    return set(hand.canvas.graph.edges())


def undone(hand: Hand, before: str) -> None:
    """One step back is where it was."""
    hand.session.undo()
    assert write_document(hand.session.document) == before


def test_a_stroke_with_control_cuts_what_it_crosses(hand: Hand) -> None:
    before = write_document(hand.session.document)
    stroke(hand, [(200, -60), (200, 20), (200, 120), (440, 120), (440, -60)], CONTROL)
    assert edges(hand) == {Edge("r", "y", "o", "x")}
    assert hand.session.history.undo_label == "Cut 2 wires"
    undone(hand, before)


def test_a_stroke_that_crosses_nothing_does_nothing(hand: Hand) -> None:
    before = write_document(hand.session.document)
    stroke(hand, [(0, 200), (700, 200)], CONTROL)
    assert write_document(hand.session.document) == before
    assert not hand.session.history.can_undo


def test_escape_lets_the_wires_be(hand: Hand) -> None:
    hand.press((200, -60), RIGHT, CONTROL)
    hand.move((200, 0))
    hand.move((200, 120))
    hand.key(Qt.Key.Key_Escape)
    hand.release((200, 120), RIGHT, CONTROL)
    assert FIRST in edges(hand)


def test_no_menu_comes_in_a_stroke(hand: Hand) -> None:
    place = QPoint(300, 300)
    for modifiers, comes in ((CONTROL, False), (SHIFT, False), (Qt.KeyboardModifier.NoModifier, True)):
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, place, hand.canvas.mapToGlobal(place), modifiers
        )
        QApplication.sendEvent(hand.canvas.viewport(), event)
        menus = [menu for menu in hand.canvas.findChildren(QMenu) if menu.isVisible()]
        assert bool(menus) is comes
        for menu in menus:
            menu.close()


def bent(hand: Hand) -> tuple[float, float]:
    """The first wire, bent by a stroke; where."""
    stroke(hand, [(200, -60), (200, 20), (200, 120)], SHIFT)
    ((x, y),) = hand.canvas.graph.bends(FIRST)
    return x, y


def test_a_stroke_with_shift_bends_and_the_bend_is_dragged(hand: Hand) -> None:
    before = write_document(hand.session.document)
    x, y = bent(hand)
    assert abs(x - 200) <= 4
    assert abs(y - 27) <= 5
    straight = hand.canvas.board.wires[FIRST].points
    hand.drag((x, y), (200, 160))
    assert hand.canvas.graph.bends(FIRST) == ((200, 160),)
    path = hand.canvas.board.wires[FIRST].points
    assert path != straight
    assert (200, 160) in path
    text = write_document(hand.session.document)
    assert '["input", "y", "conv", "x", [[200, 160]]]' in text
    again = read_document(text)
    assert isinstance(again, Document)
    assert write_document(again) == text
    hand.session.undo()
    undone(hand, before)


def test_a_double_click_takes_a_bend_away(hand: Hand) -> None:
    before = write_document(hand.session.document)
    place = bent(hand)
    hand.bot.mouseDClick(hand.canvas.viewport(), Qt.MouseButton.LeftButton, pos=hand.at(*place))
    assert write_document(hand.session.document) == before
    hand.session.undo()
    assert hand.canvas.graph.bends(FIRST)


def test_bends_lie_in_their_order_along_the_wire(hand: Hand) -> None:
    stroke(hand, [(220, -60), (220, 120)], SHIFT)
    stroke(hand, [(176, -60), (176, 120)], SHIFT)
    first, second = hand.canvas.graph.bends(FIRST)
    assert first[0] < second[0]


def test_a_bend_goes_with_its_wire_and_comes_back_with_it(hand: Hand) -> None:
    x, y = bent(hand)
    hand.session.select(("i", "c"))
    hand.drag(hand.middle("i"), (hand.middle("i")[0], hand.middle("i")[1] + 80))
    assert hand.canvas.graph.bends(FIRST) == ((x, y + 80),)
    hand.session.undo()
    assert hand.canvas.graph.bends(FIRST) == ((x, y),)
    hand.session.select(("c",))
    hand.key(Qt.Key.Key_Delete)
    hand.session.undo()
    assert hand.canvas.graph.bends(FIRST) == ((x, y),)
    hand.session.select(("i", "c"))
    hand.key(Qt.Key.Key_D, CONTROL)
    copies = [edge for edge in edges(hand) if edge != FIRST and hand.canvas.graph.bends(edge)]
    assert len(copies) == 1
    hand.key(Qt.Key.Key_L)
    assert not any(hand.canvas.graph.bends(edge) for edge in edges(hand))


def test_dragging_with_alt_leaves_the_node_and_moves_a_copy(hand: Hand) -> None:
    before = write_document(hand.session.document)
    hand.session.select(("c", "r"))
    x, y = hand.middle("c")
    hand.drag((x, y), (x, y + 160), modifiers=ALT)
    assert hand.canvas.graph.node("c").position == (248, 0)
    copies = hand.session.selection
    assert len(copies) == 2
    assert {hand.canvas.graph.node(node_id).position for node_id in copies} == {(248, 160), (496, 160)}
    assert any({edge.source, edge.target} == set(copies) for edge in edges(hand))
    undone(hand, before)


def test_swap_by_key_keeps_wires_and_parameters(hand: Hand) -> None:
    before = write_document(hand.session.document)
    hand.session.select(("c",))
    hand.key(Qt.Key.Key_S, SHIFT)
    assert hand.canvas.search.isVisible()
    hand.bot.keyClicks(hand.canvas.search.field, "transposed conv")
    hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Return)
    node = hand.canvas.graph.node("c")
    assert (node.block, node.parameters["out_channels"]) == ("conv_transpose", 4)
    assert {FIRST, SECOND} <= edges(hand)
    undone(hand, before)


def test_swap_says_what_it_could_not_keep(hand: Hand, qtbot: QtBot) -> None:
    document = hand.session.document
    hand.session.perform("Move", [MoveNodes("", {"b": (248, 240)})])
    hand.session.select(("r",))
    hand.key(Qt.Key.Key_S, SHIFT)
    hand.bot.keyClicks(hand.canvas.search.field, "add")
    hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Return)
    assert document.network.node("r").block == "add"
    assert Edge("c", "y", "r", "0") in edges(hand)


def test_paste_with_its_incoming_wires(hand: Hand) -> None:
    hand.session.select(("r",))
    hand.key(Qt.Key.Key_C, CONTROL)
    hand.key(Qt.Key.Key_V, CONTROL)
    (plain,) = hand.session.selection
    assert not hand.canvas.graph.incoming(plain)
    hand.key(Qt.Key.Key_V, CONTROL | SHIFT)
    (wired,) = hand.session.selection
    assert hand.canvas.graph.incoming(wired) == {"x": Edge("c", "y", wired, "x")}


@pytest.mark.parametrize(
    "told", ['"x"', "[1]", '[["conv", "y", "relu"]]', '[["nobody", "y", "relu", "x"]]', "[[[]]]"]
)
def test_a_clipboard_with_odd_wires_pastes_without_them(hand: Hand, told: str) -> None:
    hand.session.select(("r",))
    hand.key(Qt.Key.Key_C, CONTROL)
    text = QGuiApplication.clipboard().text().replace('[["conv", "y", "relu", "x"]]', told)
    assert told in text
    QGuiApplication.clipboard().setText(text)
    hand.key(Qt.Key.Key_V, CONTROL | SHIFT)
    (copy,) = hand.session.selection
    assert copy != "r"
    assert not hand.canvas.graph.incoming(copy)


def test_strokes_are_drawn_while_they_last(hand: Hand) -> None:
    hand.press((200, -60), RIGHT, CONTROL)
    hand.move((200, 0))
    hand.move((200, 120))
    drawn = hand.canvas.grab().toImage()
    hand.key(Qt.Key.Key_Escape)
    hand.release((200, 120), RIGHT, CONTROL)
    assert hand.canvas.grab().toImage() != drawn
