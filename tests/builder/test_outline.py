"""A network in few boxes: what is opened, what stays closed, and that no wire is lost on the way."""

from __future__ import annotations

import networkx as nx
import pytest

from builder.analysis import Analysis, analyze
from builder.architectures import ARCHITECTURES
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
from builder.outline import CLOSED, MOST_BOXES, Outline, outline_of
from builder.sketch import Sketch

EVERY = sorted(ARCHITECTURES)


def _analysis(name: str) -> Analysis:
    return analyze(ARCHITECTURES[name].build())


def _flow(outline: Outline) -> nx.DiGraph:
    flow = nx.DiGraph(outline.wires)
    flow.add_nodes_from(range(len(outline.boxes)))
    return flow


@pytest.mark.parametrize("name", EVERY)
def test_every_block_is_in_one_box(name: str) -> None:
    analysis = _analysis(name)
    outline = outline_of(analysis, 2.4)
    told = [category for box in outline.boxes for category in box.inside or (box.category,)]
    assert len(told) == len(analysis.leaves())
    assert CLOSED not in told
    flow = _flow(outline)
    assert nx.is_directed_acyclic_graph(flow)
    assert nx.is_weakly_connected(flow)
    assert len(set(outline.corners)) == len(outline.boxes) == len(outline.corners)
    assert len(outline.boxes) <= MOST_BOXES


def test_modules_are_opened_while_there_is_room() -> None:
    every = outline_of(_analysis("resnet18"), 2.4)
    assert not any(box.inside for box in every.boxes)
    merges = [number for number, box in enumerate(every.boxes) if box.category == "Merge"]
    assert len(merges) == 8
    assert all(
        len(list(_flow(every).predecessors(number))) == 2 for number in merges
    )  # the shortcuts are there
    few = outline_of(_analysis("resnet18"), 2.4, most=20)
    blocks = [box.inside for box in few.boxes if box.inside]
    assert len(blocks) == 8
    assert blocks[0].count("Convolution") == 2
    assert blocks[0][-2:] == ("Merge", "Activation")
    least = outline_of(_analysis("resnet18"), 2.4, most=1)
    assert len(least.boxes) == len(ARCHITECTURES["resnet18"].build().network)


def test_all_modules_of_a_level_are_opened_or_none() -> None:
    """Small ones beside a large one that does not fit stay closed, so that a row looks alike."""
    modules = []
    for name, convolutions in (("Small", 2), ("Large", 80)):
        inner = Sketch(Graph(name))
        x = inner.input()
        for number in range(convolutions):
            x = inner.add(f"conv{number}", "conv", x, padding=1)
        inner.output(x)
        modules.append(Module(name, (), inner.graph))
    net = Sketch()
    x = net.add("small", "module:Small", net.input((8, 8, 8)))
    net.output(net.add("large", "module:Large", x))
    outline = outline_of(analyze(Document("both", net.graph, modules)), 2.4)
    assert [len(box.inside) for box in outline.boxes] == [0, 2, 80, 0]


def test_a_drawing_that_branches_is_shown_as_it_is_drawn() -> None:
    net = Sketch()
    x = net.input((8, 8, 8))
    sides = [net.add(f"side{row}", "module:Pair", x, row=row, column=2) for row in (-1, 1)]
    net.output(net.add("add", "add", *sides, row=0))
    document = Document("branches", net.graph, list(_twice().modules.values()))
    outline = outline_of(analyze(document), 2.4)
    assert outline.corners == tuple(node.position for node in net.graph)
    assert [len(box.inside) for box in outline.boxes] == [0, 3, 3, 0, 0]
    repeated = _twice()
    assert len(set(outline_of(analyze(repeated), 2.4, most=3).corners)) == 5  # not three on one place


def _twice(when: str | None = None) -> Document:
    """A module of two convolutions side by side, placed three times in a row."""
    inner = Sketch(Graph("Pair"))
    x = inner.input()
    sides = [inner.add(f"conv{row}", "conv", x, row=row, column=1, padding=1, when=when) for row in (0, 1)]
    inner.output(inner.add("add", "add", *sides))
    net = Sketch()
    net.output(net.add("pair", "module:Pair", net.input((64, 8, 8)), repeat=3))
    return Document("twice", net.graph, [Module("Pair", (ModuleParameter("on", 1),), inner.graph)])


def test_repeated_modules_are_opened_as_often_as_they_run() -> None:
    outline = outline_of(analyze(_twice()), 2.4)
    assert [box.category for box in outline.boxes].count("Convolution") == 6
    first, second = (
        (number for number, box in enumerate(outline.boxes) if box.category == "Merge"),
        _flow(outline),
    )
    for merge in list(first)[:-1]:
        assert len(list(second.successors(merge))) == 2


def test_what_is_bypassed_is_not_drawn() -> None:
    outline = outline_of(analyze(_twice(when="on == 0")), 2.4)
    assert [box.category for box in outline.boxes] == ["Input and output", *["Merge"] * 3, "Input and output"]


def test_a_picture_is_filled_along_both_sides() -> None:
    for aspect in (1.0, 2.4, 5.0):
        outline = outline_of(_analysis("vgg16"), aspect)
        xs, ys = zip(*outline.corners, strict=True)
        drawn = (max(xs) - min(xs) + 248) / (max(ys) - min(ys) + 54)
        assert aspect / 2 < drawn < aspect * 2


def test_of_nothing_there_is_a_picture_of_nothing() -> None:
    outline = outline_of(analyze(Document()), 2.4)
    assert outline == Outline((), (), ())
