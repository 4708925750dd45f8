"""The numbers that names in a chain stand for, and names that keep them where the chain is cut or joined."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from builder.errors import Problem
from builder.expressions import ExpressionError, is_expression, parse
from builder.graph import Graph, Node
from builder.names import counted, numbered


def in_line(graph: Graph) -> list[Node]:
    """The nodes of a chain from its input to its output."""
    found = [next(node for node in graph if node.block == "input")]
    while leaving := graph.outgoing(found[-1].id):
        found.append(graph.node(leaving[0].target))
    return found


def stages_of(node: Node) -> int | None:
    """How many of it stand one after the other, none where it is bypassed; None where that hangs on parameters."""
    try:
        condition = None if node.when is None else parse(node.when)
        if condition is not None and condition.names:
            return None
        if condition is not None and not condition.evaluate({}):
            return 0
        if not is_expression(node.repeat):
            return int(node.repeat)
        repeat = parse(str(node.repeat))
        return None if repeat.names else int(repeat.evaluate({}))
    except (ExpressionError, ValueError):
        return None


def most_stages(node: Node) -> float:
    """How many of it there are at the most, whatever the parameters."""
    return math.inf if is_expression(node.repeat) else int(node.repeat)


def numbers_of(line: Iterable[Node]) -> dict[str, int | None]:
    """The first number of each numbered node of a chain, by id; None where it hangs on parameters."""
    numbers = _Numbers()
    return {node.id: numbers.take(node) for node in line if numbered(node.name)}


def kept_names(part: Sequence[Node], whole: Sequence[Node]) -> dict[str, str] | Problem:
    """The names with which nodes of the chain ``whole`` keep their numbers in the chain ``part``, where they change.

    Only names that count are changed: the first of them gets its own number, and what has no text but a number
    becomes that number. A Problem where the number hangs on parameters.
    """
    were, numbers = numbers_of(whole), _Numbers()
    changed: dict[str, str] = {}
    for node in part:
        count = counted(node.name)
        if count is not None and _before(node, part) != _before(node, whole):
            number, following = were[node.id], numbers.following.get(count[0])
            begins = count[0] not in numbers.following
            if number is None or not (begins or following == number or not count[0]):
                return _counts_on(node, _before(node, whole))
            if begins or following != number:
                changed[node.id] = f"{count[0]}{{{number}}}" if begins else str(number)
        numbers.take(node, changed.get(node.id))
    names = [changed.get(node.id, node.name) for node in part]
    for node in part:
        if names.count(changed.get(node.id, node.name)) > 1:
            return _counts_on(node, _before(node, whole))
    return {node_id: name for node_id, name in changed.items() if name != _named(part, node_id)}


def _named(part: Sequence[Node], node_id: str) -> str:
    return next(node.name for node in part if node.id == node_id)


class _Numbers:
    """Numbers nodes in their order; ``following``: what comes after the last of each beginning."""

    def __init__(self) -> None:
        self.following: dict[str, int | None] = {}

    def take(self, node: Node, name: str | None = None) -> int | None:
        """The number of the next node, under another name if one is given."""
        name = node.name if name is None else name
        found = numbered(name)
        if found is None:
            return None
        stem, own = found
        number = self.following.get(stem, own) if counted(name) else own
        stages = stages_of(node)
        if stages == 0:
            self.following.setdefault(stem, number)
        else:
            self.following[stem] = None if number is None or stages is None else number + stages
        return number


def _before(node: Node, line: Sequence[Node]) -> list[str]:
    """The ids of the nodes before one that are numbered with it."""
    stem = (numbered(node.name) or ("", 0))[0]
    place = [other.id for other in line].index(node.id)
    return [other.id for other in line[:place] if (name := numbered(other.name)) and name[0] == stem]


def _counts_on(node: Node, before: Sequence[str]) -> Problem:
    return Problem(
        "name-counts",
        "A name that counts on from others is cut from them only where their number is known",
        f"'{node.name}' counts on from {len(before)} others, and how many are there hangs on parameters",
        "Give it a name that does not count, or choose all of them.",
        path=node.name,
    )
