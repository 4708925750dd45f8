"""Sums that a lecture works out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from builder.analysis import Analysis, analyze
from builder.document import Document
from builder.sketch import Sketch

Shape = tuple[int, ...]


def one_block(shape: Shape, block: str, **parameters: Any) -> Analysis:
    """The analysis of a network of one block."""
    sketch = Sketch()
    sketch.output(sketch.add("block", block, sketch.input(shape), **parameters))
    return analyze(Document("one", sketch.graph))


def test_8_to_16_channels_with_5x5_kernels_and_a_border_of_2() -> None:
    analysis = one_block((8, 32, 32), "conv", out_channels=16, kernel_size=5, padding=2)
    assert analysis.output_shapes == [(16, 32, 32)]
    assert analysis.totals.parameters == 3216  # 16 · (8 · 5 · 5) + 16
    assert analysis.totals.flops == 6_553_600  # 6.55 MFLOPs: 2 · 32 · 32 · 16 · (8 · 5 · 5)


def test_3_to_12_channels_with_6x6_kernels_at_stride_2() -> None:
    analysis = one_block((3, 32, 32), "conv", out_channels=12, kernel_size=6, stride=2)
    assert analysis.output_shapes == [(12, 14, 14)]  # ⌊(32 − 6) / 2⌋ + 1


def test_separable_convolution_has_a_seventh_of_the_weights() -> None:
    dense = one_block((16, 32, 32), "conv", out_channels=32, kernel_size=3, padding=1, bias=False)
    assert dense.totals.parameters == 4608  # 16 · 32 · 3 · 3

    sketch = Sketch()
    x = sketch.add(
        "depthwise",
        "conv",
        sketch.input((16, 32, 32)),
        out_channels="=in_channels",
        groups="=in_channels",
        padding=1,
        bias=False,
    )
    sketch.output(sketch.add("pointwise", "conv", x, out_channels=32, kernel_size=1, bias=False))
    separable = analyze(Document("separable", sketch.graph))
    assert separable.totals.parameters == 656  # 16 · 3 · 3 + 16 · 32
    assert separable.output_shapes == dense.output_shapes == [(32, 32, 32)]


@pytest.mark.parametrize(("stride", "outputs"), [(1, 5), (2, 3)])
def test_a_row_of_7_under_a_kernel_of_3(stride: int, outputs: int) -> None:
    assert one_block((1, 7), "conv", stride=stride).output_shapes == [(32, outputs)]


def test_a_row_of_7_under_a_kernel_of_3_at_stride_3_leaves_a_pixel_unread() -> None:
    analysis = one_block((1, 7), "conv", stride=3)
    assert analysis.output_shapes == [(32, 2)]
    assert [problem.code for problem in analysis.problems] == ["unread-border"]
    assert "1 px" in analysis.problems[0].message


@pytest.mark.parametrize("shape", [(8,), (8, 1), (8, 1, 1), (8, 1, 1, 1)])
def test_batch_norm_of_one_value_needs_running_averages_to_predict(shape: tuple[int, ...]) -> None:
    assert not one_block(shape, "batch_norm").problems
    (warning,) = one_block(shape, "batch_norm", track_running_stats=False).problems
    assert (warning.code, warning.severity) == ("batch-norm-alone", "warning")


def test_the_explanation_puts_the_numbers_in() -> None:
    analysis = one_block((8, 32, 32), "conv", out_channels=16, kernel_size=5, padding=2)
    leaf = analysis.leaf("block")
    assert leaf is not None
    formulas = {formula.title: formula for formula in leaf.explain()}
    assert formulas["Output"].result == "32"
    assert formulas["Parameters"].result == "3,216"
    assert formulas["Parameters"].numbers == "16 · (8 · 5 · 5) + 16"
    assert formulas["FLOPs"].result == "6,553,600"
    assert formulas["Receptive field"].result == "5 × 5 px"


def test_two_3x3_convolutions_see_what_one_5x5_sees_with_fewer_weights() -> None:
    sketch = Sketch()
    x = sketch.input((64, 56, 56))
    for name in ("first", "second"):
        x = sketch.add(name, "conv", x, out_channels=64, padding=1, bias=False)
    sketch.output(x)
    two = analyze(Document("two", sketch.graph))
    one = one_block((64, 56, 56), "conv", out_channels=64, kernel_size=5, padding=2, bias=False)
    field_of_two, field_of_one = two.leaves()[-2].receptive_field, one.leaves()[-2].receptive_field
    assert field_of_two == field_of_one
    assert (two.totals.parameters, one.totals.parameters) == (73_728, 102_400)


def test_a_stack_strides_and_pads_like_one_convolution_on_the_input() -> None:
    """3×3 ÷2 padded by 1, twice: 7×7 ÷4 padded by 3."""
    sketch = Sketch()
    x = sketch.input((3, 33, 33))
    for name in ("first", "second"):
        x = sketch.add(name, "conv", x, out_channels=4, stride=2, padding=1)
    sketch.output(x)
    stack = analyze(Document("stack", sketch.graph))
    leaf = stack.leaf("second")
    assert leaf is not None
    told = {formula.title: formula for formula in leaf.explain()}
    assert told["Effective stride"].numbers == "2 · 2"
    assert (told["Effective stride"].result, told["Effective padding"].result) == ("4 × 4 px", "3 × 3 px")
    one = one_block((3, 33, 33), "conv", out_channels=4, kernel_size=7, stride=4, padding=3)
    assert one.output_shapes == stack.output_shapes
    assert one.leaves()[-2].receptive_field == leaf.receptive_field
    cut = one_block((3, 9), "crop", size=5)
    steps = {formula.title: formula.result for formula in cut.leaves()[-2].explain()}
    assert steps["Effective padding"] == "−2 px"
