"""The second line of a node: what a block is on the tensor that arrives."""

from __future__ import annotations

import pytest

from builder.analysis import analyze
from builder.blocks import REGISTRY
from builder.document import Document, Module, ModuleParameter
from builder.graph import Graph
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


def test_what_a_module_is_given_is_short_enough_for_its_node() -> None:
    block = Sketch(Graph("Block"))
    block.output(block.add("dropout", "dropout", block.input(), p="=drop"))
    net = Sketch()
    net.output(net.add("block", "module:Block", net.input((3, 8)), drop=0.0352941176))
    module = Module("Block", (ModuleParameter("drop", 0.1),), block.graph)
    (report,) = [
        r for r in analyze(Document("net", net.graph, [module])).view().reports.values() if r.arguments
    ]
    assert report.summary == "Block · drop 0.035"
