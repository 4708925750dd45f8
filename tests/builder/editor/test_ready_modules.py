"""Ready modules in the hand: out of the palette onto a wire, gone into, edited, and taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from builder.acts import insert_on_wire
from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.catalogue import Entry, entries, find
from builder.editor.overview import Overview
from builder.editor.palette import Palette
from builder.edits import AddNode, Connect
from builder.errors import Problem
from builder.graph import Edge, Graph, Node
from builder.library import LIBRARY
from builder.links import ports_of
from builder.sketch import Sketch
from builder.widgets.session import Session
from builder.writing import write_document

#: What arrives, where the default is not for it.
SHAPES = {"TemporalBlock": (8, 40)}


def bare(shape: tuple[int, ...] = (8, 24, 24)) -> Document:
    """An input wired to an output."""
    net = Sketch()
    net.output(net.input(shape))
    return Document("bare", net.graph)


def entry_of(document: Document, name: str, graph: str = "") -> Entry:
    """A ready module as the palette offers it."""
    (entry,) = [one for one in entries(document, graph) if one.block == LIBRARY[name].block]
    return entry


def canvas_of(bot: QtBot, document: Document) -> Canvas:
    canvas = Canvas(Session(document))
    bot.addWidget(canvas)
    canvas.resize(1100, 700)
    canvas.show()
    return canvas


def wired(canvas: Canvas, name: str) -> Node:
    """The module, placed on the only wire there is; further inputs get a map twice as large."""
    session, graph = canvas.session, canvas.graph
    (edge,) = graph.edges()
    node = graph.node(canvas.commands.add(entry_of(session.document, name), on=edge))
    for port in ports_of(session.document, node).inputs[1:]:
        other = Node(f"of_{port}", f"of_{port}", "input", {"shape": [8, 48, 48]}, (0, 200))
        session.perform("Wire", [AddNode("", other), Connect("", Edge(other.id, "y", node.id, port))])
    session.flush()
    return node


@pytest.mark.parametrize("name", LIBRARY)
def test_placed_on_a_wire_it_works_as_it_is_and_can_be_gone_into(qtbot: QtBot, name: str) -> None:
    canvas = canvas_of(qtbot, bare(SHAPES.get(name, (8, 24, 24))))
    session = canvas.session
    before = write_document(session.document)
    node = wired(canvas, name)
    report = session.report(node.id)
    assert report is not None
    assert [problem.message for problem in session.analysis.problems if problem.is_error] == []
    assert session.analysis.ok
    assert all(report.output_shapes.values())
    session.enter(node.name)
    assert canvas.graph is session.document.graph(name)
    shown = {face.name for face in canvas.board.faces}
    assert shown == {inner.name for inner in session.document.graph(name)}
    assert all(report.output_shapes for report in session.view.reports.values())
    assert not [
        a for a in canvas.board.faces for b in canvas.board.faces if a is not b and _overlap(a.box, b.box)
    ]
    session.leave()
    while session.history.can_undo:
        session.undo()
    assert write_document(session.document) == before


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = one
    return left < other[2] and other[0] < right and top < other[3] and other[1] < bottom


def test_what_is_changed_in_one_is_changed_in_all(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot, bare())
    session = canvas.session
    first = wired(canvas, "BasicBlock")
    edge = next(edge for edge in canvas.graph.edges() if edge.source == first.id)
    second = canvas.graph.node(canvas.commands.add(entry_of(session.document, "BasicBlock"), on=edge))
    session.flush()
    session.enter(first.name)
    graph: Graph = canvas.graph
    output = next(node for node in graph if node.block == "output")
    (last,) = graph.incoming(output.id).values()
    edits = insert_on_wire(session.document, graph.key, Node("added", "dropped", "dropout"), last)
    assert not isinstance(edits, Problem)
    session.perform("Add dropped", edits)
    session.flush()
    paths = {leaf.path for leaf in session.analysis.leaves()}
    assert {f"{first.name}.dropped", f"{second.name}.dropped"} <= paths


@pytest.mark.parametrize("name", LIBRARY)
def test_it_keeps_its_title_and_words_once_it_is_in_the_document(name: str) -> None:
    ready = LIBRARY[name]
    before = entry_of(bare(), name)
    with_it = Document("with it", modules=ready.build())
    assert entry_of(with_it, name) == before
    assert before.category == ready.category
    for word in (ready.title, ready.name, *ready.search):
        assert before in find(word, entries(bare()))[:12], word


def test_a_module_of_ones_own_of_that_name_is_offered_as_what_it_is() -> None:
    module = LIBRARY["Bottleneck"].build()[0]
    mine = Document("mine", modules=[replace(module, description="Mine.")])
    assert entry_of(mine, "Bottleneck").description == "Mine."
    assert entry_of(mine, "Bottleneck").parameters == {}


def test_typing_a_title_and_enter_places_the_module_and_its_parts(qtbot: QtBot) -> None:
    session = Session(bare())
    canvas = Canvas(session)
    palette = Palette(session, canvas)
    for widget in (canvas, palette):
        qtbot.addWidget(widget)
        widget.show()
    qtbot.keyClicks(palette.field, "squeeze")
    assert palette.list.titles()[0] == "Squeeze-excite"
    palette.field.clear()
    qtbot.keyClicks(palette.field, "mbconv")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert {"MBConv", "SqueezeExcitation", "ConvNormSiLU"} <= set(session.document.modules)
    assert session.graph.node(session.selection[0]).block == "module:MBConv"


def test_a_second_one_is_a_second_instance(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot, bare())
    wired(canvas, "InceptionA")
    modules = set(canvas.session.document.modules)
    canvas.commands.add(entry_of(canvas.session.document, "InceptionA"))
    assert set(canvas.session.document.modules) == modules


def test_no_module_is_offered_within_a_part_of_itself() -> None:
    document = Document("one", modules=LIBRARY["Bottleneck"].build())
    inside = {entry.block for entry in entries(document, "Projection")}
    assert {"module:Bottleneck", "module:BasicBlock", "module:Projection"}.isdisjoint(inside)
    assert {"module:MBConv", "module:SqueezeExcitation"} <= inside
    assert "module:BasicBlock" in {entry.block for entry in entries(document, "Bottleneck")}


def test_modules_stay_in_their_order_when_they_come_into_the_document() -> None:
    before = [entry.block for entry in entries(bare())]
    document = Document("one", modules=LIBRARY["MBConv"].build())
    after = [entry.block for entry in entries(document)]
    assert [block for block in after if block in before] == before


def test_inside_it_is_said_what_its_parameters_are(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot, bare((8, 40)))
    node = wired(canvas, "TemporalBlock")
    overview = Overview(canvas.session)
    qtbot.addWidget(overview)
    canvas.session.enter(node.name)
    overview.refresh()
    assert overview.parameters.form.field("causal").value is True
    assert overview.figures["width here"] == "8"
    assert not any("input_channels" in name or "causal" in name for name in overview.figures)
