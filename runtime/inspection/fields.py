"""What one position of a node sees: the input, enlarged, with the receptive field exactly on its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.inspection.maps import BACKGROUND, enlarge

#: First and last pixel of a field along height and width; negative or beyond the picture is padding.
Box = tuple[tuple[int, int], tuple[int, int]]

FRAME = (255, 176, 32)
_HATCH = (58, 66, 80)
_LONGEST = 720
_LARGEST_ZOOM = 48
#: How much of a picture's own light is left outside the field.
_DIMMED = 0.45
#: Hatching and margin beyond the padding that a field reaches, in pictures.
_FARTHEST = 1.0


@dataclass(frozen=True, slots=True)
class FieldView:
    """Where things lie: margins round the picture in input pixels, and what one of those is enlarged to."""

    top: int
    left: int
    bottom: int
    right: int
    zoom: int
    box: Box

    def edges(self, line: int) -> tuple[int, int, int, int]:
        """(y0, x0, y1, x1) in picture pixels of the field's own outline; a frame of ``line`` lies around it."""
        (y0, y1), (x0, x1) = self.box
        zoom = self.zoom
        return (
            line + (y0 + self.top) * zoom,
            line + (x0 + self.left) * zoom,
            line + (y1 + 1 + self.top) * zoom,
            line + (x1 + 1 + self.left) * zoom,
        )


def view_of(size: tuple[int, int], box: Box) -> FieldView:
    """The margins a field needs beyond a picture of ``size`` (height, width), and the zoom that fits a page.

    A field that reaches farther than a picture's size beyond it is cut there: everything farther is padding too.
    """
    margins = []
    cut = []
    for (first, last), length in zip(box, size, strict=True):
        farthest = round(length * _FARTHEST)
        first, last = (min(max(end, -farthest), length - 1 + farthest) for end in (first, last))
        cut.append((first, last))
        margins.append((max(0, -first), max(0, last - length + 1)))
    (top, bottom), (left, right) = margins
    longest = max(size[0] + top + bottom, size[1] + left + right)
    zoom = max(1, min(_LONGEST // longest, _LARGEST_ZOOM))
    return FieldView(top, left, bottom, right, zoom, (cut[0], cut[1]))


def _hatched(height: int, width: int) -> NDArray[np.uint8]:
    """Slanted lines: where a window finds zeros, not a picture."""
    y, x = np.indices((height, width), sparse=True)
    lines = ((x + y) % 9 < 2)[..., None]
    return np.where(lines, np.array(_HATCH, np.uint8), np.array(BACKGROUND, np.uint8))


def field_picture(picture: NDArray[np.uint8], box: Box, line: int = 2) -> NDArray[np.uint8]:
    """A picture (H, W) or (H, W, 3) with the frame of ``box`` just outside its pixels, uint8 (height, width, 3).

    Outside the field the picture is dimmed; padding, where the field reaches it, is hatched.
    """
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    height, width = picture.shape[:2]
    view = view_of((height, width), box)
    (y0, y1), (x0, x1) = view.box
    light = np.full((height, width, 1), _DIMMED)
    light[max(y0, 0) : y1 + 1, max(x0, 0) : x1 + 1] = 1.0
    shown = np.rint(picture * light + np.array(BACKGROUND) * (1 - light)).astype(np.uint8)
    zoom = view.zoom
    tall, wide = (height + view.top + view.bottom) * zoom, (width + view.left + view.right) * zoom
    canvas = np.empty((tall + 2 * line, wide + 2 * line, 3), np.uint8)
    canvas[:] = BACKGROUND
    canvas[line : line + tall, line : line + wide] = _hatched(tall, wide)
    top, left = line + view.top * zoom, line + view.left * zoom
    canvas[top : top + height * zoom, left : left + width * zoom] = enlarge(shown, zoom)
    ya, xa, yb, xb = view.edges(line)
    for ys, xs in (
        (slice(ya - line, ya), slice(xa - line, xb + line)),
        (slice(yb, yb + line), slice(xa - line, xb + line)),
        (slice(ya, yb), slice(xa - line, xa)),
        (slice(ya, yb), slice(xb, xb + line)),
    ):
        canvas[ys, xs] = FRAME
    return canvas
