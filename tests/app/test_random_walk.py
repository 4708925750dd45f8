"""Long random walks of edits and undos: document, analysis, canvas, table and source never disagree."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from builder.acts import new_node, rename_node
from builder.analysis import analyze
from builder.document import Document
from builder.editor.canvas import Canvas
from builder.editor.catalogue import Entry, entries
from builder.editor.layers_panel import LayersPanel
from builder.editor.rename import CanvasField
from builder.edits import AddNode, BendWire, Connect, Disconnect, MoveNodes, ReplaceNode
from builder.graph import Edge, Node
from builder.library import LIBRARY
from builder.links import check_link, ports_of
from builder.modular import REPEAT, Outcome, can_expose, expose, repeat_in_chain, unexpose
from builder.reading import read_document
from builder.sketch import Sketch
from builder.swapping import Swap, swap
from builder.widgets.session import Session
from builder.writing import write_document
from runtime.codegen import Source, generate
from runtime.panels.code.source import SourceView

#: Steps of one walk; ``STEPS`` in the environment for longer ones.
STEPS = int(os.environ.get("STEPS", "2500"))
#: Dear comparisons are made every so many steps.
EVERY = 25
MOST = 24
MOST_MODULES = 12
BLOCKS = (
    *("conv", "relu", "max_pool", "batch_norm", "add", "concat", "identity", "dropout", "scale", "split"),
    *("module:BasicBlock", "module:SqueezeExcitation", "output", "flatten", "linear"),
)


class Walker:
    """Does at random what people do, through the session and the canvas' commands."""

    def __init__(self, canvas: Canvas, seed: int) -> None:
        self.canvas, self.session = canvas, canvas.session
        self.random = random.Random(seed)
        self.acts: list[tuple[int, Callable[[], None]]] = [
            (6, self.add), (6, self.connect), (3, self.disconnect), (3, self.delete), (2, self.cut),
            (4, self.parameter), (2, self.collapse),
            (3, self.move), (2, self.rename), (2, self.bypass), (2, self.swap), (2, self.duplicate), (2, self.repeat),
            (2, self.group), (2, self.ungroup), (2, self.chain), (2, self.expose), (1, self.unexpose),
            (1, self.arrange), (2, self.bend), (2, self.enter), (2, self.leave), (1, self.insert), (2, self.copy_paste),
            (12, self.undo), (8, self.redo),
        ]  # fmt: skip

    @property
    def document(self) -> Document:
        return self.session.document

    def step(self) -> str:
        """One act; its name."""
        weights = [weight for weight, _ in self.acts]
        (act,) = self.random.choices([act for _, act in self.acts], weights)
        act()
        return act.__name__

    def nodes(self) -> list[Node]:
        return list(self.session.graph)

    def any_node(self) -> Node | None:
        nodes = self.nodes()
        return self.random.choice(nodes) if nodes else None

    def any_edge(self) -> Edge | None:
        edges = list(self.session.graph.edges())
        return self.random.choice(edges) if edges else None

    def pick(self) -> bool:
        """Select one to three nodes."""
        nodes = self.nodes()
        if nodes:
            self.session.select(
                n.id for n in self.random.sample(nodes, min(len(nodes), self.random.randint(1, 3)))
            )
        return bool(nodes)

    def add(self) -> None:
        if len(self.nodes()) >= MOST:
            return
        block = self.random.choice(BLOCKS)
        offered = {entry.block: entry for entry in entries(self.document, self.session.graph.key)}
        if block in offered:
            self.canvas.commands.add(Entry(**_plain(offered[block])))

    def connect(self) -> None:
        graph = self.session.graph
        source, target = self.any_node(), self.any_node()
        if source is None or target is None:
            return
        leaving, arriving = (ports_of(self.document, node, graph.key) for node in (source, target))
        if leaving.outputs and arriving.inputs:
            port, entry = self.random.choice(leaving.outputs), self.random.choice(arriving.inputs)
            edge = Edge(source.id, port, target.id, entry)
            if check_link(self.document, graph.key, edge) is None:
                self.session.perform("Connect", [Connect(graph.key, edge)])

    def disconnect(self) -> None:
        if (edge := self.any_edge()) is not None:
            self.session.perform("Disconnect", [Disconnect(self.session.graph.key, edge)])

    def delete(self) -> None:
        if self.pick():
            self.canvas.commands.delete()

    def cut(self) -> None:
        if self.pick():
            self.canvas.commands.cut()

    def parameter(self) -> None:
        node = self.any_node()
        changes = {
            "conv": {"out_channels": self.random.choice((1, 3, 8)), "kernel_size": self.random.choice((1, 3, 9))},
            "max_pool": {"kernel_size": self.random.choice((2, 3, 50))},
            "dropout": {"p": self.random.choice((0.1, 0.5))},
            "linear": {"out_features": self.random.choice((2, 10))},
            "module:BasicBlock": {"width": self.random.choice((3, 8, "=in_channels"))},
        }.get(node.block if node else "")  # fmt: skip
        if node is not None and changes:
            changed = node.with_parameters(**changes)
            self.session.perform(
                "Set", [ReplaceNode(self.session.graph.key, changed)], merge=("set", node.id)
            )

    def move(self) -> None:
        if self.pick():
            graph = self.session.graph
            places = {
                node_id: (8.0 * self.random.randint(-99, 99), 8.0 * self.random.randint(-99, 99))
                for node_id in self.session.selection
            }
            self.session.perform("Move", [MoveNodes(graph.key, places)])

    def rename(self) -> None:
        if (node := self.any_node()) is not None:
            key = self.session.graph.key
            edits = rename_node(self.document, key, node.id, f"name{self.random.randint(0, 40)}")
            if isinstance(edits, list):
                self.session.perform("Rename", edits)

    def bypass(self) -> None:
        if self.pick():
            self.canvas.commands.toggle_bypass()

    def collapse(self) -> None:
        if self.pick():
            self.canvas.commands.selecting.collapse()

    def swap(self) -> None:
        if (node := self.any_node()) is not None:
            key = self.session.graph.key
            found = swap(self.document, key, node.id, self.random.choice(BLOCKS), {})
            if isinstance(found, Swap):
                self.session.perform("Swap", found.edits)

    def duplicate(self) -> None:
        if len(self.nodes()) < MOST and self.pick():
            self.canvas.commands.duplicate()

    def repeat(self) -> None:
        if (node := self.any_node()) is not None:
            changed = replace(node, repeat=self.random.randint(1, 3))
            self.session.perform("Repeat", [ReplaceNode(self.session.graph.key, changed)])

    def group(self) -> None:
        if len(self.document.modules) < MOST_MODULES and self.pick():
            self.canvas.commands.modules.group()
            for field in self.canvas.findChildren(CanvasField):
                field.close_field()

    def ungroup(self) -> None:
        inner = [n for n in self.nodes() if self.document.module_of(n.block) is not None]
        if inner and len(self.nodes()) < MOST:
            self.session.select([self.random.choice(inner).id])
            self.canvas.commands.modules.ungroup()

    def chain(self) -> None:
        if len(self.document.modules) < MOST_MODULES and self.pick():
            key, times = self.session.graph.key, self.random.randint(1, 3)
            found = repeat_in_chain(self.document, key, self.session.selection, times)
            if isinstance(found, Outcome):
                self.session.perform("Repeat", found.edits)
                self.session.select(found.ids)

    def expose(self) -> None:
        key, node = self.session.graph.key, self.any_node()
        if key and node is not None and len(self.document.modules[key].parameters) < MOST_MODULES:
            names = [name for name in (*node.parameters, REPEAT) if can_expose(self.document, node, name)]
            edits = expose(self.document, key, node.id, self.random.choice(names)) if names else []
            if isinstance(edits, list):
                self.session.perform("Expose", edits)

    def unexpose(self) -> None:
        key = self.session.graph.key
        if key and (parameters := self.document.modules[key].parameters):
            edits = unexpose(self.document, key, self.random.choice(parameters).name)
            if isinstance(edits, list):
                self.session.perform("Plain", edits)

    def arrange(self) -> None:
        self.canvas.commands.arrange()

    def bend(self) -> None:
        if (edge := self.any_edge()) is not None:
            places = tuple((8.0 * self.random.randint(-9, 9), 40.0) for _ in range(self.random.randint(0, 2)))
            self.session.perform("Bend", [BendWire(self.session.graph.key, edge, places)])

    def enter(self) -> None:
        inner = [n for n in self.nodes() if self.document.module_of(n.block) is not None]
        if inner:
            self.session.enter(self.random.choice(inner).name)

    def leave(self) -> None:
        if self.session.instance:
            self.session.leave()

    def insert(self) -> None:
        if len(self.nodes()) < MOST and (edge := self.any_edge()) is not None:
            key = self.session.graph.key
            node = new_node(self.document, key, "tanh")
            self.session.perform("Add", [AddNode(key, node)])
            if edits := self.canvas.commands.insertion_of(node.id, edge):
                self.session.perform("Insert", edits)

    def copy_paste(self) -> None:
        if len(self.nodes()) < MOST and self.pick():
            self.canvas.commands.copy()
            (self.canvas.commands.paste if self.random.random() < 0.5 else self.canvas.commands.paste_wired)()

    def undo(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.session.undo()

    def redo(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.session.redo()


def _plain(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}


def canvas_agrees(canvas: Canvas) -> None:
    """Faces and wires are those of the graph one looks at, where the document has them."""
    graph = canvas.session.graph
    assert canvas.graph is graph
    assert {face.id for face in canvas.board.faces} == {node.id for node in graph}
    assert set(canvas.board.wires.keys) == set(graph.edges())
    for face in canvas.board.faces:
        node = graph.node(face.id)
        assert (face.name, (face.rect.x(), face.rect.y())) == (node.name, node.position)
    for wire in canvas.board.wires:
        assert wire.bends == graph.bends(wire.edge)
        start = canvas.board.faces[wire.edge.source].output_point(wire.edge.source_port)
        assert wire.points[0] == (start.x(), start.y())
    assert set(canvas.session.selection) <= {node.id for node in graph}


def all_agree(canvas: Canvas, table: LayersPanel, source: SourceView) -> None:
    """What was kept up with the edits is what is made from scratch."""
    session = canvas.session
    session.flush()
    text = write_document(session.document)
    again = read_document(text)
    assert isinstance(again, Document)
    assert write_document(again) == text
    fresh = analyze(again)
    kept = session.analysis
    assert kept.totals == fresh.totals
    assert [leaf.path for leaf in kept.leaves()] == [leaf.path for leaf in fresh.leaves()]
    assert sorted(p.message for p in kept.problems) == sorted(p.message for p in fresh.problems)
    table.refresh()
    assert [report.path for report in table.reports()] == [leaf.path for leaf in fresh.leaves()]
    source.refresh()
    made = generate(again, analysis=fresh)
    if isinstance(made, Source):
        assert source.text == made.text


@pytest.fixture
def window(qtbot: QtBot) -> tuple[Canvas, LayersPanel, SourceView]:
    net = Sketch()
    x = net.input((3, 32, 32))
    x = net.add("conv1", "conv", x, padding=1)
    x = net.add("block", "module:BasicBlock", x, width=8)
    net.output(net.add("relu", "relu", x))
    session = Session(Document("walk", net.graph, LIBRARY["BasicBlock"].build()))
    canvas, table, source = Canvas(session), LayersPanel(session), SourceView(session)
    for widget in (canvas, table, source):
        qtbot.addWidget(widget)
    canvas.resize(900, 600)
    return canvas, table, source


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_random_walk_never_loses_its_way(
    window: tuple[Canvas, LayersPanel, SourceView], seed: int, qtbot: QtBot
) -> None:
    canvas, table, source = window
    session = canvas.session
    first = write_document(session.document)
    walker = Walker(canvas, seed)
    trail: list[str] = []
    for number in range(STEPS):
        trail.append(walker.step())
        try:
            canvas_agrees(canvas)
            if number % EVERY == 0:
                all_agree(canvas, table, source)
        except AssertionError as error:
            raise AssertionError(f"after {number} steps, the last: {trail[-6:]}\n{error}") from error
    all_agree(canvas, table, source)
    while session.history.can_undo:
        session.undo()
    canvas_agrees(canvas)
    all_agree(canvas, table, source)
    assert write_document(session.document) == first
