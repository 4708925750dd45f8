"""Shapes of tensors, one sample at a time, and the integer arithmetic of sliding windows.

A shape is a plain tuple of ints without the batch: (C, H, W), (C, L), (C, D, H, W) or (N,).
Sizes may be subclasses of int that remember how they came about (see ``expressions.Symbol``), so
everything here uses only ``+ - * //`` and comparisons.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

TensorShape: TypeAlias = tuple[int, ...]

#: What an axis is called in messages, by number of spatial dimensions.
AXIS_NAMES = {0: (), 1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def dimensions(shape: TensorShape) -> int:
    """Number of spatial axes: 0 for (N,), 1 for (C, L), 2 for (C, H, W), 3 for (C, D, H, W)."""
    return len(shape) - 1


def elements(shape: Iterable[int]) -> int:
    """Number of scalars in one sample of this shape."""
    count = 1
    for size in shape:
        count = size * count if count == 1 else count * size
    return count


def format_shape(shape: TensorShape | None) -> str:
    """``(64, 28, 28)`` as people write it: ``64×28×28``; ``?`` where it is not known."""
    return "?" if shape is None else "×".join(str(int(size)) for size in shape)


def window_output(
    size: int, kernel: int, stride: int = 1, padding: tuple[int, int] = (0, 0), dilation: int = 1
) -> int:
    """Outputs of a window sliding over ``size``: floor((W + before + after − dilation·(K−1) − 1)/S) + 1.

    Less than 1 where the window does not fit. Source: torch.nn.Conv2d's documentation.
    """
    return (size + padding[0] + padding[1] - dilation * (kernel - 1) - 1) // stride + 1


def window_remainder(
    size: int, kernel: int, stride: int = 1, padding: tuple[int, int] = (0, 0), dilation: int = 1
) -> int:
    """Pixels at the end that no window reaches, because the stride does not divide what is left."""
    return (size + padding[0] + padding[1] - dilation * (kernel - 1) - 1) % stride


def same_padding(size: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """(before, after) so that the output is ceil(W/S); the odd pixel goes after, as in TensorFlow.

    Source: TensorFlow's documentation of the "SAME" padding scheme.
    """
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return total // 2, total - total // 2
