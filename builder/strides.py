"""How a tensor lies in its storage: steps of the batch and of each axis, and which views PyTorch can make of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

from builder.shapes import TensorShape

#: Numbers to go on in memory for the next sample, channel, row, …
Strides: TypeAlias = tuple[int, ...]


def contiguous(shape: TensorShape) -> Strides:
    """One number after the other."""
    steps = [1]
    for size in reversed(shape):
        steps.append(steps[-1] * int(size))
    return tuple(reversed(steps))


def is_contiguous(shape: TensorShape, strides: Strides) -> bool:
    """Whether nothing lies between the numbers of a batch; the step of an axis with one position says nothing."""
    expected = contiguous(shape)
    return strides[0] == expected[0] and all(
        size == 1 or step == wanted
        for size, step, wanted in zip(shape, strides[1:], expected[1:], strict=True)
    )


def sliced(strides: Strides, axis: int, step: int) -> Strides:
    """Every ``step``-th position of an axis; the batch is axis 0."""
    return (*strides[:axis], strides[axis] * step, *strides[axis + 1 :])


def permuted(strides: Strides, order: Sequence[int]) -> Strides:
    """The axes in another order; ``order`` counts the batch as 0."""
    return tuple(strides[axis] for axis in order)


def in_rows(shape: TensorShape, strides: Strides) -> bool:
    """Whether a batch can be looked at as one matrix, each of whose rows is a stretch of the last axis."""
    wanted = None
    for size, step in zip(reversed(shape[:-1]), reversed(strides[1:-1]), strict=True):
        if size != 1:
            if wanted is not None and step != wanted:
                return False
            wanted = size * step
    return wanted is None or strides[0] == wanted


def reshaped(shape: TensorShape, strides: Strides, wanted: TensorShape) -> Strides | None:
    """The steps of a view with another shape, or None where PyTorch has to copy.

    Axes that lie one after the other are taken together and divided anew (``computeStride`` of ATen).
    """
    steps = [0] * len(wanted)
    place = len(wanted) - 1
    end = len(shape)
    while end > 0:
        start = end - 1  # the axes from start to end lie without a gap
        while start > 0 and (
            shape[start - 1] == 1 or strides[start] == prod(shape[start:end]) * strides[end]
        ):
            start -= 1
        length, step, count = prod(shape[start:end]), strides[end], 1
        while place >= 0 and (count < length or wanted[place] == 1):
            steps[place] = count * step
            count *= wanted[place]
            place -= 1
        if count != length:
            return None
        end = start
    return (strides[0], *steps) if place < 0 else None
