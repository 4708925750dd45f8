"""The order in which a graph is worked through, and what feeds what; made anew only when wires change."""

from __future__ import annotations

import heapq
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.document import MODULE_PREFIX
from builder.graph import Edge, Graph

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Wiring:
    """``order``: ids, sources first, else as drawn; ``position``: place in it; ``cyclic``: id → the cycle by ids."""

    revision: int
    order: tuple[str, ...]
    position: dict[str, int]
    incoming: dict[str, tuple[Edge, ...]]
    ports: dict[str, tuple[str, ...]]
    successors: dict[str, tuple[str, ...]]
    cyclic: dict[str, tuple[str, ...]]
    live: frozenset[str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    instances: tuple[str, ...]
    modules: frozenset[str]
    is_chain: bool


def _release(
    node_id: str, waiting: dict[str, int], successors: dict[str, tuple[str, ...]], done: Container[str]
) -> list[str]:
    """Successors that wait for nothing more once ``node_id`` is worked through."""
    free = []
    for target in successors[node_id]:
        if target not in done:
            waiting[target] -= 1
            if not waiting[target]:
                free.append(target)
    return free


def _drain(
    order: list[str],
    ready: list[str],
    waiting: dict[str, int],
    successors: dict[str, tuple[str, ...]],
    rank: dict[str, int],
    done: Container[str],
) -> None:
    """Kahn's algorithm; of nodes that are ready, the one drawn first goes first."""
    heap = [(rank[node_id], node_id) for node_id in ready]
    heapq.heapify(heap)
    while heap:
        _, node_id = heapq.heappop(heap)
        order.append(node_id)
        for target in _release(node_id, waiting, successors, done):
            heapq.heappush(heap, (rank[target], target))


def _cycles(
    network: nx.MultiDiGraph[str], rest: set[str], rank: dict[str, int]
) -> dict[str, tuple[str, ...]]:
    """For every node that lies on a cycle, one such cycle of its component."""
    import networkx as nx

    cyclic: dict[str, tuple[str, ...]] = {}
    for component in nx.strongly_connected_components(network.subgraph(rest)):
        if len(component) > 1 or any(network.has_edge(n, n) for n in component):
            start = min(component, key=rank.__getitem__)
            cycle = tuple(edge[0] for edge in nx.find_cycle(network.subgraph(component), start))
            cyclic.update(dict.fromkeys(component, cycle))
    return cyclic


def port_order(port: str) -> tuple[int, int, str]:
    """Numbered ports by number, after named ones."""
    return (1, int(port), "") if port.isdigit() else (0, 0, port)


def wiring_of(graph: Graph) -> Wiring:
    """The wiring of a graph as it is now."""
    nodes, arriving, leaving = graph.tables()
    rank = {node_id: i for i, node_id in enumerate(nodes)}
    incoming: dict[str, tuple[Edge, ...]] = {}
    ports: dict[str, tuple[str, ...]] = {}
    is_sorted = True
    for node_id, sources in arriving.items():
        edges = [edge for keyed in sources.values() for edge in keyed]
        if len(edges) > 1:
            edges.sort(key=lambda edge: port_order(edge.target_port))
        incoming[node_id] = tuple(edges)
        ports[node_id] = tuple([edge.target_port for edge in edges])
        here = rank[node_id]
        for source in sources:
            if rank[source] >= here:
                is_sorted = False
    successors = {node_id: tuple(targets) for node_id, targets in leaving.items()}
    cyclic: dict[str, tuple[str, ...]] = {}
    if is_sorted:  # as most are drawn; Kahn's algorithm would find the same order
        order, position = tuple(nodes), rank
    else:
        order, cyclic = _sorted(graph, rank, {n: len(sources) for n, sources in arriving.items()}, successors)
        position = {node_id: i for i, node_id in enumerate(order)}
    outputs = tuple([node.id for node in nodes.values() if node.block == "output"])
    inputs = tuple([node.id for node in nodes.values() if node.block == "input"])
    instances = tuple([node.id for node in nodes.values() if node.block.startswith(MODULE_PREFIX)])
    live: set[str] = set() if outputs else set(nodes)  # with no output yet, nothing is left out
    stack = list(outputs)
    while stack:
        node_id = stack.pop()
        if node_id not in live:
            live.add(node_id)
            stack.extend(arriving[node_id])
    is_chain = (
        len(inputs) == len(outputs) == 1
        and not cyclic
        and all(
            len(incoming[n]) == (node.block != "input") and len(successors[n]) == (node.block != "output")
            for n, node in nodes.items()
        )
    )
    return Wiring(
        graph.structure_revision,
        order,
        position,
        incoming,
        ports,
        successors,
        cyclic,
        frozenset(live),
        inputs,
        outputs,
        instances,
        frozenset([nodes[node_id].block.removeprefix(MODULE_PREFIX) for node_id in instances]),
        is_chain,
    )


def _sorted(
    graph: Graph, rank: dict[str, int], waiting: dict[str, int], successors: dict[str, tuple[str, ...]]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """The order of a graph that was not drawn in one, and the cycles that stand in its way."""
    order: list[str] = []
    cyclic: dict[str, tuple[str, ...]] = {}
    _drain(order, [n for n, count in waiting.items() if not count], waiting, successors, rank, cyclic)
    if len(order) < len(rank):
        cyclic = _cycles(graph.networkx, rank.keys() - set(order), rank)
        order += sorted(cyclic, key=rank.__getitem__)
        # What only hangs behind a cycle still has an order.
        ready = [target for node_id in cyclic for target in _release(node_id, waiting, successors, cyclic)]
        _drain(order, ready, waiting, successors, rank, cyclic)
    return tuple(order), cyclic
