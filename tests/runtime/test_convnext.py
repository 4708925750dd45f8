"""ConvNeXt is torchvision's also where no weights are: layer by layer, in what is left out, and in what is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from builder.analysis import Analysis, analyze
from builder.architectures.convnext import convnext_tiny
from runtime.compile import build
from tests.oracles.published import published
from tests.oracles.support import gradient_support

SIDE = 64


@pytest.fixture(scope="module")
def theirs() -> nn.Module:
    return published("torchvision: convnext_tiny")


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyze(convnext_tiny(input_shape=(3, SIDE, SIDE)))


def test_every_layer_gives_a_tensor_of_the_same_shape(theirs: nn.Module, analysis: Analysis) -> None:
    shapes: dict[str, tuple[int, ...]] = {}

    def note(path: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            shapes[path] = tuple(output.shape[1:])

        return hook

    hooks = [
        module.register_forward_hook(note(path))
        for path, module in theirs.named_modules()
        if not list(module.children())
    ]
    with torch.no_grad():
        theirs(torch.zeros(1, 3, SIDE, SIDE))
    for hook in hooks:
        hook.remove()
    # A sum and a lone parameter are no modules there.
    drawn = ("input", "output", "add", "layer_scale")
    leaves = [leaf for leaf in analysis.leaves() if leaf.node.block not in drawn]
    assert [(leaf.path, leaf.output_shape) for leaf in leaves] == list(shapes.items())


def test_blocks_are_left_out_as_often(theirs: nn.Module, analysis: Analysis) -> None:
    def found(network: nn.Module) -> list[float]:
        return [
            module.p for module in network.modules() if type(module).__name__ == "StochasticDepth"
        ]  # fmt: skip

    ours = found(build(analysis.document))
    assert len(ours) == 18
    assert ours == pytest.approx(found(theirs))


@pytest.mark.parametrize(
    "path", ["features.0.1", "features.1.0.block.5", "features.3.1.block.2", "features.5.0.block.6"]
)
def test_positions_see_what_the_gradient_shows(path: str, theirs: nn.Module, analysis: Analysis) -> None:
    kept: list[Tensor] = []

    def run(x: Tensor) -> Tensor:
        kept.clear()
        hook = theirs.get_submodule(path).register_forward_hook(lambda *seen: kept.append(seen[2]))
        theirs(x)
        hook.remove()
        return kept[0]

    theirs.double()
    leaf = analysis.leaf(path)
    assert leaf is not None
    assert leaf.map_shape is not None
    _, height, width = leaf.map_shape
    for position in ((0, 0), (height // 2, width // 2), (height - 1, 1)):
        assert analysis.field(path, position) == gradient_support(run, (3, SIDE, SIDE), position)
    theirs.float()
