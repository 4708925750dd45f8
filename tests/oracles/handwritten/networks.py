"""Whole networks by hand: U-Net, and the temporal convolutional network with normalised weights."""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from tests.oracles.handwritten.maps import DoubleConv, Down, TemporalBlock, Up


class UNet(nn.Module):
    """Pytorch-UNet's names and channels; there ``base`` is 64 and ``merge`` "concat"."""

    def __init__(
        self, c: int, classes: int, base: int, levels: int, merge: str = "concat", interpolate: bool = False
    ) -> None:
        super().__init__()
        factor = 2 if interpolate else 1
        self.levels = range(1, levels + 1)
        self.inc = DoubleConv(c, base)
        for n in self.levels:
            width = base * 2**n // (factor if n == levels else 1)
            self.add_module(f"down{n}", Down(base * 2 ** (n - 1), width))
        for n in self.levels:
            beside = base * 2 ** (levels - n)
            width = beside // (factor if n < levels else 1)
            up = Up(2 * beside // factor, beside, width, interpolate, merge=merge)
            self.add_module(f"up{n}", up)
        self.outc = nn.Sequential(OrderedDict(conv=nn.Conv2d(base, classes, 1)))

    def forward(self, x: Tensor) -> Tensor:
        seen = [self.inc(x)]
        for n in self.levels:
            seen.append(self.get_submodule(f"down{n}")(seen[-1]))
        x = seen.pop()
        for n in self.levels:
            x = self.get_submodule(f"up{n}")(x, seen.pop())
        return self.outc(x)


class Tcn(nn.Module):
    """Temporal blocks with doubling dilation; the last moment decides."""

    def __init__(
        self, c: int, classes: int, hidden: int, levels: int, kernel: int, dropout: float, norm: bool
    ) -> None:
        super().__init__()
        self.network = nn.Sequential(
            *(
                TemporalBlock(hidden if i else c, hidden, kernel, 2**i, norm=norm, dropout=dropout)
                for i in range(levels)
            )
        )
        self.linear = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.network(x)[:, :, -1])


class NormalisedBlock(nn.Module):
    """As the paper has it: padded on both sides, what sees the future cut off, and kernels as direction and length."""

    def __init__(self, c: int, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.cut = (kernel - 1) * dilation
        for name, arriving in (("conv1", c), ("conv2", width)):
            conv = nn.Conv1d(arriving, width, kernel, padding=self.cut, dilation=dilation)
            self.add_module(name, weight_norm(conv))
        self.downsample = nn.Conv1d(c, width, 1) if c != width else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for name in ("conv1", "conv2"):
            y = F.relu(self.get_submodule(name)(y)[:, :, : -self.cut])
        return F.relu(y + self.downsample(x))


def multiplied_out(network: nn.Module) -> dict[str, Tensor]:
    """The state without normalisation: kernels as the convolutions use them."""
    state = {}
    for path, module in network.named_modules():
        if isinstance(module, nn.Conv1d):
            assert module.bias is not None
            state[f"{path}.weight"], state[f"{path}.bias"] = module.weight.detach(), module.bias.detach()
    return state


def normalised(c: int, hidden: int, levels: int, kernel: int) -> nn.Sequential:
    """A chain of normalised blocks in eval mode, with lengths that are no kernel's by accident."""
    blocks = nn.Sequential(
        *(NormalisedBlock(hidden if i else c, hidden, kernel, 2**i) for i in range(levels))
    )
    with torch.no_grad():
        for name, tensor in blocks.named_parameters():
            if name.endswith("original0"):
                tensor.uniform_(0.5, 1.5)
    return blocks.eval()
