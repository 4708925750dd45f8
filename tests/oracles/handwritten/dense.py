"""Dense blocks by hand."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.handwritten.base import Case, layers


class DenseLayer(nn.Module):
    def __init__(self, c: int, growth: int, bn_size: int = 4, dims: int = 2) -> None:
        super().__init__()
        kind = layers(dims)
        self.norm1 = kind.norm(c)
        self.conv1 = kind.conv(c, bn_size * growth, 1, bias=False)
        self.norm2 = kind.norm(bn_size * growth)
        self.conv2 = kind.conv(bn_size * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.norm1(x)))
        return torch.cat([x, self.conv2(F.relu(self.norm2(y)))], 1)


def dense_block(c: int, depth: int, growth: int, bn_size: int = 4, dims: int = 2) -> nn.Module:
    block = nn.Sequential()
    for i in range(depth):
        block.add_module(f"denselayer{i + 1}", DenseLayer(c + i * growth, growth, bn_size, dims))
    return block


class Transition(nn.Module):
    def __init__(self, c: int, out: int, dims: int = 2) -> None:
        super().__init__()
        kind = layers(dims)
        self.norm = kind.norm(c)
        self.conv = kind.conv(c, out, 1, bias=False)
        self.pool = kind.avg_pool(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.conv(F.relu(self.norm(x))))


CASES = (
    Case("DenseLayer", {"growth_rate": 4}, ((10, 9, 9),), lambda: DenseLayer(10, 4)),
    Case("DenseLayer", {"growth_rate": 3, "bn_size": 2}, ((10, 17),), lambda: DenseLayer(10, 3, 2, 1)),
    Case("DenseBlock", {"growth_rate": 4}, ((10, 9, 9),), lambda: dense_block(10, 6, 4)),
    Case(
        "DenseBlock", {"num_layers": 3, "growth_rate": 3, "bn_size": 2}, ((10, 17),),
        lambda: dense_block(10, 3, 3, 2, 1),
    ),
    Case("DenseBlock", {"num_layers": 1, "growth_rate": 3}, ((5, 4, 4, 4),), lambda: dense_block(5, 1, 3, dims=3)),
    Case("Transition", {"out_channels": 5}, ((10, 9, 8),), lambda: Transition(10, 5)),
    Case("Transition", {"out_channels": 4}, ((10, 17),), lambda: Transition(10, 4, 1)),
)  # fmt: skip
