"""Every edit has an inverse, is told to observers, and leaves the document alone where it does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.document import (
    Document,
    DocumentChange,
    FramesChange,
    Module,
    ModuleChange,
    ModuleChangeKind,
    ModuleParameter,
    SettingsChange,
)
from builder.edits import (
    AddModule,
    AddNode,
    Batch,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveModule,
    RemoveNode,
    ReplaceNode,
    SetFrames,
    SetModuleDescription,
    SetModuleParameters,
    SetName,
    SetSettings,
    apply_all,
)
from builder.errors import Address, ConvolabError
from builder.graph import Change, ChangeKind, Edge, Graph, Node
from builder.writing import write_document
from tests import strategies

A, B = Node("n1", "a", "conv"), Node("n2", "b", "relu", {}, (3, 4))
WIRE = Edge("n1", "y", "n2", "x")


@pytest.fixture
def document() -> Document:
    inner = Graph("M")
    inner.add_node(Node("n1", "x", "input"))
    document = Document("d", modules=[Module("M", (ModuleParameter("width", 8),), inner)])
    apply_all(
        document,
        [AddNode("", A), AddNode("", B), Connect("", WIRE), AddNode("", Node("n3", "c", "module:M"))],
    )
    return document


def edits() -> list[Edit]:
    return [
        AddNode("", Node("n9", "new", "add")),
        AddNode("M", Node("n9", "new", "add")),
        RemoveNode("", "n3"),
        ReplaceNode("", replace(A, name="other", parameters={"bias": False}, repeat=2)),
        MoveNodes("", {"n1": (1, 2), "n2": (3, 5)}),
        Connect("", Edge("n2", "y", "n3", "x")),
        Disconnect("", WIRE),
        AddModule(Module("New", (), Graph("New"))),
        RemoveModule("M"),
        SetModuleParameters("M", (ModuleParameter("depth", True),)),
        SetModuleDescription("M", "words"),
        SetSettings("training", {"epochs": 3}),
        SetSettings("data", {"source": "digits"}),
        SetName("other"),
        SetFrames("", ({"title": "t", "rectangle": [0, 0, 1, 1]},)),
        SetFrames("M", ({"title": "t", "rectangle": [0, 0, 1, 1]},)),
        Batch((Disconnect("", WIRE), RemoveNode("", "n2"), SetName("batch"))),
    ]


@pytest.mark.parametrize("edit", edits(), ids=lambda edit: type(edit).__name__)
def test_an_edit_is_taken_back_by_its_inverse(document: Document, edit: Edit) -> None:
    before, revision = write_document(document), document.revision
    changes: list[DocumentChange] = []
    document.subscribe(changes.append)
    inverse = document.apply(edit)
    after = write_document(document)
    assert after != before
    assert changes
    assert document.revision == revision + len(changes)
    again = document.apply(inverse)
    assert write_document(document) == before
    document.apply(again)
    assert write_document(document) == after
    assert document.revision == revision + len(changes), "undo raises the revision too"


@strategies.few
@given(strategies.documents(), st.data())
def test_any_edit_is_taken_back_by_its_inverse(document: Document, data: st.DataObject) -> None:
    before = write_document(document)
    copy = document.copy()
    edit = strategies.edits(data.draw, document)
    inverse = document.apply(edit)
    after = write_document(document)
    copy.apply(edit)
    assert write_document(copy) == after, "the same edit does the same to a copy"
    document.apply(inverse)
    assert write_document(document) == before
    assert write_document(copy) == after, "a copy is edited apart"


BAD: list[Edit] = [
    AddNode("", Node("n1", "fresh", "add")),
    AddNode("", Node("n9", "a", "add")),
    AddNode("Ghost", Node("n9", "new", "add")),
    RemoveNode("", "n1"),
    RemoveNode("", "ghost"),
    ReplaceNode("", Node("ghost", "g", "add")),
    ReplaceNode("", replace(A, name="b")),
    MoveNodes("", {"n1": (1, 1), "ghost": (0, 0)}),
    MoveNodes("", {"n1": (1, 1), "n2": (float("nan"), 0)}),
    Connect("", WIRE),
    Connect("", Edge("n1", "y", "ghost", "x")),
    Connect("", Edge("n3", "y", "n2", "x")),
    Disconnect("", Edge("n1", "y", "n3", "x")),
    AddModule(Module("M", (), Graph("M"))),
    AddModule(Module("", (), Graph(""))),
    RemoveModule("Ghost"),
    SetModuleParameters("Ghost", ()),
    SetModuleDescription("Ghost", ""),
    SetSettings("name", {}),  # type: ignore[arg-type]
    SetFrames("Ghost", ()),
    Batch((SetName("x"), MoveNodes("", {"n1": (9, 9)}), RemoveModule("M"), RemoveNode("", "ghost"))),
]


@pytest.mark.parametrize("edit", BAD, ids=lambda edit: type(edit).__name__)
def test_an_edit_that_does_not_fit_changes_nothing(document: Document, edit: Edit) -> None:
    before = write_document(document)
    with pytest.raises(ConvolabError):
        document.apply(edit)
    assert write_document(document) == before


def test_observers_hear_what_changed_until_they_leave(document: Document) -> None:
    changes: list[DocumentChange] = []
    leave = document.subscribe(changes.append)
    document.apply(AddNode("M", B))
    document.apply(MoveNodes("", {"n1": (7, 7)}))
    document.apply(SetSettings("training", {"epochs": 1}))
    document.apply(SetModuleParameters("M", ()))
    document.apply(SetName("e"))
    document.apply(SetFrames("M", ({"title": "t", "rectangle": [0, 0, 1, 1]},)))
    added, moved, settings, module, name, framed = changes
    assert added == Change("M", ChangeKind.NODE_ADDED, after=B)
    assert isinstance(moved, Change)
    assert moved.moves_only
    assert settings == SettingsChange("training", {}, {"epochs": 1})
    assert isinstance(module, ModuleChange)
    assert module.kind is ModuleChangeKind.REPLACED
    assert module.before is not None
    assert module.before.parameters == (ModuleParameter("width", 8),)
    assert module.after is document.modules["M"]
    assert module.after.graph is module.before.graph
    assert name == SettingsChange("name", "d", "e")
    assert isinstance(framed, FramesChange)
    assert (framed.graph, framed.before) == ("M", ())
    leave()
    document.apply(SetName("f"))
    assert len(changes) == 6


def test_a_module_that_left_is_not_listened_to(document: Document) -> None:
    graph = document.graph("M")
    document.apply(RemoveModule("M"))
    changes: list[DocumentChange] = []
    document.subscribe(changes.append)
    graph.add_node(Node("n5", "late", "add"))
    assert changes == []


def test_one_edit_serves_several_documents(document: Document) -> None:
    other = Document("e")
    edit = AddModule(Module("Shared", (), Graph("Shared")))
    document.apply(edit)
    other.apply(edit)
    document.apply(AddNode("Shared", A))
    assert len(document.graph("Shared")) == 1
    assert len(other.graph("Shared")) == 0
    assert len(edit.module.graph) == 0


def test_edits_say_which_nodes_they_touch(document: Document) -> None:
    batch = Batch((Connect("", WIRE), MoveNodes("M", {"n1": (0, 0)}), AddNode("", A), SetName("x")))
    assert batch.addresses() == (Address("", "n1"), Address("", "n2"), Address("M", "n1"))
    for edit in edits():
        for address in edit.addresses():
            document.graph(address.graph)


def test_edits_that_overwrite_the_same_have_one_slot() -> None:
    assert MoveNodes("", {"n1": (0, 0)}).slot() == MoveNodes("", {"n1": (5, 5)}).slot()
    assert MoveNodes("", {"n1": (0, 0)}).slot() != MoveNodes("", {"n2": (0, 0)}).slot()
    assert MoveNodes("", {"n1": (0, 0)}).slot() != MoveNodes("M", {"n1": (0, 0)}).slot()
    assert ReplaceNode("", A).slot() != ReplaceNode("", B).slot()
    assert SetSettings("data", {}).slot() != SetSettings("training", {}).slot()
    assert AddNode("", A).slot() is None
