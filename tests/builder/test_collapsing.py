"""Nodes drawn as their names alone: the document says so where they are, and nothing but the drawing changes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.collapsing import collapse
from builder.document import Document
from builder.drawing import draw
from builder.edits import ReplaceNode, apply_all
from builder.framing import boxes_of
from builder.graph import Graph
from builder.layout import arrange
from builder.reading import read_document
from builder.spacing import COLLAPSED_HEIGHT, NODE_HEIGHT, NODE_WIDTH
from builder.writing import write_document
from tests.builder.test_layout import graphs

NAMES = tuple(ARCHITECTURES)


def _ids(graph: Graph) -> list[str]:
    return [node.id for node in graph]


def _middles(document: Document, graph: Graph) -> list[tuple[float, float]]:
    return [(x + wide / 2, y + high / 2) for x, y, wide, high in boxes_of(document, graph, _ids(graph))]


@settings(max_examples=30)
@given(st.sampled_from(NAMES), st.data())
def test_collapsing_keeps_the_middles_and_undo_the_document(name: str, data: st.DataObject) -> None:
    document = ARCHITECTURES[name].build()
    graph = document.graph(data.draw(st.sampled_from(["", *document.modules])))
    chosen = data.draw(st.sets(st.sampled_from(_ids(graph)), min_size=1))
    before, middles = write_document(document), _middles(document, graph)
    inverses = apply_all(document, collapse(document, graph, chosen))
    assert {node.id for node in graph if node.collapsed} == chosen
    assert _middles(document, graph) == middles
    again = apply_all(document, collapse(document, graph, chosen))
    assert write_document(document) == before
    apply_all(document, reversed(again))
    apply_all(document, reversed(inverses))
    assert write_document(document) == before


def test_where_some_are_whole_those_are_collapsed_and_then_all_are_shown() -> None:
    document = ARCHITECTURES["lenet5"].build()
    graph = document.network
    first, second, *_ = _ids(graph)
    apply_all(document, collapse(document, graph, [first]))
    apply_all(document, collapse(document, graph, [first, second]))
    assert graph.node(first).collapsed
    assert graph.node(second).collapsed
    apply_all(document, collapse(document, graph, [first, second, first]))
    assert not any(node.collapsed for node in graph)


def test_nothing_but_the_drawing_changes() -> None:
    document = ARCHITECTURES["googlenet"].build()
    before = analyze(document).to_json()
    for graph in document.graphs():
        apply_all(document, collapse(document, graph, _ids(graph)))
    assert analyze(document).to_json() == before


def test_a_file_says_it_only_where_it_is_so() -> None:
    document = ARCHITECTURES["lenet5"].build()
    assert "collapsed" not in write_document(document)
    graph = document.network
    conv = graph.by_name("conv1")
    assert conv is not None
    apply_all(document, collapse(document, graph, [conv.id]))
    text = write_document(document)
    assert text.count('"collapsed": true') == 1
    again = read_document(text)
    assert isinstance(again, Document)
    assert [node.name for node in again.network if node.collapsed] == ["conv1"]
    assert write_document(again) == text


@pytest.mark.parametrize("wrong", [1, "true", None, []])
def test_a_file_that_says_it_otherwise_is_told_where(wrong: object) -> None:
    data = json.loads(write_document(ARCHITECTURES["lenet5"].build()))
    data["network"]["nodes"][1]["collapsed"] = wrong
    found = read_document(json.dumps(data))
    assert isinstance(found, list)
    assert [(problem.code, problem.path) for problem in found] == [
        ("wrong-type", "$.network.nodes[1].collapsed")
    ]
    assert "true or false" in found[0].message


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_a_layout_gives_collapsed_nodes_less_room(graph: Graph, data: st.DataObject) -> None:
    whole = arrange(graph, columns=6)
    for node_id in data.draw(st.sets(st.sampled_from(_ids(graph)))):
        graph.replace_node(replace(graph.node(node_id), collapsed=True))
    heights = {node.id: COLLAPSED_HEIGHT if node.collapsed else NODE_HEIGHT for node in graph}
    places = arrange(graph, columns=6)
    boxes = [(x, y, heights[node_id]) for node_id, (x, y) in places.items()]
    for index, (x, y, height) in enumerate(boxes):
        for other_x, other_y, other_height in boxes[index + 1 :]:
            beside = abs(x - other_x) >= NODE_WIDTH
            assert beside or y + height <= other_y or other_y + other_height <= y
    assert {node_id: x for node_id, (x, _) in places.items()} == {n: x for n, (x, _) in whole.items()}
    bottom = max(y + heights[node_id] for node_id, (_, y) in places.items())
    assert bottom <= max(y + NODE_HEIGHT for _, y in whole.values())
    if all(node.collapsed for node in graph):
        assert bottom < max(y + NODE_HEIGHT for _, y in whole.values())


def test_a_chain_of_both_kinds_is_laid_out_along_one_line() -> None:
    document = ARCHITECTURES["lenet5"].build()
    graph = document.network
    apply_all(document, collapse(document, graph, _ids(graph)[::2]))
    places = arrange(graph, columns=99)
    heights = {node.id: COLLAPSED_HEIGHT if node.collapsed else NODE_HEIGHT for node in graph}
    assert len({y + heights[node_id] / 2 for node_id, (_, y) in places.items()}) == 1


def test_a_drawing_shows_the_name_alone_and_one_port_a_side() -> None:
    document = ARCHITECTURES["googlenet"].build()
    graph = document.graph("Inception")
    (concat,) = [node for node in graph if node.block == "concat"]
    whole = ET.fromstring(draw(document, graph, {}).svg)
    document.apply(ReplaceNode(graph.key, replace(concat, collapsed=True)))
    small = ET.fromstring(draw(document, graph, {}).svg)
    svg = "{http://www.w3.org/2000/svg}"
    words = [[text.text for text in tree.iter(f"{svg}text")] for tree in (whole, small)]
    assert len(words[0]) == len(words[1]) + 1
    rings = [len(list(tree.iter(f"{svg}circle"))) for tree in (whole, small)]
    assert rings[0] - rings[1] == len(graph.incoming(concat.id)) - 1
