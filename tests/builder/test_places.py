"""Places: every graph is found by the names that lead into it, and the nearest way into each is found."""

from __future__ import annotations

import pytest

from builder.architectures import ARCHITECTURES
from builder.document import Document, Module
from builder.errors import ConvolabError
from builder.graph import Graph, Node
from builder.places import locate, node_of, place_of


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_place_of_a_graph_leads_to_it(name: str) -> None:
    document = ARCHITECTURES[name].build()
    for graph in document.graphs():
        place = place_of(document, graph.key)
        assert place is not None
        assert locate(document, place) is graph


def test_a_module_that_is_placed_nowhere_has_no_place() -> None:
    document = Document(modules=[Module("Lonely", graph=Graph("Lonely"))])
    assert place_of(document, "Lonely") is None
    assert place_of(document, "Missing") is None


@pytest.mark.parametrize("instance", [("conv1",), ("nowhere",), ("layer1", "0", "conv1")])
def test_there_is_no_way_into_what_is_no_module(instance: tuple[str, ...]) -> None:
    with pytest.raises(ConvolabError, match="no module instance"):
        locate(ARCHITECTURES["resnet18"].build(), instance)


def test_stages_belong_to_the_node_that_is_repeated() -> None:
    graph = Graph()
    for node_id, name, repeat in (("a", "0", 1), ("b", "3", 3), ("c", "6", 1), ("d", "block", 2)):
        graph.add_node(Node(node_id, name, "relu", repeat=repeat))
    found = {
        segment: node_of(graph, segment) for segment in ("0", "1", "3", "5", "6", "7", "block.1", "conv")
    }
    ids = {segment: None if node is None else node.id for segment, node in found.items()}
    assert ids == {"0": "a", "1": None, "3": "b", "5": "b", "6": "c", "7": None, "block.1": "d", "conv": None}
