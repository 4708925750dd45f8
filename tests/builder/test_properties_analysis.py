"""The analysis after any edits, of any document: the same as one made from scratch, and never an exception."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from builder.analysis import Analysis, analyze
from builder.blocks import REGISTRY
from builder.document import Document
from builder.errors import ConvolabError
from builder.graph import Edge, Graph, Node
from builder.writing import write_document
from tests.block_strategies import TAKING, parameters_of
from tests.network_strategies import documents
from tests.oracles.cases import examples


def everything(analysis: Analysis) -> dict[str, Any]:
    """All that an analysis says, views of module instances and explanations included."""
    views: dict[str, Any] = {}
    pending: list[tuple[str, ...]] = [()]
    while pending:
        instance = pending.pop()
        try:
            view = analysis.view(instance)
        except ConvolabError:
            continue  # bypassed, or this is not how a stage of it is called
        views["/".join(instance)] = [
            (key, report.to_json(), report.block_title, report.summary, report.explain())
            for key, report in sorted(view.reports.items())
        ]
        placed = [node for node in view.graph if node.block.startswith("module:")]
        pending += [
            (*instance, name) for node in placed for name in (node.name, f"{node.name}.0", f"{node.name}.1")
        ]
    return {"said": analysis.to_json(), "views": views, "problems": analysis.problems}


@given(documents(), st.data())
@examples(0.5)
def test_incremental_analysis_is_analysis_from_scratch(document: Document, data: st.DataObject) -> None:
    analysis = analyze(document)
    for _ in range(data.draw(st.integers(1, 6))):
        edited = data.draw(st.sampled_from([graph.key for graph in document.graphs()]))
        note(data.draw(_edits(document.graph(edited))))
        if data.draw(st.integers(0, 2)):  # several edits may come between two analyses
            analysis = analyze(document, previous=analysis)
    analysis = analyze(document, previous=analysis)
    note(write_document(document))
    fresh = analyze(document.copy())
    assert json.dumps(analysis.to_json()) == json.dumps(fresh.to_json())
    assert everything(analysis) == everything(fresh)


@st.composite
def _edits(draw: st.DrawFn, graph: Graph) -> str:
    """Does one of the five operations, sensible or not, and says what it did."""
    nodes, edges = list(graph), list(graph.edges())
    kind = draw(st.sampled_from(("parameters", "parameters", "condition", "rename", "add", "connect", "disconnect",
                                 "remove", "move")))  # fmt: skip
    node = draw(st.sampled_from(nodes)) if nodes else None
    if kind == "add" or node is None:
        block = draw(st.sampled_from([*TAKING, "output", "input", "acme.unknown", "module:Missing"]))
        graph.add_node(Node(graph.unused_id(), graph.unused_name("added"), block))
        return f"{graph.key!r}: add {block}"
    if kind == "disconnect" and edges:
        edge = draw(st.sampled_from(edges))
        graph.disconnect(edge)
        return f"{graph.key!r}: disconnect {edge}"
    if kind == "connect":
        source = draw(st.sampled_from(nodes))
        free = [port for port in ("x", "0", "1", "2", "input", "a") if port not in graph.incoming(node.id)]
        edge = Edge(
            source.id, draw(st.sampled_from(("y", "y", "output"))), node.id, draw(st.sampled_from(free))
        )
        graph.connect(edge)  # cycles and all
        return f"{graph.key!r}: connect {edge}"
    if kind == "remove":
        for edge in [edge for edge in edges if node.id in (edge.source, edge.target)]:
            graph.disconnect(edge)
        graph.remove_node(node.id)
        return f"{graph.key!r}: remove {node.name}"
    changed = Node(node.id, node.name, node.block, node.parameters, node.position, node.when, node.repeat)
    if kind == "parameters" and node.block in REGISTRY:
        parameters = draw(parameters_of(REGISTRY[node.block], draw(st.integers(1, 3))))
        changed = Node(node.id, node.name, node.block, parameters, node.position, node.when, node.repeat)
    elif kind == "condition":
        when = draw(st.sampled_from((None, "1 == 2", "in_channels > 2", "nonsense", "width > 2")))
        repeat = draw(st.sampled_from((1, 2, 0, "=in_channels", "=depth")))
        changed = Node(node.id, node.name, node.block, node.parameters, node.position, when, repeat)
    elif kind == "rename":
        name = graph.unused_name("renamed")
        changed = Node(node.id, name, node.block, node.parameters, node.position, node.when, node.repeat)
    elif kind == "move":
        changed = Node(node.id, node.name, node.block, node.parameters, (3.0, 4.0), node.when, node.repeat)
    graph.replace_node(changed)
    return f"{graph.key!r}: {kind} of {node.name}: {changed}"


@given(documents())
@examples(0.3)
def test_reports_of_the_leaves_add_up(document: Document) -> None:
    note(write_document(document))
    analysis = analyze(document, batch=2)
    leaves, totals = analysis.leaves(), analysis.totals
    assert sum(leaf.parameters for leaf in leaves) == totals.parameters
    assert sum(leaf.buffers for leaf in leaves) == totals.buffers
    assert sum(leaf.macs for leaf in leaves) == totals.macs
    assert sum(leaf.activation_bytes for leaf in leaves) == totals.activation_bytes
    top = analysis.view().reports.values()
    live = [report for report in top if not any(p.code == "goes-nowhere" for p in report.problems)]
    assert sum(report.parameters for report in live) == totals.parameters
    assert sum(report.macs for report in live) == totals.macs


@given(documents(), st.integers(1, 4), st.integers(3, 30))
@examples(0.2)
def test_another_input_shape_is_that_of_an_edited_input(document: Document, channels: int, size: int) -> None:
    node = next(node for node in document.network if node.block == "input")
    shape = (channels, *(size,) * (len(node.parameters["shape"]) - 1))
    asked = analyze(document, input_shape=shape)
    document.network.replace_node(node.with_parameters(shape=list(shape)))
    note(write_document(document))
    edited = analyze(document)
    assert [leaf.output_shapes for leaf in asked.leaves()] == [leaf.output_shapes for leaf in edited.leaves()]
    assert asked.totals == edited.totals
    assert asked.problems == edited.problems
