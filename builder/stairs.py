"""Step functions of a position, such as ⌊i/2⌋ or 3·i − 1: exact in integers, closed under composition, min and max.

A stair ``(step, offsets)`` with p offsets has the value ``step·⌊i/p⌋ + offsets[i mod p]`` at i: a straight line has
one offset, and what repeats after p positions has p. An offset of None says that these positions have no value.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

Stair: TypeAlias = tuple[int, tuple[int | None, ...]]

#: What repeats after more positions than this is not followed: no network people draw is near.
MAX_PERIOD = 4096
#: Stands for a stair that repeats after more positions than that.
UNFOLLOWED: Stair = (0, (None,) * (MAX_PERIOD + 1))


def at(stair: Stair, position: int) -> int | None:
    """The value at a position."""
    step, offsets = stair
    if len(offsets) == 1:
        return None if offsets[0] is None else step * position + offsets[0]
    turns, rest = divmod(position, len(offsets))
    offset = offsets[rest]
    return None if offset is None else step * turns + offset


def slope(stair: Stair) -> Fraction | int:
    """The mean climb from one position to the next; an int where it is whole."""
    step, offsets = stair
    whole, rest = divmod(step, len(offsets))
    return Fraction(step, len(offsets)) if rest else whole


def floors(numerator: int, denominator: int, offset: Fraction | int = 0) -> Stair:
    """``⌊numerator·i / denominator + offset⌋`` of positive integers."""
    ratio = Fraction(numerator, denominator)
    period = ratio.denominator
    return ratio.numerator, tuple([(ratio * i + offset).__floor__() for i in range(period)])


def climbs(stair: Stair) -> bool:
    """Whether every position has a value, and none a lower one than those before it."""
    step, offsets = stair
    if len(offsets) == 1:
        return offsets[0] is not None
    before: int | None = offsets[-1]
    if before is None:
        return False
    before -= step
    for offset in offsets:
        if offset is None or offset < before:
            return False
        before = offset
    return True


def after(outer: Stair, inner: Stair) -> Stair:
    """``outer(inner(i))``."""
    step, offsets = outer
    climb, places = inner
    base = offsets[0]
    if len(offsets) == 1 and base is not None:
        if len(places) == 1:
            place = places[0]
            return step * climb, (None if place is None else step * place + base,)
        return step * climb, tuple([None if p is None else step * p + base for p in places])
    # Over enough turns of the inner one the outer one makes whole turns.
    turns = lcm(len(offsets), climb) // climb if climb else 1
    period = len(places) * turns
    if period > MAX_PERIOD:
        return UNFOLLOWED
    values = [None if (place := at(inner, i)) is None else at(outer, place) for i in range(period)]
    return reduced((step * (climb * turns // len(offsets)), tuple(values)))


def spread(outer: Stair, taps: Callable[[int], range], climb: int, period: int, extreme: Any) -> Stair:
    """The least (or greatest) value of ``outer`` at any of the places ``taps(i)``.

    They climb by ``climb`` from one ``period`` to the next.
    """
    step, offsets = outer
    turns = lcm(len(offsets), climb) // climb if climb else 1
    if period * turns > MAX_PERIOD:
        return UNFOLLOWED
    # Places a whole turn of the outer stair further lie no lower: the outermost turn of taps decides.
    few = slice(len(offsets)) if extreme is min else slice(-len(offsets), None)
    values: list[int | None] = []
    for i in range(period * turns):
        found = [value for place in taps(i)[few] if (value := at(outer, place)) is not None]
        values.append(extreme(found) if found else None)
    return reduced((step * (climb * turns // len(offsets)), tuple(values)))


def reduced(stair: Stair) -> Stair:
    """The same function with as few offsets as it has."""
    step, offsets = stair
    period = len(offsets)
    for shorter in range(1, period):
        if period % shorter or step * shorter % period:
            continue
        candidate = step * shorter // period, offsets[:shorter]
        if all(offsets[i] == at(candidate, i) for i in range(shorter, period)):
            return candidate
    return stair


def merged(stairs: tuple[Stair, ...], extreme: Any) -> tuple[Stair, ...]:
    """As few stairs with the same least (or greatest) value everywhere: one for each slope."""
    one, *others = stairs
    if all(stair == one for stair in others):
        return stairs[:1]
    if len(stairs) == 2 and len(one[1]) == len(others[0][1]) == 1 and one[0] == others[0][0]:
        return (_extreme(one, others[0], extreme),)
    best: dict[Fraction | int, Stair] = {}
    for stair in stairs:
        key = slope(stair)
        known = best.get(key)
        best[key] = stair if known is None else _extreme(known, stair, extreme)
    return tuple([best[key] for key in sorted(best)]) if len(best) > 1 else tuple(best.values())


def _extreme(one: Stair, other: Stair, extreme: Any) -> Stair:
    if one == other:
        return one
    if len(one[1]) == len(other[1]) == 1:
        a, b = one[1][0], other[1][0]
        return one[0], (extreme(a, b) if a is not None and b is not None else a if b is None else b,)
    period = lcm(len(one[1]), len(other[1]))
    if period > MAX_PERIOD:
        return UNFOLLOWED
    values: list[int | None] = []
    for i in range(period):
        found = [value for stair in (one, other) if (value := at(stair, i)) is not None]
        values.append(extreme(found) if found else None)
    return reduced((one[0] * (period // len(one[1])), tuple(values)))
