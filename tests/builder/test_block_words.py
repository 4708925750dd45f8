"""What blocks say of themselves: formulas with the numbers put in, and the way out where something does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from builder.analysis import analyze
from builder.blocks import REGISTRY
from builder.document import Document
from builder.edits import apply_all
from builder.errors import Problem
from builder.fixes import proposals
from builder.graph import Edge, Graph, Node
from builder.sketch import Sketch

Shape = tuple[int, ...]
SHAPE = (64, 28, 14)


def _said(block_id: str, title: str, *inputs: Shape, **parameters: Any) -> tuple[str, str, str]:
    formulas = REGISTRY[block_id].create(parameters).explain(inputs or [SHAPE])
    (found,) = [formula for formula in formulas if formula.title == title]
    return found.text, found.numbers, found.result


@pytest.mark.parametrize(
    ("block_id", "parameters", "text", "numbers", "result"),
    [
        ("batch_norm", {}, "of N·H·W values for each channel", "batch · 28 · 14",
         "batch · 392 values, 64 means for the whole batch"),
        ("layer_norm", {}, "of C·H·W values for the whole sample", "64 · 28 · 14",
         "25,088 values, one mean for each sample"),
        ("layer_norm", {"over": "channels"}, "of C values for each of H·W positions", "",
         "64 values, 392 means for each sample"),
        ("layer_norm", {"over": "last"}, "of W values for each of C·H positions", "",
         "14 values, 1,792 means for each sample"),
        ("instance_norm", {}, "of H·W values for each channel of each sample", "28 · 14",
         "392 values, 64 means for each sample"),
        ("group_norm", {"num_groups": 8}, "of (C/G)·H·W values for each of 8 groups", "8 · 28 · 14",
         "3,136 values, 8 means for each sample"),
        ("group_norm", {"num_groups": 1}, "of (C/G)·H·W values for each of 1 groups", "64 · 28 · 14",
         "25,088 values, one mean for each sample"),
    ],
)  # fmt: skip
def test_norms_say_what_one_mean_is_of(
    block_id: str, parameters: dict[str, Any], text: str, numbers: str, result: str
) -> None:
    assert _said(block_id, "Mean and variance", **parameters) == (text, numbers, result)


def test_batch_norm_says_how_much_a_batch_counts() -> None:
    assert _said("batch_norm", "Running averages", momentum=0.2)[1] == "0.8 · running + 0.2 · batch"
    assert _said("batch_norm", "Running averages", momentum=None)[0] == "running += (batch − running) / n"


def test_softmax_says_how_many_sums_it_makes_of_a_map() -> None:
    assert _said("softmax", "Sums to 1")[2] == "392 sums of 64 numbers"
    assert _said("softmax", "Sums to 1", (10,))[2] == "of 10 numbers"


def _placed(block_id: str, shape: Shape, **parameters: Any) -> Document:
    graph = Graph()
    blocks: list[tuple[str, dict[str, Any]]] = [
        ("input", {"shape": list(shape)}),
        (block_id, parameters),
        ("output", {}),
    ]
    for index, (block, given) in enumerate(blocks):
        graph.add_node(Node(f"n{index}", f"{block}_{index}", block, given, (248.0 * index, 0.0)))
    graph.connect(Edge("n0", "y", "n1", "x"))
    graph.connect(Edge("n1", "y", "n2", "x"))
    return Document("one", graph)


def _mended(document: Document, code: str) -> tuple[Problem, Node]:
    """The problem, and the node after the first proposal."""
    analysis = analyze(document)
    (problem,) = [problem for problem in analysis.problems if problem.code == code]
    apply_all(document, proposals(document, analysis, problem)[0].edits)
    assert analyze(document).ok
    return problem, document.network.node("n1")


def test_groups_that_do_not_divide_get_the_divisors_and_the_nearest_of_them() -> None:
    problem, node = _mended(_placed("group_norm", (20, 4, 4), num_groups=8), "groups-do-not-divide")
    assert "20 channels, 8 groups" in problem.values
    assert "1, 2, 4, 5, 10, 20" in problem.way_out
    assert node.parameters["num_groups"] == 10


def test_slopes_of_a_prelu_are_one_or_as_many_as_channels() -> None:
    problem, node = _mended(_placed("prelu", (20, 4, 4), num_parameters=8), "slopes-differ")
    assert problem.values == "8 slopes, 20 channels"
    assert "num_parameters" not in node.parameters


def test_a_range_must_not_be_empty() -> None:
    _, node = _mended(_placed("hardtanh", (2, 4, 4), min_val=1.0), "empty-range")
    assert "min_val" not in node.parameters


def test_a_norm_of_single_values_is_warned_of() -> None:
    analysis = analyze(_placed("group_norm", (6, 1, 1), num_groups=6))
    assert analysis.ok
    assert "norm-of-one" in [problem.code for problem in analysis.problems]


def test_merges_name_who_brings_what() -> None:
    graph = Graph()
    for index, (name, block, given) in enumerate(
        [
            ("photo", "input", {"shape": [3, 8, 8]}),
            ("mask", "input", {"shape": [2, 8, 1]}),
            ("product", "multiply", {}),
            ("output", "output", {}),
        ]
    ):
        graph.add_node(Node(f"n{index}", name, block, given, (248.0 * index, 0.0)))
    for edge in (Edge("n0", "y", "n2", "0"), Edge("n1", "y", "n2", "1"), Edge("n2", "y", "n3", "x")):
        graph.connect(edge)
    (problem,) = [p for p in analyze(Document("net", graph)).problems if p.code.startswith("multiply")]
    assert problem.values == "'photo' brings 3×8×8, 'mask' brings 2×8×1"


@pytest.mark.parametrize(
    ("gate", "result"),
    [((64,), "each weighs 392"), ((64, 1, 1), "each weighs 392"), ((1, 28, 14), "each weighs 64")],
)
def test_a_product_says_how_much_a_gate_is_stretched(gate: Shape, result: str) -> None:
    assert _said("multiply", "x1 is stretched", SHAPE, gate)[2] == result


def _gated(*gate: tuple[str, dict[str, Any]]) -> Document:
    """An image, and the image weighed by what some blocks make of it."""
    sketch = Sketch()
    x = y = sketch.input((3, 8, 8))
    for index, (block, given) in enumerate(gate):
        y = sketch.add(f"gate{index}", block, y, **given)
    sketch.output(sketch.add("product", "multiply", x, y))
    return Document("gated", sketch.graph)


def test_a_global_gate_is_cut_from_the_local_field_and_told_beside_it() -> None:
    squeeze = [("global_avg_pool", {}), ("linear", {"out_features": 3}), ("sigmoid", {})]
    analysis = analyze(_gated(*squeeze))
    leaf = analysis.leaf("product")
    assert leaf is not None
    assert leaf.receptive_field is not None
    assert (leaf.receptive_field.size, leaf.receptive_field.is_global) == ((1, 1), True)
    assert analysis.field("product", (4, 4)) == ((0, 7), (0, 7))


def test_a_local_gate_of_one_column_is_seen_from_every_column() -> None:
    analysis = analyze(_gated(("max_pool", {"kernel_size": [1, 3], "stride": [1, 8], "padding": [0, 1]})))
    leaf = analysis.leaf("product")
    assert leaf is not None
    assert leaf.receptive_field is not None
    assert not leaf.receptive_field.is_global
    assert analysis.field("product", (5, 6)) == ((5, 5), (0, 6))
    assert analysis.field("product", (5, 0), clipped=False) == ((5, 5), (-1, 1))
