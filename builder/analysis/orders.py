"""In which order the axes of tensors lie, and what blocks see of those that were put into another one.

Blocks say what they see of axes where they stand, the channels first. A permutation may have put the channels behind
the map, as transformers have them, or turned rows into columns; here what a block says is put in terms of positions:
all axes but the channels, at home, which is the order in which they were before all permutations. Fields are told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol, TypeAlias, TypeVar

from builder.shapes import TensorShape
from builder.windows import (
    ELEMENTWISE,
    AlongLast,
    AxisMap,
    Elementwise,
    Everything,
    Held,
    Local,
    PerInput,
    Permuted,
    Sight,
    Single,
    Sliding,
    Stretched,
    Whole,
    Window,
)

#: For each axis of a tensor which it was before all permutations, 0 the channels; None: all are where they were.
Order: TypeAlias = tuple[int, ...] | None

T = TypeVar("T")


def channels_of(order: Order) -> int:
    """The axis on which the channels lie."""
    return 0 if order is None else order.index(0)


def positions_of(shape: TensorShape, order: Order) -> TensorShape:
    """The sizes of all axes but the channels, in the order in which they lie."""
    return _without(shape, channels_of(order))


def at_home(each: Sequence[T], order: Order) -> tuple[T, ...]:
    """What is said of each axis of the positions as they lie, in the order in which they were at first."""
    if order is None:
        return tuple(each)
    places = [axis for axis in order if axis]
    return tuple([each[places.index(axis)] for axis in sorted(places)])


def as_it_lies(each: Sequence[T], order: Order) -> tuple[T, ...]:
    """What is said of each axis of the positions at home, in the order in which they lie."""
    return tuple(each) if order is None else tuple([each[axis - 1] for axis in order if axis])


class Ordered(Protocol):
    """The part of a tensor that is looked at here."""

    @property
    def shape(self) -> TensorShape | None:
        """Its shape as it lies."""

    @property
    def order(self) -> Order:
        """The order of its axes."""


#: What a block sees of the positions that arrive; the order of what it gives; and whether all inputs have their axes in
#: the same order, so that what is seen of them can be united.
Seen: TypeAlias = tuple[Local | PerInput[Local], Order, bool]

_LOCAL = (Window, Elementwise, Everything)


def seen_by(sight: Sight, inputs: Sequence[Ordered]) -> Seen:
    """What a block with this sight sees of these tensors."""
    if isinstance(sight, _LOCAL):
        for value in inputs:
            if value.order is not None:
                return _of_each(sight, inputs)
        return sight, None, True
    return _of_each(sight, inputs)


def _of_each(sight: Sight, inputs: Sequence[Ordered]) -> Seen:
    sights = sight.sights if isinstance(sight, PerInput) else (sight,) * len(inputs)
    shapes = [value.shape or () for value in inputs]
    rank = max(map(len, shapes))
    local: list[Local | None] = []
    orders: list[Order] = []  # of all that are looked at but vectors, which have no positions
    behind: list[Order] = []
    for own, shape, value in zip(sights, shapes, inputs, strict=True):
        seen, order = (None, None) if own is None else _of_one(own, shape, value.order)
        local.append(seen)
        if own is not None and len(shape) == rank:
            orders.append(value.order)
            behind.append(order)
    alike, channels = len(set(orders)) == 1, set(map(channels_of, orders))
    if len(channels) > 1 or (channels != {0} and any(isinstance(one, Everything) for one in local)):
        # Channels of one meet positions of another, or a window slides over channels.
        local, behind = [None if one is None else Everything() for one in local], [None]
    if isinstance(sight, PerInput) and any(one is not ELEMENTWISE for one in local):
        return PerInput(tuple(local)), behind[0], alike
    assert local[0] is not None
    return local[0], behind[0], alike


def _of_one(sight: Single, shape: TensorShape, order: Order) -> tuple[Local, Order]:
    """What is seen of one tensor of this shape, whose axes lie in this order; and the order of what comes out."""
    channels, last = channels_of(order), len(shape) - 1
    if isinstance(sight, Permuted):
        return ELEMENTWISE, _permuted(sight.order, order)
    if isinstance(sight, Stretched):
        return _stretched(at_home(_without(sight.axes, channels), order)), order
    if isinstance(sight, AlongLast):
        if channels == last:
            return ELEMENTWISE, order
        if last == 1:  # nothing local is left of its only axis
            return Everything(), None
        return Window(at_home((*[Sliding(1)] * (last - 1), Whole(shape[-1])), order)), order
    by_itself = isinstance(sight, Elementwise) and not sight.mixes
    if isinstance(sight, Everything) or (channels and not by_itself):
        return Everything(), None
    if isinstance(sight, Window) and order is not None:
        return Window(at_home(sight.axes, order)), order
    return sight, order


def _without(axes: tuple[T, ...], channels: int) -> tuple[T, ...]:
    return (*axes[:channels], *axes[channels + 1 :])


def _permuted(axes: tuple[int, ...], order: Order) -> Order:
    """The order behind a permutation of all axes."""
    after = axes if order is None else tuple([order[axis] for axis in axes])
    return None if after == tuple(range(len(after))) else after


@cache
def _stretched(axes: tuple[bool, ...]) -> Local:
    """What is seen of a tensor of which these axes of the positions are stretched."""
    maps: list[AxisMap] = [Held() if stretched else Sliding(1) for stretched in axes]
    return Window(tuple(maps)) if any(axes) else ELEMENTWISE
