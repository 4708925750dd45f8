"""Repairs: each one that is proposed removes its problem, and says what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.analysis import analyze
from builder.document import Document
from builder.edits import apply_all
from builder.errors import Address, Problem
from builder.fixes import Proposal, proposals
from builder.graph import Edge, Graph, Node


def _chain(*blocks: tuple[str, dict[str, Any]], wires: tuple[tuple[str, str, str], ...] = ()) -> Document:
    """A chain ``n0``, ``n1`` …, one wire to the next, and further wires (source, target, port)."""
    graph = Graph()
    for index, (block, parameters) in enumerate(blocks):
        graph.add_node(Node(f"n{index}", f"{block}_{index}", block, parameters, (248.0 * index, 0.0)))
    for index, (block, _) in enumerate(blocks[1:], 1):
        graph.connect(Edge(f"n{index - 1}", "y", f"n{index}", "0" if block in ("add", "concat") else "x"))
    for source, target, port in wires:
        graph.connect(Edge(source, "y", target, port))
    return Document("tried", graph)


def _problem(document: Document, code: str) -> Problem:
    return next(problem for problem in analyze(document).problems if problem.code == code)


def _proposed(document: Document, code: str) -> dict[str, Proposal]:
    problem = _problem(document, code)
    found = {proposal.id: proposal for proposal in proposals(document, analyze(document), problem)}
    for proposal in found.values():
        copy = document.copy()
        apply_all(copy, proposal.edits)
        left = [
            p
            for p in analyze(copy).problems
            if (p.code, p.address, p.port) == (code, problem.address, problem.port)
        ]
        assert not [p for p in left if p.message == problem.message], proposal.label
    return found


def _residual(channels: int, out: int, size: int, stride: int) -> Document:
    conv = {"out_channels": out, "kernel_size": 3, "stride": stride, "padding": 1, "bias": False}
    return _chain(
        ("input", {"shape": [channels, size, size]}),
        ("conv", conv),
        ("batch_norm", {}),
        ("add", {}),
        ("output", {}),
        wires=(("n0", "n3", "1"),),
    )


def test_a_projection_costs_what_the_formula_says() -> None:
    found = _proposed(_residual(64, 128, 56, 2), "add-shapes-differ")
    assert found["insert-projection"].effect.split(" · ") == [
        "+8,448 parameters",  # 64·128 weights, 2·128 of the norm
        "+12.8 MFLOPs",  # 2 · 64·128 · 28·28
        "receptive field unchanged",
    ]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(4, 20), st.integers(1, 3))
def test_every_mismatched_shortcut_has_a_repair_that_works(
    channels: int, out: int, size: int, stride: int
) -> None:
    document = _residual(channels, out, size, stride)
    if analyze(document).ok:
        return
    assert "insert-projection" in _proposed(document, "add-shapes-differ")


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(1, 6), st.integers(1, 3))
def test_a_kernel_that_does_not_fit_shrinks_or_gets_padding(kernel: int, size: int, dilation: int) -> None:
    document = _chain(
        ("input", {"shape": [1, size, size]}),
        ("conv", {"kernel_size": kernel, "dilation": dilation}),
        ("output", {}),
    )
    if analyze(document).ok:
        return
    assert {"shrink-kernel", "pad-more"} <= set(_proposed(document, "kernel-too-large"))


def test_a_linear_layer_after_a_map_gets_a_flatten_or_a_pool() -> None:
    document = _chain(("input", {"shape": [4, 5, 5]}), ("linear", {}), ("output", {}))
    assert set(_proposed(document, "wrong-rank")) == {"insert-flatten", "insert-global-pool"}


def test_an_unconnected_input_is_joined_to_the_nearest_node_that_fits() -> None:
    document = _chain(("input", {}), ("conv", {}), ("output", {}))
    graph = document.network
    graph.disconnect(Edge("n0", "y", "n1", "x"))
    assert _proposed(document, "unconnected")["connect-nearest"].label == "Connect input_0"


def test_parameters_go_or_return_to_their_default() -> None:
    document = _chain(("input", {}), ("conv", {"kernal": 3, "groups": 5}), ("output", {}))
    assert _proposed(document, "unknown-parameter")["remove-parameter"].label == "Remove kernal"
    document = _chain(("input", {}), ("conv", {"groups": 5}), ("output", {}))
    assert "reset-groups" in _proposed(document, "groups-do-not-divide")


@pytest.mark.parametrize("missing", ["input", "output"])
def test_a_network_without_ends_gets_them(missing: str) -> None:
    blocks = [("input", {}), ("relu", {}), ("output", {})]
    document = _chain(*[each for each in blocks if each[0] != missing])
    assert f"add-{missing}" in _proposed(document, f"no-{missing}")


def test_branches_of_different_sizes_are_subsampled_before_a_concat() -> None:
    document = _chain(
        ("input", {"shape": [3, 16, 16]}),
        ("max_pool", {}),
        ("concat", {}),
        ("output", {}),
        wires=(("n0", "n2", "1"),),
    )
    assert "subsample" in _proposed(document, "concat-sizes-differ")


def test_the_last_linear_gets_as_many_outputs_as_there_are_classes() -> None:
    document = _chain(
        ("input", {"shape": [8]}), ("linear", {"out_features": 7}), ("relu", {}), ("output", {})
    )
    problem = Problem(
        "class-count",
        "A network needs as many outputs as the data has classes",
        "the network brings 7, 'Digits' has 10 classes",
        address=Address("", ""),
    )
    for proposal in proposals(document, analyze(document), problem):
        copy = document.copy()
        apply_all(copy, proposal.edits)
        assert analyze(copy).output_shapes == [(10,)]
    assert [p.label for p in proposals(document, analyze(document), problem)] == [
        "linear_1: 10 outputs",
        "Insert Linear(10)",
    ]


def test_what_is_no_vector_of_scores_gets_an_end_that_is() -> None:
    document = _chain(("input", {"shape": [3, 8, 8]}), ("conv", {"out_channels": 4}), ("output", {}))
    problem = Problem(
        "class-count", "Scores", "4×6×6, 10 classes", address=Address("", "n2"), path="output_2"
    )
    (proposal,) = proposals(document, analyze(document), problem)
    assert proposal.label == "Insert Flatten and Linear(10)"
    apply_all(document, proposal.edits)
    assert analyze(document).output_shapes == [(10,)]


@pytest.mark.parametrize(("stride", "label"), [(2, "Pad and subsample"), (1, "Pad channels")])
def test_a_narrower_shortcut_is_padded_with_zeros_without_parameters(stride: int, label: str) -> None:
    document = _residual(8, 21, 16, stride)
    proposal = _proposed(document, "add-shapes-differ")["pad-and-subsample"]
    assert proposal.label == label
    assert proposal.effect == "no parameters, no FLOPs · receptive field unchanged"
    before = analyze(document).totals.parameters
    apply_all(document, proposal.edits)
    after = analyze(document)
    assert after.ok
    assert after.totals.parameters == before
    assert not [p for p in after.problems if p.code == "branches-misaligned"]
    assert "pad-and-subsample" not in _proposed(_residual(8, 4, 16, 2), "add-shapes-differ")


def test_a_shortcut_of_the_same_channels_is_subsampled_without_parameters() -> None:
    document = _residual(8, 8, 16, 2)
    proposal = _proposed(document, "add-shapes-differ")["subsample"]
    assert proposal.label == "Subsample"
    assert proposal.effect == "no parameters, no FLOPs · receptive field unchanged"
    assert "subsample" not in _proposed(_residual(4, 8, 16, 2), "add-shapes-differ")


def test_a_problem_of_a_node_that_is_gone_has_no_repair() -> None:
    document = _residual(2, 3, 8, 1)
    problem, analysis = _problem(document, "add-shapes-differ"), analyze(document)
    assert not proposals(Document(), analysis, problem)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(4, 12), min_size=2, max_size=4), st.booleans())
def test_maps_of_any_size_are_cropped_or_padded_to_be_stacked(sizes: list[int], deep: bool) -> None:
    graph = Graph()
    shape = [3, 16, 16, 16] if deep else [3, 16, 16]
    graph.add_node(Node("i", "input", "input", {"shape": shape}))
    graph.add_node(Node("c", "concat", "concat", {}, (496.0, 0.0)))
    graph.add_node(Node("o", "output", "output", {}, (744.0, 0.0)))
    graph.connect(Edge("c", "y", "o", "x"))
    for number, size in enumerate(sizes):
        node = Node(f"n{number}", f"conv{number}", "conv", {"kernel_size": 17 - size}, (248.0, 96.0 * number))
        graph.add_node(node)
        graph.connect(Edge("i", "y", node.id, "x"))
        graph.connect(Edge(node.id, "y", "c", str(number)))
    document = Document("tried", graph)
    if len(set(sizes)) == 1:
        return
    found = _proposed(document, "concat-sizes-differ")
    for name, wanted in (("crop-to-match", min(sizes)), ("pad-to-match", max(sizes))):
        mended = document.copy()
        apply_all(mended, found[name].edits)
        analysis = analyze(mended)
        assert analysis.ok
        assert analysis.output_shapes[0][1:] == (wanted,) * (len(shape) - 1)
        places = [node.position for node in mended.network]
        assert len(set(places)) == len(places)
