"""A network coloured by what its nodes cost or see: figures, colours from a perceptual map, and the extremes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import inf, log, prod
from typing import TypeAlias

from builder.analysis import NodeReport
from builder.analysis.fields import Number
from builder.colourmaps import colour_at
from builder.convention import Convention
from builder.figures import count, short, size, thousands, work
from builder.look import Look, contrast

_MAP = "viridis"
#: So many colours are told apart at most; equal ones are painted in one go.
_STEPS = 32
#: From this ratio of the largest to the least figure on, the scale is logarithmic.
_MANY_TIMES = 30.0
#: Where on the scale the largest local field stands, if there are nodes that see the whole input.
_LOCAL = 0.9
#: Figures from here on are shortened, to fit on a node.
_LONG = 10**6


class Measure(StrEnum):
    """What nodes can be coloured by."""

    PARAMETERS = "parameters"
    WORK = "work"
    MEMORY = "memory"
    FIELD = "receptive-field"

    def titled(self, convention: Convention) -> str:
        """What a menu and a legend call it."""
        titles = {
            Measure.PARAMETERS: "Parameters",
            Measure.WORK: convention.unit,
            Measure.MEMORY: "Activations",
            Measure.FIELD: "Receptive field",
        }
        return titles[self]


@dataclass(frozen=True, slots=True)
class Glow:
    """A node's colour, what is written on it, and its figure; ``share`` is of the sum of all, where that means much."""

    colour: str
    ink: str
    text: str
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Heat:
    """The glow of every node that has a figure, by id; ``cold`` ones have none and say so."""

    measure: Measure
    title: str
    glows: Mapping[str, Glow]
    cold: Mapping[str, str]
    low: str
    high: str
    is_log: bool
    #: Colours from the least to the largest, for a legend.
    stops: tuple[str, ...]


#: What is told of a node: a number, or the extents of its receptive field, none of them if it sees everything.
_Figure: TypeAlias = int | tuple[Number, ...]


def heat_of(reports: Mapping[str, NodeReport], measure: Measure, convention: Convention, look: Look) -> Heat:
    """Colour nodes by a figure of their reports; a module has the sum of what is in it."""
    told = ((node_id, _figure(report, measure)) for node_id, report in reports.items() if not report.bypassed)
    figures = {node_id: figure for node_id, figure in told if figure is not None}
    values = {figure: _value(figure) for figure in set(figures.values())}
    scale = _Scale(values.values())
    total = sum(values[figure] for figure in figures.values()) if measure is not Measure.FIELD else 0
    # Networks repeat themselves: a figure is put into words once.
    glows = {
        figure: Glow(
            *_colours(scale.step(value), look.is_dark),
            _words(figure, measure, convention),
            value / total if total else None,
        )
        for figure, value in values.items()
        if value
    }
    order = sorted(glows, key=values.__getitem__)
    low, high = (_end(figure, measure, convention) for figure in (order[0], order[-1])) if order else ("", "")
    return Heat(
        measure,
        measure.titled(convention),
        {node_id: glows[figure] for node_id, figure in figures.items() if figure in glows},
        {node_id: _words(0, measure, convention) for node_id, figure in figures.items() if figure == 0},
        low if scale.is_log or not order else "0",
        high,
        scale.is_log,
        tuple(_colours(round(stop * (_STEPS - 1) / 8), look.is_dark)[0] for stop in range(9)),
    )


class _Scale:
    """Where values stand on a scale of colours, which is logarithmic where they span orders of magnitude."""

    def __init__(self, values: Iterable[float]) -> None:
        known = [value for value in values if value]
        local = [value for value in known if value < inf]
        self.low, self.high = (min(local), max(local)) if local else (1.0, 1.0)
        self.top = 1.0 if len(local) == len(known) else _LOCAL
        self.is_log = self.high / self.low >= _MANY_TIMES

    def step(self, value: float) -> int:
        """The number of a colour: between the extremes, or in parts of the largest, so that alike looks alike."""
        if value == inf:
            return _STEPS - 1
        level = log(value / self.low) / log(self.high / self.low) if self.is_log else value / self.high
        return round(self.top * level * (_STEPS - 1))


def _figure(report: NodeReport, measure: Measure) -> _Figure | None:
    """What is told of a node; None where it is not known."""
    match measure:
        case Measure.PARAMETERS:
            return report.parameters
        case Measure.WORK:
            return report.macs
        case Measure.MEMORY:
            return report.activation_bytes
        case Measure.FIELD:
            field = report.receptive_field
            if field is None or (field.size is None and not field.is_global):
                return None
            return field.size or ()


def _value(figure: _Figure) -> float:
    """The number behind the colour: of a field its extent, infinity if it has no end."""
    if isinstance(figure, tuple):
        return float(prod(figure)) ** (1 / len(figure)) if figure else inf
    return figure


def _words(figure: _Figure, measure: Measure, convention: Convention) -> str:
    """The figure as it stands on the node."""
    if isinstance(figure, tuple):
        return (
            "×".join(f"{float(extent):g}" for extent in figure) + " px" if figure else "sees the whole input"
        )
    if measure is Measure.PARAMETERS:
        if not figure:
            return "no parameters"
        return f"{short(figure)} parameters" if figure >= _LONG else count(figure, "parameter")
    if measure is Measure.WORK:
        return work(figure, convention) if figure else f"no {convention.unit}"
    return size(figure) if figure else "nothing kept"


def _end(figure: _Figure, measure: Measure, convention: Convention) -> str:
    """An extreme as the legend says it, under the measure's title."""
    if measure is Measure.PARAMETERS and isinstance(figure, int):
        return short(figure) if figure >= _LONG else thousands(figure)
    return _words(figure, measure, convention).removeprefix("sees ")


@cache
def _colours(step: int, is_dark: bool) -> tuple[str, str]:
    """A colour of the scale, and black or white for what is written on it: one of them has a contrast above 4.5.

    What has most stands out most from the canvas: bright on the dark one, dark on the bright one.
    """
    level = step / (_STEPS - 1)
    colour = colour_at(_MAP, level if is_dark else 1 - level)
    return colour, max(("#000000", "#ffffff"), key=lambda ink: contrast(colour, ink))
