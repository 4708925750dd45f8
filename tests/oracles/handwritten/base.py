"""What a comparison consists of, and the layers of each dimension."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import nn

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A ready module with these arguments and input shapes (without batch), and the same by hand."""

    name: str
    arguments: Mapping[str, float]
    shapes: tuple[Shape, ...]
    make: Callable[[], nn.Module]

    def __str__(self) -> str:
        given = ",".join(f"{key}={value}" for key, value in self.arguments.items())
        arriving = "+".join("x".join(map(str, shape)) for shape in self.shapes)
        return f"{self.name}({given})-{arriving}"


class Layers(NamedTuple):
    """torch's classes for one, two or three axes."""

    conv: Any
    norm: Any
    max_pool: Any
    avg_pool: Any
    up: Any


def layers(dims: int) -> Layers:
    """The classes whose names end in ``1d``, ``2d`` or ``3d``."""
    names = ("Conv", "BatchNorm", "MaxPool", "AvgPool", "ConvTranspose")
    return Layers(*(getattr(nn, f"{name}{dims}d") for name in names))
