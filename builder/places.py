"""Where one is in a document: graphs by the names of the module nodes that lead into them."""

from __future__ import annotations

from builder.document import Document
from builder.errors import ConvolabError
from builder.graph import Graph, Node
from builder.names import counted, numbered


def locate(document: Document, instance: tuple[str, ...]) -> Graph:
    """The graph entered through these names (path segments); raises ConvolabError where there is no such place."""
    graph = document.network
    for segment in instance:
        node = node_of(graph, segment)
        module = None if node is None else document.module_of(node.block)
        if module is None:
            raise ConvolabError(f"there is no module instance {'.'.join(instance)!r}")
        graph = module.graph
    return graph


def place_of(document: Document, key: str) -> tuple[str, ...] | None:
    """The nearest instance through which the graph of this key is entered; None if it is placed nowhere."""
    waiting: list[tuple[Graph, tuple[str, ...]]] = [(document.network, ())]
    met = {""}
    for graph, instance in waiting:
        if graph.key == key:
            return instance
        for node in graph:
            module = document.module_of(node.block)
            if module is not None and module.name not in met:
                met.add(module.name)
                waiting.append((module.graph, (*instance, node.name)))
    return None


def node_of(graph: Graph, segment: str) -> Node | None:
    """The node of a path's segment: by its name, or the repeated node that the segment is a stage of."""
    if (node := graph.by_name(segment)) is not None:
        return node
    stem, dot, number = segment.rpartition(".")
    if dot and number.isdigit():
        return graph.by_name(stem)
    text = segment.rstrip("0123456789")
    if text == segment:
        return None
    alike = {node.id: found[1] for node in graph if (found := numbered(node.name)) and found[0] == text}
    place = int(segment[len(text) :])
    before = [node_id for node_id, number in alike.items() if number <= place]
    if not before:
        return None
    first = graph.node(max(before, key=alike.__getitem__))
    # What a counted name stands for hangs on what is there before it: the nearest is the best guess.
    within = isinstance(first.repeat, str) or place < alike[first.id] + first.repeat
    return first if within or counted(first.name) else None
