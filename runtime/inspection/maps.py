"""Feature maps as one picture: tiles side by side, enlarged pixel by pixel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from runtime.inspection.colours import DEFAULT, limits, paint

if TYPE_CHECKING:
    import torch

Scale: TypeAlias = Literal["map", "common"]

#: Between tiles, in pixels.
GAP = 3
#: Behind and between tiles: the canvas of the dark theme.
BACKGROUND = (24, 27, 33)
#: Small print.
MUTED = (154, 164, 178)
#: What a picture is filled up to by enlarging, and what it never exceeds, in pixels.
_WIDTH, _TALLEST = 1120, 820
_MOST_PIXELS = 2**26
_LARGEST_ZOOM = 48
#: Room for a tile's number, and from which width on a tile has one, in pixels.
_LABEL, _LABELLED = 14, 24


def feature_maps(outputs: Mapping[str, torch.Tensor], sample: int = 0) -> dict[str, NDArray[np.float32]]:
    """What a tapped network gave for one sample of its batch: float32 arrays (C, H, W), (C, L) or (N,) of their own."""
    import torch

    return {
        path: np.array(values[sample].detach().to("cpu", torch.float32).numpy(), copy=True)
        for path, values in outputs.items()
    }


def planes(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Values of one sample as maps (C, H, W).

    A sequence (C, L) is one map, a channel a row; of a volume (C, D, H, W) the middle slice is taken; the entries of
    a vector (N,) are maps of one pixel.
    """
    if values.ndim == 2:
        return values[None]
    if values.ndim == 4:
        return values[:, values.shape[1] // 2]
    return values[:, None, None] if values.ndim == 1 else values


@dataclass(frozen=True, slots=True)
class Grid:
    """How tiles lie: ``count`` of them in ``columns``, each pixel of a map ``zoom`` pixels wide and high.

    Below each tile, ``label`` pixels are left for its number.
    """

    count: int
    columns: int
    rows: int
    zoom: int
    height: int
    width: int
    label: int = 0

    def corner(self, index: int) -> tuple[int, int]:
        """(y, x) of a tile's first pixel."""
        row, column = divmod(index, self.columns)
        return (
            GAP + row * (self.height * self.zoom + self.label + GAP),
            GAP + column * (self.width * self.zoom + GAP),
        )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the whole picture."""
        return (
            GAP + self.rows * (self.height * self.zoom + self.label + GAP),
            GAP + self.columns * (self.width * self.zoom + GAP),
        )


def arrange(count: int, height: int, width: int) -> Grid:
    """The grid that shows ``count`` maps of ``height × width`` largest; as many of them as a picture can hold."""
    count = max(1, min(count, _MOST_PIXELS // ((height + GAP) * (width + GAP))))
    grids = []
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        across = (_WIDTH - GAP * (columns + 1)) // (columns * width)
        down = (_TALLEST - (GAP + _LABEL) * (rows + 1)) // (rows * height)
        zoom = max(1, min(across, down, _LARGEST_ZOOM))
        label = _LABEL if count > 1 and width * zoom >= _LABELLED else 0
        grids.append(Grid(count, columns, rows, zoom, height, width, label))
    return max(grids, key=_fitness)


def _fitness(grid: Grid) -> tuple[int, float]:
    """Large pixels first; then few empty places and a shape like the page's."""
    height, width = grid.size
    empty = grid.columns * grid.rows / grid.count - 1
    return grid.zoom, -3 * empty - abs(math.log(width * _TALLEST / (height * _WIDTH)))


def tile(
    maps: NDArray[np.floating],
    *,
    scale: Scale = "map",
    colours: str = DEFAULT,
    grid: Grid | None = None,
) -> NDArray[np.uint8]:
    """Maps (C, H, W) side by side as uint8 (height, width, 3), row by row.

    ``scale``: each ``map`` from its own least to its own greatest value, or all on one ``common`` scale.
    """
    grid = grid or arrange(len(maps), *maps.shape[1:])
    picture = np.empty((*grid.size, 3), np.uint8)
    picture[:] = BACKGROUND
    together = limits(maps[: grid.count])
    for index in range(grid.count):
        low, high = together if scale == "common" else limits(maps[index])
        small = paint(maps[index], low, high, colours)
        y, x = grid.corner(index)
        large = enlarge(small, grid.zoom)
        picture[y : y + large.shape[0], x : x + large.shape[1]] = large
    return _numbered(picture, grid) if grid.label else picture


def _numbered(picture: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(11)
    for index in range(grid.count):
        y, x = grid.corner(index)
        draw.text((x + 1, y + grid.height * grid.zoom + 1), str(index), MUTED, font)
    return np.array(image)


def enlarge(pixels: NDArray[np.uint8], zoom: int) -> NDArray[np.uint8]:
    """Every pixel ``zoom`` times as wide and high: nearest neighbour, so that pixels are seen as what they are."""
    return pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
