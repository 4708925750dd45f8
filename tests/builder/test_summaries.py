"""The second line of a node: what a block is on the tensor that arrives."""

from __future__ import annotations

import pytest

from builder.analysis import analyze
from builder.blocks import REGISTRY
from builder.document import Document
from builder.sketch import Sketch


@pytest.mark.parametrize(
    ("shape", "kernel"), [((3, 64), "5"), ((3, 64, 64), "5×5"), ((3, 16, 64, 64), "5×5×5")]
)
@pytest.mark.parametrize("block", ["conv", "conv_transpose", "max_pool", "avg_pool"])
def test_a_kernel_is_told_along_the_axes_there_are(block: str, shape: tuple[int, ...], kernel: str) -> None:
    net = Sketch()
    net.output(net.add("block", block, net.input(shape), kernel_size=5))
    report = analyze(Document("kernels", net.graph)).leaf("block")
    assert report is not None
    assert report.summary.split(" · ")[0] == kernel


@pytest.mark.parametrize("block", ["conv", "conv_transpose", "max_pool", "avg_pool"])
def test_where_nothing_arrives_an_image_is_meant(block: str) -> None:
    assert REGISTRY[block].create({"kernel_size": 5}).summary().split(" · ")[0] == "5×5"
