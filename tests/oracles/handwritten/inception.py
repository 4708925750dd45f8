"""Inception blocks by hand, after torchvision's ``googlenet.py`` and ``inception.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.handwritten.base import Case, layers


class BasicConv(nn.Module):
    def __init__(self, c: int, out: int, dims: int = 2, **options: Any) -> None:
        super().__init__()
        kind = layers(dims)
        self.conv = kind.conv(c, out, bias=False, **options)
        self.bn = kind.norm(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    def __init__(
        self,
        c: int,
        c1: int,
        red3: int,
        c3: int,
        red5: int,
        c5: int,
        proj: int,
        kernel: int = 5,
        dims: int = 2,
    ) -> None:
        super().__init__()

        def conv(c: int, out: int, k: int) -> nn.Module:
            return BasicConv(c, out, dims, kernel_size=k, padding=k // 2)

        self.branch1 = conv(c, c1, 1)
        self.branch2 = nn.Sequential(conv(c, red3, 1), conv(red3, c3, 3))
        self.branch3 = nn.Sequential(conv(c, red5, 1), conv(red5, c5, kernel))
        self.branch4 = nn.Sequential(
            layers(dims).max_pool(3, stride=1, padding=1, ceil_mode=True), conv(c, proj, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Lettered(nn.Module):
    """Inception A to E: convolutions by name, and the branches as chains of names, ``""`` being the pool.

    ``branches``: lists of names one after the other; a tuple at the end stands side by side.
    """

    def __init__(
        self,
        c: int,
        convs: Mapping[str, tuple[int | str, int, Any]],
        branches: list[list[Any]],
        pool: str,
        dims: int,
    ) -> None:
        super().__init__()
        self.branches, self.pool, self.dims = branches, pool, dims
        for name, (source, out, options) in convs.items():
            arriving = c if not source else convs[str(source)][1]
            self.add_module(name, BasicConv(arriving, out, dims, **options))

    def forward(self, x: Tensor) -> Tensor:
        found = []
        for branch in self.branches:
            y = x
            for name in branch:
                if isinstance(name, tuple):
                    found += [getattr(self, one)(y) for one in name]
                    break
                y = getattr(self, name)(y) if name else self._pooled(y)
            else:
                found.append(y)
        return torch.cat(found, 1)

    def _pooled(self, x: Tensor) -> Tensor:
        kind = "avg" if self.pool == "avg" else "max"
        pool = getattr(F, f"{kind}_pool{self.dims}d")
        return pool(x, 3, stride=1, padding=1) if kind == "avg" else pool(x, 3, stride=2)


ONE: dict[str, Any] = {"kernel_size": 1}
WIDE: dict[str, Any] = {"kernel_size": 3, "padding": 1}
HALVE: dict[str, Any] = {"kernel_size": 3, "stride": 2}


def line(height: int, width: int) -> dict[str, Any]:
    """A window that keeps the size."""
    return {"kernel_size": (height, width), "padding": (height // 2, width // 2)}


def inception_a(c: int, pool_features: int, dims: int = 2) -> nn.Module:
    convs = {
        "branch1x1": ("", 64, ONE),
        "branch5x5_1": ("", 48, ONE),
        "branch5x5_2": ("branch5x5_1", 64, {"kernel_size": 5, "padding": 2}),
        "branch3x3dbl_1": ("", 64, ONE),
        "branch3x3dbl_2": ("branch3x3dbl_1", 96, WIDE),
        "branch3x3dbl_3": ("branch3x3dbl_2", 96, WIDE),
        "branch_pool": ("", pool_features, ONE),
    }
    branches = [
        ["branch1x1"], ["branch5x5_1", "branch5x5_2"],
        ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], ["", "branch_pool"],
    ]  # fmt: skip
    return Lettered(c, convs, branches, "avg", dims)


def inception_b(c: int, dims: int = 2) -> nn.Module:
    convs = {
        "branch3x3": ("", 384, HALVE),
        "branch3x3dbl_1": ("", 64, ONE),
        "branch3x3dbl_2": ("branch3x3dbl_1", 96, WIDE),
        "branch3x3dbl_3": ("branch3x3dbl_2", 96, HALVE),
    }
    branches = [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], [""]]
    return Lettered(c, convs, branches, "max", dims)


def inception_c(c: int, c7: int) -> nn.Module:
    convs = {
        "branch1x1": ("", 192, ONE),
        "branch7x7_1": ("", c7, ONE),
        "branch7x7_2": ("branch7x7_1", c7, line(1, 7)),
        "branch7x7_3": ("branch7x7_2", 192, line(7, 1)),
        "branch7x7dbl_1": ("", c7, ONE),
        "branch7x7dbl_2": ("branch7x7dbl_1", c7, line(7, 1)),
        "branch7x7dbl_3": ("branch7x7dbl_2", c7, line(1, 7)),
        "branch7x7dbl_4": ("branch7x7dbl_3", c7, line(7, 1)),
        "branch7x7dbl_5": ("branch7x7dbl_4", 192, line(1, 7)),
        "branch_pool": ("", 192, ONE),
    }
    branches = [
        ["branch1x1"], [f"branch7x7_{i}" for i in (1, 2, 3)],
        [f"branch7x7dbl_{i}" for i in (1, 2, 3, 4, 5)], ["", "branch_pool"],
    ]  # fmt: skip
    return Lettered(c, convs, branches, "avg", 2)


def inception_d(c: int) -> nn.Module:
    convs = {
        "branch3x3_1": ("", 192, ONE),
        "branch3x3_2": ("branch3x3_1", 320, HALVE),
        "branch7x7x3_1": ("", 192, ONE),
        "branch7x7x3_2": ("branch7x7x3_1", 192, line(1, 7)),
        "branch7x7x3_3": ("branch7x7x3_2", 192, line(7, 1)),
        "branch7x7x3_4": ("branch7x7x3_3", 192, HALVE),
    }
    branches = [["branch3x3_1", "branch3x3_2"], [f"branch7x7x3_{i}" for i in (1, 2, 3, 4)], [""]]
    return Lettered(c, convs, branches, "max", 2)


def inception_e(c: int) -> nn.Module:
    convs = {
        "branch1x1": ("", 320, ONE),
        "branch3x3_1": ("", 384, ONE),
        "branch3x3_2a": ("branch3x3_1", 384, line(1, 3)),
        "branch3x3_2b": ("branch3x3_1", 384, line(3, 1)),
        "branch3x3dbl_1": ("", 448, ONE),
        "branch3x3dbl_2": ("branch3x3dbl_1", 384, WIDE),
        "branch3x3dbl_3a": ("branch3x3dbl_2", 384, line(1, 3)),
        "branch3x3dbl_3b": ("branch3x3dbl_2", 384, line(3, 1)),
        "branch_pool": ("", 192, ONE),
    }
    branches = [
        ["branch1x1"], ["branch3x3_1", ("branch3x3_2a", "branch3x3_2b")],
        ["branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")], ["", "branch_pool"],
    ]  # fmt: skip
    return Lettered(c, convs, branches, "avg", 2)


GOOGLENET = {"ch1x1": 6, "ch3x3red": 4, "ch3x3": 8, "ch5x5red": 2, "ch5x5": 3, "pool_proj": 5}

CASES = (
    Case("Inception", GOOGLENET, ((12, 9, 9),), lambda: Inception(12, 6, 4, 8, 2, 3, 5)),
    Case(
        "Inception", {**GOOGLENET, "kernel_size": 3}, ((12, 17),),
        lambda: Inception(12, 6, 4, 8, 2, 3, 5, 3, 1),
    ),
    Case("InceptionA", {}, ((12, 9, 9),), lambda: inception_a(12, 32)),
    Case("InceptionA", {"pool_features": 7}, ((12, 17),), lambda: inception_a(12, 7, 1)),
    Case("InceptionB", {}, ((12, 9, 8),), lambda: inception_b(12)),
    Case("InceptionB", {}, ((6, 7, 5, 6),), lambda: inception_b(6, 3)),
    Case("InceptionC", {}, ((12, 9, 9),), lambda: inception_c(12, 128)),
    Case("InceptionC", {"channels_7x7": 10}, ((12, 8, 7),), lambda: inception_c(12, 10)),
    Case("InceptionD", {}, ((12, 9, 9),), lambda: inception_d(12)),
    Case("InceptionE", {}, ((12, 8, 9),), lambda: inception_e(12)),
)  # fmt: skip
