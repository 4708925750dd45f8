"""What people do in one go fits the document, does what it says, and is taken back in one go."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from builder.acts import (
    delete_nodes,
    duplicate,
    insert_on_wire,
    new_node,
    placements,
    rename_module,
    rename_node,
)
from builder.clipboard import Paste, copy_nodes, paste_nodes
from builder.document import Document, Module, ModuleParameter
from builder.edits import AddModule, AddNode, Connect, Edit, apply_all
from builder.errors import Problem
from builder.graph import Edge, Graph, Node
from builder.history import History
from builder.names import check_name
from builder.reading import read_document
from builder.writing import write_document
from tests import strategies


def wires(document: Document, key: str = "") -> set[str]:
    graph = document.graph(key)
    return {
        f"{graph.node(e.source).name}.{e.source_port}>{graph.node(e.target).name}.{e.target_port}"
        for e in graph.edges()
    }


def done(document: Document, edits: Iterable[Edit] | Problem) -> Document:
    """Performs edits, after trying that they can be taken back."""
    assert not isinstance(edits, Problem), edits
    edits = list(edits)
    before = write_document(document)
    history = History(document)
    history.perform("act", edits)
    after = write_document(document)
    history.undo()
    assert write_document(document) == before
    history.redo()
    assert write_document(document) == after
    return document


@pytest.fixture
def document() -> Document:
    """image → a → b → add ← a; add → two (a module) → out"""
    two = Graph("Two")
    two.add_node(Node("n1", "x", "input"))
    two.add_node(Node("n2", "y", "output"))
    two.connect(Edge("n1", "y", "n2", "x"))
    document = Document("d", modules=[Module("Two", (ModuleParameter("width", 1),), two)])
    blocks = {"image": "input", "a": "conv", "b": "relu", "add": "add", "two": "module:Two", "out": "output"}
    apply_all(
        document, (AddNode("", Node(name, name, block, {}, (10, 20))) for name, block in blocks.items())
    )
    for edge in [
        ("image", "y", "a", "x"),
        ("a", "y", "b", "x"),
        ("b", "y", "add", "0"),
        ("a", "y", "add", "1"),
        ("add", "y", "two", "x"),
        ("two", "y", "out", "x"),
    ]:
        document.apply(Connect("", Edge(*edge)))
    return document


# delete -----------------------------------------------------------------------------------------------------------


def test_deleting_takes_the_wires_along(document: Document) -> None:
    done(document, delete_nodes(document, "", ["b", "add"]))
    assert wires(document) == {"image.y>a.x", "two.y>out.x"}
    assert {node.name for node in document.network} == {"image", "a", "two", "out"}


def test_deleting_heals_where_one_wire_came_in(document: Document) -> None:
    done(document, delete_nodes(document, "", ["b"], heal=True))
    assert wires(document) == {"image.y>a.x", "a.y>add.0", "a.y>add.1", "add.y>two.x", "two.y>out.x"}
    done(document, delete_nodes(document, "", ["two", "add"], heal=True))
    assert wires(document) == {"image.y>a.x"}, "what fed Add is not one"


def test_deleting_heals_over_several(document: Document) -> None:
    done(document, delete_nodes(document, "", ["a", "b"], heal=True))
    assert wires(document) == {"image.y>add.0", "image.y>add.1", "add.y>two.x", "two.y>out.x"}
    done(document, delete_nodes(document, "", ["image"], heal=True))
    assert wires(document) == {"add.y>two.x", "two.y>out.x"}


def test_deleting_a_port_takes_the_wires_at_placed_modules(document: Document) -> None:
    document.apply(AddNode("", Node("again", "again", "module:Two")))
    document.apply(Connect("", Edge("two", "y", "again", "x")))
    done(document, delete_nodes(document, "Two", ["n1", "n2"]))
    assert wires(document) == {"image.y>a.x", "a.y>b.x", "b.y>add.0", "a.y>add.1"}


@strategies.few
@given(strategies.documents(), st.data())
def test_any_nodes_can_be_deleted(document: Document, data: st.DataObject) -> None:
    drawn = [graph for graph in document.graphs() if len(graph)]
    assume(drawn)
    graph = data.draw(st.sampled_from(drawn))
    ids = data.draw(st.lists(st.sampled_from([node.id for node in graph]), unique=True))
    done(document, delete_nodes(document, graph.key, ids, heal=data.draw(st.booleans())))
    assert not any(node_id in graph for node_id in ids)


# insert -----------------------------------------------------------------------------------------------------------


def test_a_new_node_goes_onto_a_wire(document: Document) -> None:
    node = new_node(document, "", "batch_norm")
    assert node.name == "bn"
    done(document, insert_on_wire(document, "", node, Edge("a", "y", "b", "x")))
    assert wires(document) >= {"a.y>bn.x", "bn.y>b.x"}
    assert "a.y>b.x" not in wires(document)


def test_a_placed_node_goes_onto_a_wire(document: Document) -> None:
    document.apply(AddNode("", Node("loose", "loose", "concat")))
    document.apply(Connect("", Edge("image", "y", "loose", "0")))
    loose = document.network.node("loose")
    done(document, insert_on_wire(document, "", loose, Edge("a", "y", "b", "x")))
    assert wires(document) >= {"image.y>loose.0", "a.y>loose.1", "loose.y>b.x"}


@pytest.mark.parametrize("block", ["module:Two", "acme.unknown", "module:Ghost"])
def test_modules_and_unknown_blocks_go_onto_a_wire(document: Document, block: str) -> None:
    node = new_node(document, "", block, name="mine")
    done(document, insert_on_wire(document, "", node, Edge("a", "y", "b", "x")))
    assert wires(document) >= {"a.y>mine.x", "mine.y>b.x"}


def test_what_does_not_fit_a_wire_is_told(document: Document) -> None:
    wire = Edge("b", "y", "add", "0")
    for block in ("input", "output"):
        problem = insert_on_wire(document, "", new_node(document, "", block), wire)
        assert isinstance(problem, Problem)
        assert problem.code == "cannot-insert"
    taken = insert_on_wire(document, "", document.network.node("a"), wire)
    assert isinstance(taken, Problem)
    assert "no free input" in taken.values
    document.apply(AddNode("", Node("late", "late", "concat")))
    document.apply(Connect("", Edge("two", "y", "late", "0")))
    cycle = insert_on_wire(document, "", document.network.node("late"), wire)
    assert isinstance(cycle, Problem)
    assert cycle.code == "cycle"


# new, rename ------------------------------------------------------------------------------------------------------


@given(
    strategies.documents(),
    st.sampled_from(["conv", "input", "module:BasicBlock", "acme.Un known", "class", ""]),
)
def test_new_nodes_have_free_ids_and_allowed_names(document: Document, block: str) -> None:
    for graph in document.graphs():
        node = new_node(document, graph.key, block)
        assert check_name(node.name) is None
        document.apply(AddNode(graph.key, node))


def test_a_rename_of_a_port_is_followed_by_the_wires(document: Document) -> None:
    done(document, rename_node(document, "Two", "n1", "ﬁrst"))
    done(document, rename_node(document, "Two", "n2", "last"))
    assert wires(document) >= {"add.y>two.first", "two.last>out.x"}
    assert wires(document, "Two") == {"first.y>last.x"}


def test_names_that_are_not_allowed_are_told(document: Document) -> None:
    for name, code in [("b", "duplicate-name"), ("train", "name-reserved"), ("0", "name-not-identifier")]:
        problem = rename_node(document, "", "a", name)
        assert isinstance(problem, Problem)
        assert (problem.code, problem.path) == (code, "a")
    assert rename_node(document, "", "a", "a") == []
    document.apply(AddNode("Two", Node("n3", "act", "relu")))
    assert isinstance(rename_node(document, "Two", "n1", "0"), Problem), "with a loose node it is no chain"
    done(document, delete_nodes(document, "Two", ["n3"]))
    done(document, rename_node(document, "Two", "n1", "0"))


def test_a_module_is_renamed_wherever_it_is_placed(document: Document) -> None:
    outer = Graph("Outer")
    outer.add_node(Node("n1", "inner", "module:Two", {"width": 3}))
    document.apply(AddModule(Module("Outer", (), outer)))
    done(document, rename_module(document, "Two", "Deux"))
    assert set(document.modules) == {"Outer", "Deux"}
    assert document.graph("Outer").node("n1").block == "module:Deux"
    assert document.network.node("two").block == "module:Deux"
    assert document.modules["Deux"].parameters == (ModuleParameter("width", 1),)
    assert wires(document, "Deux") == {"x.y>y.x"}
    assert [(graph.key, node.name) for graph, node in placements(document, "Deux")] == [
        ("", "two"),
        ("Outer", "inner"),
    ]
    for name, code in [("Outer", "duplicate-name"), ("lower", "name-not-capitalised")]:
        problem = rename_module(document, "Deux", name)
        assert isinstance(problem, Problem)
        assert problem.code == code
    assert rename_module(document, "Deux", "Deux") == []


# duplicate, copy, paste -------------------------------------------------------------------------------------------


def test_duplicates_keep_the_wires_between_them(document: Document) -> None:
    edits, ids = duplicate(document, "", ["a", "b", "add"], offset=(5, 6))
    done(document, edits)
    names = {document.network.node(node_id).name for node_id in ids}
    assert len(names) == 3
    assert all(document.network.node(node_id).position == (15, 26) for node_id in ids)
    inner = {edge for edge in document.network.edges() if edge.source in ids or edge.target in ids}
    a, b, add = ids
    assert inner == {Edge(a, "y", b, "x"), Edge(b, "y", add, "0"), Edge(a, "y", add, "1")}


def pasted(document: Document, key: str, text: str, at: tuple[float, float] | None = None) -> tuple[str, ...]:
    paste = paste_nodes(document, key, text, at)
    assert isinstance(paste, Paste), paste
    done(document, paste.edits)
    return paste.ids


def test_a_copy_is_a_document_and_can_be_pasted_anywhere(document: Document) -> None:
    text = copy_nodes(document, "", ["add", "two"])
    part = read_document(text)
    assert isinstance(part, Document)
    assert set(part.modules) == {"Two"}
    assert wires(part) == {"add.y>two.x"}
    empty = Document("e")
    ids = pasted(empty, "", text, at=(100, 200))
    assert wires(empty) == {"add.y>two.x"}
    assert set(empty.modules) == {"Two"}
    assert all(empty.network.node(node_id).position == (100, 200) for node_id in ids)
    pasted(empty, "", text)
    assert len(empty.network) == 4
    assert set(empty.modules) == {"Two"}, "the same module is not brought twice"


def test_another_module_of_the_same_name_comes_under_a_new_one(document: Document) -> None:
    outer = Graph("Outer")
    outer.add_node(Node("n1", "inner", "module:Two"))
    document.apply(AddModule(Module("Outer", (), outer)))
    document.apply(AddNode("", Node("o", "o", "module:Outer")))
    text = copy_nodes(document, "", ["o"])
    other = Document("e", modules=[Module("Two", (), Graph("Two")), document.modules["Outer"].copy()])
    (pasted_id,) = pasted(other, "", text)
    assert set(other.modules) == {"Two", "Outer", "Two2", "Outer2"}
    assert other.network.node(pasted_id).block == "module:Outer2"
    assert other.graph("Outer2").node("n1").block == "module:Two2"
    assert len(other.graph("Two2")) == 2


def test_a_module_is_not_pasted_into_itself(document: Document) -> None:
    text = copy_nodes(document, "", ["two"])
    found = paste_nodes(document, "Two", text)
    assert isinstance(found, list)
    assert [problem.code for problem in found] == ["recursive-module"]


def test_what_is_no_copy_is_told(document: Document) -> None:
    for text, code in [
        ("", "empty-file"),
        ("hello", "bad-json"),
        (write_document(Document()), "nothing-to-paste"),
    ]:
        found = paste_nodes(document, "", text)
        assert isinstance(found, list)
        assert [problem.code for problem in found] == [code]


@strategies.few
@given(strategies.documents(), st.data())
def test_any_selection_can_be_copied_and_pasted(document: Document, data: st.DataObject) -> None:
    drawn = [graph for graph in document.graphs() if len(graph)]
    assume(drawn)
    graph = data.draw(st.sampled_from(drawn))
    ids = data.draw(st.lists(st.sampled_from([node.id for node in graph]), unique=True, min_size=1))
    before = [edge for edge in graph.edges() if edge.source in ids and edge.target in ids]
    count = len(graph)
    modules = dict(document.modules)
    new = pasted(document, graph.key, copy_nodes(document, graph.key, ids))
    assert len(graph) == count + len(ids) == count + len(new)
    assert len([edge for edge in graph.edges() if edge.source in new or edge.target in new]) == len(before)
    assert document.modules == modules
    edits, again = duplicate(document, graph.key, new)
    done(document, edits)
    assert len(again) == len(ids)
