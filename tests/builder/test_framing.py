"""Frames and notes in one go: what lies in them goes with them, and what is not meant stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.architectures import open_document
from builder.clipboard import Paste, copy_nodes, paste_nodes
from builder.document import Document
from builder.frames import (
    COLOURS,
    PADDING,
    TITLE_HEIGHT,
    Frame,
    border_of,
    colour_of,
    frames_in,
    frames_of,
    in_order,
    inside_of,
    is_colour,
    nodes_in,
)
from builder.framing import (
    add_frames,
    boxes_of,
    carried,
    change_frame,
    duplicate_all,
    frame_around,
    move_all,
    recolour,
    refit,
    remove_frames,
)
from builder.graph import Graph
from builder.history import History
from builder.look import DARK, LIGHT, Look, contrast
from builder.writing import write_document
from tests.strategies import documents, few, frames

NOTE = Frame(0, 0, 200, 100, text="Look here")


@pytest.fixture
def document() -> Document:
    """LeNet-5 with a frame round conv1 and tanh1, a note in it, and a note elsewhere."""
    found = open_document("lenet5")
    assert isinstance(found, Document)
    graph = found.network
    ids = [_id(graph, "conv1"), _id(graph, "tanh1")]
    frame = frame_around(found, graph, ids)
    inner = Frame(frame.x + 4, frame.y + 4, 60, 20, text="in")
    found.put_frames("", [frame.entry(), inner.entry(), NOTE.moved(5000, 5000).entry()])
    return found


def _id(graph: Graph, name: str) -> str:
    node = graph.by_name(name)
    assert node is not None
    return node.id


def test_a_frame_has_room_round_its_nodes_and_for_its_title(document: Document) -> None:
    graph = document.network
    (x, y), (right, _) = (graph.node(_id(graph, name)).position for name in ("conv1", "tanh1"))
    frame = frames_of(graph)[0]
    assert (frame.x, frame.y) == (x - PADDING, y - PADDING - TITLE_HEIGHT)
    assert frame.x + frame.width == right + 148 + PADDING
    assert nodes_in(graph, frame) == [_id(graph, "conv1"), _id(graph, "tanh1")]
    tall = frame_around(document, graph, [_id(graph, "conv1")], [2])
    assert tall.holds(5200, 5100)


def test_what_lies_in_a_frame_goes_with_it(document: Document) -> None:
    graph = document.network
    conv, other = _id(graph, "conv1"), _id(graph, "fc1")
    ids, numbers = carried(graph, [other], [0])
    assert set(ids) == {other, conv, _id(graph, "tanh1")}
    assert set(numbers) == {0, 1}
    before = {node.id: node.position for node in graph}
    old = frames_of(graph)
    history = History(document)
    text = write_document(document)
    history.perform("Move", move_all(graph, ids, numbers, 16, -8))
    for node in graph:
        x, y = before[node.id]
        assert node.position == ((x + 16, y - 8) if node.id in ids else (x, y))
    assert frames_of(graph) == [old[0].moved(16, -8), old[1].moved(16, -8), old[2]]
    history.undo()
    assert write_document(document) == text
    assert carried(graph, [], [2]) == ((), (2,)), "a note holds nothing"


def test_a_frame_goes_and_its_nodes_stay(document: Document) -> None:
    graph = document.network
    count = len(graph)
    for edit in remove_frames(graph, {0, 2}):
        document.apply(edit)
    assert [frame.text for frame in frames_of(graph)] == ["in"]
    assert len(graph) == count
    assert remove_frames(graph, ()) == []


def test_changes_that_change_nothing_are_none(document: Document) -> None:
    graph = document.network
    assert change_frame(graph, 2, text="Look here") == []
    assert recolour(graph, [0, 1], "") == []
    document.apply(*change_frame(graph, 0, title="Features"))
    document.apply(*recolour(graph, [2], "red"))
    assert [frame.title for frame in frames_of(graph)] == ["Features", "", ""]
    assert graph.frames[2]["colour"] == "red"
    assert graph.frames[1] == {"title": "", "rectangle": list(frames_of(graph)[1].box), "text": "in"}


def test_copies_of_a_frame_hold_copies_of_its_nodes(document: Document) -> None:
    graph = document.network
    ids, numbers = carried(graph, (), [0])
    edits, copies, added = duplicate_all(document, "", ids, numbers, (0, 4000))
    History(document).perform("Duplicate", edits)
    assert added == (3, 4)
    assert set(nodes_in(graph, frames_of(graph)[3])) == set(copies)
    assert frames_of(graph)[4].text == "in"


def test_frames_are_copied_and_pasted_as_text(document: Document) -> None:
    graph = document.network
    ids, numbers = carried(graph, (), [0])
    text = copy_nodes(document, "", ids, numbers)
    other = Document("other")
    found = paste_nodes(other, "", text, (100, 200))
    assert isinstance(found, Paste)
    History(other).perform("Paste", found.edits)
    assert found.frames == (0, 1)
    frame = frames_of(other.network)[0]
    assert (frame.x, frame.y) == (100, 200)
    assert set(nodes_in(other.network, frame)) == set(found.ids)
    alone = paste_nodes(other, "", copy_nodes(document, "", (), [2]))
    assert isinstance(alone, Paste)
    assert alone.ids == ()
    History(other).perform("Paste", alone.edits)
    assert frames_of(other.network)[2].text == "Look here"


def test_frames_are_drawn_round_their_nodes_again_when_these_are_laid_out_anew(document: Document) -> None:
    graph = document.network
    inside = nodes_in(graph, frames_of(graph)[0])
    places = {node_id: (1000.0 + 300 * number, 3000.0) for number, node_id in enumerate(inside)}
    edits = [*refit(document, graph, places), *move_all(graph, (), (), 0, 0)]
    for edit in edits:
        document.apply(edit)
    frame = frames_of(graph)[0]
    assert frame.box == (
        1000 - PADDING,
        3000 - PADDING - TITLE_HEIGHT,
        448 + 2 * PADDING,
        54 + 2 * PADDING + TITLE_HEIGHT,
    )
    assert frames_of(graph)[2] == NOTE.moved(5000, 5000)
    assert refit(document, graph, {}) == []


@few
@given(documents(), st.integers(-500, 500), st.integers(-500, 500))
def test_moving_there_and_back_leaves_everything_as_it_was(document: Document, dx: int, dy: int) -> None:
    for graph in document.graphs():
        ids, numbers = carried(graph, [node.id for node in graph], range(len(graph.frames)))
        history = History(document)
        before = write_document(document)
        boxes = boxes_of(document, graph, ids)
        history.perform("Move", move_all(graph, ids, numbers, dx, dy))
        assert all(
            new[:2] == (old[0] + dx, old[1] + dy)
            for old, new in zip(boxes, boxes_of(document, graph, ids), strict=True)
        )
        while history.can_undo:
            history.undo()
        assert write_document(document) == before


@given(frames())
def test_entries_are_read_and_written_the_same(entries: tuple[dict[str, object], ...]) -> None:
    for entry in entries:
        assert Frame.read(entry).entry() == entry


def test_large_frames_are_drawn_before_what_lies_on_them() -> None:
    small, large = Frame(0, 0, 100, 100), Frame(0, 0, 500, 500)
    order = in_order([(0, NOTE), (1, small), (2, large)])
    assert [number for number, _ in order] == [2, 1, 0]
    assert frames_in([(0, NOTE), (1, small), (2, large)], large) == [0, 1]
    assert frames_in([(1, small), (2, small)], small) == []


@pytest.mark.parametrize("look", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize(
    "colour", [*COLOURS, "", "#ff8800", "#000000", "#FFFFFF", "nonsense", "#12345", "#gggggg"]
)
def test_text_is_readable_on_every_colour(look: Look, colour: str) -> None:
    for frame in (Frame(0, 0, 10, 10, colour=colour), Frame(0, 0, 10, 10, colour=colour, text="t")):
        assert contrast(inside_of(frame, look), look.text) >= 4.5
        for found in (colour_of(frame, look), inside_of(frame, look), border_of(frame, look)):
            assert is_colour(found)
    assert is_colour("nonsense") is is_colour("#12345") is is_colour("#gggggg") is False


def test_frames_come_behind_those_there_are(document: Document) -> None:
    for edit in add_frames(document.network, [NOTE, Frame(0, 0, 80, 80, "New")]):
        document.apply(edit)
    assert [frame.title for frame in frames_of(document.network)] == ["", "", "", "", "New"]
