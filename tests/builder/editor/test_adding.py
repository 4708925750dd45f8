"""Blocks added by hand: right click, double-click and Tab, and what is found by which words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from builder.editor import geometry
from builder.graph import Edge
from tests.builder.editor.hand import LEFT, NONE, RIGHT, Hand, small_document


@pytest.fixture
def hand(qtbot: QtBot) -> Hand:
    return Hand(qtbot, small_document())


def test_right_click_adds_where_the_pointer_was(hand: Hand) -> None:
    menu = context_menu(hand, (450, 200))
    (entry,) = [action for action in menu.actions() if action.text() == "Add block…"]
    hand.bot.mouseClick(menu, LEFT, NONE, menu.actionGeometry(entry).center())
    assert hand.canvas.search.isVisible()
    hand.bot.keyClicks(hand.canvas.search.field, "tanh")
    hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Return)
    assert near(hand.middle(hand.session.selection[0]), (450, 200))


def test_right_click_is_about_what_lies_under_it(hand: Hand) -> None:
    context_menu(hand, hand.middle("c")).close()
    assert hand.session.selection == ("c",)
    edge = Edge("c", "y", "r", "x")
    menu = context_menu(hand, hand.canvas.board.wires[edge].middle)
    assert hand.session.selection == ()
    (delete,) = [action for action in menu.actions() if action.text() == "Delete"]
    hand.bot.mouseClick(menu, LEFT, NONE, menu.actionGeometry(delete).center())
    assert not hand.canvas.graph.has_edge(edge)


def context_menu(hand: Hand, place: tuple[float, float]) -> QMenu:
    """Press the right button, as a window system tells of it."""
    at, view = hand.at(*place), hand.canvas.viewport()
    hand.bot.mousePress(view, RIGHT, NONE, at)
    QApplication.sendEvent(
        view, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, view.mapToGlobal(at), NONE)
    )
    hand.bot.mouseRelease(view, RIGHT, NONE, at)
    (menu,) = [menu for menu in hand.canvas.findChildren(QMenu) if menu.isVisible()]
    return menu


def near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two places are no further apart than the grid is wide."""
    return abs(one[0] - other[0]) <= geometry.GRID and abs(one[1] - other[1]) <= geometry.GRID


def test_double_click_adds_where_it_was(hand: Hand) -> None:
    hand.double((450, 200))
    hand.bot.keyClicks(hand.canvas.search.field, "tanh")
    hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Return)
    assert near(hand.middle(hand.session.selection[0]), (450, 200))


@pytest.mark.parametrize(
    ("typed", "block"),
    [
        ("batch norm", "batch_norm"),  # a title
        ("max_pool", "max_pool"),  # an id
        ("rectifier", "relu"),  # a search word
        ("depthwise 3", "conv"),  # a preset
        ("bottleneck", "module:Bottleneck"),  # a module
    ],
)
def test_tab_finds_by_all_that_it_may_be_called(hand: Hand, typed: str, block: str) -> None:
    hand.key(Qt.Key.Key_Tab)
    hand.bot.keyClicks(hand.canvas.search.field, typed)
    hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Return)
    assert hand.canvas.graph.node(hand.session.selection[0]).block == block


def test_what_was_added_last_comes_first(hand: Hand) -> None:
    for typed in ("tanh", "dropout"):
        hand.click((600, 400))
        hand.key(Qt.Key.Key_Tab)
        hand.bot.keyClicks(hand.canvas.search.field, typed)
        hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_Tab)
    assert hand.canvas.search.list.titles()[:2] == ["Dropout", "Tanh"]
    hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Down)
    hand.bot.keyClick(hand.canvas.search.field, Qt.Key.Key_Return)
    assert hand.canvas.graph.node(hand.session.selection[0]).block == "tanh"
