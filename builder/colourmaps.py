"""Perceptual colour maps: 256 colours each, from the least to the greatest value, even also in grey."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from builder.errors import ConvolabError

COLOUR_MAPS = ("viridis", "plasma", "inferno", "magma")


@cache
def colour_table(name: str) -> bytes:
    """256 times red, green, blue; raises ConvolabError for an unknown name."""
    if name not in COLOUR_MAPS:
        raise ConvolabError(f"no colour map {name!r}; there are {', '.join(COLOUR_MAPS)}")
    tables: dict[str, str] = json.loads(
        (resources.files("resources") / "data" / "colourmaps.json").read_bytes()
    )
    return bytes.fromhex(tables[name])


def colour_at(name: str, level: float) -> str:
    """The ``#rrggbb`` of a level from 0 to 1."""
    index = 3 * round(min(1.0, max(0.0, level)) * 255)
    return f"#{colour_table(name)[index : index + 3].hex()}"
