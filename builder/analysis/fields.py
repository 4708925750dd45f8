"""The algebra of receptive fields: exact bounds for each axis, composed through layers and united at merges.

An axis of a field is [first(i), last(i)], where ``first`` is the least of some stairs of the output position i and
``last`` the greatest of some (see ``builder.stairs``): exact for any branches, strides, paddings and upsamplings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from builder import stairs
from builder.shapes import TensorShape
from builder.stairs import MAX_PERIOD, Stair
from builder.windows import AxisMap, Bounds, Elementwise, Line, Local, Window, line_of

Pieces: TypeAlias = tuple[Stair, ...]
Number: TypeAlias = int | Fraction


class AxisField:
    """What output position i sees along one axis: min of ``first`` … max of ``last``; never changed once made.

    ``line`` says the same where both are one straight line and equally steep, as in most networks; then the stairs
    are only made when they are asked for.
    """

    __slots__ = ("_first", "_last", "line")

    def __init__(self, first: Pieces, last: Pieces) -> None:
        self._first: Pieces | None = first
        self._last: Pieces | None = last
        self.line = line_of(first[0], last[0]) if len(first) == len(last) == 1 else None

    @classmethod
    def straight(cls, line: Line) -> AxisField:
        """Position i sees step·i + first … step·i + last."""
        axis = cls.__new__(cls)
        axis._first = axis._last = None
        axis.line = line
        return axis

    @property
    def first(self) -> Pieces:
        """Stairs, the least of which counts."""
        if self._first is None:
            assert self.line is not None
            self._first = ((self.line[0], (self.line[1],)),)
        return self._first

    @property
    def last(self) -> Pieces:
        """Stairs, the greatest of which counts."""
        if self._last is None:
            assert self.line is not None
            self._last = ((self.line[0], (self.line[2],)),)
        return self._last

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, AxisField) or self.line != other.line:
            return False
        return self.line is not None or (self.first == other.first and self.last == other.last)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"AxisField({self.first!r}, {self.last!r})"

    def interval(self, position: int) -> tuple[int, int] | None:
        """(first, last) input position that this output position sees, padding included; None if it sees nothing."""
        if self.line is not None:
            step, low, high = self.line
            return step * position + low, step * position + high
        lowest = [place for stair in self.first if (place := stairs.at(stair, position)) is not None]
        highest = [place for stair in self.last if (place := stairs.at(stair, position)) is not None]
        return (min(lowest), max(highest)) if lowest else None


@dataclass(slots=True)
class Field:
    """What a tensor sees of one source: axes that are local, or None; ``is_global``: the whole may have a say.

    Never changed once made.
    """

    axes: tuple[AxisField, ...] | None
    is_global: bool = False


LOST = Field(None, True)
#: Local, but not told: repeating after so many positions that it is not followed, or with rows that meet columns.
UNTOLD = Field(None, False)
_UNIT_AXIS = AxisField.straight((1, 0, 0))


def identity(dims: int) -> Field:
    """Every position sees itself; a vector has no positions."""
    return Field((_UNIT_AXIS,) * dims) if dims else LOST


def through(field: Field, sight: Local) -> Field:
    """The field behind a block, from the field of what arrives and what the block sees of it."""
    if isinstance(sight, Window):
        if field.axes is None:
            return field if field is UNTOLD else LOST
        axes: list[AxisField] = []
        axis_before: AxisField | None = None
        line_before: Line | None = None
        for number, (axis, line) in enumerate(zip(field.axes, sight.lines, strict=True)):
            if axis is axis_before and line == line_before and line is not None:
                axes.append(axes[-1])  # as in most networks all axes are alike
            elif axis.line is not None and line is not None:
                (step, low, high), (stride, first, last) = axis.line, line
                axes.append(AxisField.straight((step * stride, step * first + low, step * last + high)))
            else:
                bounds = sight.bounds[number]
                if bounds is None:
                    return UNTOLD
                axes.append(_through_window(axis, sight.axes[number], bounds))
            axis_before, line_before = axis, line
        return _told(tuple(axes), field.is_global)
    if isinstance(sight, Elementwise) or field is UNTOLD:
        return field
    return LOST


def _through_window(axis: AxisField, window: AxisMap, bounds: Bounds) -> AxisField:
    first, last = bounds
    if not _climbing(axis):  # the outermost places a window reads need not be those that see outermost
        climb, period = first[0], len(first[1])
        return AxisField(
            tuple([stairs.spread(stair, window.taps, climb, period, min) for stair in axis.first]),
            tuple([stairs.spread(stair, window.taps, climb, period, max) for stair in axis.last]),
        )
    return AxisField(_compose(axis.first, (first,), min), _compose(axis.last, (last,), max))


def _climbing(axis: AxisField) -> bool:
    return all(map(stairs.climbs, axis.first)) and all(map(stairs.climbs, axis.last))


def compose(outer: Field, inner: Field) -> Field:
    """The field relative to the outer source of what has ``inner`` relative to a module's input."""
    if outer is UNTOLD or inner is UNTOLD:
        return UNTOLD
    if outer.axes is None or inner.axes is None:
        return LOST
    axes: list[AxisField] = []
    before: tuple[object, object] = (None, None)
    for pair in zip(outer.axes, inner.axes, strict=True):
        o, i = pair
        if o is before[0] and i is before[1]:
            axes.append(axes[-1])
        else:
            axes.append(_compose_axis(o, i))
        before = pair
    return _told(tuple(axes), outer.is_global or inner.is_global)


