"""Whether the branches of a merge look at the same place: the centres of their fields, and how fast they move."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from builder import stairs
from builder.analysis.fields import AxisField, Field
from builder.analysis.values import Value
from builder.errors import Problem, Severity
from builder.shapes import AXIS_NAMES
from builder.stairs import Stair


def misalignment(inputs: Sequence[Value]) -> Problem | None:
    """Advice where two branches of one source have different jumps or centres.

    ``{0}``, ``{1}`` in its words stand for who brings them. Pixels are those of the graph's own input. Where a branch
    is itself a union of unlike branches, nothing is said, nor of branches over time that all look back from their own
    moment, however far: they are causal; nor where rows of one meet columns of the other.
    """
    seen: dict[str, tuple[int, Field]] = {}
    for index, value in enumerate(inputs):
        for source, field in value.fields:
            if field.axes is None:
                continue
            other, known = seen.setdefault(source, (index, field))
            if known is field or known.axes is None:
                continue
            for name, one, two in zip(AXIS_NAMES[len(field.axes)], known.axes, field.axes, strict=True):
                if one is two or _plainly_aligned(one, two):
                    continue
                if len(field.axes) == 1 and _looks_back(one) and _looks_back(two):
                    continue
                a, b = _centre(one), _centre(two)
                if a is not None and b is not None and a != b and inputs[other].order == value.order:
                    return _advice(name, other, a, index, b)
    return None


def _plainly_aligned(one: AxisField, two: AxisField) -> bool:
    """Whether both are straight, as fast, and have one centre: true of most branches, and cheap to see."""
    a, b = one.line, two.line
    return a is not None and b is not None and a[0] == b[0] and a[1] + a[2] == b[1] + b[2]


def _looks_back(axis: AxisField) -> bool:
    """Whether every position sees itself last."""
    return axis.line is not None and (axis.line[0], axis.line[2]) == (1, 0)


def _centre(axis: AxisField) -> tuple[Fraction, Fraction] | None:
    """(jump, centre of output 0) of an axis: the middle of what is seen, on average over a period.

    None where there is none, as for positions that all see the same.
    """
    if len(axis.first) > 1 or len(axis.last) > 1:
        return None
    first, last = _line(axis.first[0]), _line(axis.last[0])
    if first is None or last is None or first[0] != last[0] or not first[0]:
        return None
    return first[0], (first[1] + last[1]) / 2


def _line(stair: Stair) -> tuple[Fraction, Fraction] | None:
    """Slope and mean offset."""
    slope = Fraction(stairs.slope(stair))
    offsets = [offset - slope * i for i, offset in enumerate(stair[1]) if offset is not None]
    return (slope, sum(offsets, Fraction()) / len(offsets)) if len(offsets) == len(stair[1]) else None


def _advice(
    axis: str, first: int, one: tuple[Fraction, Fraction], second: int, two: tuple[Fraction, Fraction]
) -> Problem:
    if one[0] != two[0]:
        values = (
            f"along {axis} {{{first}}} moves {_number(one[0])} px of the input from one position to the next, "
            f"{{{second}}} moves {_number(two[0])} px"
        )
        way_out = "Use the same strides and upsampling in every branch."
    else:
        values = (
            f"along {axis} {{{first}}} is centred on pixel {_number(one[1])} at position 0, "
            f"{{{second}}} on pixel {_number(two[1])}"
        )
        way_out = "Use odd kernels, or the same padding in every branch; a fixed shift can also be learnt."
    return Problem(
        "branches-misaligned",
        "Branches that meet should look at the same place",
        values,
        way_out,
        severity=Severity.ADVICE,
    )


def _number(value: Fraction) -> str:
    return f"{float(value):g}".replace("-", "−")
