"""The residual networks for CIFAR are those written by hand; what can be chosen of all of them does what it says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from builder.analysis import Analysis, analyze
from builder.architectures import ARCHITECTURES
from runtime.compile import build
from tests.oracles.handwritten.residual import BasicBlock, ZeroPaddedBlock

#: Millions of weights are what the paper rounds these to, table 6; the numbers are those of Idelbayev's networks.
PARAMETERS = {20: 269_722, 32: 464_154, 44: 658_586, 56: 853_018, 110: 1_727_962}
IMAGENET = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "wide_resnet50_2", "seresnet50",
)  # fmt: skip
RESIDUAL = (*IMAGENET, *(f"resnet{layers}" for layers in PARAMETERS))


class PlainBlock(BasicBlock):
    """Without the shortcut."""

    def __init__(self, c: int, width: int, stride: int = 1) -> None:
        super().__init__(c, width, stride)
        self.downsample = None

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)))


class ProjectedBlock(BasicBlock):
    """With the projection under the name it has in the networks for CIFAR."""

    def __init__(self, c: int, width: int, stride: int = 1) -> None:
        super().__init__(c, width, stride)
        self.shortcut = nn.Sequential() if self.downsample is None else self.downsample
        del self.downsample

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class CifarNet(nn.Module):
    """Section 4.2 of the paper, with the names of Idelbayev's implementation."""

    def __init__(self, layers: int, block: Any) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        depth = (layers - 2) // 6
        self.layer1 = nn.Sequential(*[block(16, 16) for _ in range(depth)])
        self.layer2 = nn.Sequential(block(16, 32, 2), *[block(32, 32) for _ in range(depth - 1)])
        self.layer3 = nn.Sequential(block(32, 64, 2), *[block(64, 64) for _ in range(depth - 1)])
        self.linear = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn1(self.conv1(x)).relu()
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def of(name: str, **options: Any) -> Analysis:
    """The analysis of a network with these options, which has no errors."""
    analysis = analyze(ARCHITECTURES[name].build(**options))
    assert [problem.message for problem in analysis.problems if problem.is_error] == []
    return analysis


@pytest.mark.parametrize("layers", PARAMETERS)
@pytest.mark.parametrize("family", ["resnet", "plain"])
def test_the_networks_for_cifar_have_the_published_number_of_parameters(family: str, layers: int) -> None:
    analysis = of(f"{family}{layers}")
    assert analysis.totals.parameters == PARAMETERS[layers]
    weighing = [leaf for leaf in analysis.leaves() if leaf.node.block in ("conv", "linear")]
    assert len(weighing) == layers
    assert any(leaf.node.block == "add" for leaf in analysis.leaves()) == (family == "resnet")


@pytest.mark.parametrize(
    ("name", "options", "block"),
    [
        ("resnet20", {}, ZeroPaddedBlock),
        ("resnet32", {"shortcut": "projection"}, ProjectedBlock),
        ("plain20", {}, PlainBlock),
    ],
)
def test_the_networks_for_cifar_are_those_written_by_hand(
    name: str, options: dict[str, Any], block: type[nn.Module]
) -> None:
    torch.manual_seed(2)
    theirs = CifarNet(int(name[-2:]), block)
    ours = build(ARCHITECTURES[name].build(**options))
    ours.load_state_dict(theirs.state_dict(), strict=True)
    x = torch.randn(3, 3, 32, 32)
    torch.testing.assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("name", RESIDUAL)
def test_a_zero_padded_shortcut_saves_the_projections_and_nothing_else(name: str) -> None:
    projected, padded = (of(name, shortcut=kind) for kind in ("projection", "zero-padded"))
    assert padded.output_shapes == projected.output_shapes
    known = {leaf.path: leaf.parameters for leaf in padded.leaves() if leaf.parameters}
    more = {leaf.path: leaf.parameters for leaf in projected.leaves() if leaf.parameters}
    saved = {path for path in more if path not in known}
    assert {path: more[path] for path in known} == known
    assert saved
    assert {path.split(".")[2] for path in saved} <= {"downsample", "shortcut"}


@pytest.mark.parametrize("name", [*RESIDUAL, *(f"plain{layers}" for layers in PARAMETERS)])
def test_width_scales_the_channels_of_every_layer(name: str) -> None:
    once, twice = (
        {leaf.path: leaf.output_shapes["y"] for leaf in of(name, width=width).leaves() if leaf.parameters}
        for width in (1.0, 2.0)
    )
    last = list(once)[-1]
    for path, shape in once.items():
        assert twice[path] == (shape if path == last else (2 * shape[0], *shape[1:])), path
    assert of(name, width=0.3).output_shapes == of(name).output_shapes


def test_a_shortcut_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="projection or zero-padded, not 'none'"):
        ARCHITECTURES["resnet50"].build(shortcut="none")
