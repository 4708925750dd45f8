"""Modules made and opened up in random networks: the same figures, and from the same weights the same numbers.

Keys of the state_dict get a name in front, or lose it; no others change.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeAlias

import networkx as nx
import torch
from hypothesis import assume, event, given, note
from hypothesis import strategies as st

from builder.analysis import Analysis, analyze
from builder.analysis.values import GraphAnalysis
from builder.analysis.wiring import wiring_of
from builder.document import Document
from builder.edits import AddNode, Batch, Edit
from builder.errors import Problem
from builder.expressions import INPUT_CHANNELS
from builder.graph import Graph
from builder.modular import group, ungroup
from builder.modular.rewriting import names_of
from builder.writing import write_document
from runtime.compile import build
from tests.network_strategies import documents
from tests.oracles.cases import examples
from tests.oracles.documents import Interpreted

#: A leaf by the nodes one passes on the way to it: graph, id, and which of its repeats.
Way: TypeAlias = tuple[tuple[str, str, int], ...]


@st.composite
def graphs(draw: st.DrawFn, document: Document) -> Graph:
    """The network, or a module that is placed in it."""
    placed = [key for way in ways(analyze(document)) for key, _, _ in way]
    return document.graph(draw(st.sampled_from(sorted(set(placed)))))


@st.composite
def selections(draw: st.DrawFn, graph: Graph) -> list[str]:
    """Nodes that no way leads out of and into again, of those that reach an output."""
    live = wiring_of(graph).live
    blocks = [node.id for node in graph if node.block not in ("input", "output") and node.id in live]
    assume(blocks)
    picked = set(draw(st.lists(st.sampled_from(blocks), min_size=1, max_size=3, unique=True)))
    behind = picked.union(*(nx.descendants(graph.networkx, node_id) for node_id in picked))
    before = picked.union(*(nx.ancestors(graph.networkx, node_id) for node_id in picked))
    return [node.id for node in graph if node.id in behind & before]


def ways(analysis: Analysis) -> dict[Way, str]:
    """The path of each leaf, by the way to it."""
    found: dict[Way, str] = {}

    def walk(inside: GraphAnalysis, way: Way, path: tuple[str, ...]) -> None:
        for node_id, result in inside.results.items():
            for number, stage in enumerate(result.stages):
                here = (*way, (inside.graph.key, node_id, number)), (*path, stage.segment)
                if stage.inner is not None:
                    walk(stage.inner, *here)
                elif not path or result.node.block not in ("input", "output"):
                    found[here[0]] = ".".join(here[1])

    walk(analysis.root, (), ())
    return found


@dataclass
class Check:
    """A network before an edit that must change nothing but the ways to its leaves."""

    document: Document

    def __post_init__(self) -> None:
        self.before, self.text = analyze(self.document), write_document(self.document)
        self.model = build(self.document).eval()

    def performs(self, edits: tuple[Edit, ...], moved: Callable[[Way], Way]) -> dict[str, str]:
        """Do it, look, and take it back; the new paths by the old ones."""
        undo = self.document.apply(Batch(edits))
        note(write_document(self.document))
        after = analyze(self.document)
        assert after.ok, after.problems
        assert asdict(after.totals) == asdict(self.before.totals)
        assert after.output_shapes == self.before.output_shapes
        now = ways(after)
        paths = {path: now.pop(moved(way)) for way, path in ways(self.before).items()}
        assert not now
        weights = {_renamed(key, paths): value for key, value in self.model.state_dict().items()}
        model = build(self.document).eval()
        model.load_state_dict(weights)
        assert Interpreted(self.document).state_dict().keys() == weights.keys()
        inputs = [torch.randn(2, *shape) for shape in self.before.input_shapes if shape is not None]
        with torch.no_grad():
            torch.testing.assert_close(model(*inputs), self.model(*inputs), rtol=0, atol=0)
        self.document.apply(undo)
        assert write_document(self.document) == self.text
        return paths


def _renamed(key: str, paths: dict[str, str]) -> str:
    """A key under the new path of the leaf it belongs to."""
    parts = key.split(".")
    beginnings = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    path = next(beginning for beginning in beginnings if beginning in paths)
    return paths[path] + key[len(path) :]


@given(documents(), st.data())
@examples(0.6)
def test_grouping_changes_nothing_but_the_beginning_of_keys(document: Document, data: st.DataObject) -> None:
    graph = data.draw(graphs(document))
    ids = data.draw(selections(graph))
    note(
        f"group {[graph.node(node_id).name for node_id in ids]} of {graph.key!r}: {write_document(document)}"
    )
    check = Check(document)
    outcome = group(document, graph.key, ids, "Grouped")
    if isinstance(outcome, Problem):
        event("refused")
        assert outcome.code == "name-counts"
        assert any(node.name.endswith("}") for node in graph)
        return
    (new,) = outcome.ids

    def inside(way: Way) -> Way:
        found: Way = ()
        for key, node_id, number in way:
            chosen = key == graph.key and node_id in ids
            found += ((key, new, 0), ("Grouped", node_id, number)) if chosen else ((key, node_id, number),)
        return found

    before = ways(check.before)
    name = next(edit.node.name for edit in outcome.edits if isinstance(edit, AddNode))
    paths = check.performs(outcome.edits, inside)
    for way, path in before.items():
        if any(key == graph.key and node_id in ids for key, node_id, _ in way):
            assert paths[path] != path
            assert paths[path].replace(f"{name}.", "", 1) == path
        else:
            assert paths[path] == path


@given(documents(), st.data())
@examples(0.6)
def test_what_was_grouped_and_is_opened_up_again_is_as_it_was(
    document: Document, data: st.DataObject
) -> None:
    graph = data.draw(graphs(document))
    ids = data.draw(selections(graph))
    counts = any(node.name.endswith("}") for node in graph)
    channels = any(INPUT_CHANNELS in names_of(graph.node(node_id)) for node_id in ids)
    text = _drawn_anywhere(document)
    outcome = group(document, graph.key, ids, "Grouped")
    assume(not isinstance(outcome, Problem))
    assert not isinstance(outcome, Problem)
    document.apply(Batch(outcome.edits))
    note(write_document(document))
    opened = ungroup(document, graph.key, outcome.ids[0])
    assert not isinstance(opened, Problem), opened
    assert sorted(opened.ids) == sorted(ids)
    document.apply(Batch(opened.edits))
    assert "Grouped" not in document.modules
    if not counts and not channels:
        assert _drawn_anywhere(document) == text
    assert analyze(document).ok


def _drawn_anywhere(document: Document) -> str:
    """The document without the places of its nodes: where some lie upon others, room is made."""
    return re.sub(r', "position": \[[^]]*\]', "", write_document(document))


@given(documents(), st.data())
@examples(0.8)
def test_an_instance_opened_up_does_what_it_did(document: Document, data: st.DataObject) -> None:
    graph = data.draw(graphs(document))
    instances = [node for node in graph if document.module_of(node.block) is not None]
    assume(instances)
    node = data.draw(st.sampled_from(instances))
    note(f"ungroup {node.name} of {graph.key!r}: {write_document(document)}")
    check = Check(document)
    outcome = ungroup(document, graph.key, node.id)
    if isinstance(outcome, Problem):
        event(outcome.code)
        allowed = {"repeated-instance": node.repeat != 1, "conditional-instance": node.when is not None}
        assert allowed.get(outcome.code, outcome.code == "cannot-substitute" and bool(graph.key))
        return
    module = document.module_of(node.block)
    assert module is not None
    inner = [one.id for one in module.graph if one.block not in ("input", "output")]
    ids = dict(zip(inner, outcome.ids, strict=True))

    def outside(way: Way) -> Way:
        found: Way = ()
        for key, node_id, number in way:
            if found[-1:] == ((graph.key, node.id, 0),):
                found = (*found[:-1], (graph.key, ids[node_id], number))
            else:
                found += ((key, node_id, number),)
        return found

    check.performs(outcome.edits, outside)
