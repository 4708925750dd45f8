"""Stairs are the functions they stand for, at every position, whatever is done to them."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from builder import stairs
from builder.stairs import Stair, after, at, floors, merged, reduced, slope, spread

POSITIONS = range(-40, 41)


@st.composite
def climbing(draw: st.DrawFn) -> Stair:
    """Stairs that go up in the long run, some with falls, some with positions that have no value."""
    rises = draw(st.lists(st.integers(draw(st.sampled_from((0, -3))), 4), min_size=1, max_size=5))
    offsets: list[int | None] = []
    here = draw(st.integers(-9, 9))
    for rise in rises:
        offsets.append(None if draw(st.integers(0, 3)) == 0 else here)
        here += rise
    return max(sum(rises), 0) + draw(st.integers(0, 2)), tuple(offsets)


@given(climbing())
def test_climbs_tells_whether_no_position_has_less_than_one_before(stair: Stair) -> None:
    values = [at(stair, i) for i in POSITIONS]
    known = _values(values)
    assert stairs.climbs(stair) == (len(known) == len(values) and known == sorted(known))


def _values(found: list[int | None]) -> list[int]:
    return [value for value in found if value is not None]


@given(climbing(), climbing())
def test_after_is_one_function_after_the_other(outer: Stair, inner: Stair) -> None:
    both = after(outer, inner)
    for i in POSITIONS:
        place = at(inner, i)
        assert at(both, i) == (None if place is None else at(outer, place))


@given(climbing())
def test_reduced_is_the_same_function_with_no_more_offsets(stair: Stair) -> None:
    less = reduced(stair)
    assert len(less[1]) <= len(stair[1])
    assert slope(less) == slope(stair)
    assert [at(less, i) for i in POSITIONS] == [at(stair, i) for i in POSITIONS]
    thrice = (3 * stair[0], tuple(at(stair, i) for i in range(3 * len(stair[1]))))
    assert len(reduced(thrice)[1]) == len(less[1])


@given(st.lists(climbing(), min_size=1, max_size=4))
def test_merged_is_least_and_greatest_of_all(found: list[Stair]) -> None:
    for extreme in (min, max):
        few = merged(tuple(found), extreme)
        assert len({slope(stair) for stair in few}) == len(few)
        for i in POSITIONS:
            wanted = _values([at(stair, i) for stair in found])
            given_ = _values([at(stair, i) for stair in few])
            assert (extreme(given_) if given_ else None) == (extreme(wanted) if wanted else None)


@given(climbing(), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(-3, 3))
def test_spread_looks_at_every_tap(outer: Stair, stride: int, kernel: int, dilation: int, pad: int) -> None:
    def taps(i: int) -> range:
        start = i * stride - pad
        return range(start, start + dilation * (kernel - 1) + 1, dilation)

    for extreme in (min, max):
        stair = spread(outer, taps, stride, 1, extreme)
        for i in POSITIONS:
            seen = _values([at(outer, place) for place in taps(i)])
            assert at(stair, i) == (extreme(seen) if seen else None)


def test_what_repeats_too_late_is_not_followed() -> None:
    long, longer = floors(1, 4001), floors(1, 4003)
    assert after(long, longer) == stairs.UNFOLLOWED
    assert spread(long, lambda i: range(i // 4003, i // 4003 + 1), 1, 4003, min) == stairs.UNFOLLOWED
    uneven = [(period, (-1, *range(1, period))) for period in (4001, 4003)]
    assert stairs.UNFOLLOWED in merged((*uneven, (2, (1,))), min)


@given(st.integers(1, 60), st.integers(1, 60), st.fractions(-3, 3, max_denominator=12))
def test_floors_are_floors(numerator: int, denominator: int, offset: Fraction) -> None:
    stair = floors(numerator, denominator, offset)
    assert slope(stair) == Fraction(numerator, denominator)
    for i in POSITIONS:
        assert at(stair, i) == (Fraction(numerator * i, denominator) + offset).__floor__()
    assert stairs.climbs(stair)
