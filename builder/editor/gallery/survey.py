"""What a card tells of a network beyond its declaration: figures and a picture, worked out once, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from builder.analysis import NodeReport, analyze
from builder.architectures import Architecture
from builder.architectures.base import figures
from builder.convention import Convention
from builder.editor.gallery.thumbnail import Thumbnail
from builder.figures import work
from builder.outline import outline_of

#: Width and height of the picture on a card; outlines are laid out for their ratio.
PICTURE = (236, 100)
#: So many layers are looked at in one piece.
_PIECE = 200


@dataclass(frozen=True, slots=True)
class Survey:
    """An architecture as it comes: its figures, and its picture."""

    figures: Mapping[str, Any]
    thumbnail: Thumbnail


_known: dict[Architecture, Survey] = {}


def survey_of(entry: Architecture) -> Survey | None:
    """What is known of an architecture; None until it has been worked out."""
    return _known.get(entry)


def surveying(entry: Architecture) -> Iterator[None]:
    """Work it out, in pieces of some milliseconds each."""
    import_module("fast_sugiyama")  # the first time that is a piece of its own
    yield
    analysis = analyze(entry.build())
    yield
    outline = outline_of(analysis, PICTURE[0] / PICTURE[1])
    yield
    leaves: list[NodeReport] = []
    for leaf in analysis.each_leaf():
        leaves.append(leaf)
        if len(leaves) % _PIECE == 0:
            yield
    _known[entry] = Survey(figures(analysis, leaves), Thumbnail(outline))


def work_of(macs: int, convention: Convention) -> tuple[str, str]:
    """The figure and its unit: ``3.63 G`` and ``FLOPs``."""
    return work(macs, convention).removesuffix(convention.unit).rstrip(), convention.unit


def field_of(sides: list[int] | None) -> str:
    """The largest field of any layer that does not see all of the input: ``435×435``; "" where there is none."""
    return "×".join(map(str, sides)) if sides and max(sides) > 1 else ""
