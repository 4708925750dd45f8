"""U-Net, temporal and ConvNeXt blocks by hand."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.handwritten.base import Case, layers
from tests.oracles.handwritten.mobile import StochasticDepth


class DoubleConv(nn.Module):
    def __init__(self, c: int, out: int, mid: int | None = None, dims: int = 2) -> None:
        super().__init__()
        kind = layers(dims)
        mid = mid or out
        self.double_conv = nn.Sequential(
            kind.conv(c, mid, 3, padding=1, bias=False), kind.norm(mid), nn.ReLU(),
            kind.conv(mid, out, 3, padding=1, bias=False), kind.norm(out), nn.ReLU(),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, c: int, out: int, dims: int = 2) -> None:
        super().__init__()
        self.maxpool_conv = nn.Sequential(layers(dims).max_pool(2), DoubleConv(c, out, dims=dims))

    def forward(self, x: Tensor) -> Tensor:
        return self.maxpool_conv(x)


class Up(nn.Module):
    """``c`` channels come from below, ``skipped`` from the way down; ``merge``: torch.cat, or their sum."""

    def __init__(
        self, c: int, skipped: int, out: int, interpolate: bool = False, dims: int = 2, merge: str = "concat"
    ) -> None:
        super().__init__()
        mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[dims]
        self.up = (
            nn.Upsample(scale_factor=2, mode=mode, align_corners=True)
            if interpolate
            else layers(dims).up(c, c // 2, 2, stride=2)
        )
        self.merge = merge
        enlarged = c if interpolate else c // 2
        both = enlarged + skipped if merge == "concat" else enlarged
        self.conv = DoubleConv(both, out, c if interpolate else None, dims)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.up(x)
        sides: list[int] = []
        for axis in range(x.dim() - 1, 1, -1):
            missing = skip.shape[axis] - x.shape[axis]
            sides += [missing // 2, missing - missing // 2]
        x = F.pad(x, sides)
        return self.conv(torch.cat([skip, x], 1) if self.merge == "concat" else skip + x)


class TemporalBlock(nn.Module):
    def __init__(
        self, c: int, width: int, kernel: int = 3, dilation: int = 1, causal: bool = True, norm: bool = True,
        dropout: float = 0.2,
    ) -> None:  # fmt: skip
        super().__init__()
        span = (kernel - 1) * dilation
        self.sides = (span, 0) if causal else (span // 2, span - span // 2)
        self.conv1 = nn.Conv1d(c, width, kernel, dilation=dilation, bias=not norm)
        self.bn1 = nn.BatchNorm1d(width) if norm else nn.Identity()
        self.conv2 = nn.Conv1d(width, width, kernel, dilation=dilation, bias=not norm)
        self.bn2 = nn.BatchNorm1d(width) if norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.downsample = nn.Conv1d(c, width, 1) if c != width else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.dropout(F.relu(self.bn1(self.conv1(F.pad(x, self.sides)))))
        y = self.dropout(F.relu(self.bn2(self.conv2(F.pad(y, self.sides)))))
        return F.relu(y + self.downsample(x))


class Moved(nn.Module):
    """An axis put elsewhere, and laid out so."""

    def __init__(self, axis: int, to: int) -> None:
        super().__init__()
        self.axis, self.to_axis = axis, to

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(self.axis, self.to_axis).contiguous()


class ConvNeXtBlock(nn.Module):
    """torchvision's CNBlock, also for sequences."""

    def __init__(self, c: int, expansion: int = 4, kernel: int = 7, dims: int = 2, drop: float = 0.1) -> None:
        super().__init__()
        self.block = nn.Sequential(
            layers(dims).conv(c, c, kernel, padding=kernel // 2, groups=c),
            Moved(1, -1),
            nn.LayerNorm(c, eps=1e-6),
            nn.Linear(c, expansion * c),
            nn.GELU(),
            nn.Linear(expansion * c, c),
            Moved(-1, 1),
        )
        self.layer_scale = nn.Parameter(torch.full((c, *(1,) * dims), 1e-6))
        self.stochastic_depth = StochasticDepth(drop)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.stochastic_depth(self.layer_scale * self.block(x))


CASES = (
    Case("UNetDown", {"out_channels": 12}, ((6, 9, 8),), lambda: Down(6, 12)),
    Case("UNetDown", {"out_channels": 5}, ((6, 17),), lambda: Down(6, 5, 1)),
    Case("UNetUp", {"out_channels": 6}, ((12, 4, 4), (6, 8, 8)), lambda: Up(12, 6, 6)),
    Case("UNetUp", {"out_channels": 6}, ((12, 4, 4), (7, 9, 11)), lambda: Up(12, 7, 6)),
    Case(
        "UNetUp", {"out_channels": 6, "interpolate": True}, ((12, 4, 4), (6, 8, 9)),
        lambda: Up(12, 6, 6, True),
    ),
    Case("UNetUp", {"out_channels": 3}, ((4, 6), (3, 12)), lambda: Up(4, 3, 3, False, 1)),
    Case(
        "UNetUp", {"out_channels": 3, "interpolate": True}, ((4, 3, 3, 3), (3, 6, 7, 6)),
        lambda: Up(4, 3, 3, True, 3),
    ),
    Case("TemporalBlock", {"width": 8}, ((8, 30),), lambda: TemporalBlock(8, 8)),
    Case(
        "TemporalBlock", {"width": 12, "dilation": 4, "kernel_size": 2}, ((8, 30),),
        lambda: TemporalBlock(8, 12, 2, 4),
    ),
    Case(
        "TemporalBlock", {"width": 12, "dilation": 2, "causal": False, "norm": False}, ((8, 30),),
        lambda: TemporalBlock(8, 12, 3, 2, False, False),
    ),
    Case("TemporalBlock", {"width": 8, "dropout": 0.5}, ((8, 30),), lambda: TemporalBlock(8, 8, dropout=0.5)),
    Case("ConvNeXtBlock", {}, ((6, 9, 9),), lambda: ConvNeXtBlock(6)),
    Case("ConvNeXtBlock", {"drop": 0.5}, ((6, 9, 8),), lambda: ConvNeXtBlock(6, drop=0.5)),
    Case("ConvNeXtBlock", {"expansion": 2, "kernel_size": 5}, ((6, 17),), lambda: ConvNeXtBlock(6, 2, 5, 1)),
)  # fmt: skip
