"""Reading gives back what was written, to the byte, for golden documents and for any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from builder.document import Document, Module
from builder.errors import ConvolabError
from builder.graph import Edge, Graph, Node
from builder.reading import from_json, load, read_document
from builder.writing import write_document
from tests.strategies import documents, few

GOLDEN = sorted((Path(__file__).parents[1] / "documents").rglob("*.convolab"))


def read(text: str) -> Document:
    document = read_document(text)
    assert isinstance(document, Document), [(p.path, p.message) for p in document]
    return document


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_document_ever_saved_opens_and_is_written_as_it_was(path: Path) -> None:
    document = load(path)
    assert isinstance(document, Document)
    written = path.with_suffix(".written")
    expected = (written if written.exists() else path).read_bytes().decode()
    assert write_document(document) == expected


def test_there_are_golden_documents() -> None:
    assert {path.stem for path in GOLDEN} >= {"lenet5", "modules", "by_hand"}


def test_the_golden_lenet_is_read_as_it_stands_there() -> None:
    document = load(next(path for path in GOLDEN if path.stem == "lenet5"))
    assert isinstance(document, Document)
    network = document.network
    assert len(network) == 14
    c3 = network.by_name("c3")
    assert c3 == Node("n5", "c3", "conv", {"out_channels": 16, "kernel_size": [5, 5]}, (880, 0))
    assert network.incoming("n5") == {"x": Edge("n4", "y", "n5", "x")}
    assert [frame["title"] for frame in network.frames] == ["Features", "Classifier"]
    assert document.training["weight_decay"] == 1e-5
    assert document.data == {"source": "digits"}


def test_the_golden_notes_are_read_as_they_stand_there() -> None:
    document = load(next(path for path in GOLDEN if path.stem == "notes"))
    assert isinstance(document, Document)
    frame, note, empty = document.network.frames
    assert frame == {"title": "Features", "rectangle": [224, -54, 444, 132], "colour": "blue"}
    assert note["text"] == "What a convolution sees\ngrows with the depth."
    assert empty == {"title": "", "rectangle": [0, 320, 240, 112], "text": ""}
    (inside,) = document.graph("Block").frames
    assert inside["text"] == "Drawn once, placed often."


def test_the_golden_modules_are_read_as_they_stand_there() -> None:
    document = load(next(path for path in GOLDEN if path.stem == "modules"))
    assert isinstance(document, Document)
    assert list(document.modules) == ["Block", "Stage"]
    block, stage = document.modules["Block"], document.modules["Stage"]
    assert [(p.name, p.default) for p in block.parameters] == [
        ("width", 64),
        ("stride", 1),
        ("project", False),
    ]
    assert block.parameters[2].default is False
    assert block.description == "Two convolutions and a shortcut."
    repeated = stage.graph.by_name("1")
    assert repeated is not None
    assert (repeated.when, repeated.repeat) == ("blocks > 1", "=blocks-1")
    assert document.graph("Stage") is stage.graph
    oracle = document.network.by_name("oracle")
    assert oracle is not None
    assert oracle.parameters["alpha"] == [1, [2.5, None], {"b": True, "a": 'μ "quoted" \\ \n'}]


@few
@given(documents())
def test_what_was_written_is_read_and_written_the_same(document: Document) -> None:
    text = write_document(document)
    assert write_document(read(text)) == text
    again = from_json(json.loads(text))
    assert isinstance(again, Document)
    assert write_document(again) == text


@few
@given(documents())
def test_reading_loses_nothing_but_fractions_of_a_point(document: Document) -> None:
    again = read(write_document(document))
    assert again.name == document.name
    assert (again.data, again.training, again.weights) == (document.data, document.training, document.weights)
    assert set(again.modules) == set(document.modules)
    for graph in document.graphs():
        other = again.graph(graph.key)
        assert set(other.edges()) == set(graph.edges())
        for node in graph:
            there = other.node(node.id)
            assert (there.name, there.block, there.when, there.repeat) == (
                node.name,
                node.block,
                node.when,
                node.repeat,
            )
            assert there.parameters == node.parameters
            assert all(abs(a - b) <= 0.5 for a, b in zip(there.position, node.position, strict=True))


@few
@given(documents())
def test_the_text_is_json_with_one_node_and_one_wire_a_line(document: Document) -> None:
    text = write_document(document)
    data = json.loads(text)
    assert text.endswith("}\n")
    lines = [line.strip() for line in text.split("\n")]
    bodies = [data["network"], *data["modules"].values()]
    for item in [item for body in bodies for key in ("nodes", "edges", "frames") for item in body[key]]:
        line = json.dumps(item, ensure_ascii=False)
        assert any(there in (line, f"{line},") or there.startswith(f"{line} ]") for there in lines)


def test_the_order_of_editing_does_not_show() -> None:
    names = ["a", "b", "c"]
    there, back = Graph(), Graph()
    for index in range(3):
        there.add_node(Node(f"n{index * 9}", names[index], "add"))
    for index in (2, 0, 1):
        back.add_node(Node(f"n{index * 9}", names[index], "add"))
    edges = [Edge("n0", "y", "n18", "10"), Edge("n0", "y", "n18", "9"), Edge("n9", "y", "n0", "0")]
    for edge in edges:
        there.connect(edge)
    for edge in reversed(edges):
        back.connect(edge)
    modules = [Module(name, (), Graph(name)) for name in ("B", "A")]
    assert write_document(Document("d", there, modules)) == write_document(Document("d", back, modules[::-1]))
    written = json.loads(write_document(Document("d", there)))
    assert [node["id"] for node in written["network"]["nodes"]] == ["n0", "n9", "n18"]
    assert [edge[3] for edge in written["network"]["edges"]] == ["0", "9", "10"]


def test_known_parameters_stand_in_the_order_of_their_declaration() -> None:
    graph = Graph()
    graph.add_node(Node("n1", "conv1", "conv", {"zeta": 1, "bias": False, "alpha": 2, "out_channels": 8}))
    node = json.loads(write_document(Document("d", graph)))["network"]["nodes"][0]
    assert list(node["parameters"]) == ["out_channels", "bias", "zeta", "alpha"]
    assert list(node) == ["id", "name", "block", "parameters", "position"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes"])
def test_values_that_json_has_not_are_misuse(value: object) -> None:
    graph = Graph()
    graph.add_node(Node("n1", "conv1", "conv", {"out_channels": value}))
    with pytest.raises(ConvolabError, match="JSON"):
        write_document(Document("d", graph))


def test_a_node_that_is_nowhere_is_misuse() -> None:
    graph = Graph()
    graph.add_node(Node("n1", "conv1", "conv", {}, (float("nan"), 0.0)))
    with pytest.raises(ConvolabError, match="canvas"):
        write_document(Document("d", graph))
