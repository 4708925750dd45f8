"""Nodes that come out of a module into the graph around it: ids, names and places that are free there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from builder.acts import move_nodes
from builder.edits import Edit
from builder.graph import Graph, Node, numbered
from builder.links import is_chain
from builder.modular.cutting import bounds_of
from builder.modular.framed import Room
from builder.modular.numbering import in_line, most_stages, numbers_of
from builder.names import check_name, counted, identifier_from
from builder.names import numbered as number_in
from builder.spacing import NODE_HEIGHT, NODE_WIDTH


def ids_for(graph: Graph, nodes: Sequence[Node]) -> dict[str, str]:
    """Ids in the graph: as they are where they are free there."""
    kept = {node.id for node in nodes if node.id not in graph}
    wishes = (f"n{number}" for number in count(len(graph) + 1))
    free = (wish for wish in wishes if wish not in graph and wish not in kept)
    return {node.id: node.id if node.id in kept else next(free) for node in nodes}


def named(graph: Graph, instance: Node, inside: Graph, nodes: Sequence[Node]) -> list[Node]:
    """The nodes under names that are free when the instance is gone; where numbers would meet, without them."""
    taken = {node.name for node in graph if node.id != instance.id}
    chains = is_chain(graph) and is_chain(inside)
    found = _called(instance, nodes, taken, in_chain=chains, plain=not chains)
    if chains and not _numbers_fit(graph, instance, inside, found):
        found = _called(instance, nodes, taken, in_chain=chains, plain=True)
    return found


def _called(
    instance: Node, nodes: Sequence[Node], taken: set[str], *, in_chain: bool, plain: bool
) -> list[Node]:
    """Nodes under names that are not taken; ``plain``: without numbers that mean something in a chain."""
    found, taken = [], set(taken)
    for node in nodes:
        name, number = node.name, number_in(node.name)
        if counted(name) and name in taken and not plain:  # it counts on, whatever its own number
            assert number is not None
            wishes = (f"{number[0]}{{{after}}}" for after in count(number[1] + 1))
            name = next(wish for wish in wishes if wish not in taken)
        elif number is not None and (plain or name in taken):
            name = identifier_from(f"{instance.name}_{number[0]}{number[1]}")
        elif check_name(name, in_chain=in_chain) is not None:
            name = identifier_from(f"{instance.name}_{name}")
        name = numbered(name, taken.__contains__)
        taken.add(name)
        found.append(replace(node, name=name))
    return found


def _numbers_fit(graph: Graph, instance: Node, inside: Graph, nodes: Sequence[Node]) -> bool:
    """Whether a chain within a chain can be written out: all around keep their numbers, and no two have the same."""
    called = {node.id: replace(node, id=f"{instance.id}.{node.id}") for node in nodes}
    inner = [called[node.id] for node in in_line(inside)[1:-1]]
    before = in_line(graph)
    place = before.index(instance)
    after = [*before[:place], *inner, *before[place + 1 :]]
    stems = {found[0] for node in inner if (found := number_in(node.name))}
    were, are = numbers_of(before), numbers_of(after)
    taken: list[tuple[str, float, float]] = []
    for node in after:
        found = number_in(node.name)
        if found is None or found[0] not in stems:
            continue
        number = are[node.id]
        if number is None or were.get(node.id, number) != number:
            return False
        end = number + most_stages(node)
        if any(found[0] == stem and number < last and first < end for stem, first, last in taken):
            return False
        taken.append((found[0], number, end))
    return True


# places ------------------------------------------------------------------------------------------------------


def placed(graph: Graph, instance: Node, height: float, nodes: Sequence[Node]) -> tuple[list[Node], Room]:
    """The nodes around where the instance of this height was; or beginning there, and what makes room for them."""
    x, y = instance.position
    if not nodes:
        return [], Room(instance.position)
    left, top, right, bottom = bounds_of(nodes)
    dx, dy = x + (NODE_WIDTH - left - right) / 2, y + (height - top - bottom) / 2
    centred = [_shifted(node, dx, dy) for node in nodes]
    others = [node for node in graph if node.id != instance.id]
    if not any(_overlap(one, other) for one in centred for other in others):
        return centred, Room(instance.position)
    begun = [_shifted(node, x - left, y - top) for node in nodes]
    return begun, Room(instance.position, right - left - NODE_WIDTH, bottom - top - NODE_HEIGHT)


def given_room(graph: Graph, instance: Node, room: Room) -> list[Edit]:
    """The nodes that give way, moved."""
    moved = {}
    for node in graph:
        dx, dy = room.step(node.position)
        if node.id != instance.id and (dx, dy) != (0, 0):
            moved[node.id] = (node.position[0] + dx, node.position[1] + dy)
    return move_nodes(graph, moved) if moved else []


def _shifted(node: Node, dx: float, dy: float) -> Node:
    return replace(node, position=(node.position[0] + dx, node.position[1] + dy))


def _overlap(one: Node, other: Node) -> bool:
    dx, dy = (abs(a - b) for a, b in zip(one.position, other.position, strict=True))
    return dx < NODE_WIDTH and dy < NODE_HEIGHT
