"""The kinds of parameter a block (or a training setting) declares; forms and checks are made from them.

A declaration is a descriptor: on the class it is the declaration itself, on an instance the value.
"""

from __future__ import annotations

from builder.blocks.parameters.base import Parameter, declared
from builder.blocks.parameters.ranged import Integer, OptionalReal, PerAxis, PerAxisValue, Ranged, Real
from builder.blocks.parameters.sizes import (
    MOST_PARTS,
    MOST_ROWS,
    Order,
    Padding,
    PaddingValue,
    ShapeValue,
    Sizes,
    Table,
)
from builder.blocks.parameters.words import Choice, Flag, Text

__all__ = [
    "MOST_PARTS",
    "MOST_ROWS",
    "Choice",
    "Flag",
    "Integer",
    "OptionalReal",
    "Order",
    "Padding",
    "PaddingValue",
    "Parameter",
    "PerAxis",
    "PerAxisValue",
    "Ranged",
    "Real",
    "ShapeValue",
    "Sizes",
    "Table",
    "Text",
    "declared",
]