def _compose_axis(outer: AxisField, inner: AxisField) -> AxisField:
    if outer.line is not None and inner.line is not None:
        (step, low, high), (stride, start, end) = outer.line, inner.line
        return AxisField.straight((step * stride, step * start + low, step * end + high))
    if not _climbing(outer) and len(inner.first) == len(inner.last) == 1:
        # What a module reads outermost need not see outermost: look at all between.
        (first,), (last,) = inner.first, inner.last

        def between(position: int) -> range:
            low, high = stairs.at(first, position), stairs.at(last, position)
            return range(low, high + 1) if low is not None and high is not None else range(0)

        climb, period = first[0], len(first[1])
        return AxisField(
            tuple([stairs.spread(stair, between, climb, period, min) for stair in outer.first]),
            tuple([stairs.spread(stair, between, climb, period, max) for stair in outer.last]),
        )
    return AxisField(_compose(outer.first, inner.first, min), _compose(outer.last, inner.last, max))


def unite(fields: Iterable[Field]) -> Field:
    """What a merge sees: the union of its branches; branches with no local field are cut and make it global."""
    first, *others = fields
    for other in others:
        if other is first or (other.axes is None and other == first):
            continue
        is_global = first.is_global or other.is_global
        if first is UNTOLD or other is UNTOLD:
            return UNTOLD
        if first.axes is None or other.axes is None:
            first = Field(first.axes or other.axes, is_global)
        else:
            axes: list[AxisField] = []
            before: tuple[object, object] = (None, None)
            for pair in zip(first.axes, other.axes, strict=True):
                same = pair[0] is before[0] and pair[1] is before[1]
                axes.append(axes[-1] if same else _both(*pair))
                before = pair
            made = tuple(axes)
            if made == first.axes and is_global == first.is_global:
                continue
            same_as_other = made == other.axes and is_global == other.is_global
            first = other if same_as_other else _told(made, is_global)
    return first


def _told(axes: tuple[AxisField, ...], is_global: bool) -> Field:
    """A field, unless its pattern is too long to follow."""
    for axis in axes:
        if axis.line is None and max(len(axis.first[0][1]), len(axis.last[0][1])) > MAX_PERIOD:
            return UNTOLD
    return Field(axes, is_global)


def _both(one: AxisField, other: AxisField) -> AxisField:
    if one is other:
        return one
    if one.line is not None and other.line is not None and one.line[0] == other.line[0]:
        (step, low, high), (_, lower, higher) = one.line, other.line
        if low <= lower and high >= higher:
            return one
        if lower <= low and higher >= high:
            return other
        return AxisField.straight((step, min(low, lower), max(high, higher)))
    return AxisField(stairs.merged(one.first + other.first, min), stairs.merged(one.last + other.last, max))


def _compose(outer: Pieces, inner: Pieces, extreme: Any) -> Pieces:
    if len(outer) == 1 and len(inner) == 1:
        return (stairs.after(outer[0], inner[0]),)
    return stairs.merged(tuple([stairs.after(o, i) for o in outer for i in inner]), extreme)


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


def summarise(field: Field, positions_of_axes: TensorShape) -> ReceptiveField:
    """Size, jump and start of a field over so many positions along each axis.

    ``size`` is the largest of any position, ``start`` belongs to the first position that sees anything. Where branches
    have different jumps, ``jump`` is the mean step of the field's centre.
    """
    if field.axes is None:
        return ReceptiveField(None, None, None, field.is_global)
    sizes, jumps, starts = [], [], []
    for axis, positions in zip(field.axes, positions_of_axes, strict=True):
        period = min(max([len(offsets) for _, offsets in (*axis.first, *axis.last)]), positions)
        # Bounds are straight from one period to the next, and the field is widest in the first or in the last.
        ends = {*range(period), *range(positions - period, positions)}
        spans = [span for i in sorted(ends) if (span := axis.interval(i)) is not None]
        if not spans:
            return ReceptiveField(None, None, None, field.is_global)
        sizes.append(max(last - first + 1 for first, last in spans))
        jumps.append(_jump(axis, positions))
        starts.append(spans[0][0])
    return ReceptiveField(tuple(sizes), tuple(jumps), tuple(starts), field.is_global)


def _jump(axis: AxisField, positions: int) -> Number:
    slopes = {stairs.slope(stair) for stair in (*axis.first, *axis.last)}
    if len(slopes) == 1:
        return slopes.pop()
    end = max(positions - 1, 1)
    spans = [axis.interval(i) for i in (0, end)]
    if None in spans:
        return max(slopes)
    jump = Fraction(sum(spans[1]) - sum(spans[0]), 2 * end)  # type: ignore[arg-type]
    return int(jump) if jump.denominator == 1 else jump
