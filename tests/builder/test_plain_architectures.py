"""The chains among the architectures, and what their options scale, against figures reckoned by hand."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import pytest

from builder.analysis import Analysis, analyze
from builder.architectures import ARCHITECTURES

WORDS = {"fourteenth": 14, "thirteenth": 13, "ninth": 9, "seventh": 7}
SCALABLE = ["mlp", "vgg11", "vgg13_bn", "vgg16_gap", "squeezenet1_0", "squeezenet1_1", "darknet53"]


def parameters(analysis: Analysis) -> dict[str, int]:
    """What each layer that learns has to learn, by path."""
    return {leaf.path: leaf.parameters for leaf in analysis.leaves() if leaf.parameters}


def shapes(analysis: Analysis) -> dict[str, tuple[int, ...]]:
    """What each layer gives, by path."""
    return {leaf.path: leaf.output_shapes["y"] for leaf in analysis.leaves() if "y" in leaf.output_shapes}


def convolutions(analysis: Analysis) -> list[tuple[int, ...]]:
    """What each convolution gives, in the order of the network."""
    given = shapes(analysis)
    return [given[leaf.path] for leaf in analysis.leaves() if leaf.node.block == "conv"]


def test_lenet5_with_the_papers_table() -> None:
    full, c3 = (analyze(ARCHITECTURES[name].build()) for name in ("lenet5", "lenet5_c3"))
    assert c3.totals.parameters == 60_806
    assert c3.totals.macs == 416_520 - (96 - 60) * 25 * 100
    (conv2,) = (leaf for leaf in c3.leaves() if leaf.path == "conv2")
    assert (conv2.parameters, conv2.macs) == (60 * 25 + 16, 150_000)
    assert shapes(c3) == shapes(full)
    assert {**parameters(c3), "conv2": 16 * (6 * 25 + 1)} == parameters(full)


@pytest.mark.parametrize(
    ("width", "depth", "units"),
    [
        (1, 1, [300, 100]),
        (0.5, 1, [150, 50]),
        (1, 0.5, [300]),
        (2, 2, [600, 200, 200, 200]),
        (0.001, 0.001, [1]),
    ],
)
def test_mlp(width: float, depth: float, units: list[int]) -> None:
    analysis = analyze(ARCHITECTURES["mlp"].build(width=width, depth=depth))
    sizes = [28 * 28, *units, 10]
    assert parameters(analysis) == {
        f"fc{number}": (before + 1) * after for number, (before, after) in enumerate(pairwise(sizes), start=1)
    }
    blocks = [leaf.node.block for leaf in analysis.leaves()]
    assert blocks == ["input", "flatten", *["linear", "relu"] * len(units), "linear", "output"]


def test_nin_is_that_of_the_authors_files() -> None:
    analysis = analyze(ARCHITECTURES["nin"].build())
    assert analysis.totals.parameters == 966_986
    given = shapes(analysis)
    assert [given[f"pool{number}"] for number in (1, 2, 3)] == [(96, 16, 16), (192, 8, 8), (10,)]
    channels = [192, 160, 96, 192, 192, 192, 192, 192, 10]
    assert [shape[0] for shape in convolutions(analysis)] == channels
    assert len([leaf for leaf in analysis.leaves() if leaf.node.block == "relu"]) == len(channels)
    small = analyze(ARCHITECTURES["nin"].build(input_shape=(1, 28, 28)))
    assert shapes(small)["pool1"] == (96, 14, 14)  # 13.5, rounded up


@pytest.mark.parametrize("layers", [11, 13, 16, 19])
def test_a_global_average_in_place_of_vggs_fully_connected_layers(layers: int) -> None:
    plain, gap = (ARCHITECTURES[f"vgg{layers}{kind}"] for kind in ("", "_gap"))
    theirs, ours = (analyze(entry.build()) for entry in (plain, gap))
    features = {path: count for path, count in parameters(theirs).items() if path.startswith("features.")}
    assert parameters(ours) == {**features, "classifier": 513 * 1000}
    ratio = theirs.totals.parameters / ours.totals.parameters
    assert (
        f"a {next(word for word, share in WORDS.items() if share == round(ratio))} of the weights"
        in gap.about
    )


@pytest.mark.parametrize(("layers", "counts"), [(11, (1, 1, 2, 2, 2)), (19, (2, 2, 4, 4, 4))])
def test_vggs_width_scales_every_convolution(layers: int, counts: tuple[int, ...]) -> None:
    analysis = analyze(ARCHITECTURES[f"vgg{layers}_bn"].build(width=0.25, classes=10))
    assert [shape[0] for shape in convolutions(analysis)] == [
        channels for channels, count in zip((16, 32, 64, 128, 128), counts, strict=True) for _ in range(count)
    ]
    given = shapes(analysis)
    assert [given[f"classifier.{number}"] for number in (0, 3, 6)] == [(1024,), (1024,), (10,)]


@pytest.mark.parametrize("name", ["squeezenet1_0", "squeezenet1_1"])
def test_squeezenets_width_scales_all_but_the_classes(name: str) -> None:
    *whole, classes = (shape[0] for shape in convolutions(analyze(ARCHITECTURES[name].build())))
    *half, last = (shape[0] for shape in convolutions(analyze(ARCHITECTURES[name].build(width=0.5))))
    assert half == [channels // 2 for channels in whole]
    assert classes == last == 1000


@pytest.mark.parametrize(
    ("depth", "blocks"), [(1, (1, 2, 8, 8, 4)), (0.5, (1, 1, 4, 4, 2)), (2, (2, 4, 16, 16, 8))]
)
def test_darknets_depth_is_the_number_of_blocks(depth: float, blocks: tuple[int, ...]) -> None:
    learnt = parameters(analyze(ARCHITECTURES["darknet53"].build(depth=depth)))
    for stage, count in enumerate(blocks):
        within = {path.split(".")[3] for path in learnt if path.startswith(f"stages.{stage}.blocks.")}
        assert within == set(map(str, range(count)))
    convolved = [path for path in learnt if path.endswith(".conv")]
    assert len(convolved) == 1 + sum(1 + 2 * count for count in blocks)  # 52, and with the linear layer 53


@pytest.mark.parametrize("name", SCALABLE)
@pytest.mark.parametrize("factor", [0.001, 0.1, 0.7, 1.5])
def test_every_factor_gives_a_network(name: str, factor: float) -> None:
    entry = ARCHITECTURES[name]
    analysis = analyze(entry.build(**dict.fromkeys(entry.options, factor)))
    assert [problem.message for problem in analysis.problems if problem.is_error] == []
    assert (analysis.totals.parameters < entry.describe()["parameters"]) == (factor < 1)
    assert all(prod(shape) for shape in shapes(analysis).values())


@pytest.mark.parametrize(
    ("name", "smallest"),
    [("alexnet", 63), ("vgg11", 32), ("vgg16_bn", 32), ("vgg19_gap", 32), ("squeezenet1_0", 21)],
)
def test_below_the_smallest_input_the_answer_is_a_problem(name: str, smallest: int) -> None:
    build = ARCHITECTURES[name].build
    fits, fails = (analyze(build(input_shape=(3, side, side))) for side in (smallest, smallest - 1))
    assert not [problem for problem in fits.problems if problem.is_error]
    assert [problem.code for problem in fails.problems if problem.is_error] == ["kernel-too-large"]
    assert fits.output_shapes == [(1000,)]
