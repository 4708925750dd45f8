"""Selecting along wires, lining up, and wires by keyboard: real keys, one undo step each."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from builder.document import Document
from builder.editor.canvas import Canvas
from builder.graph import Edge, Graph, Node
from builder.widgets.session import Session
from builder.writing import write_document

ALT, CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


def _document() -> Document:
    """input → conv → relu → output, and far away two that are wired to each other alone."""
    graph = Graph()
    graph.add_node(Node("i", "input", "input", {"shape": [1, 28, 28]}, (0, 0)))
    graph.add_node(Node("c", "conv", "conv", {"out_channels": 4}, (248, 8)))
    graph.add_node(Node("r", "relu", "relu", {}, (506, -13)))
    graph.add_node(Node("o", "output", "output", {}, (744, 24)))
    graph.add_node(Node("b", "bn", "batch_norm", {}, (248, 240)))
    graph.add_node(Node("a", "add", "add", {}, (496, 240)))
    for source, target, port in (("i", "c", "x"), ("c", "r", "x"), ("r", "o", "x"), ("b", "a", "0")):
        graph.connect(Edge(source, "y", target, port))
    return Document("small", graph)


class Hand:
    """Keys over a canvas."""

    def __init__(self, bot: QtBot) -> None:
        self.bot = bot
        self.canvas = Canvas(Session(_document()))
        self.session = self.canvas.session
        bot.addWidget(self.canvas)
        self.canvas.resize(1200, 700)
        self.canvas.show()
        self.canvas.activateWindow()
        self.canvas.setFocus()
        bot.waitUntil(self.canvas.hasFocus)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        self.bot.keyClick(focus, key, modifiers)

    def at(self, node_id: str) -> tuple[float, float]:
        return self.session.graph.node(node_id).position

    @property
    def chosen(self) -> set[str]:
        return set(self.session.selection)


@pytest.fixture
def hand(qtbot: QtBot) -> Hand:
    return Hand(qtbot)


def test_connected_is_what_wires_join(hand: Hand) -> None:
    hand.session.select(["c"])
    hand.key(Qt.Key.Key_L, CONTROL)
    assert hand.chosen == {"i", "c", "r", "o"}
    hand.session.select(["c", "a"])
    hand.key(Qt.Key.Key_L, CONTROL)
    assert hand.chosen == {"i", "c", "r", "o", "a", "b"}
    hand.key(Qt.Key.Key_A, CONTROL | SHIFT)
    assert hand.chosen == set()


def test_a_selection_grows_back_and_on_a_step_at_a_time(hand: Hand) -> None:
    hand.session.select(["c"])
    hand.key(Qt.Key.Key_Right, CONTROL | SHIFT)
    assert hand.chosen == {"c", "r"}
    hand.key(Qt.Key.Key_Right, CONTROL | SHIFT)
    hand.key(Qt.Key.Key_Left, CONTROL | SHIFT)
    assert hand.chosen == {"i", "c", "r", "o"}
    assert not hand.session.history.can_undo


ALIGNED = [
    (Qt.Key.Key_Left, 0, {248.0}),
    (Qt.Key.Key_Right, 0, {744.0}),
    (Qt.Key.Key_C, 0, {496.0}),
    (Qt.Key.Key_Up, 1, {-13.0}),
    (Qt.Key.Key_Down, 1, {24.0}),
    (Qt.Key.Key_M, 1, {6.0}),
]


@pytest.mark.parametrize(("key", "axis", "places"), ALIGNED)
def test_the_arrow_points_to_the_line(hand: Hand, key: Qt.Key, axis: int, places: set[float]) -> None:
    before = write_document(hand.session.document)
    hand.session.select(["c", "r", "o"])
    hand.key(key, ALT | SHIFT)
    assert {hand.at(node_id)[axis] for node_id in "cro"} == places
    hand.session.undo()
    assert write_document(hand.session.document) == before
    assert not hand.session.history.can_undo


@pytest.mark.parametrize(("key", "axis"), [(Qt.Key.Key_H, 0), (Qt.Key.Key_V, 1)])
def test_distributing_makes_gaps_equal_in_one_step(hand: Hand, key: Qt.Key, axis: int) -> None:
    hand.session.select(["i", "c", "r", "o"])
    hand.key(key, ALT | SHIFT)
    faces = hand.canvas.board.faces
    sizes = {n: (faces[n].rect.width(), faces[n].rect.height())[axis] for n in "icro"}
    order = sorted("icro", key=lambda n: hand.at(n)[axis])
    gaps = [
        hand.at(after)[axis] - hand.at(before)[axis] - sizes[before]
        for before, after in itertools.pairwise(order)
    ]
    assert max(gaps) - min(gaps) <= 1
    hand.session.undo()
    assert not hand.session.history.can_undo


def test_snapping_brings_to_the_grid_and_nothing_twice(hand: Hand) -> None:
    hand.session.select(["i", "c", "r", "o"])
    hand.key(Qt.Key.Key_G, ALT | SHIFT)
    assert hand.at("r") == (504, -16)
    hand.key(Qt.Key.Key_G, ALT | SHIFT)
    hand.session.undo()
    assert not hand.session.history.can_undo


def test_what_needs_more_nodes_says_so(hand: Hand) -> None:
    actions = hand.canvas.commands.actions
    hand.session.select(["c"])
    assert not actions["align-left"].isEnabled()
    assert actions["align-left"].property("needs") == "Select at least two nodes"
    hand.session.select(["c", "r"])
    assert actions["align-left"].isEnabled()
    assert not actions["distribute-across"].isEnabled()
    assert all(action.property("needs") for action in actions.values() if not action.isEnabled())


# wires ---------------------------------------------------------------------------------------------------


def test_two_selected_nodes_are_wired_by_a_key(hand: Hand) -> None:
    hand.session.select(["r", "a"])
    hand.key(Qt.Key.Key_W)
    assert hand.session.graph.has_edge(Edge("r", "y", "a", "1"))
    hand.session.undo()
    hand.session.select(["b", "c"])  # the input of conv is taken: the other way round
    hand.key(Qt.Key.Key_W)
    assert hand.session.graph.has_edge(Edge("c", "y", "b", "x"))


def test_two_that_cannot_be_wired_are_told(hand: Hand) -> None:
    said: list[str] = []
    hand.session.statusMessage.connect(said.append)
    hand.session.select(["i", "c"])
    hand.key(Qt.Key.Key_W)
    assert said
    assert "No wire can be drawn" in said[-1]
    assert not hand.session.history.can_undo


def test_one_is_wired_with_what_is_typed(hand: Hand) -> None:
    connector = hand.canvas.commands.ways.connector
    hand.session.select(["r"])
    hand.key(Qt.Key.Key_W)
    assert connector.isVisible()
    told = {(row.title, row.right) for row in connector.shown}
    assert told == {("add", "→"), ("bn", "→"), ("output", "✕"), ("conv", "✕")}
    hand.bot.keyClicks(connector.field, "add")
    hand.key(Qt.Key.Key_Return)
    assert hand.session.graph.has_edge(Edge("r", "y", "a", "1"))
    assert connector.isHidden()
    assert hand.canvas.hasFocus()
    assert hand.chosen == {"r"}


def test_a_wire_is_taken_away_by_keyboard(hand: Hand) -> None:
    hand.session.select(["c"])
    hand.key(Qt.Key.Key_W)
    hand.bot.keyClicks(hand.canvas.commands.ways.connector.field, "relu away")
    hand.key(Qt.Key.Key_Return)
    assert not hand.session.graph.has_edge(Edge("c", "y", "r", "x"))
    hand.session.undo()
    assert hand.session.graph.has_edge(Edge("c", "y", "r", "x"))


def test_a_circle_is_not_offered(hand: Hand) -> None:
    hand.session.select(["a"])
    hand.key(Qt.Key.Key_W)
    offered = {row.thing for row in hand.canvas.commands.ways.connector.shown if row.right != "✕"}
    assert not any(edge.source == "a" and edge.target == "b" for edge in offered)
    assert Edge("r", "y", "a", "1") in offered
