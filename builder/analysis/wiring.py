"""The order in which a graph is worked through, and what feeds what; made anew only when wires change."""

from __future__ import annotations

import heapq
from collections.abc import Container
from dataclasses import dataclass

import networkx as nx

from builder.document import MODULE_PREFIX
from builder.graph import Edge, Graph


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
    network = graph.networkx
    ids = list(network)
    rank = {node_id: i for i, node_id in enumerate(ids)}
    incoming: dict[str, tuple[Edge, ...]] = {}
    successors: dict[str, tuple[str, ...]] = {}
    waiting: dict[str, int] = {}
    for node_id, sources in network.pred.items():
        edges = [edge for keyed in sources.values() for edge in keyed]
        if len(edges) > 1:
            edges.sort(key=lambda edge: port_order(edge.target_port))
        incoming[node_id] = tuple(edges)
        waiting[node_id] = len(sources)
    for node_id, targets in network.succ.items():
        successors[node_id] = tuple(targets)
    order: list[str] = []
    cyclic: dict[str, tuple[str, ...]] = {}
    _drain(order, [n for n, count in waiting.items() if not count], waiting, successors, rank, cyclic)
    if len(order) < len(ids):
        cyclic = _cycles(network, set(ids).difference(order), rank)
        order += sorted(cyclic, key=rank.__getitem__)
        # What only hangs behind a cycle still has an order.
        ready = [target for node_id in cyclic for target in _release(node_id, waiting, successors, cyclic)]
        _drain(order, ready, waiting, successors, rank, cyclic)
    blocks = {node_id: network.nodes[node_id]["node"].block for node_id in ids}
    outputs = tuple(node_id for node_id in ids if blocks[node_id] == "output")
    inputs = tuple(node_id for node_id in ids if blocks[node_id] == "input")
    instances = tuple([node_id for node_id in ids if blocks[node_id].startswith(MODULE_PREFIX)])
    live: set[str] = set() if outputs else set(ids)  # with no output yet, nothing is left out
    stack = list(outputs)
    while stack:
        node_id = stack.pop()
        if node_id not in live:
            live.add(node_id)
            stack.extend(network.pred[node_id])
    is_chain = (
        len(inputs) == len(outputs) == 1
        and not cyclic
        and all(
            len(incoming[n]) == (blocks[n] != "input") and len(successors[n]) == (blocks[n] != "output")
            for n in ids
        )
    )
    return Wiring(
        graph.structure_revision,
        tuple(order),
        {node_id: i for i, node_id in enumerate(order)},
        incoming,
        {node_id: tuple([edge.target_port for edge in edges]) for node_id, edges in incoming.items()},
        successors,
        cyclic,
        frozenset(live),
        inputs,
        outputs,
        instances,
        frozenset(blocks[node_id].removeprefix(MODULE_PREFIX) for node_id in instances),
        is_chain,
    )
