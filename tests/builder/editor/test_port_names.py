"""Ports that are told apart on the canvas, and shapes that are told in the inspector."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter, QPen
from pytestqt.qtbot import QtBot

from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.inspector import Inspector
from builder.sketch import Sketch
from builder.widgets.session import Session


def _document(block: str, inputs: int) -> Document:
    net = Sketch()
    x = net.input((16, 8, 8))
    net.output(net.add("block", block, *[x] * inputs))
    return Document("ports", net.graph)


@pytest.mark.parametrize(
    ("block", "inputs", "named"),
    [
        ("split", 1, [(True, "0"), (True, "1")]),
        ("crop_like", 2, [(False, "input"), (False, "like")]),
        ("pad_like", 2, [(False, "input"), (False, "like")]),
        ("add", 2, []),
        ("relu", 1, []),
    ],
)
def test_ports_are_named_where_it_matters_which_one_is_meant(
    qtbot: QtBot, block: str, inputs: int, named: list[tuple[bool, str]]
) -> None:
    session = Session(_document(block, inputs))
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    node = session.graph.by_name("block")
    assert node is not None
    face = canvas.board.faces[node.id]
    assert [(is_output, port) for is_output, port, _ in face.named_ports()] == named


def test_the_name_stands_beside_the_port(qtbot: QtBot) -> None:
    session = Session(_document("split", 1))
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(800, 400)
    with qtbot.waitExposed(canvas):
        canvas.show()
    node = session.graph.by_name("block")
    assert node is not None
    canvas.frame([node.id])
    face = canvas.board.faces[node.id]
    at = canvas.mapFromScene(face.output_point("1"))

    def picture() -> QImage:
        return canvas.viewport().grab().toImage().copy(at.x() + 8, at.y() - 16, 14, 13)

    named = picture()
    face.variadic, face.outputs = False, ("1",)
    canvas.viewport().update()
    assert picture() != named


def test_a_wire_passes_behind_the_name_of_a_port(qtbot: QtBot) -> None:
    session = Session(_document("split", 1))
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(800, 400)
    node = session.graph.by_name("block")
    assert node is not None
    face = canvas.board.faces[node.id]
    layer = canvas.layer
    picture = QImage(80, 40, QImage.Format.Format_RGB32)
    picture.fill(layer.ink.canvas.color())
    painter = QPainter(picture)
    port = face.output_point("0")
    painter.translate(10 - port.x(), 30 - port.y())
    wire = layer.ink.wire.color()
    painter.setPen(QPen(wire, 60))  # as thick as the name is long
    painter.drawLine(port + QPointF(10, -30), port + QPointF(10, 10))
    assert picture.pixelColor(19, 24) == wire
    layer._paint_port_names(painter, face, None)
    painter.end()
    before, behind = layer.ink.canvas.color().lightness(), picture.pixelColor(19, 18).lightness()
    assert abs(behind - before) < abs(behind - wire.lightness())
    assert picture.pixelColor(19, 32) == wire, "its own wire is left alone"


@pytest.mark.parametrize(
    ("block", "inputs", "words"),
    [
        ("relu", 1, "16×8×8 comes in, 16×8×8 goes out."),
        ("add", 2, "2 × 16×8×8 come in, 16×8×8 goes out."),
        ("split", 1, "16×8×8 comes in, 2 × 8×8×8 go out."),
    ],
)
def test_what_comes_and_goes_is_counted(qtbot: QtBot, block: str, inputs: int, words: str) -> None:
    session = Session(_document(block, inputs))
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    node = session.graph.by_name("block")
    assert node is not None
    session.select((node.id,))
    assert inspector._shapes.text().startswith(words)
