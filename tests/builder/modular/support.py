"""What tests of modules share: small networks, and edits done as one step that can be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from builder.document import Document
from builder.edits import Edit
from builder.errors import Problem
from builder.graph import Graph
from builder.history import History
from builder.modular import Outcome
from builder.reading import read_document
from builder.sketch import Sketch
from builder.writing import write_document


def chain(graph: Graph | None = None) -> Sketch:
    """input → conv → bn → relu → pool → conv2 → output."""
    net = Sketch(graph)
    x = net.input((3, 32, 32) if not net.graph.key else None)
    x = net.add("conv", "conv", x, out_channels=8, kernel_size=3, padding=1)
    x = net.add("bn", "batch_norm", x)
    x = net.add("relu", "relu", x)
    x = net.add("pool", "max_pool", x, kernel_size=2)
    net.output(net.add("conv2", "conv", x, out_channels=16, kernel_size=1))
    return net


def ids(graph: Graph, *names: str) -> list[str]:
    """The ids of nodes by their names."""
    found = [graph.by_name(name) for name in names]
    return [node.id for node in found if node is not None]


def wires(document: Document, key: str = "") -> set[str]:
    """Every wire of a graph: ``conv.y > bn.x``."""
    graph = document.graph(key)
    names = {node.id: node.name for node in graph}
    return {f"{names[e.source]}.{e.source_port} > {names[e.target]}.{e.target_port}" for e in graph.edges()}


def done(document: Document, outcome: Outcome | Sequence[Edit] | Problem) -> Document:
    """The document after the edits, which can be taken back and done again, and be saved and read."""
    assert not isinstance(outcome, Problem), outcome.message
    before, history = write_document(document), History(document)
    history.perform("act", outcome.edits if isinstance(outcome, Outcome) else outcome)
    after = write_document(document)
    history.undo()
    assert write_document(document) == before
    history.redo()
    assert write_document(document) == after
    read = read_document(after)
    assert isinstance(read, Document), read
    return document
