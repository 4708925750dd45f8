"""Numbers as colours: perceptual tables, and a colour of their own for what is no number."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from builder.colourmaps import colour_table

#: For NaN and infinities: in none of the tables, and seen at once on each of them.
NOT_A_NUMBER = (0, 229, 255)

#: What maps are painted with where nothing else is said.
DEFAULT = "plasma"


@cache
def colour_map(name: str = DEFAULT) -> NDArray[np.uint8]:
    """256 colours (256, 3) from the least to the greatest value; raises ConvolabError for an unknown name."""
    table = np.frombuffer(colour_table(name), np.uint8).reshape(256, 3)
    table.flags.writeable = False
    return table


def limits(values: NDArray[np.floating]) -> tuple[float, float]:
    """The least and the greatest finite value; (0, 0) where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def paint(values: NDArray[np.floating], low: float, high: float, name: str = DEFAULT) -> NDArray[np.uint8]:
    """Values of any shape (…) as colours (…, 3): ``low`` is the table's first, ``high`` its last.

    Values beyond them take the end's colour; where ``low == high`` (a constant map) the first; what is not finite
    is painted ``NOT_A_NUMBER``.
    """
    table = colour_map(name)
    finite = np.isfinite(values)
    known = np.where(finite, values, low).astype(np.float64)
    # Halved before they are subtracted: the difference of the largest floats is none.
    span = high / 2 - low / 2
    scaled = (known / 2 - low / 2) / span if span > 0 else np.zeros_like(known)
    colours = table[np.rint(scaled.clip(0, 1) * 255).astype(np.uint8)]
    colours[~finite] = NOT_A_NUMBER
    return colours
