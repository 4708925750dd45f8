"""Numbers as pictures: colour maps, tiles and the image a network is shown."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

#: Plasma (van der Walt and Smith, CC0) at every 17th of its 256 colours; between them it is interpolated.
_PLASMA = (
    "0d0887 330597 5002a2 6a00a8 8405a7 9c179e b12a90 c33d80 d35171 e16462 ed7953 f68f44 fca636 fec029 "
    "f9dc24 f0f921"
)


@cache
def plasma() -> NDArray[np.uint32]:
    """256 colours from dark violet to yellow as 0xffRRGGBB: perceptually even, readable in grey."""
    anchors = np.array(
        [[int(word[i : i + 2], 16) for i in (0, 2, 4)] for word in _PLASMA.split()], dtype=float
    )
    where = np.linspace(0, len(anchors) - 1, 256)
    red, green, blue = (
        np.interp(where, np.arange(len(anchors)), anchors[:, c]).round().astype(np.uint32) for c in range(3)
    )
    return np.uint32(0xFF000000) | (red << np.uint32(16)) | (green << np.uint32(8)) | blue


def planes(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Feature maps of any rank as (C, H, W): a sequence is one row high, of a volume the middle slice is shown."""
    if values.ndim == 2:
        return values[:, None, :]
    if values.ndim == 4:
        return values[:, values.shape[1] // 2]
    return values


def position(shape: tuple[int, ...], y: int, x: int) -> tuple[int, ...]:
    """The output position of a pixel of ``planes``, in the axes of a tensor of this shape."""
    if len(shape) == 2:
        return (x,)
    if len(shape) == 4:
        return (shape[1] // 2, y, x)
    return (y, x)


def limits(values: NDArray[np.floating]) -> tuple[float, float]:
    """Smallest and largest finite value; (0, 1) where nothing is finite."""
    finite = values[np.isfinite(values)] if not np.isfinite(values).all() else values
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def map_image(plane: NDArray[np.floating], low: float, high: float) -> QImage:
    """(H, W) numbers in plasma from ``low`` to ``high``; a constant plane is dark, what is not finite is grey."""
    span = high - low
    scaled = (plane - low) * (255.0 / span) if span > 0 else np.zeros_like(plane)
    finite = np.isfinite(scaled)
    indices = np.where(finite, scaled, 0).clip(0, 255).astype(np.uint8)
    pixels = plasma()[indices]
    pixels[~finite] = 0xFF808080
    return _image(pixels)


def picture_image(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W) grey or (H, W, 3) colours as an image of the same size."""
    wide = pixels.astype(np.uint32)
    if wide.ndim == 2:
        wide = np.repeat(wide[:, :, None], 3, axis=2)
    packed = (wide[..., 0] << np.uint32(16)) | (wide[..., 1] << np.uint32(8)) | wide[..., 2]
    return _image(np.uint32(0xFF000000) | packed)


def _image(pixels: NDArray[np.uint32]) -> QImage:
    height, width = pixels.shape
    data = np.ascontiguousarray(pixels)
    # copy(): the image must own its pixels, numpy's go with this call.
    return QImage(data.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()
