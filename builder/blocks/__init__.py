"""What can be placed: one class for each block; importing this package registers them all."""

from __future__ import annotations

from builder.blocks import (
    activation,
    adaptive,
    borders,
    connected,
    convolution,
    dense,
    gate,
    groupnorm,
    merge,
    normalisation,
    pooling,
    rectifiers,
    regularisation,
    reshaping,
    resizing,
    response,
    scaling,
    smooth,
    splitting,
    terminal,
    transposed,
)
from builder.blocks.base import REGISTRY, Block, Cost, Formula, Passing, Preset, Saved

__all__ = [
    "CATEGORIES",
    "REGISTRY",
    "Block",
    "Cost",
    "Formula",
    "Passing",
    "Preset",
    "Saved",
    "block_class",
    "describe_blocks",
    "in_order",
]

#: In the order of the palette.
CATEGORIES = (
    "Input and output",
    "Convolution",
    "Pooling",
    "Normalisation",
    "Activation",
    "Merge",
    "Dense",
    "Regularisation",
    "Reshape",
    "Modules",
)

#: Within a category the blocks of these follow each other, what one needs first before what is rare.
_MODULES = (
    terminal,
    convolution,
    connected,
    transposed,
    pooling,
    adaptive,
    normalisation,
    groupnorm,
    response,
    scaling,
    activation,
    rectifiers,
    smooth,
    merge,
    gate,
    dense,
    regularisation,
    reshaping,
    resizing,
    borders,
    splitting,
)


def in_order() -> list[type[Block]]:
    """Every block as the palette shows them: by category, the common ones first."""
    place = {module.__name__: number for number, module in enumerate(_MODULES)}
    return sorted(
        REGISTRY.values(),
        key=lambda cls: (CATEGORIES.index(cls.category), place.get(cls.__module__, len(place))),
    )


def block_class(block_id: str) -> type[Block] | None:
    """The class of a block id, or None for modules and blocks this version does not know."""
    return REGISTRY.get(block_id)


def describe_blocks() -> list[dict[str, object]]:
    """Every block with parameters, ports and presets, as ``blocks --json`` prints them."""
    return [
        {
            "id": cls.id,
            "title": cls.title,
            "category": cls.category,
            "description": cls.description,
            "parameters": [parameter.describe() for parameter in cls.parameters().values()],
            "inputs": list(cls.inputs),
            "variadic": cls.variadic,
            "outputs": list(cls.outputs),
            "presets": [{"title": p.title, "parameters": dict(p.parameters)} for p in cls.presets],
        }
        for cls in in_order()
    ]
