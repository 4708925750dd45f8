"""Laying out by the key: one step, a short glide; large graphs behind the window, where Escape lets them be."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.editor import arranging
from builder.editor.board import Board
from builder.editor.canvas import Canvas
from builder.edits import MoveNodes
from builder.graph import Edge, Graph, Node
from builder.widgets.session import Session
from builder.writing import write_document


def chain(length: int) -> Document:
    """A chain, all of it in one place."""
    graph = Graph()
    graph.add_node(Node("n0", "input", "input", {"shape": [3, 8, 8]}))
    for number in range(1, length):
        graph.add_node(Node(f"n{number}", f"relu{number}", "relu"))
        graph.connect(Edge(f"n{number - 1}", "y", f"n{number}", "x"))
    return Document("chain", graph)


def shown(qtbot: QtBot, document: Document) -> Canvas:
    canvas = Canvas(Session(document))
    qtbot.addWidget(canvas)
    canvas.resize(1200, 700)
    canvas.show()
    canvas.setFocus()
    canvas.activateWindow()
    qtbot.waitUntil(canvas.hasFocus)
    return canvas


def settled(canvas: Canvas) -> bool:
    """Whether every node is drawn where the document has it."""
    return all(
        (face.rect.x(), face.rect.y()) == canvas.graph.node(face.id).position for face in canvas.board.faces
    )


def test_nodes_glide_to_their_places_and_undo_brings_them_back(qtbot: QtBot) -> None:
    document = chain(12)
    before = write_document(document)
    canvas = shown(qtbot, document)
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    assert len({node.position for node in document.network}) == 12
    assert canvas.commands.arranger.gliding
    qtbot.waitUntil(lambda: not canvas.commands.arranger.gliding)
    assert settled(canvas)
    canvas.session.undo()
    assert write_document(document) == before
    assert settled(canvas)
    assert not canvas.session.history.can_undo


def test_an_edit_ends_the_glide(qtbot: QtBot) -> None:
    canvas = shown(qtbot, chain(12))
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    canvas.session.select(("n3",))
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not canvas.commands.arranger.gliding)
    assert settled(canvas)
    assert canvas.board.faces.get("n3") is None


def test_a_glide_ends_where_another_graph_is_shown(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    document = ARCHITECTURES["resnet18"].build()
    canvas = shown(qtbot, document)
    outer = canvas.graph
    canvas.session.enter("layer2")
    inner = canvas.graph
    nudge(canvas, outer.revision)
    qtbot.keyClick(canvas, Qt.Key.Key_L)
    assert canvas.commands.arranger.gliding
    canvas.session.leave()
    nudge(canvas, inner.revision)
    assert outer.revision == inner.revision
    posed: list[object] = []
    monkeypatch.setattr(Board, "pose", lambda _, places: posed.append(places))
    qtbot.waitUntil(lambda: not canvas.commands.arranger.gliding)
    assert posed == [{}]


def nudge(canvas: Canvas, revision: int) -> None:
    """Move a node of the graph that is shown until it has seen so many edits."""
    first, *_ = canvas.graph
    while canvas.graph.revision < revision:
        place = (first.position[0] + 8.0 * canvas.graph.revision, 400.0)
        canvas.session.perform("Nudge", [MoveNodes(canvas.graph.key, {first.id: place})])


def test_laid_out_again_it_stays(qtbot: QtBot) -> None:
    canvas = shown(qtbot, chain(12))
    for _ in range(2):
        qtbot.keyClick(canvas, Qt.Key.Key_L)
    canvas.session.undo()
    assert not canvas.session.history.can_undo


def test_a_large_graph_is_laid_out_behind_the_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "AT_ONCE", 10)
    document = chain(12)
    canvas = shown(qtbot, document)
    told: list[str] = []
    canvas.session.statusMessage.connect(told.append)
    canvas.commands.arrange()
    assert "Escape" in told[0]
    qtbot.waitUntil(lambda: len({node.position for node in document.network}) == 12)
    assert told[-1] == "Laid out."


def test_escape_lets_a_large_graph_be(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "AT_ONCE", 10)
    document = chain(12)
    before = write_document(document)
    canvas = shown(qtbot, document)
    canvas.commands.arrange()
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not canvas.commands.arranger.waiting)
    qtbot.wait(50)
    assert write_document(document) == before


def test_what_changed_meanwhile_is_not_laid_out(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "AT_ONCE", 10)
    document = chain(12)
    canvas = shown(qtbot, document)
    told: list[str] = []
    canvas.session.statusMessage.connect(told.append)
    canvas.commands.arrange()
    canvas.session.select(("n11",))
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: any("changed meanwhile" in text for text in told))
    assert {node.position for node in document.network} == {(0, 0)}
