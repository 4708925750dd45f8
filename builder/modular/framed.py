"""Frames and notes that go into a module with the nodes they are drawn round, and come out of it with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from builder.document import Document, Module
from builder.frames import Frame, around, enclosing, frames_of, innermost, lies_in, nodes_in
from builder.framing import boxes_of
from builder.geometry import Box, Point
from builder.graph import Graph
from builder.spacing import NODE_HEIGHT


def taken_along(document: Document, graph: Graph, ids: Collection[str], numbers: Iterable[int]) -> list[int]:
    """The frames and notes that go with nodes: ``numbers``, and what lies on these nodes and no others.

    Of what has no node in it, that is what lies in a frame that goes; or among the nodes, in no frame that is only
    round some of them.
    """
    frames, chosen = frames_of(graph), set(ids)
    inside = [set(nodes_in(graph, frame)) for frame in frames]
    going = {number for number, found in enumerate(inside) if found and found <= chosen} | set(numbers)
    among = enclosing(boxes_of(document, graph, ids))
    for number, frame in sorted(
        enumerate(frames), key=lambda one: -one[1].area
    ):  # what it lies in is before it
        if inside[number] or number in going:
            continue
        holder = innermost(frames, frame)
        surrounds = holder is None or chosen <= inside[holder]
        if holder in going or (surrounds and lies_in(frame, among)):
            going.add(number)
    return sorted(going)


def come_out(document: Document, module: Module) -> list[Frame]:
    """The frames and notes of a module as they come out of it: those round its ports keep what else is in them."""
    graph, found = module.graph, []
    for frame in frames_of(graph):
        inside = nodes_in(graph, frame)
        kept = [i for i in inside if graph.node(i).block not in ("input", "output")]
        if kept and len(kept) < len(inside):
            frame = around(boxes_of(document, graph, kept), frame.title, frame.colour)
        found.append(frame)
    return found


@dataclass(frozen=True, slots=True)
class Room:
    """How much what is behind a place and what is under it gives way."""

    place: Point
    width: float = 0.0
    height: float = 0.0

    def step(self, position: Point) -> Point:
        """How far what stands there goes to the right and down."""
        x, y = self.place
        if position[1] > y + NODE_HEIGHT / 2:
            return 0.0, self.height
        return self.width if position[1] > y - NODE_HEIGHT and position[0] > x else 0.0, 0.0


def given_way(
    document: Document, graph: Graph, instance: str, boxes: Sequence[Box], room: Room
) -> list[Frame]:
    """The frames of a graph when an instance makes room for what comes out of it (``boxes``).

    A frame goes with the nodes in it, and grows where these go different ways or where the instance lies in it.
    """
    frames = frames_of(graph)
    steps = [_step(graph, frame, instance, room) for frame in frames]
    found = []
    for frame, step in zip(frames, steps, strict=True):
        inside = nodes_in(graph, frame)
        if step is None:
            others = [i for i in inside if i != instance]
            held = _moved(boxes_of(document, graph, others), [graph.node(i).position for i in others], room)
            held += boxes if instance in inside else ()
            found.append(_grown(frame, held))
            continue
        holder = None if inside else innermost(frames, frame)
        along = None if holder is None else steps[holder]
        found.append(frame.moved(*(step if along is None else along)))
    return found


def _step(graph: Graph, frame: Frame, instance: str, room: Room) -> Point | None:
    """How far a frame goes; None for one that must grow."""
    inside = nodes_in(graph, frame)
    if instance in inside:
        return None
    steps = {room.step(graph.node(node_id).position) for node_id in inside} or {room.step(frame.box[:2])}
    return steps.pop() if len(steps) == 1 else None


def _grown(frame: Frame, boxes: Sequence[Box]) -> Frame:
    """A frame so large that it is round these, too."""
    if not boxes:
        return frame
    x, y, width, height = enclosing((frame.box, around(boxes).box))
    return replace(frame, x=x, y=y, width=width, height=height)


def _moved(boxes: Iterable[Box], positions: Iterable[Point], room: Room) -> list[Box]:
    steps = map(room.step, positions)
    return [(x + dx, y + dy, w, h) for (x, y, w, h), (dx, dy) in zip(boxes, steps, strict=True)]
