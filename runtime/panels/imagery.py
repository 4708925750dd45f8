"""Numbers as pictures: colour maps, tiles and the image a network is shown."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage


@cache
def plasma() -> NDArray[np.uint32]:
    """256 colours from dark violet to yellow as 0xffRRGGBB: perceptually even, readable in grey."""
    # Its package writes pictures too, with what that takes: not before there is a map to show.
    from runtime.inspection.colours import colour_map

    return _packed(colour_map("plasma"))


@cache
def not_a_number() -> NDArray[np.uint32]:
    """The colour of what is no finite number, in none of the tables."""
    from runtime.inspection.colours import NOT_A_NUMBER

    return _packed(np.array(NOT_A_NUMBER, dtype=np.uint8))


def limits(values: NDArray[np.floating]) -> tuple[float, float]:
    """The least and the greatest finite value; (0, 0) where there is none."""
    from runtime.inspection import colours

    return colours.limits(values)


def _packed(colours: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """(…, 3) bytes as (…) words 0xffRRGGBB."""
    red, green, blue = (colours[..., c].astype(np.uint32) for c in range(3))
    return np.uint32(0xFF000000) | (red << np.uint32(16)) | (green << np.uint32(8)) | blue


def planes(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Feature maps of any rank as (C, H, W): a sequence is one row high, of a volume the middle slice is shown."""
    if values.ndim == 2:
        return values[:, None, :]
    if values.ndim == 4:
        return values[:, values.shape[1] // 2]
    return values


def map_image(plane: NDArray[np.floating], low: float, high: float) -> QImage:
    """(H, W) numbers in plasma from ``low`` to ``high``; a constant plane is dark, what is not finite stands out."""
    span = high - low
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (plane - low) * (255.0 / span) if span > 0 else plane * 0
    finite = np.isfinite(scaled)
    indices = np.where(finite, scaled, 0).clip(0, 255).astype(np.uint8)
    pixels = plasma()[indices]
    pixels[~finite] = not_a_number()
    return _image(pixels)


def heat_image(levels: NDArray[np.floating], *, dark: bool, ground: str, empty: NDArray[np.bool_]) -> QImage:
    """(H, W) levels from 0 to 1 as colours on a ground ``#rrggbb``, which is left where there is nothing.

    What has most stands out most: bright on a dark ground, dark on a bright one.
    """
    level = levels if dark else 1 - levels
    pixels = plasma()[(level * 255).round().clip(0, 255).astype(np.uint8)]
    pixels[empty] = np.uint32(0xFF000000 | int(ground[1:], 16))
    return _image(pixels)


def picture_image(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W) grey or (H, W, 3) colours as an image of the same size."""
    return _image(_packed(pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)))


def _image(pixels: NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    data = np.ascontiguousarray(pixels)
    # copy(): the image must own its pixels, numpy's go with this call.
    return QImage(data.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
