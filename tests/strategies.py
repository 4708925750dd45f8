"""Hypothesis strategies for what tests everywhere need: names, JSON values, graphs, documents, edits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from builder.document import Document, Module, ModuleParameter
from builder.edits import (
    AddModule,
    AddNode,
    Batch,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveModule,
    RemoveNode,
    ReplaceNode,
    SetFrames,
    SetModuleDescription,
    SetModuleParameters,
    SetName,
    SetSettings,
)
from builder.graph import Edge, Graph, Node
from builder.names import check_module_name, check_name, check_parameter_name, normalise

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_PORTS = st.sampled_from(["x", "y", "0", "1", "signal"])
_BLOCKS = ["input", "output", "conv", "relu", "add", "concat", "linear", "acme.unknown", "module:Not-there"]


#: For properties of whole documents, which take long to draw: a quarter of the profile's examples.
few = settings(max_examples=max(10, settings().max_examples // 4))


def names(in_chain: bool = True) -> st.SearchStrategy[str]:
    """Names that nodes may have."""
    plain = st.sampled_from(
        ["conv1", "bn", "fc", "input", "x", "y", "größe", *(["0", "block1-0"] * in_chain)]
    )
    return plain | _words().map(
        lambda word: word if check_name(word, in_chain=in_chain) is None else f"n{len(word)}"
    )


def module_names() -> st.SearchStrategy[str]:
    """Names that modules may have."""
    return st.sampled_from(["Block", "Stage", "Bottleneck", "A", "B2"]) | _words().map(
        lambda word: word.title() if check_module_name(word.title()) is None else f"M{len(word)}"
    )


def _words() -> st.SearchStrategy[str]:
    return st.text(min_size=1, max_size=8).map(normalise) | st.text("abxyé_12", min_size=1, max_size=8)


def json_values() -> st.SearchStrategy[Any]:
    """What can stand as a parameter's value in a file."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(10**17), 10**17)
        | st.floats(allow_nan=False, allow_infinity=False)
        | _TEXT
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
        max_leaves=4,
    )


def json_objects() -> st.SearchStrategy[dict[str, Any]]:
    """Settings, or the parameters of a block nobody knows."""
    return st.dictionaries(_TEXT, json_values(), max_size=2)


def parameters() -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of a node: some that blocks know, some that nobody does."""
    known = {
        "out_channels": st.integers(1, 512) | st.just("=4*width"),
        "kernel_size": st.integers(1, 7) | st.lists(st.integers(1, 7), min_size=2, max_size=2),
        "bias": st.booleans(),
    }
    return st.fixed_dictionaries({}, optional=known) | json_objects()


def positions() -> st.SearchStrategy[tuple[float, float]]:
    """Places on the canvas."""
    number = st.floats(-1e6, 1e6) | st.integers(-1000, 1000)
    return st.tuples(number, number)


def nodes(node_id: str, name: str, blocks: Iterable[str] = _BLOCKS) -> st.SearchStrategy[Node]:
    """Nodes with this id and name."""
    return st.builds(
        Node,
        st.just(node_id),
        st.just(name),
        st.sampled_from(list(blocks)),
        parameters(),
        positions(),
        st.none() | st.just("width > 3"),
        st.integers(1, 4) | st.just("=depth"),
        st.booleans(),
    )


def frames() -> st.SearchStrategy[tuple[dict[str, Any], ...]]:
    """Frames and notes of a graph."""
    size = st.floats(0, 1000)
    rectangle = st.tuples(*[st.floats(-1000, 1000)] * 2, size, size).map(list)
    frame = st.fixed_dictionaries(
        {"title": _TEXT, "rectangle": rectangle},
        optional={"colour": st.sampled_from(["blue", "#ff8800"]), "text": _TEXT},
    )
    return st.lists(frame, max_size=2).map(tuple)


@st.composite
def graphs(draw: st.DrawFn, key: str = "", blocks: Iterable[str] = _BLOCKS) -> Graph:
    """Graphs of up to four nodes with any wires at all, cycles included."""
    blocks = list(blocks)
    graph = Graph(key)
    for index, name in enumerate(draw(st.lists(names(), max_size=4, unique=True))):
        graph.add_node(draw(nodes(f"n{index + 1}", name, blocks)))
    ids = [node.id for node in graph]
    if ids:
        ends = st.builds(Edge, st.sampled_from(ids), _PORTS, st.sampled_from(ids), _PORTS)
        for edge in draw(st.lists(ends, max_size=5, unique_by=lambda edge: edge[2:])):
            graph.connect(edge)
    graph.frames = list(draw(frames()))
    return graph


def module_parameters() -> st.SearchStrategy[tuple[ModuleParameter, ...]]:
    """What a module declares."""
    names = st.sampled_from(["width", "stride", "depth", "größe"]) | _words().map(
        lambda word: word if check_parameter_name(word) is None else f"p{len(word)}"
    )
    one = st.builds(ModuleParameter, names, st.integers(-9, 512) | st.booleans() | st.floats(-9, 9), _TEXT)
    return st.lists(one, max_size=3, unique_by=lambda parameter: parameter.name).map(tuple)


@st.composite
def modules(draw: st.DrawFn, name: str, placeable: Iterable[str] = ()) -> Module:
    """A module of this name, which may place those named in ``placeable``."""
    blocks = [*_BLOCKS, *(f"module:{inner}" for inner in placeable)]
    return Module(name, draw(module_parameters()), draw(graphs(name, blocks)), draw(_TEXT))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Documents with up to two modules, each placing only those before it."""
    named = draw(st.lists(module_names(), max_size=2, unique=True))
    blocks = [*_BLOCKS, *(f"module:{name}" for name in named)]
    return Document(
        draw(_TEXT),
        draw(graphs("", blocks)),
        [draw(modules(name, named[:index])) for index, name in enumerate(named)],
        data=draw(json_objects()),
        training=draw(json_objects()),
        weights=draw(json_objects()),
    )


