"""Undo takes everything back to the byte; redo brings it again; the saved mark tells the truth."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from builder.document import Document, DocumentChange
from builder.edits import AddNode, Connect, Edit, MoveNodes, RemoveNode, ReplaceNode, SetName
from builder.errors import Address, ConvolabError
from builder.graph import Edge, Node
from builder.history import History
from builder.reading import read_document
from builder.writing import write_document
from tests import strategies


class Editing(RuleBasedStateMachine):
    """Edits, merges, undo, redo and saves at random, beside a plain list of the texts there were."""

    @initialize(document=strategies.documents())
    def begin(self, document: Document) -> None:
        self.document = document
        self.history = History(document)
        self.texts = [write_document(document)]
        self.at = 0
        self.saved: str | None = self.texts[0]
        self.last_merge: str | None = None
        self.changes: list[DocumentChange] = []
        document.subscribe(self.changes.append)

    @rule(data=st.data(), merge=st.sampled_from([None, None, "drag"]))
    def perform(self, data: st.DataObject, merge: str | None) -> None:
        count = data.draw(st.integers(1, 3))

        def edits() -> Iterator[Edit]:
            for _ in range(count):
                yield strategies.edits(data.draw, self.document)

        revision = self.document.revision
        self.history.perform("edit", edits(), merge)
        assert self.document.revision - revision == len(self.changes)
        merged = merge is not None and merge == self.last_merge
        del self.texts[self.at + (not merged) :]
        self.texts.append(write_document(self.document))
        self.at = len(self.texts) - 1
        self.last_merge = merge

    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        before, labels = write_document(self.document), (self.history.can_undo, self.history.can_redo)

        def edits() -> Iterator[Edit]:
            for _ in range(data.draw(st.integers(0, 2))):
                yield strategies.edits(data.draw, self.document)
            yield RemoveNode("", "there is no such node")

        with pytest.raises(ConvolabError, match="no node"):
            self.history.perform("fail", edits())
        assert write_document(self.document) == before
        assert (self.history.can_undo, self.history.can_redo) == labels

    @precondition(lambda self: self.at > 0)
    @rule()
    def undo(self) -> None:
        assert self.history.undo_label == "edit"
        assert self.history.undo() is not None
        self.at -= 1
        self.last_merge = None

    @precondition(lambda self: self.at < len(self.texts) - 1)
    @rule()
    def redo(self) -> None:
        assert self.history.redo_label == "edit"
        assert self.history.redo() is not None
        self.at += 1
        self.last_merge = None

    @rule()
    def save(self) -> None:
        self.history.mark_saved()
        self.saved = write_document(self.document)
        self.last_merge = None

    @invariant()
    def text_is_the_one_of_this_step(self) -> None:
        if not hasattr(self, "texts"):
            return
        text = write_document(self.document)
        assert text == self.texts[self.at]
        assert self.history.can_undo == (self.at > 0)
        assert self.history.can_redo == (self.at < len(self.texts) - 1)
        if self.history.is_saved:
            assert text == self.saved
        self.changes.clear()

    def teardown(self) -> None:
        if not hasattr(self, "texts"):
            return
        while self.history.undo():
            pass
        assert write_document(self.document) == self.texts[0]
        while self.history.redo():
            pass
        assert write_document(self.document) == self.texts[-1]
        again = read_document(self.texts[-1])
        if isinstance(again, Document):  # edits may make two modules contain each other, which is refused
            assert write_document(again) == self.texts[-1]
        else:
            assert {problem.code for problem in again} == {"recursive-module"}


Editing.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestEditing = Editing.TestCase


@pytest.fixture
def history() -> History:
    document = Document("d")
    for number in (1, 2):
        document.apply(AddNode("", Node(f"n{number}", f"conv{number}", "conv")))
    return History(document)


def move(x: float) -> MoveNodes:
    return MoveNodes("", {"n1": (x, 0.0)})


def x(history: History) -> float:
    return history.document.network.node("n1").position[0]


def test_steps_with_one_merge_key_are_one_step(history: History) -> None:
    for place in range(1, 50):
        history.perform("Move", [move(place)], merge="drag n1")
    step = history.undo()
    assert step is not None
    assert x(history) == 0
    assert len(step.inverses) == 1, "a long drag costs what one move costs"
    assert not history.can_undo
    history.redo()
    assert x(history) == 49


def test_merged_steps_of_different_edits_keep_them_all(history: History) -> None:
    history.perform("Edit", [move(1)], merge="m")
    history.perform("Edit", [SetName("other")], merge="m")
    history.perform("Edit", [move(2), SetName("third")], merge="m")
    history.undo()
    assert (x(history), history.document.name) == (0, "d")
    history.redo()
    assert (x(history), history.document.name) == (2, "third")


def test_other_keys_none_undo_and_saving_end_a_merge(history: History) -> None:
    history.perform("a", [move(1)], merge="a")
    history.perform("b", [move(2)], merge="b")
    history.perform("none", [move(3)])
    history.perform("none", [move(4)])
    history.undo()
    history.undo()
    history.perform("b again", [move(5)], merge="b")
    history.undo()
    assert x(history) == 2
    history.mark_saved()
    history.perform("b", [move(6)], merge="b")
    assert not history.is_saved
    history.perform("b", [move(7)], merge="b")
    history.end_merging()
    history.perform("b", [move(8)], merge="b")
    history.undo()
    assert x(history) == 7
    history.undo()
    assert x(history) == 2
    assert history.is_saved


def test_the_saved_mark_follows_undo_and_is_lost_with_its_branch(history: History) -> None:
    assert history.is_saved
    history.perform("1", [move(1)])
    history.mark_saved()
    history.undo()
    assert not history.is_saved
    history.redo()
    assert history.is_saved
    history.undo()
    history.perform("2", [move(2)])
    assert not history.is_saved
    history.undo()
    assert not history.is_saved, "the saved state cannot be reached any more"
    history.mark_saved()
    assert history.is_saved
    history.mark_unsaved()
    assert not history.is_saved


def test_a_step_that_fails_half_way_leaves_nothing(history: History) -> None:
    told: list[None] = []
    history.subscribe(lambda: told.append(None))
    before = write_document(history.document)
    with pytest.raises(ConvolabError, match="taken"):
        history.perform("twice", [move(1), AddNode("", Node("n3", "conv1", "conv"))])
    assert write_document(history.document) == before
    assert not history.can_undo
    assert not told


def test_nothing_done_is_no_step(history: History) -> None:
    history.perform("nothing", [])
    assert not history.can_undo
    assert history.is_saved
    assert history.undo() is None
    assert history.redo() is None
    assert (history.undo_label, history.redo_label) == ("", "")


def test_a_step_says_where_it_was(history: History) -> None:
    history.perform("wire", [Connect("", Edge("n1", "y", "n2", "x")), move(3)])
    step = history.undo()
    assert step is not None
    assert step.addresses == (Address("", "n1"), Address("", "n2"))


def test_observers_hear_of_each_step_until_they_leave(history: History) -> None:
    told: list[str] = []
    leave = history.subscribe(lambda: told.append(history.undo_label))
    history.perform("a", [move(1)])
    history.perform("b", [move(2)])
    history.undo()
    history.redo()
    history.mark_saved()
    assert told == ["a", "b", "a", "b", "b"]
    leave()
    history.undo()
    assert len(told) == 5


def test_a_step_costs_what_its_edits_cost(history: History) -> None:
    """No step may look at the whole document: nodes that are not touched are never asked for."""
    document = history.document
    for number in range(3, 400):
        document.apply(AddNode("", Node(f"n{number}", f"conv{number}", "conv")))
    asked: list[str] = []
    graph = document.network
    original = type(graph).node

    class Counting(type(graph)):  # type: ignore[misc]
        def node(self, node_id: str) -> Node:
            asked.append(node_id)
            return original(self, node_id)

        def __iter__(self) -> Iterator[Node]:
            raise AssertionError("a step went through all nodes")

    graph.__class__ = Counting
    history.perform("one", [ReplaceNode("", Node("n5", "renamed", "conv"))])
    history.undo()
    history.redo()
    assert set(asked) == {"n5"}
    assert len(asked) <= 6


def test_no_step_is_merged_into_a_saved_one(history: History) -> None:
    history.perform("a", [move(1)], merge="drag")
    history.mark_saved()
    history.perform("a", [move(2)], merge="drag")
    assert not history.is_saved
    history.undo()
    assert x(history) == 1
    assert history.is_saved
