"""A network coloured by what its nodes cost or see: figures, colours from a perceptual map, and the extremes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import inf, log, prod

from builder.analysis import NodeReport
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


def heat_of(reports: Mapping[str, NodeReport], measure: Measure, convention: Convention, look: Look) -> Heat:
    """Colour nodes by a figure of their reports; a module has the sum of what is in it."""
    values = {node_id: _value(report, measure) for node_id, report in reports.items() if not report.bypassed}
    known = {node_id: value for node_id, value in values.items() if value}
    cold = {node_id: _told(reports[node_id], measure, convention) for node_id, v in values.items() if v == 0}
    finite = [value for value in known.values() if value < inf]
    low, high = (min(finite), max(finite)) if finite else (1.0, 1.0)
    top = _LOCAL if len(finite) < len(known) and measure is Measure.FIELD else 1.0
    is_log = high / low >= _MANY_TIMES
    total = sum(finite) if measure is not Measure.FIELD else 0.0
    glows = {}
    for node_id, value in known.items():
        colour, ink = _colours(1.0 if value == inf else top * _level(value, low, high, is_log), look.is_dark)
        told = _told(reports[node_id], measure, convention)
        glows[node_id] = Glow(colour, ink, told, value / total if total else None)
    order = sorted(known, key=known.__getitem__)
    ends = (
        [_end(reports[node_id], measure, convention) for node_id in (order[0], order[-1])]
        if order
        else ["", ""]
    )
    if not is_log and ends[0]:
        ends[0] = "0"
    stops = tuple(_colours(step / 8, look.is_dark)[0] for step in range(9))
    return Heat(measure, measure.titled(convention), glows, cold, ends[0], ends[1], is_log, stops)


def _value(report: NodeReport, measure: Measure) -> float | None:
    """The figure behind the colour; None where it is not known, infinity for a field without end."""
    match measure:
        case Measure.PARAMETERS:
            return report.parameters
        case Measure.WORK:
            return report.macs
        case Measure.MEMORY:
            return report.activation_bytes
        case Measure.FIELD:
            field = report.receptive_field
            if field is None:
                return None
            if field.size is None:
                return inf if field.is_global else None
            return float(prod(field.size)) ** (1 / max(1, len(field.size)))


def _told(report: NodeReport, measure: Measure, convention: Convention) -> str:
    """The figure as it stands on the node."""
    match measure:
        case Measure.PARAMETERS:
            number = report.parameters
            if not number:
                return "no parameters"
            return f"{short(number)} parameters" if number >= _LONG else count(number, "parameter")
        case Measure.WORK:
            return work(report.macs, convention) if report.macs else f"no {convention.unit}"
        case Measure.MEMORY:
            return size(report.activation_bytes) if report.activation_bytes else "nothing kept"
        case Measure.FIELD:
            field = report.receptive_field
            if field is None or field.size is None:
                return "sees the whole input"
            return "×".join(f"{float(extent):g}" for extent in field.size) + " px"


def _end(report: NodeReport, measure: Measure, convention: Convention) -> str:
    """An extreme as the legend says it, under the measure's title."""
    if measure is Measure.PARAMETERS:
        return short(report.parameters) if report.parameters >= _LONG else thousands(report.parameters)
    return _told(report, measure, convention).removeprefix("sees ")


def _level(value: float, low: float, high: float, is_log: bool) -> float:
    """Where on the scale a value is: between the extremes, or in parts of the largest, so that alike looks alike."""
    return log(value / low) / log(high / low) if is_log else value / high


@cache
def _colours(level: float, is_dark: bool) -> tuple[str, str]:
    """The colour of a level, and black or white for what is written on it: one of them has a contrast above 4.5.

    What has most stands out most from the canvas: bright on the dark one, dark on the bright one.
    """
    step = round(level * (_STEPS - 1)) / (_STEPS - 1)
    colour = colour_at(_MAP, step if is_dark else 1 - step)
    return colour, max(("#000000", "#ffffff"), key=lambda ink: contrast(colour, ink))
