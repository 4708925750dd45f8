"""How pictures meet a network's input: size, channels and the order they are read in."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt

from builder.errors import Problem
from builder.shapes import TensorShape, elements, format_shape

#: Above this an input is a slip of the finger, not a picture (8192×8192).
MAX_ELEMENTS = 2**26


@dataclass(frozen=True, slots=True)
class Fit:
    """Pictures become ``channels × height × width``; their pixels, read row by row, fill ``shape``."""

    channels: int
    height: int
    width: int
    shape: TensorShape

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.height, self.width


def _square(count: int) -> int | None:
    side = isqrt(count) if count > 0 else 0
    return side if side and side * side == count else None


def _fit_vector(shape: TensorShape, stored: TensorShape | None) -> Fit | Problem:
    (count,) = shape
    if stored is not None and count == elements(stored):
        return Fit(stored[0], stored[1], stored[2], shape)
    if side := _square(count):
        return Fit(1, side, side, shape)
    if count % 3 == 0 and (side := _square(count // 3)):
        return Fit(3, side, side, shape)
    has = f", the data {elements(stored)} ({format_shape(stored)})" if stored is not None else ""
    return Problem(
        "data-input",
        "A vector input takes a picture's pixels in a row, so it needs as many entries as a picture has",
        f"the input has {count}{has}",
        "Set the input to that number, to a square number (grey pictures are resized to it), or to C×H×W",
    )


def _fit_sequence(shape: TensorShape, stored: TensorShape | None) -> Fit | Problem:
    channels, length = shape
    if channels not in (1, 3):  # a row is a channel, a column is a step
        return Fit(1, channels, length, shape)
    if stored is not None and length == stored[1] * stored[2]:
        return Fit(channels, stored[1], stored[2], shape)
    if side := _square(length):
        return Fit(channels, side, side, shape)
    return Problem(
        "data-input",
        "A sequence input reads a picture pixel by pixel, so it needs as many steps as a picture has pixels",
        f"the input is {format_shape(shape)}" + (f", the pictures {format_shape(stored)}" if stored else ""),
        "Set the length to that number or to a square number, or the input to C×H×W",
    )


def fit_input(shape: TensorShape, stored: TensorShape | None) -> Fit | Problem:
    """What pictures of ``stored`` (C, H, W), or of any size where None, become for an input of ``shape``.

    (C, H, W): resized to H×W; grey is repeated, colour becomes luma. (N,): flattened. (1|3, L): the pixels row
    by row; any other (C, L): rows as channels, columns as steps.
    """
    shape = tuple(int(size) for size in shape)
    if not shape or min(shape) < 1 or elements(shape) > MAX_ELEMENTS:
        return Problem(
            "data-input",
            f"An input needs positive sizes and at most {MAX_ELEMENTS:,} entries",
            f"it is {format_shape(shape) or 'empty'}",
            "Correct the input block's shape",
        )
    if len(shape) == 1:
        return _fit_vector(shape, stored)
    if len(shape) == 2:
        return _fit_sequence(shape, stored)
    if len(shape) > 3:
        return Problem(
            "data-input",
            "Pictures fit inputs of C×H×W, C×L or N",
            f"the input is {format_shape(shape)}",
            "Use a two-dimensional input for this data",
        )
    channels, height, width = shape
    if channels in (1, 3) or (stored is not None and channels == stored[0]):
        return Fit(channels, height, width, shape)
    return Problem(
        "data-input",
        "Pictures have 1 channel (grey) or 3 (colour)",
        f"the input has {channels}" + (f", the data {stored[0]}" if stored else ""),
        "Set the input's channels to 1 or 3",
    )


def fit_series(shape: TensorShape, stored: TensorShape) -> Fit | Problem:
    """What sequences of ``stored`` (C, L) become for an input of ``shape``: they must be of one size.

    A vector takes them row by row; axes of one entry count for nothing.
    """
    shape = tuple(int(size) for size in shape)

    def bare(sizes: TensorShape) -> TensorShape:
        return tuple(size for size in sizes if size != 1)

    if bare(shape) == bare(stored) or shape == (elements(stored),):
        return Fit(stored[0], 1, stored[1], shape)
    return Problem(
        "data-input",
        "Sequences are taken as they are, so the input has their channels and length",
        f"the input is {format_shape(shape) or 'empty'}, the data {format_shape(stored)}",
        f"Set the input's shape to {format_shape(stored)}",
    )
