"""Channel gates and inverted residuals by hand, after torchvision's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tests.oracles.handwritten.base import Case, layers


class SqueezeExcitation(nn.Module):
    def __init__(
        self, c: int, squeeze: int, activation: Any = nn.ReLU, gate: Any = nn.Sigmoid, dims: int = 2
    ) -> None:
        super().__init__()
        conv = layers(dims).conv
        self.fc1, self.fc2 = conv(c, squeeze, 1), conv(squeeze, c, 1)
        self.activation, self.gate = activation(), gate()

    def forward(self, x: Tensor) -> Tensor:
        scale = nn.functional.adaptive_avg_pool2d(x, 1) if x.dim() == 4 else x.mean(-1, keepdim=True)
        return x * self.gate(self.fc2(self.activation(self.fc1(scale))))


class StochasticDepth(nn.Module):
    """torchvision's, in mode "row"."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.p:
            return x
        size = [x.shape[0]] + [1] * (x.dim() - 1)
        return x * torch.empty(size).bernoulli_(1 - self.p).div_(1 - self.p)


Activation = Callable[[], nn.Module]


def conv_norm(
    c: int,
    out: int,
    kernel: int,
    stride: int,
    groups: int,
    activation: Activation | None,
    dims: int,
    **norm: float,
) -> nn.Sequential:
    kind = layers(dims)
    conv = kind.conv(c, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    parts = [conv, kind.norm(out, **norm)]
    return nn.Sequential(*parts, *([activation()] if activation else []))


def widened(
    c: int, hidden: int, kernel: int, stride: int, activation: Activation, dims: int, **norm: float
) -> list[nn.Module]:
    """Wider, unless it is wide enough, and each channel by itself."""
    filtering = conv_norm(hidden, hidden, kernel, stride, hidden, activation, dims, **norm)
    return (
        [filtering] if c == hidden else [conv_norm(c, hidden, 1, 1, 1, activation, dims, **norm), filtering]
    )


def sequential(parts: dict[str, nn.Module]) -> nn.Sequential:
    """A chain with names of its own."""
    chain = nn.Sequential()
    for name, part in parts.items():
        chain.add_module(name, part)
    return chain


class InvertedResidual(nn.Module):
    def __init__(
        self, c: int, width: int, stride: int = 1, ratio: int = 6, kernel: int = 3, dims: int = 2
    ) -> None:
        super().__init__()
        hidden, kind = c * ratio, layers(dims)
        parts = widened(c, hidden, kernel, stride, nn.ReLU6, dims)
        self.conv = nn.Sequential(*parts, kind.conv(hidden, width, 1, bias=False), kind.norm(width))
        self.use_res_connect = stride == 1 and c == width

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class WithBlock(nn.Module):
    """``block`` and a shortcut where input and output are alike."""

    def __init__(self, parts: list[nn.Module], alike: bool, p: float = 0.0) -> None:
        super().__init__()
        self.block, self.alike, self.stochastic_depth = nn.Sequential(*parts), alike, StochasticDepth(p)

    def forward(self, x: Tensor) -> Tensor:
        y = self.block(x)
        return self.stochastic_depth(y) + x if self.alike else y


def gated(
    c: int, width: int, hidden: int, squeeze: int, *, stride: int = 1, kernel: int = 3, hard: bool = True,
    dims: int = 2,
) -> nn.Module:  # fmt: skip
    norm = {"eps": 0.001, "momentum": 0.01}
    parts = widened(c, hidden, kernel, stride, nn.Hardswish if hard else nn.ReLU, dims, **norm)
    if squeeze:
        parts.append(SqueezeExcitation(hidden, squeeze, gate=nn.Hardsigmoid, dims=dims))
    parts.append(conv_norm(hidden, width, 1, 1, 1, None, dims, **norm))
    return WithBlock(parts, stride == 1 and c == width)


def mb_conv(
    c: int, width: int, *, stride: int = 1, ratio: int = 6, kernel: int = 3, dims: int = 2, drop: float = 0.1
) -> nn.Module:
    hidden = c * ratio
    parts = widened(c, hidden, kernel, stride, nn.SiLU, dims)
    parts.append(SqueezeExcitation(hidden, max(1, c // 4), nn.SiLU, dims=dims))
    parts.append(conv_norm(hidden, width, 1, 1, 1, None, dims))
    return WithBlock(parts, stride == 1 and c == width, drop)


CASES = (
    Case("SqueezeExcitation", {"squeeze_channels": 3}, ((12, 7, 5),), lambda: SqueezeExcitation(12, 3)),
    Case(
        "SqueezeExcitation", {"squeeze_channels": 3, "silu": True}, ((12, 7, 5),),
        lambda: SqueezeExcitation(12, 3, nn.SiLU),
    ),
    Case(
        "SqueezeExcitation", {"squeeze_channels": 2, "hard": True}, ((6, 8, 8),),
        lambda: SqueezeExcitation(6, 2, gate=nn.Hardsigmoid),
    ),
    Case("InvertedResidual", {"width": 8}, ((8, 9, 9),), lambda: InvertedResidual(8, 8)),
    Case("InvertedResidual", {"width": 12}, ((8, 9, 9),), lambda: InvertedResidual(8, 12)),
    Case(
        "InvertedResidual", {"width": 8, "stride": 2, "kernel_size": 5}, ((8, 9, 8),),
        lambda: InvertedResidual(8, 8, 2, 6, 5),
    ),
    Case("InvertedResidual", {"width": 8, "expand_ratio": 1}, ((8, 17),), lambda: InvertedResidual(8, 8, 1, 1, 3, 1)),
    Case(
        "GatedInvertedResidual", {"width": 8, "hidden": 20, "squeeze_channels": 4}, ((8, 9, 9),),
        lambda: gated(8, 8, 20, 4),
    ),
    Case(
        "GatedInvertedResidual",
        {"width": 12, "hidden": 8, "squeeze_channels": 0, "hardswish": False, "stride": 2, "kernel_size": 5},
        ((8, 9, 9),),
        lambda: gated(8, 12, 8, 0, stride=2, kernel=5, hard=False),
    ),
    Case("MBConv", {"width": 8}, ((8, 9, 9),), lambda: mb_conv(8, 8)),
    Case(
        "MBConv", {"width": 12, "stride": 2, "kernel_size": 5}, ((8, 9, 9),),
        lambda: mb_conv(8, 12, stride=2, kernel=5),
    ),
    Case(
        "MBConv", {"width": 8, "expand_ratio": 1, "drop": 0.4}, ((8, 9, 9),),
        lambda: mb_conv(8, 8, ratio=1, drop=0.4),
    ),
)  # fmt: skip
