"""What a network sees: feature maps, receptive fields, and pictures of them. No Qt, and no torch until tensors come."""

from __future__ import annotations

from builder.colourmaps import COLOUR_MAPS
from runtime.inspection.captions import captioned, write_png
from runtime.inspection.colours import colour_map, limits, paint
from runtime.inspection.fields import field_picture
from runtime.inspection.maps import arrange, enlarge, feature_maps, planes, tile

__all__ = [
    "COLOUR_MAPS",
    "arrange",
    "captioned",
    "colour_map",
    "enlarge",
    "feature_maps",
    "field_picture",
    "limits",
    "paint",
    "planes",
    "tile",
    "write_png",
]
