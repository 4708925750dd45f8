"""Where the nodes of a graph go: columns in the direction of flow, wrapped into rows that fit a page.

fast-sugiyama ranks the nodes and orders each rank so that few wires cross. What it does not know is done
here: the longest path is drawn as a straight line, wires that only skip over it take no room (the canvas
routes them along a lane), and a long network is folded where few wires have to turn back.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from builder.graph import Graph
from builder.spacing import BRANCH, COLLAPSED_HEIGHT, COLUMN, LANE, NODE_HEIGHT, ROW

if TYPE_CHECKING:
    import networkx as nx

#: A row is folded only where at most this many wires turn back.
_TURNS = 3
#: Nodes looked at before a wire is taken to be no shortcut.
_SEARCH = 2000

Positions = dict[str, tuple[float, float]]


def arrange(graph: Graph, *, columns: int | None = None) -> Positions:
    """Positions (left upper corners, px) for every node of ``graph``; ``columns`` limits the length of a row."""
    import networkx as nx

    positions: Positions = {}
    flow = nx.DiGraph()
    heights = {node.id: COLLAPSED_HEIGHT if node.collapsed else NODE_HEIGHT for node in graph}
    flow.add_nodes_from((node_id, {"height": heights[node_id]}) for node_id in graph.networkx)
    flow.add_edges_from((edge.source, edge.target) for edge in graph.edges() if edge.source != edge.target)
    top = 0.0
    lonely = [node for node in flow if flow.degree(node) == 0]
    linked = [part for part in nx.weakly_connected_components(flow) if len(part) > 1]
    order = {node: index for index, node in enumerate(flow)}
    for part in sorted(linked, key=lambda part: min(order[node] for node in part)):
        placed, height = _component(flow.subgraph(part), order, columns)
        positions |= {node: (x, y + top) for node, (x, y) in placed.items()}
        top += height
    width = columns or max(5, math.ceil(math.sqrt(3 * len(lonely))))
    for index, node in enumerate(lonely):
        positions[node] = (float(index % width * COLUMN), top + index // width * ROW)
    return positions


def _component(flow: nx.DiGraph, order: Mapping[str, int], columns: int | None) -> tuple[Positions, float]:
    """Positions of one connected part, starting at (0, 0), and the height it takes with the gap below it."""
    skips = _shortcuts(flow)
    edges = sorted(
        (edge for edge in flow.edges if edge not in skips), key=lambda e: (order[e[0]], order[e[1]])
    )
    ranks = _ranks(edges)
    column = {node: index for index, rank in enumerate(ranks) for node in rank if isinstance(node, str)}
    slot = _slots(ranks, _longest_path(edges, column, order))
    spans = [tuple(sorted((column[source], column[target]))) for source, target in flow.edges]
    placed: Positions = {}
    top = 0.0
    for first, last in _rows(len(ranks), spans, columns):
        members = [node for node, index in column.items() if first <= index < last]
        heights = {node: flow.nodes[node]["height"] for node in members}
        middles, bottom = _middles({node: slot[node] for node in members}, heights, top)
        for node in members:
            y = middles[slot[node]] - heights[node] / 2
            placed[node] = (float((column[node] - first) * COLUMN), y)
        lane = any(first <= column[source] < last and column[target] < last for source, target in skips)
        top = bottom + ROW - NODE_HEIGHT + lane * LANE
    return placed, top


def _middles(
    slot: Mapping[str, int], heights: Mapping[str, int], top: float
) -> tuple[dict[int, float], float]:
    """The middle of each slot of a row that begins at ``top``, as high as its highest node, and where the row ends."""
    highest: dict[int, int] = defaultdict(int)
    for node, place in slot.items():
        highest[place] = max(highest[place], heights[node])
    middles: dict[int, float] = {}
    bottom = top
    for place in range(min(slot.values()), max(slot.values()) + 1):
        height = highest.get(place, NODE_HEIGHT)
        middles[place] = top + height / 2
        bottom = top + height
        top = bottom + BRANCH - NODE_HEIGHT
    return middles, bottom


def _shortcuts(flow: nx.DiGraph) -> set[tuple[str, str]]:
    """Edges beside which there is a longer way, as round a residual block; none where there are cycles."""
    import networkx as nx

    if not nx.is_directed_acyclic_graph(flow):
        return set()
    depth: dict[str, int] = {}
    for node in nx.topological_sort(flow):
        depth[node] = 1 + max((depth[before] for before in flow.pred[node]), default=-1)
    found = set()
    for source, target in flow.edges:
        if depth[target] - depth[source] > 1 and len(flow.pred[target]) > 1 and len(flow.succ[source]) > 1:
            waiting = [node for node in flow.succ[source] if node != target]
            seen = set(waiting)
            while waiting and len(seen) < _SEARCH:
                node = waiting.pop()
                if node == target:
                    found.add((source, target))
                    break
                ahead = [after for after in flow.succ[node] if depth[after] <= depth[target]]
                waiting += [after for after in ahead if after not in seen]
                seen.update(ahead)
    return found


def _ranks(edges: Sequence[tuple[str, str]]) -> list[list[str | int]]:
    """The nodes by column, each in its order; whole numbers stand for wires that pass through a column."""
    import fast_sugiyama  # late: most documents come with positions

    # Texts would be put into a set there, whose order is another in every process.
    names = list(dict.fromkeys(node for edge in edges for node in edge))
    numbers = {name: number for number, name in enumerate(names)}
    numbered = [(numbers[source], numbers[target]) for source, target in edges]
    levels: dict[float, list[tuple[float, str | int]]] = defaultdict(list)
    for layout in fast_sugiyama.from_edges(numbered):
        for vertex, (across, along) in layout[0]:
            number = int(vertex)
            levels[along].append((across, names[number] if number < len(names) else number))
    return [
        [node for _, node in sorted(levels[along], key=lambda item: item[0])]
        for along in sorted(levels, reverse=True)
    ]


def _longest_path(
    edges: Sequence[tuple[str, str]], column: Mapping[str, int], order: Mapping[str, int]
) -> set[str]:
    """The nodes of a path through as many nodes as possible; among equals the one drawn first."""
    length: dict[str, int] = defaultdict(int)
    following: dict[str, str] = {}
    backwards = sorted(edges, key=lambda edge: (-column[edge[0]], order[edge[1]]))
    for source, target in backwards:
        if column[source] < column[target] and length[target] + 1 > length[source]:
            length[source], following[source] = length[target] + 1, target
    node: str | None = max(column, key=lambda node: (length[node], -order[node]))
    path = set()
    while node is not None:
        path.add(node)
        node = following.get(node)
    return path


def _slots(ranks: Sequence[Sequence[str | int]], spine: set[str]) -> dict[str, int]:
    """Steps above (negative) or below the spine for each node."""
    slots: dict[str, int] = {}
    zero = 0
    for rank in ranks:
        zero = next((index for index, node in enumerate(rank) if node in spine), min(zero, len(rank) - 1))
        slots |= {node: index - zero for index, node in enumerate(rank) if isinstance(node, str)}
    if sum(slots.values()) < 0:  # side branches hang below the spine, as people draw them
        return {node: -slot for node, slot in slots.items()}
    return slots


def _rows(count: int, spans: Sequence[Sequence[int]], limit: int | None) -> list[tuple[int, int]]:
    """Column ranges of the rows: as even as can be, cut where the fewest wires turn back."""
    wish = limit or max(5, math.ceil(math.sqrt(3 * count)))
    if count <= wish:
        return [(0, count)]
    crossing = [0] * (count + 1)
    for first, last in spans:
        crossing[first + 1] += 1
        crossing[last + 1 if last < count else count] -= 1
    for index in range(1, count + 1):
        crossing[index] += crossing[index - 1]
    rows = []
    start = 0
    while count - start > wish:
        even = math.ceil((count - start) / math.ceil((count - start) / wish))
        cuts = range(start + max(2, wish // 2), start + wish + 1)
        cut = min(cuts, key=lambda cut: (crossing[cut], abs(cut - start - even)))
        if crossing[cut] > _TURNS:
            break
        rows.append((start, cut))
        start = cut
    return rows + [(start, count)]
