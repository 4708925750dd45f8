"""The one place that decides which wires and which placed modules make sense."""

from __future__ import annotations

from dataclasses import dataclass

from builder.blocks import block_class
from builder.document import Document, Module, module_name
from builder.errors import Address, Problem
from builder.graph import Edge, Graph, Node
from builder.names import natural_key

#: The most inputs a block that takes any number of them may have.
MAX_INPUTS = 1000


@dataclass(frozen=True, slots=True)
class Ports:
    """The inputs and outputs of a placed block.

    ``variadic``: any number of inputs, called "0", "1", …; ``inputs`` then has those in use, at least two.
    ``known`` is false for a block or module that is not there: it has the ports that wires use, or any.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    variadic: bool = False
    known: bool = True

    def has_input(self, port: str) -> bool:
        """Whether a wire may end there."""
        if self.variadic:
            return (
                port.isascii() and port.isdecimal() and str(int(port[:9])) == port and int(port) < MAX_INPUTS
            )
        return not self.known or port in self.inputs

    def has_output(self, port: str) -> bool:
        """Whether a wire may begin there."""
        return not self.known or port in self.outputs


def module_ports(module: Module) -> Ports:
    """A module's ports: its ``input`` and ``output`` nodes by name, in the order of their ids."""
    ordered = sorted(module.graph, key=lambda node: natural_key(node.id))
    return Ports(
        tuple(node.name for node in ordered if node.block == "input"),
        tuple(node.name for node in ordered if node.block == "output"),
    )


def ports_of(document: Document, node: Node, graph_key: str | None = None) -> Ports:
    """The ports of a node.

    ``graph_key`` says in which graph it is placed; without it, wires are not looked at, and a block with any
    number of inputs shows two and an unknown block none.
    """
    graph = None if graph_key is None else document.graph(graph_key)
    if (module := document.module_of(node.block)) is not None:
        return module_ports(module)
    block = None if module_name(node.block) is not None else block_class(node.block)
    wired = list(graph.incoming(node.id)) if graph is not None and node.id in graph else []
    if block is None:
        outgoing = graph.outgoing(node.id) if graph is not None and node.id in graph else []
        outputs = dict.fromkeys(edge.source_port for edge in outgoing)
        return Ports(
            tuple(sorted(wired, key=natural_key)), tuple(sorted(outputs, key=natural_key)), known=False
        )
    leaving = block.outputs_of(node.parameters)
    if not block.variadic:
        return Ports(block.inputs, leaving)
    accepts = Ports((), leaving, variadic=True)
    count = max([2, *(int(port) + 1 for port in wired if accepts.has_input(port))])
    return Ports(tuple(map(str, range(count))), leaving, variadic=True)


def free_input(document: Document, graph_key: str, node_id: str) -> str | None:
    """The first input without a wire; the next number where a block takes any number. None: all are taken."""
    graph = document.graph(graph_key)
    node = graph.node(node_id)
    ports = ports_of(document, node, graph_key)
    wired = graph.incoming(node_id)
    free = next((port for port in ports.inputs if port not in wired), None)
    if free is None and ports.variadic and len(ports.inputs) < MAX_INPUTS:
        return str(len(ports.inputs))
    return free


def check_link(
    document: Document, graph_key: str, edge: Edge, *, instead_of: Edge | None = None
) -> Problem | None:
    """What is wrong with drawing this wire, or None; ``instead_of``: a wire that will be taken away for it."""
    graph = document.graph(graph_key)
    for node_id in (edge.source, edge.target):
        if node_id not in graph:
            return Problem(
                "unknown-node",
                "A wire joins two nodes of one graph",
                f"there is no node with the id '{node_id}'",
                "Draw it between nodes that are there.",
            )
    source, target = graph.node(edge.source), graph.node(edge.target)
    problem = (
        _check_output(document, graph_key, source, edge.source_port)
        or _check_input(document, graph_key, target, edge.target_port, instead_of)
        or check_cycle(graph, source, target)
    )
    return problem.at(target.name, Address(graph_key, target.id)) if problem else None


