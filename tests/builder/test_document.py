"""A document holds its graphs together and copies apart."""

from __future__ import annotations

import pytest
from hypothesis import given

from builder.document import Document, Module, module_name
from builder.edits import AddNode, SetFrames, SetSettings
from builder.errors import ConvolabError
from builder.graph import Graph, Node
from builder.writing import write_document
from tests.strategies import documents, few


def test_graphs_are_found_by_key() -> None:
    document = Document("d", modules=[Module("A", (), Graph("A")), Module("B", (), Graph("B"))])
    assert document.graph("") is document.network
    assert document.graph("B") is document.modules["B"].graph
    assert [graph.key for graph in document.graphs()] == ["", "A", "B"]
    with pytest.raises(ConvolabError, match="Ghost"):
        document.graph("Ghost")


def test_placed_modules_are_found_by_block() -> None:
    module = Module("A", (), Graph("A"))
    document = Document("d", modules=[module])
    assert module.block == "module:A"
    assert document.module_of("module:A") is document.modules["A"]
    assert document.module_of("module:Ghost") is None
    assert document.module_of("conv") is None
    assert (module_name("module:A"), module_name("conv")) == ("A", None)


def test_a_graph_under_a_wrong_key_is_misuse() -> None:
    with pytest.raises(ConvolabError, match="key"):
        Module("A", (), Graph("B"))
    with pytest.raises(ConvolabError, match="key"):
        Document("d", Graph("A"))


def test_contents_are_not_changed_past_the_edits() -> None:
    document = Document("d", data={"source": "digits"})
    with pytest.raises(TypeError):
        document.modules["A"] = Module("A", (), Graph("A"))  # type: ignore[index]
    with pytest.raises(AttributeError):
        document.name = "e"  # type: ignore[misc]
    given = {"source": "mnist"}
    document.apply(SetSettings("data", given))
    given["source"] = "changed"
    assert document.data == {"source": "mnist"}


@few
@given(documents())
def test_a_copy_is_the_same_and_apart(document: Document) -> None:
    before = write_document(document)
    copy = document.copy()
    assert write_document(copy) == before
    assert copy.revision == document.revision
    for graph in list(copy.graphs()):
        revision = graph.revision
        assert graph is not document.graph(graph.key)
        assert graph.revision == document.graph(graph.key).revision
        assert graph.touched_since(revision) == set()
        copy.apply(AddNode(graph.key, Node("new-id", graph.unused_name("fresh"), "add")))
        copy.apply(SetFrames(graph.key, ()))
        assert graph.touched_since(revision) == {"new-id"}
    assert write_document(document) == before


def test_unused_module_names_are_counted_on() -> None:
    document = Document("d", modules=[Module(name, (), Graph(name)) for name in ("Block", "Block2", "X9")])
    assert document.unused_module_name("Other") == "Other"
    assert document.unused_module_name("Block") == "Block3"
    assert document.unused_module_name("X9") == "X2"
