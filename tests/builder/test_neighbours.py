"""What a selection grows to along the wires."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.architectures import ARCHITECTURES
from builder.graph import Edge, Graph, Node
from builder.neighbours import connected, fed, feeding
from tests.strategies import graphs


@given(graphs(), st.data())
def test_as_networkx_has_it(graph: Graph, data: st.DataObject) -> None:
    ids = [node.id for node in graph]
    chosen = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
    parts = list(nx.weakly_connected_components(graph.networkx))
    expected = set().union(*(part for part in parts if part & set(chosen)))
    assert connected(graph, chosen) == [node_id for node_id in ids if node_id in expected]
    before = {edge.source for edge in graph.edges() if edge.target in chosen} - set(chosen)
    after = {edge.target for edge in graph.edges() if edge.source in chosen} - set(chosen)
    assert feeding(graph, chosen) == [node_id for node_id in ids if node_id in before]
    assert fed(graph, chosen) == [node_id for node_id in ids if node_id in after]


def test_growing_on_and_on_reaches_what_is_fed() -> None:
    graph = ARCHITECTURES["lenet5"].build().network
    chosen = ["n1"]
    while found := fed(graph, chosen):
        chosen += found
    assert set(chosen) == {node.id for node in graph}


@pytest.mark.parametrize("loops", [False, True])
def test_circles_end(loops: bool) -> None:
    graph = Graph()
    for name in "abc":
        graph.add_node(Node(name, name, "add"))
    graph.connect(Edge("a", "y", "b", "0"))
    if loops:
        graph.connect(Edge("b", "y", "a", "0"))
    assert connected(graph, ["a"]) == ["a", "b"]
