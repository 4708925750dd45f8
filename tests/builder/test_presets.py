"""What the palette offers works where it is dropped, and does what its name says."""

from __future__ import annotations

from typing import Any

import pytest

from builder.analysis import Analysis, analyze
from builder.blocks import REGISTRY
from builder.document import Document
from builder.edits import apply_all
from builder.fixes import proposals
from builder.sketch import Sketch

Shape = tuple[int, ...]
MAPS: tuple[Shape, ...] = ((64, 28, 28), (64, 28), (64, 12, 12, 12), (64,))


def _placed(block_id: str, parameters: dict[str, Any], *shapes: Shape) -> Analysis:
    sketch = Sketch()
    inputs = [sketch.input(shape, name=f"input{i}") for i, shape in enumerate(shapes)]
    cls = REGISTRY[block_id]
    inputs = inputs if cls.variadic or len(cls.inputs) > 1 else inputs[:1]
    sketch.output(sketch.add("block", block_id, *inputs, **parameters))
    return analyze(Document("preset", sketch.graph))


@pytest.mark.parametrize(
    ("block_id", "title"),
    [
        (block_id, preset.title)
        for block_id, cls in REGISTRY.items()
        if cls.inputs and cls.outputs
        for preset in cls.presets
    ],
)
def test_every_preset_fits_some_map(block_id: str, title: str) -> None:
    (preset,) = (p for p in REGISTRY[block_id].presets if p.title == title)
    found = [_placed(block_id, dict(preset.parameters), shape, shape) for shape in MAPS]
    assert any(analysis.ok for analysis in found), [analysis.problems for analysis in found]


def test_presets_of_a_block_have_names_of_their_own() -> None:
    titles = [preset.title for cls in REGISTRY.values() for preset in cls.presets]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(
    ("title", "shape", "output", "parameters"),
    [
        ("Depthwise 5×5", (16, 28, 28), (16, 28, 28), 16 * 25 + 16),
        ("Grouped 3×3", (16, 28, 28), (32, 28, 28), 32 * 4 * 9 + 32),
        ("Conv 7×7 ÷2", (3, 224, 224), (64, 112, 112), 64 * 3 * 49 + 64),
        ("Patches 4×4", (3, 224, 224), (32, 56, 56), 32 * 3 * 16 + 32),
        ("Dilated ×2", (3, 28, 28), (32, 28, 28), 32 * 3 * 9 + 32),
        ("Causal", (8, 50), (32, 50), 32 * 8 * 3 + 32),
        ("Causal, dilated ×2", (8, 50), (32, 50), 32 * 8 * 3 + 32),
    ],
)
def test_convolutions_have_the_shape_and_the_weights_of_their_names(
    title: str, shape: Shape, output: Shape, parameters: int
) -> None:
    (preset,) = (p for p in REGISTRY["conv"].presets if p.title == title)
    analysis = _placed("conv", dict(preset.parameters), shape)
    assert analysis.output_shapes == [output]
    assert analysis.totals.parameters == parameters


@pytest.mark.parametrize("title", ["Causal", "Causal, dilated ×2"])
def test_a_causal_convolution_sees_nothing_that_comes_later(title: str) -> None:
    (preset,) = (p for p in REGISTRY["conv"].presets if p.title == title)
    analysis = _placed("conv", dict(preset.parameters), (4, 30))
    reach = 2 * preset.parameters.get("dilation", 1)
    for position in range(30):
        ((first, last),) = analysis.field("block", (position,)) or ()
        assert last == position
        assert first == position - reach or position < reach


