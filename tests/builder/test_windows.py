"""Axis maps against what they are defined by, tried position by position, and against gradients."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from builder import stairs
from builder.resampling import Resample
from builder.windows import AxisMap, Bins, Sliding, Spread, Whole
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


@st.composite
def resamples(draw: st.DrawFn) -> Resample:
    size, mode = (
        draw(st.integers(1, 12)),
        draw(st.sampled_from(("nearest", "nearest-exact", "linear", "cubic"))),
    )
    factor = draw(st.none() | st.integers(1, 5))
    outputs = draw(st.integers(1, 20)) if factor is None else size * factor
    return Resample(size, outputs, mode, mode in ("linear", "cubic") and draw(st.booleans()), factor)


def maps() -> st.SearchStrategy[AxisMap]:
    return st.one_of(slidings(), spreads(), bins(), resamples(), st.builds(Whole, st.integers(1, 12)))


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
    sized = isinstance(axis, Bins | Resample)
    size = axis.size if sized or isinstance(axis, Whole) else data.draw(st.integers(1, 9))
    outputs = np.array(data.draw(st.lists(st.booleans(), min_size=1, max_size=12)))
    outputs = outputs[: axis.outputs] if sized else outputs
    tapped = {place for i in np.flatnonzero(outputs) for place in axis.taps(int(i))}
    if isinstance(axis, Resample):  # pixels beyond the border are the border's
        tapped = {min(max(place, 0), size - 1) for place in tapped}
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


@given(resamples(), st.data())
def test_what_a_resized_map_sees_has_a_weight(axis: Resample, data: st.DataObject) -> None:
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(axis.mode, axis.mode)
    target = (
        {"size": (1, axis.outputs)} if axis.factor is None else {"scale_factor": (1.0, float(axis.factor))}
    )
    pixels = torch.eye(axis.size, dtype=torch.float64).reshape(axis.size, 1, 1, axis.size)
    weights = F.interpolate(pixels, mode=mode, align_corners=axis.align_corners or None, **target)
    position = data.draw(st.integers(0, axis.outputs - 1))
    seen = axis.preimage(np.arange(axis.outputs) == position, axis.size)
    assert seen.tolist() == (weights[:, 0, 0, position].abs() > 1e-9).tolist()


def test_the_nearest_pixel_is_the_one_that_single_precision_finds() -> None:
    rows = [(n, out, None) for n in range(1, 60) for out in range(1, 130, 7)]
    rows += [(n, n * factor, factor) for n in (3, 20) for factor in range(1, 60)]
    for mode in ("nearest", "nearest-exact"):
        for size, outputs, factor in rows:
            target = {"size": outputs} if factor is None else {"scale_factor": float(factor)}
            found = F.interpolate(torch.arange(float(size))[None, None], mode=mode, **target)[0, 0]
            axis = Resample(size, outputs, mode, factor=factor)
            taken = [int(axis.preimage(np.arange(outputs) == i, size).argmax()) for i in range(0, outputs, 5)]
            assert found[::5].tolist() == taken, (mode, size, outputs, factor)


def test_what_repeats_too_late_has_no_bounds() -> None:
    huge = 2**31 - 1
    assert Spread(1, huge).bounds() is None
    assert Bins(1000, huge).bounds() is None
    assert Resample(1000, huge).bounds() is None
    assert Bins(huge, huge).bounds() is not None
    assert len(Spread(huge, 1, 0, 2).taps(0)) == huge
    assert Spread(huge, 2).preimage(np.array([False, True]), 3).tolist() == [True, False, False]
