"""What a family of architectures is declared with."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from builder.document import Document
from builder.shapes import TensorShape

#: What every architecture takes; all else is its own.
_COMMON = ("input_shape", "classes")


@dataclass(frozen=True, eq=False)
class Architecture:
    """A built-in network: what it is called, what it brought, where it comes from, and how it is drawn.

    ``build(input_shape=…, classes=…, **options)`` gives the document. ``about`` is one sentence: what the network
    brought. ``origin`` says whose names its layers have, as in "torchvision: resnet18", so that weights made there
    load here. ``family`` is the heading under which it stands.
    """

    name: str
    title: str
    family: str
    build: Callable[..., Document]
    about: str
    paper: str
    year: int
    default_input: TensorShape = (3, 224, 224)
    default_classes: int = 1000
    origin: str = ""

    @cached_property
    def options(self) -> dict[str, Any]:
        """What else can be chosen when it is made, with the defaults: ``{"width": 1.0}``."""
        known = inspect.signature(self.build).parameters.values()
        return {p.name: p.default for p in known if p.name not in _COMMON}

    def describe(self) -> dict[str, Any]:
        """What ``architectures --json`` says of it; the figures are the analysis's."""
        return {
            "name": self.name,
            "title": self.title,
            "family": self.family,
            **figures_of(self),
            "default_input": list(self.default_input),
            "default_classes": self.default_classes,
            "options": self.options,
            "year": self.year,
            "about": self.about,
            "source": self.paper,
            "origin": self.origin,
        }


def scaled(count: int, factor: float) -> int:
    """So many channels, units or blocks times a factor, to the nearest whole number and at least 1."""
    return max(1, int(count * factor + 0.5))


@cache
def figures_of(entry: Architecture) -> dict[str, Any]:
    """Parameters, MACs, FLOPs, and the largest local receptive field of any of its layers, as it comes."""
    from builder.analysis import analyze

    analysis = analyze(entry.build())
    totals = analysis.totals
    fields = [leaf.receptive_field for leaf in analysis.leaves() if leaf.receptive_field is not None]
    largest = max((field.size for field in fields if field.size is not None), default=None)
    return {
        "parameters": totals.parameters,
        "macs": totals.macs,
        "flops": totals.flops,
        "receptive_field": None if largest is None else [int(side) for side in largest],
    }