@pytest.mark.parametrize(
    ("block_id", "parameters", "shapes", "title", "numbers", "result"),
    [
        ("conv_transpose", {"kernel_size": 4, "stride": 2, "padding": 1}, [(8, 7, 7)], "Output",
         "(7 − 1)·2 − 2·1 + 1·(4 − 1) + 0 + 1", "14"),
        ("conv_transpose", {"kernel_size": 2, "stride": 2, "out_channels": 4}, [(8, 7, 7)], "FLOPs",
         "2 · 7 · 7 · 8 · (4 · 2 · 2)", "12,544"),
        ("upsample", {"scale_factor": 3}, [(8, 7, 5)], "Output", "7 · 3, 5 · 3", "21×15"),
        ("upsample", {"size": [9, 10], "mode": "linear"}, [(8, 6, 5)], "Pixel i is taken at",
         "step = size / output", "2/3 × 1/2"),
        ("pixel_shuffle", {}, [(8, 7, 5)], "Output channels", "8 / 2²", "2"),
        ("pixel_unshuffle", {}, [(8, 6, 4)], "Output", "6 / 2, 4 / 2", "3×2"),
        ("channel_shuffle", {}, [(6, 4, 4)], "Output channel k", "(k mod 2) · 3 + ⌊k / 2⌋", "0, 3, 1, 4, 2, 5"),
        ("pad", {"padding": [[1, 2], 0]}, [(3, 5, 5)], "Output height", "5 + 1 + 2", "8"),
        ("crop", {"crop": [[1, 2], 0]}, [(3, 5, 5)], "Output height", "5 − 1 − 2", "2"),
        ("crop_like", {}, [(3, 9, 9), (7, 4, 4)], "Output width", "⌊(9 − 4) / 2⌋ = 2", "4"),
        ("pad_like", {}, [(3, 4, 4), (7, 9, 8)], "Output height", "⌊(9 − 4) / 2⌋ = 2", "9"),
        ("slice", {"dim": 2, "start": 1, "step": 2}, [(3, 8, 5)], "Output height", "⌈(8 − 1) / 2⌉", "4"),
        ("split", {"sizes": [1, 3]}, [(4, 5, 5)], "Outputs", "4 = 1 + 3", "1×5×5, 3×5×5"),
        ("reshape", {"shape": [4, -1]}, [(16, 3, 3)], "Numbers", "16 · 3 · 3 = 4 · 36", "144"),
        ("permute", {"dims": [2, 3, 1]}, [(3, 8, 5)], "Output", "3×8×5", "8×5×3"),
        ("permute", {"dims": "channels_last"}, [(3, 8, 5)], "Output", "3×8×5", "8×5×3"),
        ("permute", {"dims": "channels_first"}, [(9, 8, 5, 3)], "Output", "9×8×5×3", "3×9×8×5"),
        ("flatten", {"start_dim": 2}, [(3, 8, 5)], "Output", "8 · 5", "40"),
        ("linear", {}, [(24,)], "FLOPs", "2 · 24 · 10", "480"),
        ("linear", {"over": "last"}, [(8, 5, 3)], "FLOPs", "2 · 3 · 10 · 8 · 5", "2,400"),
        ("linear", {"over": "last"}, [(8, 5, 3)], "Receptive field", "", "1 × 3 px"),
        ("linear", {"over": "last"}, [(8, 5)], "Receptive field", "", "global"),
    ],
)  # fmt: skip
def test_formulas_have_the_numbers_in_them(
    block_id: str, parameters: dict[str, Any], shapes: list[Shape], title: str, numbers: str, result: str
) -> None:
    analysis = _placed(block_id, parameters, *shapes)
    assert analysis.ok, analysis.problems
    leaf = analysis.leaf("block")
    assert leaf is not None
    (formula,) = (f for f in leaf.explain() if f.title == title)
    assert (formula.numbers, formula.result) == (numbers, result)


def test_a_field_that_is_not_followed_is_not_called_global() -> None:
    analysis = _placed("upsample", {"size": 8191}, (1, 8192))
    leaf = analysis.leaf("block")
    assert leaf is not None
    assert leaf.receptive_field is not None
    assert (leaf.receptive_field.size, leaf.receptive_field.is_global) == (None, False)
    assert leaf.explain()[-1].text == "in no pattern that size and jump would tell"
    assert analysis.field("block", (4000,)) == ((4000, 4000),)