def check_instance(document: Document, graph_key: str, block: str) -> Problem | None:
    """What is wrong with placing ``block`` in this graph: a module must not, by any way, contain itself."""
    name = module_name(block)
    if not graph_key or name is None:
        return None
    chain = placement_chain(document, name, graph_key)
    if chain is None:
        return None
    return Problem(
        "recursive-module",
        "A module must not contain itself",
        " contains ".join(f"'{each}'" for each in [graph_key, *chain]),
        "Place another module, or make a copy of it under another name.",
    )


def placement_chain(document: Document, start: str, goal: str) -> list[str] | None:
    """Modules from ``start`` to ``goal``, each placed in the one before; None where there is no way."""
    came_from: dict[str, str | None] = {start: None}
    queue = [start]
    for name in queue:
        if name == goal:
            chain = [name]
            while (before := came_from[chain[-1]]) is not None:
                chain.append(before)
            return chain[::-1]
        module = document.modules.get(name)
        for node in module.graph if module is not None else ():
            placed = module_name(node.block)
            if placed is not None and placed not in came_from:
                came_from[placed] = name
                queue.append(placed)
    return None


def is_chain(graph: Graph) -> bool:
    """Whether the nodes stand in one line from ``input`` to ``output``, so that any key segment is a name."""
    import networkx as nx

    order = list(graph)
    if not order or any(
        graph.networkx.in_degree(n.id) > 1 or graph.networkx.out_degree(n.id) > 1 for n in order
    ):
        return False
    starts = [node for node in order if not graph.networkx.in_degree(node.id)]
    ends = [node for node in order if not graph.networkx.out_degree(node.id)]
    return (
        [node.block for node in starts] == ["input"]
        and [node.block for node in ends] == ["output"]
        and bool(nx.has_path(graph.networkx, starts[0].id, ends[0].id))
        and nx.number_weakly_connected_components(graph.networkx) == 1
    )


def _check_output(document: Document, graph_key: str, node: Node, port: str) -> Problem | None:
    ports = ports_of(document, node, graph_key)
    if ports.has_output(port):
        return None
    if not ports.outputs:
        return Problem(
            "no-outputs",
            "A wire begins at an output",
            f"'{node.name}' has none",
            "Draw the wire to it, not from it.",
            port=port,
        )
    return Problem(
        "unknown-port",
        "A wire begins at an output that is there",
        f"'{node.name}' has no output '{port}', it has {_listed(ports.outputs)}",
        "Begin it there.",
        port=port,
    )


def _check_input(
    document: Document, graph_key: str, node: Node, port: str, instead_of: Edge | None
) -> Problem | None:
    ports = ports_of(document, node, graph_key)
    if not ports.has_input(port):
        if not ports.inputs:
            return Problem(
                "no-inputs",
                "A wire ends at an input",
                f"'{node.name}' has none",
                "Draw the wire from it, not to it.",
                port=port,
            )
        known = f"numbers from 0 to {MAX_INPUTS - 1}" if ports.variadic else _listed(ports.inputs)
        return Problem(
            "unknown-port",
            "A wire ends at an input that is there",
            f"'{node.name}' has no input '{port}', it has {known}",
            "End it there.",
            port=port,
        )
    taken = document.graph(graph_key).incoming(node.id).get(port)
    if taken is None or taken == instead_of:
        return None
    feeding = document.graph(graph_key).node(taken.source).name
    return Problem(
        "input-taken",
        "An input takes one wire",
        f"'{port}' of '{node.name}' is fed by '{feeding}'",
        "Take that wire away first, or merge the two with Add or Concat.",
        port=port,
    )


def check_cycle(graph: Graph, source: Node, target: Node) -> Problem | None:
    """Whether a wire between these two would make a cycle, with the names along it."""
    import networkx as nx

    if source.id == target.id:
        return Problem(
            "self-loop",
            "A node cannot feed itself",
            f"'{source.name}' would wait for its own output",
            "Draw the wire to another node.",
        )
    try:
        way: list[str] = nx.shortest_path(graph.networkx, target.id, source.id)
    except nx.NetworkXNoPath:
        return None
    names = [graph.node(node_id).name for node_id in (source.id, *way)]
    return Problem(
        "cycle",
        "Data flows forward: no node may come before itself",
        " → ".join(names),
        "Take one of these wires away.",
    )


def _listed(ports: tuple[str, ...]) -> str:
    return ", ".join(f"'{port}'" for port in ports)
