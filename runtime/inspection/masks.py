"""Masks as pictures: a colour for each class, laid over what was segmented, with the boundaries between them."""

from __future__ import annotations

import colorsys
import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from builder.errors import Problem
from runtime.inspection.maps import enlarge
from runtime.weights import write_atomically

#: The first classes: M. Okabe and K. Ito, Color Universal Design, 2008, told apart by the colour-blind too.
_FIRST = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
#: The golden ratio's part of a turn: hues that come one after the other lie far apart.
_TURN = 0.61803398875
#: How much of a colour is laid over a picture.
_TINT = 0.4
#: Overlays are enlarged until they are as wide or high as this, in pixels.
_LARGE = 384


@cache
def class_colours(count: int) -> NDArray[np.uint8]:
    """A colour for each of ``count`` classes (count, 3); the first, which mostly is the ground, is grey."""
    more = (
        tuple(round(255 * part) for part in colorsys.hsv_to_rgb(k * _TURN % 1, 0.65 if k % 2 else 0.9, 0.9))
        for k in range(count)
    )
    chosen = [(128, 128, 128), *_FIRST, *more][:count]
    table = np.array(chosen, np.uint8).reshape(count, 3)
    table.flags.writeable = False
    return table


def fitted(mask: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A mask at another size (H, W): each pixel has the class that its centre lies in."""
    rows, columns = (
        (2 * np.arange(new) + 1) * old // (2 * new) for new, old in zip(size, mask.shape, strict=True)
    )
    return mask[rows[:, None], columns[None]]


def rims(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The pixels (H, W) that have a neighbour of another class, above, below, left or right."""
    found = np.zeros(mask.shape, np.bool_)
    for axis in (0, 1):
        differ = np.diff(mask.astype(np.int16), axis=axis) != 0
        before, after = [slice(None)] * 2, [slice(None)] * 2
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        found[tuple(before)] |= differ
        found[tuple(after)] |= differ
    return found


def boundaries(mask: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The edges between pixels of different classes: (n, 4) of y and x where one begins and where it ends.

    In pixels, so that (0, 0) is the corner of the first and (H, W) that of the last.
    """
    y, x = np.nonzero(np.diff(mask.astype(np.int16), axis=1))
    upright = np.stack([y, x + 1, y + 1, x + 1], axis=1)
    y, x = np.nonzero(np.diff(mask.astype(np.int16), axis=0))
    level = np.stack([y + 1, x, y + 1, x + 1], axis=1)
    return np.concatenate([upright, level])


def tinted(picture: NDArray[np.uint8], mask: NDArray[np.uint8], classes: int) -> NDArray[np.uint8]:
    """A picture (H, W) or (H, W, 3) as (H, W, 3), each pixel with some of its class's colour; the first class has none.

    ``mask`` is fitted to the picture; what is beyond the classes (255: not judged) stays as it is.
    """
    colour = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
    mask = fitted(mask, colour.shape[:2])
    laid = (mask > 0) & (mask < classes)
    over = class_colours(classes)[np.where(laid, mask, 0)]
    mixed = np.rint(colour * (1 - _TINT) + over * _TINT).astype(np.uint8)
    return np.where(laid[:, :, None], mixed, colour)


def overlay(picture: NDArray[np.uint8], mask: NDArray[np.uint8], classes: int) -> NDArray[np.uint8]:
    """A picture under its mask, enlarged: tinted, each region with a rim of its colour; uint8 (H, W, 3)."""
    zoom = max(1, -(-_LARGE // max(picture.shape[:2])))
    large = enlarge(tinted(picture, mask, classes), zoom)
    mask = fitted(mask, large.shape[:2])
    edge = rims(mask) & (mask < classes)
    large[edge] = class_colours(classes)[mask[edge]]
    return large


def write_mask(mask: NDArray[np.uint8], path: Path, classes: int) -> Problem | None:
    """Write a mask as a PNG whose values are the classes, with their colours as palette; the whole file or none."""
    image = Image.fromarray(np.ascontiguousarray(mask)).convert("L")
    indexed = Image.frombytes("P", image.size, image.tobytes())
    indexed.putpalette(class_colours(max(classes, int(mask.max(initial=0)) + 1)).tobytes())
    buffer = io.BytesIO()
    indexed.save(buffer, "PNG")
    return write_atomically(Path(path), buffer.getvalue())
