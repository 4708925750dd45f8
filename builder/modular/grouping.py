"""A module made from nodes: its ports follow from the wires that are cut, its parameters from what the nodes use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from builder.acts import check_new_module, stem_of
from builder.blocks import block_class
from builder.document import MODULE_PREFIX, Document, module_name
from builder.edits import AddModule, AddNode, Connect, Disconnect, Edit, RemoveNode, ReplaceNode
from builder.errors import Address, Problem
from builder.expressions import ExpressionError
from builder.frames import Frame
from builder.framing import remove_frames
from builder.graph import Graph, Node, numbered
from builder.links import is_chain
from builder.modular.cutting import Cut
from builder.modular.framed import taken_along
from builder.modular.numbering import in_line, kept_names
from builder.modular.outcome import Outcome
from builder.names import check_module_name, normalise

#: A module is called after its blocks if they are of no more kinds than this.
_FEW = 3


def group(
    document: Document, graph_key: str, ids: Iterable[str], name: str, frames: Iterable[int] = ()
) -> Outcome | Problem:
    """Make a module of nodes, and place it where they are.

    It has one input for each output outside that feeds them, and one output for each of theirs that feeds something
    outside; where no wire comes in (or goes out), the loose ends are its ports. Parameters of the surrounding module
    that they use are handed on. Keys of the state_dict get the new node's name in front, and no others change.
    ``frames`` (by number) go in too, and so do the frames and notes that lie on these nodes and no others.
    """
    graph, name, wanted = document.graph(graph_key), normalise(name), set(ids)
    chosen = [node for node in graph if node.id in wanted]
    problem = (
        _check_selection(graph_key, chosen) or check_new_module(document, name) or _check_way(graph, chosen)
    )
    if problem is not None:
        return problem
    placed = _placed(graph, chosen, name)
    names = _kept_names(graph, chosen, placed)
    if isinstance(names, Problem):
        return names.at(names.path, Address(graph_key, chosen[0].id))
    along = taken_along(document, graph, wanted, frames)
    called = [replace(node, name=names.get(node.id, node.name)) for node in chosen]
    cut = Cut(document, graph, called, [Frame.read(graph.frames[number]) for number in along])
    try:
        module, given = cut.module(name)
    except ExpressionError as error:
        return Problem("bad-expression", "An expression must fit in a line", str(error), "Shorten it first.")
    placed = replace(placed, parameters=given, position=cut.middle())
    wires = {
        edge: None
        for node in chosen
        for edge in (*graph.incoming(node.id).values(), *graph.outgoing(node.id))
    }
    edits: list[Edit] = [AddModule(module), *(Disconnect(graph_key, edge) for edge in wires)]
    edits += [RemoveNode(graph_key, node.id) for node in chosen]
    edits += [AddNode(graph_key, placed), *(Connect(graph_key, edge) for edge in cut.wires(placed.id))]
    others = [node for node in graph if node.id in names and node.id not in wanted]
    edits += [ReplaceNode(graph_key, replace(node, name=names[node.id])) for node in others]
    return Outcome((*edits, *remove_frames(graph, along)), (placed.id,))


def proposed_name(document: Document, graph_key: str, ids: Iterable[str]) -> str:
    """What a module of these nodes might be called: after its blocks where they are of few kinds."""
    graph = document.graph(graph_key)
    nodes = sorted((graph.node(node_id) for node_id in ids), key=lambda node: node.position)
    kinds = list(dict.fromkeys(_kind(node) for node in nodes))
    if "Add" in kinds:
        wish = "ResidualBlock"
    elif 1 < len(kinds) <= _FEW:
        wish = "".join(kinds)
    else:
        wish = f"{kinds[0]}Block" if len(kinds) == 1 else "Block"
    return document.unused_module_name(wish if check_module_name(wish) is None else "Block")


def _kind(node: Node) -> str:
    """A block's short name as a part of a class's: ``Conv``, ``Bn``, ``MaxPool``."""
    cls = block_class(node.block)
    stem = (cls.stem or cls.id) if cls is not None else module_name(node.block) or node.block
    return "".join(word[:1].upper() + word[1:] for word in stem.split("_"))


# what can be grouped -----------------------------------------------------------------------------------------


def _check_selection(graph_key: str, chosen: Sequence[Node]) -> Problem | None:
    if not chosen:
        return Problem(
            "nothing-chosen", "A module is made of nodes", "none is selected", "Select some first."
        )
    ports = [node.name for node in chosen if node.block in ("input", "output")]
    if not ports:
        return None
    where = f"the module '{graph_key}'" if graph_key else "the network"
    return Problem(
        "ports-chosen",
        "An Input or Output stays where it is: the ports of a module follow from the wires that are cut",
        f"{_listed(ports)} {'belongs' if len(ports) == 1 else 'belong'} to {where}",
        "Select what lies between.",
        path=ports[0],
    )


def _check_way(graph: Graph, chosen: Sequence[Node]) -> Problem | None:
    """No wire may lead out of the module and, by other nodes, back into it: it would wait for itself."""
    import networkx as nx

    inside = {node.id for node in chosen}
    ways = nx.DiGraph()  # the nodes outside, with all that is chosen as one: its start and its end
    for edge in graph.edges():
        source = "start" if edge.source in inside else ("node", edge.source)
        target = "end" if edge.target in inside else ("node", edge.target)
        if (source, target) != ("start", "end"):
            ways.add_edge(source, target, wire=edge)
    if not ("start" in ways and "end" in ways and nx.has_path(ways, "start", "end")):
        return None
    way = nx.shortest_path(ways, "start", "end")
    wires = [ways.edges[pair]["wire"] for pair in nx.utils.pairwise(way)]
    names = [graph.node(node_id).name for node_id in (wires[0].source, *(wire.target for wire in wires))]
    return Problem(
        "group-left",
        "Data goes through a module once: no way may lead out of it and in again",
        " → ".join(names),
        f"Select {_listed(names[1:-1])} too, or fewer nodes.",
    )


def _kept_names(graph: Graph, chosen: Sequence[Node], placed: Node) -> dict[str, str] | Problem:
    """Other names for nodes of a chain whose number would change, inside and outside."""
    if not is_chain(graph):
        return {}
    whole = in_line(graph)
    inside = [node for node in whole if node in chosen]
    outside = [placed if node is inside[0] else node for node in whole if node not in inside[1:]]
    found: dict[str, str] = {}
    for part in (inside, outside):
        names = kept_names(part, whole)
        if isinstance(names, Problem):
            return names
        found |= names
    return found


def _placed(graph: Graph, chosen: Sequence[Node], name: str) -> Node:
    """The node that stands for all; it may be called as one of those that go."""
    block = MODULE_PREFIX + name
    others = {node.name for node in graph if node not in chosen}
    return Node(graph.unused_id(), numbered(stem_of(block), others.__contains__), block)


def _listed(names: Sequence[str]) -> str:
    """``'a'``, ``'a' and 'b'``, ``'a', 'b' and 3 more``."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) > 3:
        quoted = [*quoted[:2], f"{len(quoted) - 2} more"]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))
