"""Frames and notes go into a module with the nodes they lie on, and come out of it with them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from builder.document import Document, Module
from builder.edits import Batch
from builder.frames import Frame, frames_of, nodes_in
from builder.framing import frame_around
from builder.graph import Graph
from builder.modular import Outcome, group, ungroup
from builder.sketch import Sketch
from builder.writing import write_document
from tests import strategies
from tests.builder.modular.support import chain, done, ids

PORTS = {"input", "output"}
_UNIT = ("conv", "bn", "relu")


def _framed(*rounds: Sequence[str], notes: Sequence[Frame] = ()) -> Document:
    """A chain of five blocks with a frame round each of these, called after the first, and notes."""
    document = Document("net", chain().graph)
    graph = document.network
    frames = [frame_around(document, graph, ids(graph, *names)) for names in rounds]
    document.put_frames(
        "",
        [
            *({**frame.entry(), "title": names[0]} for frame, names in zip(frames, rounds, strict=True)),
            *(one.entry() for one in notes),
        ],
    )
    return document


def _grouped(document: Document, *names: str, frames: Sequence[int] = ()) -> Document:
    return done(document, group(document, "", ids(document.network, *names), "Unit", frames))


def _titles(document: Document, key: str = "") -> list[str]:
    return [frame.text if frame.text is not None else frame.title for frame in frames_of(document.graph(key))]


def _held(document: Document, key: str = "") -> dict[str, list[str]]:
    """The names of the nodes in each frame."""
    graph = document.graph(key)
    return {
        frame.title: sorted(graph.node(node_id).name for node_id in nodes_in(graph, frame))
        for frame in frames_of(graph)
        if not frame.is_note
    }


# in ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounds", "inside", "outside"),
    [
        ([_UNIT], ["conv"], []),
        ([("bn", "relu")], ["bn"], []),
        ([("relu", "pool")], [], ["relu"]),
        ([("conv", "bn", "relu", "pool")], [], ["conv"]),
        ([("pool", "conv2"), ("conv", "bn")], ["conv"], ["pool"]),
        ([("input", "conv")], [], ["input"]),
    ],
)
def test_a_frame_goes_in_with_all_that_is_in_it(
    rounds: list[Sequence[str]], inside: list[str], outside: list[str]
) -> None:
    document = _grouped(_framed(*rounds), *_UNIT)
    assert (_titles(document, "Unit"), _titles(document)) == (inside, outside)


def test_it_is_round_the_same_nodes_there_and_no_port_is_in_it() -> None:
    document = _framed(_UNIT, ("conv", "bn"))
    before = _held(document)
    _grouped(document, *_UNIT)
    assert _held(document, "Unit") == before
    assert all(PORTS.isdisjoint(names) for names in before.values())


def test_ports_stand_outside_of_a_frame_that_is_wide() -> None:
    document = _framed(_UNIT)
    (frame,) = frames_of(document.network)
    wide = Frame(frame.x - 90, frame.y, frame.width + 180, frame.height, "conv")
    document.put_frames("", [wide.entry()])
    _grouped(document, *_UNIT)
    unit = document.graph("Unit")
    (inner,) = frames_of(unit)
    assert inner.box[2:] == wide.box[2:]
    assert all(
        not (inner.x < x + width and x < inner.x + inner.width)
        for x, width in ((node.position[0], 148) for node in unit if node.name in PORTS)
    )


def test_a_note_goes_with_the_frame_it_lies_in_or_with_the_nodes_it_lies_among() -> None:
    conv = chain().graph.by_name("conv")
    pool = chain().graph.by_name("pool")
    assert conv is not None
    assert pool is not None
    (x, y), (right, _) = conv.position, pool.position
    notes = [
        Frame(x + 4, y - 30, 100, 20, text="in the frame"),
        Frame(x + 160, y + 4, 60, 20, text="among them"),
        Frame(right + 4, y - 30, 100, 20, text="in another frame"),
        Frame(x, y + 400, 100, 20, text="below"),
    ]
    document = _grouped(_framed(("conv",), ("pool",), notes=notes), *_UNIT)
    assert _titles(document, "Unit") == ["conv", "in the frame", "among them"]
    assert _titles(document) == ["pool", "in another frame", "below"]


@pytest.mark.parametrize(("round_", "stays"), [(("side",), False), (("side", "c"), True)])
def test_a_note_among_them_stays_in_a_frame_that_stays(round_: Sequence[str], stays: bool) -> None:
    net = Sketch()
    x = net.add("a", "relu", net.input((3, 8, 8)))
    side = net.add("side", "relu", x, row=1)
    y = net.add("b", "relu", x)
    net.output(net.add("c", "add", y, net.add("d", "relu", side, row=2)))
    document = Document("net", net.graph)
    frame = frame_around(document, net.graph, ids(net.graph, *round_))
    place = net.graph.node(ids(net.graph, "side")[0]).position
    written = Frame(place[0] + 4, place[1] + 4, 60, 20, text="of the side")
    document.put_frames("", [frame.entry(), written.entry()])
    _grouped(document, "a", "b", "side")
    assert _titles(document, "" if stays else "Unit") == ["", "of the side"]


def test_what_is_selected_goes_in_wherever_it_lies() -> None:
    far = Frame(0, 2000, 100, 40, text="far")
    document = _grouped(_framed(notes=[far, far.moved(0, 90)]), *_UNIT, frames=[1])
    assert (len(frames_of(document.network)), _titles(document, "Unit")) == (1, ["far"])


# out ---------------------------------------------------------------------------------------------------------


def _opened(document: Document, name: str = "unit", key: str = "") -> Document:
    return done(document, ungroup(document, key, ids(document.graph(key), name)[0]))


def test_there_and_back_is_where_it_was() -> None:
    document = _framed(("conv", "bn", "relu", "pool"), _UNIT, notes=[Frame(900, 900, 100, 40, text="far")])
    wide, unit, far = document.network.frames
    document.put_frames("", [wide, far, unit])  # what comes out is behind what stayed
    before = write_document(document)
    _grouped(document, *_UNIT)
    assert write_document(_opened(document)) == before


def test_each_instance_brings_them() -> None:
    document = _framed(_UNIT)
    _grouped(document, *_UNIT)
    module = document.modules["Unit"]
    net = Sketch()
    x = net.add("one", "module:Unit", net.input((3, 32, 32)))
    net.output(net.add("two", "module:Unit", x))
    document = Document("net", net.graph, [module])
    _opened(document, "one")
    assert _titles(document, "Unit") == ["conv"]
    _opened(document, "two")
    assert [frame.title for frame in frames_of(document.network)] == ["conv", "conv"]
    held = [set(nodes_in(document.network, frame)) for frame in frames_of(document.network)]
    assert [len(found) for found in held] == [3, 3]
    assert held[0].isdisjoint(held[1])


def _crowded() -> Document:
    """An instance between others, each with a frame, one round the instance and the node behind it, and notes."""
    block = chain(Graph("Block"))
    net = Sketch()
    x = net.add("before", "relu", net.input((3, 32, 32)))
    x = net.add("block", "module:Block", x)
    x = net.add("behind", "relu", x)
    x = net.add("last", "relu", x)
    net.output(net.add("under", "relu", x, row=2, column=1), row=2, column=2)
    document = Document("net", net.graph, [Module("Block", (), block.graph)])
    graph = document.network
    rounds = [("before",), ("block",), ("behind",), ("block", "behind"), ("under",), ("last", "under")]
    frames = [frame_around(document, graph, ids(graph, *names)) for names in rounds]
    entries = [{**f.entry(), "title": " ".join(n)} for f, n in zip(frames, rounds, strict=True)]
    behind = frames[2]
    entries.append(Frame(behind.x + 2, behind.y + 2, 60, 20, text="note").entry())
    document.put_frames("", entries)
    return document


def test_frames_give_way_with_what_is_in_them_and_grow_where_it_comes_out() -> None:
    document = _crowded()
    before, sizes = _held(document), {f.title: f.box[2:] for f in frames_of(document.network)}
    _opened(document, "block")
    held = _held(document)
    inner = {"conv", "bn", "relu", "pool", "conv2"}
    for title, names in before.items():
        wanted = (set(names) - {"block"}) | (inner if "block" in names else set())
        assert wanted <= set(held[title]), title
    assert held["behind"] == ["behind"]
    assert held["before"] == ["before"]
    after = {frame.title: frame for frame in frames_of(document.network)}
    assert all(after[title].box[2:] == sizes[title] for title in ("before", "behind", "under"))
    (written,) = [frame for frame in frames_of(document.network) if frame.is_note]
    assert (written.x - after["behind"].x, written.y - after["behind"].y) == (2, 2)


def test_a_frame_round_a_port_comes_out_round_the_rest() -> None:
    block = chain(Graph("Block"))
    net = Sketch()
    x = net.add("before", "relu", net.input((3, 32, 32)))
    net.output(net.add("behind", "relu", net.add("block", "module:Block", x)))
    document = Document("net", net.graph, [Module("Block", (), block.graph)])
    inner = document.graph("Block")
    frame = frame_around(document, inner, ids(inner, "input", "conv", "bn"))
    document.put_frames("Block", [{**frame.entry(), "title": "stem", "colour": "blue"}])
    _opened(document, "block")
    assert _held(document) == {"stem": ["bn", "conv"]}
    assert frames_of(document.network)[0].colour == "blue"


def test_a_module_of_nothing_but_notes_leaves_them_where_it_was() -> None:
    block = Sketch(Graph("Block"))
    block.output(block.input())
    block.graph.frames = [Frame(10, 20, 100, 40, text="through").entry()]
    net = Sketch()
    net.output(net.add("block", "module:Block", net.input((3, 32, 32))))
    document = Document("net", net.graph, [Module("Block", (), block.graph)])
    place = next(node.position for node in document.network if node.name == "block")
    _opened(document, "block")
    assert [frame.box[:2] for frame in frames_of(document.network)] == [(place[0] + 10, place[1] + 20)]


@given(strategies.documents(), st.data())
@strategies.few
def test_no_frame_is_lost_either_way(document: Document, data: st.DataObject) -> None:
    note(write_document(document))
    graph = data.draw(st.sampled_from([graph for graph in document.graphs() if len(graph)] or [Graph()]))
    inner = [node.id for node in graph if node.block not in PORTS]
    if not inner:
        return
    chosen = data.draw(st.lists(st.sampled_from(inner), unique=True, min_size=1))
    before = sorted(frame.area for frame in frames_of(graph))
    outcome = group(document, graph.key, chosen, "Freshly")
    if not isinstance(outcome, Outcome):
        return
    document.apply(Batch(outcome.edits))
    kept, moved = frames_of(document.graph(graph.key)), frames_of(document.graph("Freshly"))
    assert sorted(frame.area for frame in (*kept, *moved)) == before
    back = ungroup(document, graph.key, outcome.ids[0])
    assert isinstance(back, Outcome), back
    document.apply(Batch(back.edits))
    assert len(frames_of(graph)) == len(before)
