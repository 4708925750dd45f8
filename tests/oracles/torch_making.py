"""What the oracles of blocks are written with: functions as modules, and parameters as PyTorch takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

Shape = tuple[int, ...]
Values = Mapping[str, Any]
Maker = Callable[[Values, Sequence[Shape]], nn.Module]


class Function(nn.Module):
    """A function of tensors as a module."""

    def __init__(self, function: Callable[..., Tensor | tuple[Tensor, ...]]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.function(*inputs)


def of_rank(name: str, shapes: Sequence[Shape]) -> Callable[..., nn.Module]:
    """``torch.nn.NAME2d`` for an image; raises ValueError where there is none."""
    axes = len(shapes[0]) - 1
    made: Callable[..., nn.Module] | None = getattr(nn, f"{name}{axes}d", None)
    if made is None:
        raise ValueError(f"torch.nn has no {name}{axes}d")
    return made


def spread(value: Any, axes: int) -> list[Any]:
    """One value for each axis."""
    return list(value) if isinstance(value, list | tuple) else [value] * axes


def tuples(value: Any) -> Any:
    """JSON's lists as tuples."""
    return tuple(map(tuples, value)) if isinstance(value, list | tuple) else value
