"""Axis maps against what they are defined by, tried position by position, and against gradients."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from builder import stairs
from builder.windows import AxisMap, Bins, Sliding, Spread
from tests.oracles.cases import examples
from tests.oracles.support import gradient_support

POSITIONS = range(-25, 26)


@st.composite
def slidings(draw: st.DrawFn) -> Sliding:
    small = st.integers(1, 5)
    return Sliding(draw(small), draw(small), draw(st.integers(-3, 5)), draw(st.integers(1, 3)))


@st.composite
def spreads(draw: st.DrawFn) -> Spread:
    small = st.integers(1, 6)
    return Spread(draw(small), draw(small), draw(st.integers(0, 5)), draw(st.integers(1, 4)))


def bins() -> st.SearchStrategy[Bins]:
    return st.builds(Bins, st.integers(1, 12), st.integers(1, 9))


def maps() -> st.SearchStrategy[AxisMap]:
    return st.one_of(slidings(), spreads(), bins())


@given(spreads())
def test_an_output_sees_the_inputs_that_write_into_it(axis: Spread) -> None:
    for i in POSITIONS:
        writers = {
            j
            for j in range(-60, 61)
            for k in range(axis.kernel)
            if j * axis.stride - axis.before + k * axis.dilation == i
        }
        assert set(axis.taps(i)) == writers


@given(maps())
def test_bounds_are_the_outermost_taps(axis: AxisMap) -> None:
    bounds = axis.bounds()
    assert bounds is not None
    first, last = bounds
    assert len(first[1]) == len(last[1])
    for i in POSITIONS:
        taps = axis.taps(i)
        assert stairs.at(first, i) == (min(taps) if taps else None)
        assert stairs.at(last, i) == (max(taps) if taps else None)


@given(maps(), st.data())
def test_a_preimage_is_all_that_marked_outputs_tap_inside(axis: AxisMap, data: st.DataObject) -> None:
    size = axis.size if isinstance(axis, Bins) else data.draw(st.integers(1, 9))
    outputs = np.array(data.draw(st.lists(st.booleans(), min_size=1, max_size=12)))
    if isinstance(axis, Bins):
        outputs = outputs[: axis.outputs]
    tapped = {place for i in np.flatnonzero(outputs) for place in axis.taps(int(i))}
    assert set(np.flatnonzero(axis.preimage(outputs, size))) == tapped & set(range(size))


@given(spreads(), st.integers(1, 7), st.data())
@examples(0.5)
def test_what_a_transposed_convolution_sees_has_a_gradient(
    axis: Spread, size: int, data: st.DataObject
) -> None:
    up = torch.nn.ConvTranspose1d(
        1, 1, axis.kernel, stride=axis.stride, padding=axis.before, dilation=axis.dilation
    )
    outputs = (size - 1) * axis.stride - 2 * axis.before + axis.dilation * (axis.kernel - 1) + 1
    if outputs < 1:
        return
    position = data.draw(st.integers(0, outputs - 1))
    found = gradient_support(up.double(), (1, size), (position,))
    seen = np.flatnonzero(axis.preimage(np.arange(outputs) == position, size))
    assert found == (None if not len(seen) else ((seen[0], seen[-1]),))


def test_what_repeats_too_late_has_no_bounds() -> None:
    huge = 2**31 - 1
    assert Spread(1, huge).bounds() is None
    assert Bins(1000, huge).bounds() is None
    assert Bins(huge, huge).bounds() is not None
    assert len(Spread(huge, 1, 0, 2).taps(0)) == huge
    assert Spread(huge, 2).preimage(np.array([False, True]), 3).tolist() == [True, False, False]