def edits(draw: st.DrawFn, document: Document, *, depth: int = 1) -> Edit:
    """An edit that fits ``document`` as it is now (to be called inside a composite or a state machine)."""
    graph = draw(st.sampled_from(list(document.graphs())))
    ids = [node.id for node in graph]
    free = [node.id for node in graph if not graph.networkx.degree(node.id)]
    wires = list(graph.edges())
    kinds = ["add", "add", "name", "settings", "frames", "add-module"]
    kinds += (
        ["move", "replace", "connect"] * bool(ids) + ["remove"] * bool(free) + ["disconnect"] * bool(wires)
    )
    kinds += ["module-parameters", "module-description", "remove-module"] * bool(document.modules)
    kinds += ["batch"] * bool(depth)
    match draw(st.sampled_from(kinds)):
        case "add":
            wish = draw(names())
            return AddNode(graph.key, draw(nodes(graph.unused_id(), graph.unused_name(wish))))
        case "remove":
            return RemoveNode(graph.key, draw(st.sampled_from(free)))
        case "move":
            chosen = draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
            return MoveNodes(graph.key, {node_id: draw(positions()) for node_id in chosen})
        case "replace":
            before = graph.node(draw(st.sampled_from(ids)))
            name = before.name if draw(st.booleans()) else graph.unused_name(draw(names()))
            return ReplaceNode(graph.key, draw(nodes(before.id, name)))
        case "connect":
            source, target = draw(st.sampled_from(ids)), draw(st.sampled_from(ids))
            port = graph_free_port(graph, target)
            return Connect(graph.key, Edge(source, draw(_PORTS), target, port))
        case "disconnect":
            return Disconnect(graph.key, draw(st.sampled_from(wires)))
        case "add-module":
            return AddModule(draw(modules(document.unused_module_name(draw(module_names())))))
        case "remove-module":
            return RemoveModule(draw(st.sampled_from(sorted(document.modules))))
        case "module-parameters":
            return SetModuleParameters(
                draw(st.sampled_from(sorted(document.modules))), draw(module_parameters())
            )
        case "module-description":
            return SetModuleDescription(draw(st.sampled_from(sorted(document.modules))), draw(_TEXT))
        case "settings":
            return SetSettings(draw(st.sampled_from(["data", "training", "weights"])), draw(json_objects()))
        case "frames":
            return SetFrames(graph.key, draw(frames()))
        case "batch":
            scratch = document.copy()
            inner = []
            for _ in range(draw(st.integers(0, 3))):
                inner.append(edits(draw, scratch, depth=depth - 1))
                scratch.apply(inner[-1])
            return Batch(tuple(inner))
        case _:
            return SetName(draw(_TEXT))


def graph_free_port(graph: Graph, node_id: str) -> str:
    """An input of a node that no wire ends at, whatever block it is."""
    number = 0
    while str(number) in graph.incoming(node_id):
        number += 1
    return str(number)
