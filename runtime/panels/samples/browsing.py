"""What the window finds out behind itself about data: what it is, and its samples a page at a time; knows no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.errors import Problem
from builder.shapes import format_shape
from runtime.panels.looking.backstage import Backstage, DataWish, Sample

if TYPE_CHECKING:
    from runtime.data import Data

#: Samples on a page.
PAGE = 60
#: So many classes of a mask, and figures of channels, are told in words.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Overview:
    """What data holds: ``about`` is what ``runtime.data.describing.describe`` says of it."""

    wish: DataWish
    about: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """Of classes, or of values."""
        return tuple(self.about["classes"] or self.about["targets"])

    @property
    def headline(self) -> str:
        """``Digits · classification · 1,797 pictures · as 1×28×28``."""
        about = self.about
        shape = format_shape(tuple(about["input_shape"]))
        return f"{about['title']} · {about['task']} · {about['samples']:,} {about['kind']} · as {shape}"

    @property
    def normalisation(self) -> str:
        """By which figures of the training split inputs are normalised, and where they lie."""
        about = self.about
        unit = "in its own unit" if about["kind"] == "series" else "of 0…1"
        where = "held in memory" if about["in_memory"] else "read as batches ask for it"
        return f"Normalised by mean {_figures(about['mean'])}, deviation {_figures(about['std'])} ({unit}); {where}"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which samples: of a split, of one class or of all (None), from position ``first`` on."""

    split: str
    label: int | None = None
    first: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Some of ``total`` samples, as the network gets them, with lines that say what they are."""

    wish: DataWish
    choice: Choice
    total: int
    samples: tuple[Sample, ...]
    lines: tuple[tuple[str, ...], ...]


def overview(stage: Backstage, wish: DataWish) -> Overview | Problem:
    """What there is to know of the data."""
    from runtime.data.describing import describe

    data = stage.data(wish)
    return data if isinstance(data, Problem) else Overview(wish, describe(data))


def page(stage: Backstage, wish: DataWish, choice: Choice) -> Page | Problem:
    """Samples to be looked at: at the network's size, nothing varied, masks laid over what they are of."""
    data = stage.data(wish)
    if isinstance(data, Problem):
        return data
    indices = (
        data.splits[choice.split].cpu() if choice.label is None else data.of_class(choice.label, choice.split)
    )
    chosen = indices[choice.first : choice.first + PAGE].tolist()
    samples = tuple(_sample(data, index) for index in chosen)
    lines = tuple((sample.said, f"no. {sample.index}") for sample in samples)
    return Page(wish, choice, len(indices), samples, lines)


def _sample(data: Data, index: int) -> Sample:
    from runtime.data.words import label_of
    from runtime.inspection.masks import tinted

    pixels = data.picture(index)
    if data.is_series:  # a row for each channel: so high that they can be seen
        pixels = pixels.repeat(max(1, pixels.shape[1] // (2 * pixels.shape[0])), axis=0)
    if data.task != "segmentation":
        return Sample(index, pixels, None, label_of(data, index) or "")
    mask = data.labels[index].cpu().numpy()
    there = [name for k, name in enumerate(data.classes) if k and (mask == k).any()]
    more = f" +{len(there) - _TOLD}" if len(there) > _TOLD else ""
    return Sample(index, tinted(pixels, mask, len(data.classes)), None, ", ".join(there[:_TOLD]) + more)


def _figures(values: list[float]) -> str:
    """Three figures of the largest, the others as exactly; those of channels that are all alike are told once."""
    largest = max(map(abs, values), default=0.0)
    decimals = 2 - math.floor(math.log10(largest)) if 1e-3 <= largest < math.inf else 3
    told = [f"{value:,.{max(decimals, 0)}f}".replace("-", "−") for value in values]
    if len(set(told)) == 1:
        return told[0]
    return ", ".join(told[:_TOLD]) + (", …" if len(told) > _TOLD else "")
