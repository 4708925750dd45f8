"""What people do with frames and notes in one go, as lists of edits: nothing here changes a document.

Frames have no names of their own: they are called by their numbers in the graph's list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from builder.acts import COPY_OFFSET, duplicate, move_nodes
from builder.appearance import shown_ports
from builder.document import Document
from builder.edits import Edit, SetFrames
from builder.frames import Frame, around, frames_in, frames_of, nodes_in
from builder.geometry import Box, node_height
from builder.graph import Graph
from builder.spacing import NODE_WIDTH


def add_frames(graph: Graph, frames: Iterable[Frame]) -> list[Edit]:
    """Put frames and notes behind those there are."""
    return [SetFrames(graph.key, (*graph.frames, *(frame.entry() for frame in frames)))]


def change_frame(graph: Graph, number: int, **changes: Any) -> list[Edit]:
    """Give a frame another title, text, colour or place; nothing where it is so already."""
    frames = frames_of(graph)
    changed = replace(frames[number], **changes)
    return [] if changed == frames[number] else _put(graph, {number: changed})


def recolour(graph: Graph, numbers: Iterable[int], colour: str) -> list[Edit]:
    """Give frames and notes another colour."""
    frames = frames_of(graph)
    changed = {n: replace(frames[n], colour=colour) for n in numbers if frames[n].colour != colour}
    return _put(graph, changed) if changed else []


def remove_frames(graph: Graph, numbers: Collection[int]) -> list[Edit]:
    """Take frames and notes away; what lies in them stays."""
    if not numbers:
        return []
    return [SetFrames(graph.key, tuple(f for n, f in enumerate(graph.frames) if n not in numbers))]


def carried(
    graph: Graph, ids: Iterable[str], numbers: Iterable[int]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Nodes and frames, and with each frame what lies in it."""
    frames = list(enumerate(frames_of(graph)))
    nodes, taken = dict.fromkeys(ids), dict.fromkeys(numbers)
    for number in tuple(taken):
        nodes.update(dict.fromkeys(nodes_in(graph, frames[number][1])))
        taken.update(dict.fromkeys(frames_in(frames, frames[number][1])))
    return tuple(nodes), tuple(taken)


def move_all(graph: Graph, ids: Iterable[str], numbers: Collection[int], dx: float, dy: float) -> list[Edit]:
    """Put nodes and frames so far to the right and down."""
    places = {node_id: graph.node(node_id).position for node_id in ids}
    edits = move_nodes(graph, {n: (x + dx, y + dy) for n, (x, y) in places.items()}) if places else []
    frames = frames_of(graph)
    return edits + (_put(graph, {n: frames[n].moved(dx, dy) for n in numbers}) if numbers else [])


def duplicate_all(
    document: Document,
    graph_key: str,
    ids: Iterable[str],
    numbers: Collection[int],
    offset: tuple[float, float] = COPY_OFFSET,
) -> tuple[list[Edit], tuple[str, ...], tuple[int, ...]]:
    """Copies of nodes with the wires between them and of frames, and what the copies are called."""
    graph = document.graph(graph_key)
    edits, copies = duplicate(document, graph_key, ids, offset)
    frames = frames_of(graph)
    added = [frames[number].moved(*offset) for number in numbers]
    edits += add_frames(graph, added) if added else []
    return edits, copies, tuple(range(len(frames), len(frames) + len(added)))


def boxes_of(document: Document, graph: Graph, ids: Iterable[str]) -> list[Box]:
    """The rectangles of nodes."""
    boxes = []
    for node in map(graph.node, ids):
        inputs, outputs, _ = shown_ports(document, graph, node)
        height = node_height(len(inputs), len(outputs), collapsed=node.collapsed)
        boxes.append((*node.position, float(NODE_WIDTH), height))
    return boxes


def frame_around(document: Document, graph: Graph, ids: Iterable[str], numbers: Iterable[int] = ()) -> Frame:
    """A frame round nodes and frames, at least one."""
    frames = frames_of(graph)
    return around([*boxes_of(document, graph, ids), *(frames[number].box for number in numbers)])


def refit(document: Document, graph: Graph, places: Mapping[str, tuple[float, float]]) -> list[Edit]:
    """Frames drawn anew round the nodes that lie in them, when these are put elsewhere."""
    sizes = {
        node.id: box[2:] for node, box in zip(graph, boxes_of(document, graph, _ids(graph)), strict=True)
    }
    moved = {}
    for number, frame in enumerate(frames_of(graph)):
        inside = nodes_in(graph, frame)
        if any(node_id in places for node_id in inside):
            boxes = [(*places.get(i, graph.node(i).position), *sizes[i]) for i in inside]
            fitted = around(boxes, frame.title, frame.colour)
            if fitted != frame:
                moved[number] = fitted
    return _put(graph, moved) if moved else []


def _ids(graph: Graph) -> list[str]:
    return [node.id for node in graph]


def _put(graph: Graph, changed: Mapping[int, Frame]) -> list[Edit]:
    entries = [
        changed[number].entry() if number in changed else entry for number, entry in enumerate(graph.frames)
    ]
    return [SetFrames(graph.key, tuple(entries))]
