"""Every node of a network is found by its path, where it is drawn, and nothing is found where there is nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, note

from builder.analysis import analyze
from builder.analysis.paths import drawn_at, view_at
from builder.architectures import ARCHITECTURES
from builder.document import Document
from builder.writing import write_document
from tests.network_strategies import documents
from tests.oracles.cases import examples


def _check(document: Document) -> None:
    analysis = analyze(document)
    there = [
        leaf for leaf in analysis.leaves() if not leaf.bypassed
    ]  # others may have the number of the one behind
    for leaf in there:
        found = drawn_at(analysis, leaf.path)
        assert found is not None, leaf.path
        instance, node_id = found
        view = view_at(analysis, instance)
        assert view is not None
        assert leaf.address is not None
        assert (view.graph.key, node_id) == (leaf.address.graph, leaf.address.node), leaf.path
        assert leaf.path.startswith(".".join(instance))


@given(documents())
@examples(0.5)
def test_every_node_is_found_by_its_path(document: Document) -> None:
    note(write_document(document))
    if analyze(document).ok:  # else two may be called alike
        _check(document)


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "mobilenet_v2", "unet"])
def test_every_node_of_an_architecture_is_found(name: str) -> None:
    _check(ARCHITECTURES[name].build())


@pytest.mark.parametrize("path", ["nowhere", "layer1.nowhere", "layer9.0.conv1", "layer1..0"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    analysis = analyze(ARCHITECTURES["resnet18"].build())
    assert drawn_at(analysis, path) is None
    assert view_at(analysis, (path,)) is None


def test_a_stage_that_has_gone_leads_to_the_node_it_was_of() -> None:
    analysis = analyze(ARCHITECTURES["resnet18"].build())
    conv1 = analysis.root.graph.by_name("conv1")
    assert conv1 is not None
    assert drawn_at(analysis, "conv1.0") == ((), conv1.id)
