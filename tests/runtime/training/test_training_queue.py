"""What waits for its turn is kept: in order, as it was when it was added, whatever happens to the program."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.document import Document
from builder.errors import Problem
from builder.sketch import Sketch
from runtime.training.records.queue import Queue, Waiting
from runtime.training.settings import Settings


def draw(name="line"):
    sketch = Sketch()
    wire = sketch.add("flatten", "flatten", sketch.input((1, 8, 8)))
    sketch.output(sketch.add("fc", "linear", wire, out_features=10))
    return Document(name, sketch.graph, data={"source": "digits"})


def names(queue):
    return [waiting.document.name for waiting in queue.waiting()]


@pytest.fixture
def queue(tmp_path):
    return Queue(tmp_path / "queue")


def test_what_is_added_waits_as_it_was(queue):
    document = draw()
    added = queue.add(document, Settings(epochs=7), "fashion-mnist")
    fc = next(node for node in document.network if node.name == "fc")
    document.network.replace_node(fc.with_parameters(out_features=3))
    (waiting,) = Queue(queue.folder).waiting()  # as after the program has ended
    assert isinstance(waiting, Waiting)
    assert waiting.name == added.name
    assert waiting.settings == Settings(epochs=7)
    assert waiting.data_source == "fashion-mnist"
    (kept,) = [node for node in waiting.document.network if node.name == "fc"]
    assert kept.parameters["out_features"] == 10


acts = st.lists(
    st.one_of(
        st.tuples(st.just("add")),
        st.tuples(st.just("move"), st.integers(0, 9), st.integers(-2, 9)),
        st.tuples(st.just("remove"), st.integers(0, 9)),
    ),
    max_size=12,
)


@given(acts=acts)
def test_the_order_is_that_of_a_list_and_outlasts_the_program(tmp_path_factory, acts):
    folder = tmp_path_factory.mktemp("queue")
    expected: list[str] = []
    for number, act in enumerate(acts):
        queue = Queue(folder)
        if act[0] == "add":
            expected.append(queue.add(draw(f"net {number}"), Settings()).name)
        elif expected and act[1] < len(expected):
            name = expected.pop(act[1])
            if act[0] == "move":
                expected.insert(max(act[2], 0), name)
                assert queue.move(name, act[2]) is None
            else:
                assert queue.remove(name) is None
        assert [waiting.name for waiting in queue.waiting()] == expected


def test_a_spoilt_order_or_file_loses_nothing_else(queue):
    for name in ("a", "b", "c"):
        queue.add(draw(name), Settings())
    for text in ("", "{", "[1, null]", '["gone", "../../etc/passwd"]', "[" * 100_000):
        (queue.folder / "order.json").write_text(text)
        assert sorted(names(Queue(queue.folder))) == ["a", "b", "c"]
    spoilt = next(queue.folder.glob("b-*"))
    spoilt.write_text("{")
    again = Queue(queue.folder)
    assert sorted(names(again)) == ["a", "c"]
    assert len(again.problems()) == 1
    assert again.remove(spoilt.stem) is None
    assert again.problems() == []


def test_one_program_at_a_time_works_through_it(queue):
    other = Queue(queue.folder)
    assert queue.work()
    assert queue.work()
    assert not other.work()
    queue.rest()
    assert other.work()
    other.rest()
    assert other.waiting() == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch, queue):
    (tmp_path / "file").write_text("")
    told = Queue(tmp_path / "file" / "queue").add(draw(), Settings())
    assert isinstance(told, Problem)
    assert told.code == "queue-not-writable"
    queue.add(draw("kept"), Settings())

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    told = queue.add(draw("more"), Settings())
    assert told.code == "queue-not-writable"
    assert "No space left" in told.message
    assert names(Queue(queue.folder)) == ["kept"]


def test_what_waits_names_its_data_from_the_root_on(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    queue = Queue(tmp_path / "queue")
    document = draw()
    assert queue.add(document, Settings(), "mine").data_source == str(tmp_path / "mine")
    document.put_settings("data", {"source": "mine"})
    assert queue.add(document, Settings()).data_source == str(tmp_path / "mine")
    assert document.data["source"] == "mine"
    assert queue.add(document, Settings(), "digits").data_source == "digits"
    assert queue.add(document, Settings(), "nowhere").data_source == "nowhere"
