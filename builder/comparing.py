"""Documents side by side: of what they differ in, a row each, with how each of them has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from builder.blocks import block_class
from builder.document import Document, module_name
from builder.figures import count
from builder.graph import Graph, Node
from builder.names import natural_key

#: What is written where something is not there.
ABSENT = "–"
#: So much of a value is written.
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Row:
    """What one thing is for each of several: ``key`` names it for programs, ``label`` for people.

    ``values`` are plain values, None where there is none; ``texts`` are the same in words.
    """

    key: str
    label: str
    values: tuple[Any, ...]
    texts: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether they are not all alike; 1 and 1.0 are, 1 and true are not."""
        return len({written(value) for value in self.values}) > 1


def row(
    key: str, values: Sequence[Any], label: str | None = None, say: Callable[[Any], str] | None = None
) -> Row:
    """A row of these values; ``say`` tells one that is there in words."""
    say = say or written
    texts = (ABSENT if value is None else say(value)[:_LONGEST] for value in values)
    return Row(key, key if label is None else label, tuple(values), tuple(texts))


def written(value: Any) -> str:
    """A plain value in words: ``0.1``, ``3×5``, ``on``; other things as JSON."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple) and value and all(type(part) is int for part in value):
        return "×".join(map(str, value))
    return json.dumps(value, ensure_ascii=False, default=str)


def differing(
    sections: Sequence[Mapping[str, Any]], labels: Mapping[str, str] | None = None
) -> tuple[Row, ...]:
    """The keys of several objects whose values differ, in the order in which they come."""
    labels = labels or {}
    rows = (row(key, [section.get(key) for section in sections], labels.get(key)) for key in _union(sections))
    return tuple(found for found in rows if found.differs)


def compare_networks(documents: Sequence[Document]) -> tuple[Row, ...]:
    """What differs between networks and the modules they are made of; nodes are the same where their names are.

    A node that not all have, or that is another block, is one row (``conv1``) that says what it is in each; of others
    there is a row for each parameter (``conv1.stride``), count of repeats, condition, and for what it is fed by
    (``conv1.from``). Nodes of modules have the module's name before theirs (``BasicBlock/conv1``).
    """
    rows: list[Row] = []
    graphs = [{graph.key: graph for graph in document.graphs()} for document in documents]
    for key in _union(graphs):
        mine = [found.get(key) for found in graphs]
        prefix = f"{key}/" if key else ""
        if key:
            rows += _module_rows(key, documents)
        if None not in mine or not key:
            rows += _graph_rows(prefix, [graph for graph in mine if graph is not None], documents)
    return tuple(found for found in rows if found.differs)


def _union(parts: Iterable[Iterable[str]]) -> list[str]:
    """Every key once, in the order in which they come."""
    return list(dict.fromkeys(key for part in parts for key in part))


def _module_rows(key: str, documents: Sequence[Document]) -> list[Row]:
    """Whether a module is there, and what its parameters are by default."""
    modules = [document.modules.get(key) for document in documents]
    if None in modules:
        sizes = [None if module is None else len(module.graph) for module in modules]
        return [row(f"module:{key}", sizes, f"module {key}", lambda size: count(size, "node"))]
    defaults = [{p.name: p.default for p in module.parameters} for module in modules if module is not None]
    return [
        row(f"{key}({name})", [part.get(name) for part in defaults], f"{key} · {name}")
        for name in _union(defaults)
    ]


def _graph_rows(prefix: str, graphs: Sequence[Graph], documents: Sequence[Document]) -> list[Row]:
    rows: list[Row] = []
    by_name = [{node.name: node for node in graph} for graph in graphs]
    for name in _union(by_name):
        nodes = [found.get(name) for found in by_name]
        there = [node for node in nodes if node is not None]
        key = f"{prefix}{name}"
        if len(there) < len(nodes) or len({node.block for node in there}) > 1:
            rows.append(row(key, [None if node is None else describe(node) for node in nodes]))
            continue
        values = [_values(node, document) for node, document in zip(there, documents, strict=True)]
        rows += [
            row(f"{key}.{part}", [found.get(part) for found in values], f"{key} · {part}")
            for part in _union(values)
        ]
        sources = [_sources(graph, node) for graph, node in zip(graphs, there, strict=True)]
        rows.append(row(f"{key}.from", sources, f"{key} · from", ", ".join))
    return rows


def describe(node: Node) -> str:
    """What a node is: ``Conv 5×5 · 16``, or its module or block with what it was given."""
    block = block_class(node.block)
    if block is None:
        given = (f"{name} {written(value)}" for name, value in node.parameters.items())
        return " · ".join([module_name(node.block) or node.block, *given])
    if block.check(node.parameters):  # expressions, of which only a placed module knows the values
        return block.title
    summary = block.create(node.parameters).summary()
    return block.title if summary.casefold() == block.title.casefold() else f"{block.title} {summary}"


def _values(node: Node, document: Document) -> dict[str, Any]:
    """Everything that a node is set to, stock values too."""
    block, module = block_class(node.block), document.module_of(node.block)
    values: dict[str, Any] = {}
    if block is not None:
        values = {name: parameter.default for name, parameter in block.parameters().items()}
    elif module is not None:
        values = {parameter.name: parameter.default for parameter in module.parameters}
    values = {**values, **node.parameters}
    return {
        **{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
        "repeat": node.repeat,
        "when": node.when,
    }


def _sources(graph: Graph, node: Node) -> list[str]:
    """The names of what feeds a node, in the order of its inputs; of several outputs with the one that does."""
    found = []
    incoming = graph.incoming(node.id)
    for port in sorted(incoming, key=natural_key):
        edge = incoming[port]
        source = graph.node(edge.source)
        block = block_class(source.block)
        first = block is None or block.outputs_of(source.parameters)[:1] == (edge.source_port,)
        found.append(source.name if first else f"{source.name}.{edge.source_port}")
    return found
