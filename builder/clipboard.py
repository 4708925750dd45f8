"""Copy and paste as text: what is copied is a small document, so that it can go anywhere a document can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from builder.acts import COPY_OFFSET, graft
from builder.document import MODULE_PREFIX, Document, Module, module_name
from builder.edits import AddModule, AddNode, Connect, Edit, SetFrames, SetSettings, apply_all
from builder.errors import Problem
from builder.frames import frames_of
from builder.framing import add_frames
from builder.graph import Edge, Graph, Node, numbered
from builder.links import ports_of
from builder.reading import read_document
from builder.writing import write_document, write_module

#: Where a copied part says what fed it: wires by names, in its settings of data, which it has no other use for.
_INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Paste:
    """The edits that paste, the ids of the nodes that come, and the numbers of the frames."""

    edits: tuple[Edit, ...]
    ids: tuple[str, ...]
    frames: tuple[int, ...] = ()


def copy_nodes(document: Document, graph_key: str, ids: Iterable[str], frames: Iterable[int] = ()) -> str:
    """Nodes, the wires between them and the modules they need, and frames, as the text of a document."""
    graph = document.graph(graph_key)
    chosen = {node_id: graph.node(node_id) for node_id in ids}
    part = Document(document.name)
    apply_all(part, (AddNode("", node) for node in chosen.values()))
    inner = (edge for edge in graph.edges() if edge.source in chosen and edge.target in chosen)
    apply_all(part, (Connect("", edge, graph.bends(edge)) for edge in inner))
    apply_all(part, (AddModule(module) for module in needed_by(document, chosen.values())))
    part.apply(SetFrames("", tuple(graph.frames[number] for number in frames)))
    outer = [edge for edge in graph.edges() if edge.target in chosen and edge.source not in chosen]
    part.apply(SetSettings("data", {_INCOMING: [_by_name(graph, edge) for edge in outer]} if outer else {}))
    return write_document(part)


def _by_name(graph: Graph, edge: Edge) -> list[str]:
    return [graph.node(edge.source).name, edge.source_port, graph.node(edge.target).name, edge.target_port]


def paste_nodes(
    document: Document,
    graph_key: str,
    text: str,
    at: tuple[float, float] | None = None,
    *,
    wired: bool = False,
) -> Paste | list[Problem]:
    """What pastes ``text``: under free ids and names, its upper left corner ``at`` (else a little aside).

    ``wired``: with the wires that fed what was copied, from the nodes that are called so here. Modules come along;
    where the document has another one of the same name, they come under a new name.
    """
    part = read_document(text)
    if isinstance(part, list):
        return part
    nodes, frames = list(part.network), frames_of(part.network)
    if not nodes and not frames:
        return [Problem("nothing-to-paste", "What is pasted has nodes", "this has none", "Copy some first.")]
    names, modules = fitted(document, part)
    if problem := _check_recursion(document, graph_key, modules, [_renamed(node, names) for node in nodes]):
        return [problem]
    offset = COPY_OFFSET
    if at is not None:
        corners = [*(node.position for node in nodes), *((frame.x, frame.y) for frame in frames)]
        offset = (at[0] - min(x for x, _ in corners), at[1] - min(y for _, y in corners))
    renamed = [_renamed(node, names) for node in nodes]
    graph = document.graph(graph_key)
    edits, ids = graft(graph, renamed, part.network, offset)
    if wired:
        copies = {node.name: copy for node, copy in zip(renamed, ids, strict=True)}
        edits += _incoming(document, graph_key, part.data.get(_INCOMING), copies)
    if frames:
        edits += add_frames(graph, [frame.moved(*offset) for frame in frames])
    numbers = range(len(graph.frames), len(graph.frames) + len(frames))
    return Paste((*(AddModule(module) for module in modules.values()), *edits), ids, tuple(numbers))


def _incoming(document: Document, graph_key: str, told: object, copies: Mapping[str, str]) -> Iterator[Edit]:
    """Wires into the copies, as they were drawn where these were copied; what does not fit here is left out."""
    graph = document.graph(graph_key)
    for line in told if isinstance(told, list | tuple) else ():
        if not (isinstance(line, list | tuple) and len(line) == 4 and all(isinstance(w, str) for w in line)):
            continue
        source, target = graph.by_name(line[0]), copies.get(line[2])
        if source is not None and target and line[1] in ports_of(document, source, graph_key).outputs:
            yield Connect(graph_key, Edge(source.id, line[1], target, line[3]))


def needed_by(document: Document, nodes: Iterable[Node]) -> list[Module]:
    """The modules that nodes place, and those that these place, each once."""
    needed: dict[str, Module] = {}
    todo = list(nodes)
    for node in todo:
        module = document.module_of(node.block)
        if module is not None and module.name not in needed:
            needed[module.name] = module
            todo += module.graph
    return list(needed.values())


def fitted(document: Document, part: Document) -> tuple[dict[str, str], dict[str, Module]]:
    """What the modules of ``part`` are called in ``document``, and those that it does not have."""
    names: dict[str, str] = {}
    new: dict[str, Module] = {}
    taken = set(document.modules) | set(part.modules)
    for name in _innermost_first(part):
        module = _with_names(part.modules[name], names, name)
        there = document.modules.get(name)
        if there is None:
            new[name] = module
        elif write_module(document, there, "") != write_module(document, module, ""):
            names[name] = numbered(name, taken.__contains__)
            taken.add(names[name])
            new[names[name]] = module.copy(names[name])
    return names, new


def _innermost_first(document: Document) -> list[str]:
    import networkx as nx

    placements: nx.DiGraph[str] = nx.DiGraph()
    placements.add_nodes_from(document.modules)
    for name, module in document.modules.items():
        placed = {module_name(node.block) for node in module.graph} & set(document.modules)
        placements.add_edges_from((inner, name) for inner in sorted(filter(None, placed)))
    return list(nx.topological_sort(placements))


def _with_names(module: Module, names: dict[str, str], name: str) -> Module:
    graph = Graph(name)
    for node in module.graph:
        graph.add_node(_renamed(node, names))
    for edge in module.graph.edges():
        graph.connect(edge, module.graph.bends(edge))
    graph.frames = list(module.graph.frames)
    return replace(module, graph=graph)


def _renamed(node: Node, names: dict[str, str]) -> Node:
    name = module_name(node.block)
    return replace(node, block=MODULE_PREFIX + names[name]) if name in names else node


def _check_recursion(
    document: Document, graph_key: str, new: dict[str, Module], nodes: Iterable[Node]
) -> Problem | None:
    """A module must not get itself pasted into it, by any way."""
    todo = [name for node in nodes if (name := module_name(node.block)) is not None]
    seen = set()
    for name in todo:
        if graph_key and name == graph_key:
            return Problem(
                "recursive-module",
                "A module must not contain itself",
                f"what is pasted contains '{graph_key}'",
                "Paste it elsewhere.",
            )
        module = new.get(name) or document.modules.get(name)
        if module is not None and name not in seen:
            seen.add(name)
            todo += [inner for node in module.graph if (inner := module_name(node.block)) is not None]
    return None
