"""The algebra of receptive fields: affine bounds for each axis, composed through layers and united at merges.

An axis of a field is [first(i), last(i)], where ``first`` is the smallest of some affine functions of the output
position i and ``last`` the largest of some: exact for any branches, strides and paddings. Numbers are ints, or
Fractions where an int cannot say it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, TypeAlias

from builder.shapes import TensorShape
from builder.windows import Affine, Elementwise, Everything, Number, Sight

Pieces: TypeAlias = tuple[Affine, ...]


@dataclass(frozen=True, slots=True)
class AxisField:
    """What output position i sees along one axis: min of ``first`` … max of ``last``."""

    first: Pieces
    last: Pieces

    def interval(self, position: int) -> tuple[int, int]:
        """(first, last) input position that this output position sees; padding counts."""
        lowest = min(slope * position + offset for slope, offset in self.first)
        highest = max(slope * position + offset for slope, offset in self.last)
        return ceil(lowest), floor(highest)


@dataclass(frozen=True, slots=True)
class Field:
    """What a tensor sees of one source: axes that are local, or None; ``is_global``: the whole may have a say."""

    axes: tuple[AxisField, ...] | None
    is_global: bool = False


LOST = Field(None, True)
_UNIT: Pieces = ((1, 0),)
_UNIT_AXIS = AxisField(_UNIT, _UNIT)


def identity(dims: int) -> Field:
    """Every position sees itself; a vector has no positions."""
    return Field((_UNIT_AXIS,) * dims) if dims else LOST


def through(field: Field, sight: Sight) -> Field:
    """The field behind a block, from the field of what arrives and what the block sees of it."""
    if isinstance(sight, Elementwise):
        return field
    if isinstance(sight, Everything) or field.axes is None:
        return LOST
    axes: list[AxisField] = []
    before: tuple[object, object] = (None, None)
    for axis, bounds in zip(field.axes, sight.bounds, strict=True):
        if axis is before[0] and bounds == before[1]:  # as in most networks all axes are alike
            axes.append(axes[-1])
        else:
            first, last = bounds
            axes.append(AxisField(_compose(axis.first, (first,), min), _compose(axis.last, (last,), max)))
        before = axis, bounds
    return Field(tuple(axes), field.is_global)


def compose(outer: Field, inner: Field) -> Field:
    """The field relative to the outer source of what has ``inner`` relative to a module's input."""
    if outer.axes is None or inner.axes is None:
        return LOST
    axes: list[AxisField] = []
    before: tuple[object, object] = (None, None)
    for pair in zip(outer.axes, inner.axes, strict=True):
        o, i = pair
        if o is before[0] and i is before[1]:
            axes.append(axes[-1])
        else:
            axes.append(AxisField(_compose(o.first, i.first, min), _compose(o.last, i.last, max)))
        before = pair
    return Field(tuple(axes), outer.is_global or inner.is_global)


def unite(fields: Iterable[Field]) -> Field:
    """What a merge sees: the union of its branches; branches with no local field are cut and make it global."""
    first, *others = fields
    for other in others:
        if other == first:
            continue
        is_global = first.is_global or other.is_global
        if first.axes is None or other.axes is None:
            first = Field(first.axes or other.axes, is_global)
        else:
            first = Field(
                tuple([_both(a, b) for a, b in zip(first.axes, other.axes, strict=True)]),
                is_global,
            )
    return first


def _both(one: AxisField, other: AxisField) -> AxisField:
    if one is other:
        return one
    return AxisField(_prune(one.first + other.first, min), _prune(one.last + other.last, max))


def _compose(outer: Pieces, inner: Pieces, extreme: Any) -> Pieces:
    if len(outer) == 1 and len(inner) == 1:
        (a, b), (c, d) = outer[0], inner[0]
        return ((a * c, a * d + b),)
    return _prune(tuple((a * c, a * d + b) for a, b in outer for c, d in inner), extreme)


def _prune(pieces: Pieces, extreme: Any) -> Pieces:
    """Only the lowest (or highest) of the pieces with equal slope can matter."""
    best: dict[Number, Number] = {}
    for slope, offset in pieces:
        best[slope] = extreme(best.get(slope, offset), offset)
    return tuple(sorted(best.items()))


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """For people: pixels seen, input pixels between neighbouring outputs, and where output 0 begins, for each axis.

    ``size``, ``jump`` and ``start`` are None where nothing local is left.
    """

    size: tuple[Number, ...] | None
    jump: tuple[Number, ...] | None
    start: tuple[Number, ...] | None
    is_global: bool

    def to_json(self) -> dict[str, Any]:
        """As ``check --json`` prints it; a fraction is [numerator, denominator]."""

        def plain(values: tuple[Number, ...] | None) -> list[Any] | None:
            if values is None:
                return None
            return [
                [v.numerator, v.denominator] if isinstance(v, Fraction) and v.denominator != 1 else int(v)
                for v in values
            ]

        return {
            "size": plain(self.size),
            "jump": plain(self.jump),
            "start": plain(self.start),
            "global": self.is_global,
        }


def summarise(field: Field, shape: TensorShape) -> ReceptiveField:
    """Size, jump and start of a field over the positions of a tensor of this shape.

    ``size`` is the largest of any position. Where branches have different jumps, ``jump`` is the mean step of the
    field's centre.
    """
    if field.axes is None:
        return ReceptiveField(None, None, None, True)
    sizes, jumps, starts = [], [], []
    for axis, positions in zip(field.axes, shape[1:], strict=True):
        end = max(positions - 1, 1)
        spans = [axis.interval(i) for i in (0, end)]
        if len(axis.first) == len(axis.last) == 1 and axis.first[0][0] == axis.last[0][0]:
            jump = axis.first[0][0]
        else:
            jump = Fraction(sum(spans[1]) - sum(spans[0]), 2 * end)
        if jump.denominator == 1:
            jump = int(jump)
            size = max(last - first + 1 for first, last in spans)
        else:  # the bounds are rounded inwards at each position: look at a whole period
            period = range(min(positions, jump.denominator) or 1)
            size = max(last - first + 1 for first, last in map(axis.interval, (*period, end)))
        sizes.append(size)
        jumps.append(jump)
        starts.append(spans[0][0])
    return ReceptiveField(tuple(sizes), tuple(jumps), tuple(starts), field.is_global)
