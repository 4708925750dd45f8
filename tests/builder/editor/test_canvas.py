"""The canvas as a picture of the document: it follows every edit, and shows what the analysis says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from builder.architectures import open_document
from builder.document import Document
from builder.editor import geometry
from builder.editor.board import Board
from builder.editor.canvas import Canvas
from builder.editor.table import Table
from builder.edits import AddNode, Connect, Disconnect, Edit, MoveNodes, RemoveNode, ReplaceNode
from builder.graph import Edge, Graph, Node
from builder.sketch import Sketch
from builder.widgets.session import Session
from builder.widgets.theme import DARK, LIGHT


def _residual() -> Document:
    graph = Graph()
    conv = {"out_channels": 128, "kernel_size": 3, "stride": 2, "padding": 1, "bias": False}
    graph.add_node(Node("i", "input", "input", {"shape": [64, 56, 56]}, (0, 0)))
    graph.add_node(Node("c", "conv", "conv", conv, (248, 0)))
    graph.add_node(Node("a", "add", "add", {}, (496, 0)))
    graph.add_node(Node("o", "output", "output", {}, (744, 0)))
    for edge in (("i", "y", "c", "x"), ("c", "y", "a", "0"), ("i", "y", "a", "1"), ("a", "y", "o", "x")):
        graph.connect(Edge(*edge))
    return Document("residual", graph)


def _canvas(bot: QtBot, document: Document) -> Canvas:
    canvas = Canvas(Session(document))
    bot.addWidget(canvas)
    canvas.resize(1100, 700)
    canvas.show()
    canvas.activateWindow()
    canvas.setFocus()
    bot.waitUntil(canvas.hasFocus)
    return canvas


def _picture(board: Board) -> tuple[dict[str, Any], dict[Edge, Any]]:
    faces = {face.id: (face.name, face.inputs, face.outputs, face.box) for face in board.faces}
    wires = {wire.edge: (wire.points[0], wire.points[-1]) for wire in board.wires}
    return faces, wires


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_following_edits_shows_what_starting_anew_shows(qapp: object, data: st.DataObject) -> None:
    document = _residual()
    board = Board(lambda: None)
    board.show(document, document.network, None)
    unsubscribe = document.subscribe(board.follow)
    graph = document.network
    for step in range(12):
        ids = [node.id for node in graph]
        options: list[Edit] = [
            AddNode("", Node(f"m{step}", f"merge{step}", "concat", {}, (step * 90.0, 300)))
        ]
        options += [MoveNodes("", {node_id: (step * 8.0, step * 16.0)}) for node_id in ids]
        options += [Disconnect("", edge) for edge in graph.edges()]
        options += [RemoveNode("", node_id) for node_id in ids if not graph.networkx.degree(node_id)]
        options += [
            Connect("", Edge("i", "y", node.id, port))
            for node in graph
            if node.block == "concat"
            for port in ("0", "3")
            if port not in graph.incoming(node.id)
        ]
        if "i" not in graph:
            options = [edit for edit in options if not isinstance(edit, Connect)]
        document.apply(data.draw(st.sampled_from(options)))
    fresh = Board(lambda: None)
    fresh.show(document, graph, None)
    assert _picture(board) == _picture(fresh)
    unsubscribe()


def test_shapes_are_on_the_wires_and_the_culprit_is_marked(qtbot: QtBot) -> None:
    canvas = _canvas(qtbot, _residual())
    wires = {wire.edge: wire for wire in canvas.board.wires}
    assert wires[Edge("i", "y", "c", "x")].text == "64×56×56"
    assert wires[Edge("a", "y", "o", "x")].text == "?"
    assert wires[Edge("i", "y", "a", "1")].culprit
    assert not wires[Edge("c", "y", "a", "0")].culprit


def test_the_card_says_rule_and_values_and_its_button_repairs(qtbot: QtBot) -> None:
    canvas = _canvas(qtbot, _residual())
    card = canvas.card
    assert card.isVisible()
    assert card.rule.text() == "Add needs equal shapes"
    assert "64×56×56" in card.values.text()
    assert card.effect.text().startswith("+8,448 parameters")
    node = canvas.board.faces["a"].rect
    shown = canvas.mapFromScene(node).boundingRect()
    assert not card.geometry().intersects(shown)
    qtbot.keyClick(card.buttons[0], Qt.Key.Key_Return)
    canvas.session.flush()
    assert canvas.session.analysis.ok
    assert not card.isVisible()
    canvas.session.undo()
    assert not canvas.session.analysis.ok


def test_a_problem_that_an_edit_has_just_solved_is_told_no_more(qtbot: QtBot) -> None:
    canvas = _canvas(qtbot, _residual())
    session = canvas.session
    session.select(("a",))
    assert canvas.card.isVisible()
    mended = session.graph.node("c").with_parameters(out_channels=64, stride=1)
    session.perform("Mend", [ReplaceNode("", mended)])
    canvas.card.follow()  # as at the end of every gesture, before the network is analysed again
    assert session.analysis.ok
    assert not canvas.card.isVisible()


def test_escape_puts_the_card_away(qtbot: QtBot) -> None:
    canvas = _canvas(qtbot, _residual())
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.card.isVisible()


def test_going_into_modules_and_back_remembers_the_view(qtbot: QtBot) -> None:
    document = open_document("resnet18")
    assert isinstance(document, Document)
    canvas = _canvas(qtbot, document)
    session = canvas.session
    canvas.set_zoom(0.7)
    node = next(node for node in session.graph if document.module_of(node.block) is not None)
    canvas.commands.open_node(node.id)
    assert session.instance == (node.name,)
    assert {face.id for face in canvas.board.faces} == {inner.id for inner in session.graph}
    qtbot.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert session.instance == ()
    assert canvas.zoom == pytest.approx(0.7)


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_a_selected_node_wears_the_accent_and_its_category(qtbot: QtBot, theme: Any) -> None:
    canvas = _canvas(qtbot, _residual())
    canvas.session.set_theme(theme.name)
    canvas.card.dismiss()
    canvas.session.select(["c"])
    canvas.set_zoom(1.0)
    canvas.look_at(canvas.board.faces["c"].rect.center())
    picture = canvas.grab().toImage()
    corner = canvas.mapFromScene(canvas.board.faces["c"].rect.topLeft())
    assert picture.pixelColor(corner.x() + 70, corner.y() + 1) == QColor(theme.accent)
    assert picture.pixelColor(corner.x() + 3, corner.y() + 14) == QColor(theme.convolution)


@pytest.mark.parametrize("zoom", [0.3, 1.0])
def test_a_selected_node_with_an_error_shows_both(qtbot: QtBot, zoom: float) -> None:
    canvas = _canvas(qtbot, _residual())
    theme = canvas.session.theme
    canvas.session.select(["a"])
    canvas.card.dismiss()
    canvas.set_zoom(zoom)
    canvas.look_at(canvas.board.faces["a"].rect.center())
    picture = canvas.grab().toImage()
    middle, across = canvas.mapFromScene(canvas.board.faces["a"].rect.center()), range(60)
    above = {picture.pixelColor(middle.x(), middle.y() - dy).name() for dy in across}
    assert {theme.error, theme.accent} <= above
    canvas.session.select(())
    canvas.card.dismiss()
    picture = canvas.grab().toImage()
    above = {picture.pixelColor(middle.x(), middle.y() - dy).name() for dy in across}
    assert theme.error in above
    assert theme.accent not in above


@pytest.mark.parametrize("zoom", [0.1, 0.3, 0.5, 1.0, 2.0])
def test_every_zoom_draws_the_nodes(qtbot: QtBot, zoom: float) -> None:
    canvas = _canvas(qtbot, _residual())
    canvas.minimap.want(False)
    canvas.set_zoom(zoom)
    canvas.look_at(canvas.board.faces["c"].rect.center())
    picture = canvas.grab().toImage()
    background = QColor(canvas.session.theme.canvas)
    centre = canvas.mapFromScene(canvas.board.faces["c"].rect.center() - QPointF(60, 0))
    assert picture.pixelColor(centre) != background


def test_an_empty_canvas_says_how_to_begin(qtbot: QtBot) -> None:
    canvas = _canvas(qtbot, Document())
    assert canvas.invitation.isVisible()
    assert "Tab" in canvas.invitation.text()
    assert not canvas.minimap.isVisible()
    canvas.session.perform("Add", [AddNode("", Node("i", "input", "input"))])
    assert not canvas.invitation.isVisible()
    assert canvas.minimap.isVisible()
    canvas.session.undo()
    assert canvas.invitation.isVisible()


def test_the_map_hides_nothing_of_what_is_all_in_view(qtbot: QtBot) -> None:
    net = Sketch(wrap=9)  # as wide and as high as the view
    x = net.input((8, 8, 8))
    for number in range(70):
        x = net.add(f"conv{number}", "conv", x, padding=1)
    canvas = _canvas(qtbot, Document("full", net.graph))
    canvas.resize(1378, 700)
    covered = canvas.mapToScene(canvas.minimap.geometry()).boundingRect()
    assert len(canvas.board.faces.within(covered)) or len(canvas.board.wires.within(covered))
    assert not canvas.minimap.isVisible()
    canvas.zoom_by(2.0)
    assert canvas.minimap.isVisible()
    canvas.commands.actions["minimap"].trigger()
    assert not canvas.minimap.isVisible()
    canvas.zoom_by(1.1)
    assert not canvas.minimap.isVisible()


def test_whether_the_map_is_wanted_is_remembered(qtbot: QtBot) -> None:
    first = _canvas(qtbot, _residual())
    qtbot.keyClick(first, Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    assert not first.minimap.wanted
    second = _canvas(qtbot, _residual())
    assert not second.minimap.wanted
    qtbot.keyClick(second, Qt.Key.Key_M, Qt.KeyboardModifier.AltModifier)
    assert _canvas(qtbot, _residual()).minimap.wanted


def test_the_way_back_stands_at_one_height_with_even_gaps(qtbot: QtBot) -> None:
    resnet = open_document("resnet18")
    assert isinstance(resnet, Document)
    canvas = _canvas(qtbot, resnet)
    heights = set()
    for name in ("layer2", "0", "downsample"):
        canvas.session.enter(name)
        heights.add(canvas.breadcrumb.height())
        assert canvas.breadcrumb.width() >= canvas.breadcrumb.layout().sizeHint().width()
    assert len(heights) == 1


@pytest.mark.parametrize("size", [(700, 230), (1100, 700), (1700, 900)])
def test_a_framed_network_is_named_in_any_window(qtbot: QtBot, size: tuple[int, int]) -> None:
    lenet = open_document("lenet5")
    assert isinstance(lenet, Document)
    canvas = _canvas(qtbot, lenet)
    canvas.resize(*size)
    assert canvas.zoom >= geometry.NAMES_FROM
    assert canvas.visible_rect().contains(canvas.board.faces.bounds())


def test_a_shortcut_runs_round_what_lies_between() -> None:
    between: Table[str, None] = Table()
    between.put("node", None, (248.0, 0.0, 148.0, 54.0))
    points = geometry.wire_points(QPointF(148, 27), QPointF(496, 38), between)
    path = geometry.wire_path(points)
    assert not any(QRectF(248, 0, 148, 54).contains(path.pointAtPercent(i / 100)) for i in range(101))
    straight = geometry.wire_points(QPointF(148, 27), QPointF(248, 27), between)
    assert len(straight) == 4
