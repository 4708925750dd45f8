"""Residual blocks and the separable convolution, by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.oracles.handwritten.base import Case, layers


def shortcut(c: int, out: int, stride: int, dims: int) -> nn.Module | None:
    """The projection where the shape changes."""
    if stride == 1 and c == out:
        return None
    kind = layers(dims)
    return nn.Sequential(kind.conv(c, out, 1, stride, bias=False), kind.norm(out))


class BasicBlock(nn.Module):
    def __init__(self, c: int, width: int, stride: int = 1, dims: int = 2) -> None:
        super().__init__()
        kind = layers(dims)
        self.conv1 = kind.conv(c, width, 3, stride, 1, bias=False)
        self.bn1 = kind.norm(width)
        self.relu = nn.ReLU()
        self.conv2 = kind.conv(width, width, 3, 1, 1, bias=False)
        self.bn2 = kind.norm(width)
        self.downsample = shortcut(c, width, stride, dims)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    def __init__(
        self, c: int, width: int, stride: int = 1, expansion: int = 4, groups: int = 1, dims: int = 2
    ) -> None:
        super().__init__()
        kind = layers(dims)
        self.conv1 = kind.conv(c, width, 1, bias=False)
        self.bn1 = kind.norm(width)
        self.conv2 = kind.conv(width, width, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = kind.norm(width)
        self.conv3 = kind.conv(width, width * expansion, 1, bias=False)
        self.bn3 = kind.norm(width * expansion)
        self.relu = nn.ReLU()
        self.downsample = shortcut(c, width * expansion, stride, dims)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class ZeroPaddedShortcut(nn.Module):
    def __init__(self, c: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.more, self.stride = width - c, stride

    def forward(self, x: Tensor) -> Tensor:
        for axis in range(2, x.dim()):
            x = x.index_select(axis, torch.arange(0, x.shape[axis], self.stride, device=x.device))
        shape = list(x.shape)
        shape[1] = self.more // 2
        before = x.new_zeros(shape)
        shape[1] = self.more - self.more // 2
        return torch.cat([before, x, x.new_zeros(shape)], 1)


class ZeroPaddedBlock(BasicBlock):
    def __init__(self, c: int, width: int, stride: int = 1, dims: int = 2) -> None:
        super().__init__(c, width, stride, dims)
        self.downsample = ZeroPaddedShortcut(c, width, stride)


class ZeroPaddedBottleneck(Bottleneck):
    def __init__(self, c: int, width: int, stride: int = 1, dims: int = 2) -> None:
        super().__init__(c, width, stride, dims=dims)
        self.downsample = ZeroPaddedShortcut(c, 4 * width, stride)


class SeparableConv(nn.Module):
    def __init__(
        self, c: int, out: int, kernel: int = 3, stride: int = 1, bias: bool = False, dims: int = 2
    ) -> None:
        super().__init__()
        conv = layers(dims).conv
        self.depthwise = conv(c, c, kernel, stride, kernel // 2, groups=c, bias=False)
        self.pointwise = conv(c, out, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


CASES = (
    Case("BasicBlock", {"width": 8}, ((8, 9, 9),), lambda: BasicBlock(8, 8)),
    Case("BasicBlock", {"width": 12}, ((8, 9, 8),), lambda: BasicBlock(8, 12)),
    Case("BasicBlock", {"width": 16, "stride": 2}, ((8, 9, 9),), lambda: BasicBlock(8, 16, 2)),
    Case("BasicBlock", {"width": 8, "stride": 2}, ((8, 17),), lambda: BasicBlock(8, 8, 2, 1)),
    Case("BasicBlock", {"width": 6}, ((4, 5, 6, 5),), lambda: BasicBlock(4, 6, 1, 3)),
    Case("Bottleneck", {"width": 4}, ((16, 9, 9),), lambda: Bottleneck(16, 4)),
    Case("Bottleneck", {"width": 8, "stride": 2}, ((16, 9, 9),), lambda: Bottleneck(16, 8, 2)),
    Case(
        "Bottleneck", {"width": 8, "expansion": 2, "groups": 4}, ((16, 9, 9),),
        lambda: Bottleneck(16, 8, 1, 2, 4),
    ),
    Case("Bottleneck", {"width": 4, "stride": 2}, ((16, 17),), lambda: Bottleneck(16, 4, 2, dims=1)),
    Case("ZeroPaddedBlock", {"width": 8}, ((8, 9, 9),), lambda: ZeroPaddedBlock(8, 8)),
    Case("ZeroPaddedBlock", {"width": 16, "stride": 2}, ((8, 9, 8),), lambda: ZeroPaddedBlock(8, 16, 2)),
    Case("ZeroPaddedBlock", {"width": 11}, ((8, 17),), lambda: ZeroPaddedBlock(8, 11, 1, 1)),
    Case("ZeroPaddedBlock", {"width": 7, "stride": 2}, ((4, 5, 4, 6),), lambda: ZeroPaddedBlock(4, 7, 2, 3)),
    Case("ZeroPaddedBottleneck", {"width": 4}, ((16, 9, 9),), lambda: ZeroPaddedBottleneck(16, 4)),
    Case(
        "ZeroPaddedBottleneck", {"width": 5, "stride": 2}, ((16, 9, 8),),
        lambda: ZeroPaddedBottleneck(16, 5, 2),
    ),
    Case(
        "ZeroPaddedBottleneck", {"width": 8, "stride": 2}, ((16, 17),),
        lambda: ZeroPaddedBottleneck(16, 8, 2, 1),
    ),
    Case("ZeroPaddedShortcut", {"width": 16, "stride": 2}, ((8, 9, 8),), lambda: ZeroPaddedShortcut(8, 16, 2)),
    Case("ZeroPaddedShortcut", {"width": 13}, ((8, 17),), lambda: ZeroPaddedShortcut(8, 13)),
    Case("SeparableConv", {"out_channels": 12}, ((8, 9, 9),), lambda: SeparableConv(8, 12)),
    Case(
        "SeparableConv", {"out_channels": 12, "kernel_size": 5, "stride": 2, "bias": True}, ((8, 17),),
        lambda: SeparableConv(8, 12, 5, 2, True, 1),
    ),
)  # fmt: skip