@pytest.mark.parametrize(
    ("block_id", "parameters", "shapes", "words"),
    [
        ("conv_transpose", {"output_padding": 1}, [(3, 5, 5)], "1 in height, with stride 1 and dilation 1"),
        (
            "conv_transpose",
            {"padding": 4},
            [(3, 5, 5)],
            "the kernels write 7×7, and 4×4 is cut off each side",
        ),
        ("upsample", {"mode": "bicubic"}, [(3, 5)], "3×5 arrives"),
        ("upsample", {"align_corners": True}, [(3, 5, 5)], "nearest repeats pixels"),
        ("upsample", {"size": [4, 0]}, [(3, 5, 5)], "4×0 leaves some at 0"),
        ("pixel_shuffle", {}, [(3, 5, 5)], "3 channels, 2² = 4"),
        ("pixel_unshuffle", {}, [(3, 5, 5)], "5×5 arrives, the factor is 2"),
        ("channel_shuffle", {}, [(3, 5, 5)], "3 channels, 2 groups"),
        ("pad", {"mode": "reflect", "padding": 5}, [(3, 5, 5)], "5 on a height of 5 (at most 4)"),
        ("crop", {"crop": 3}, [(3, 5, 5)], "3 is cut off 5×5"),
        ("crop", {"size": 6}, [(3, 5, 5)], "6×6 of 5×5"),
        ("crop_like", {}, [(3, 5, 5), (3, 6, 5)], "'input0' brings 3×5×5, 'input1' brings 3×6×5"),
        ("pad_like", {}, [(3, 5, 5), (3, 6, 4)], "'input0' brings 3×5×5, 'input1' brings 3×6×4"),
        ("slice", {"dim": 4}, [(3, 5, 5)], "3×5×5 has 1: channels, 2: height, 3: width"),
        ("slice", {"stop": 4}, [(3, 5, 5)], "4, and channels has 3 (from -3 to 3)"),
        ("slice", {"start": 2, "stop": 1}, [(3, 5, 5)], "2 to 1 of 3"),
        ("split", {}, [(3, 5, 5)], "3 channels, 2 parts"),
        ("split", {"sizes": [1, 1]}, [(3, 5, 5)], "1 + 1 = 2, 3 arrive"),
        ("reshape", {"shape": [4, -1]}, [(3, 5, 5)], "3×5×5 are 75, 4×-1 needs a multiple of 4"),
        ("permute", {"dims": [2, 1]}, [(3, 5, 5)], "2 named (2, 1), 3×5×5 has 3"),
        ("flatten", {"start_dim": 4}, [(3, 5, 5)], "4 and -1, and 3×5×5 has 1 to 3"),
        ("avg_pool", {"divisor_override": 3}, [(3, 5)], "3×5 arrives, a sequence"),
    ],
)
def test_what_does_not_fit_is_told_with_its_values(
    block_id: str, parameters: dict[str, Any], shapes: list[Shape], words: str
) -> None:
    (problem,) = (p for p in _placed(block_id, parameters, *shapes).problems if p.is_error)
    assert words in problem.values
    assert problem.way_out


@pytest.mark.parametrize(
    ("block_id", "parameters", "shape"),
    [
        ("conv_transpose", {"output_padding": 1}, (3, 5, 5)),
        ("conv_transpose", {"padding": 4}, (3, 5, 5)),
        ("conv_transpose", {"groups": 2}, (3, 5, 5)),
        ("connected_conv", {"table": [[3]]}, (3, 5, 5)),
        ("connected_conv", {"kernel_size": 7}, (3, 5, 5)),
        ("upsample", {"mode": "bicubic"}, (3, 5)),
        ("upsample", {"align_corners": True}, (3, 5, 5)),
        ("upsample", {"size": [4, 0]}, (3, 5, 5)),
        ("pixel_shuffle", {"upscale_factor": 3}, (8, 5, 5)),
        ("pixel_unshuffle", {"downscale_factor": 4}, (8, 6, 6)),
        ("channel_shuffle", {"groups": 4}, (6, 5, 5)),
        ("channel_shuffle", {}, (3, 5, 5)),
        ("pad", {"mode": "reflect", "padding": 5}, (3, 5, 5)),
        ("crop", {"crop": 3}, (3, 5, 5)),
        ("crop", {"size": 6}, (3, 5, 5)),
        ("slice", {"dim": 4}, (3, 5, 5)),
        ("slice", {"stop": 4}, (3, 5, 5)),
        ("slice", {"start": 2, "stop": 1}, (3, 5, 5)),
        ("split", {}, (3, 5, 5)),
        ("split", {"sizes": [1, 1]}, (4, 5, 5)),
        ("reshape", {"shape": [4, -1]}, (3, 5, 5)),
        ("permute", {"dims": [2, 1]}, (3, 5, 5)),
        ("flatten", {"start_dim": 4}, (3, 5, 5)),
        ("avg_pool", {"divisor_override": 3}, (3, 5)),
    ],
)
def test_one_click_mends_it(block_id: str, parameters: dict[str, Any], shape: Shape) -> None:
    analysis = _placed(block_id, parameters, shape)
    (problem,) = (p for p in analysis.problems if p.is_error)
    document = analysis.document
    apply_all(document, proposals(document, analysis, problem)[0].edits)
    assert analyze(document).ok, analyze(document).problems
