"""The columns behind the curves: nothing is lost on the way to the picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import Problem
from runtime.panels.plotting.columns import Column, running_mean
from runtime.panels.plotting.series import Trace, close_ticks, nice_top
from runtime.training.events import Epoch, Finished, Started, State, Steps, Trouble


@given(
    chunks=st.lists(st.integers(0, 700), max_size=12),
    window=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    buckets=st.integers(4, 60),
    seed=st.integers(0, 99),
)
def test_envelope_keeps_every_extreme(
    chunks: list[int], window: tuple[float, float], buckets: int, seed: int
) -> None:
    """Whatever the chunks and the window: smallest and largest survive, and the points stay few and in order."""
    column, everything = Column(), np.random.default_rng(seed).normal(size=sum(chunks)).astype(np.float32)
    at = 0
    for size in chunks:
        column.extend(everything[at : at + size])
        at += size
    np.testing.assert_array_equal(column.values, everything)
    first, last = sorted(int(edge * len(everything)) for edge in window)
    positions, values = column.envelope(first, last, buckets)
    assert len(positions) == len(values) <= 2 * buckets
    if last > first:
        assert (np.diff(positions) >= 0).all()
        # Stretches may reach over the window's edges, never short of them.
        assert values.min() <= everything[first:last].min()
        assert values.max() >= everything[first:last].max()
        assert values.min() >= everything.min()
        assert values.max() <= everything.max()


def test_envelope_of_everything_is_exact_for_a_million() -> None:
    column = Column()
    wave = np.sin(np.arange(1_000_003, dtype=np.float32) / 5_000)
    wave[777_777] = 9.0
    column.extend(wave)
    positions, values = column.envelope(0, len(column), 500)
    assert len(values) == 1000
    assert values.max() == 9.0
    assert abs(positions[np.argmax(values)] - 777_777) < 2_100


def test_truncate_then_extend_equals_the_short_column() -> None:
    column, plain = Column(), Column()
    numbers = np.arange(5_000, dtype=np.float32)
    column.extend(-numbers)
    column.truncate(100)
    column.extend(numbers[100:])
    plain.extend(-numbers[:100])
    plain.extend(numbers[100:])
    for mine, other in zip(column.envelope(0, 5_000, 20), plain.envelope(0, 5_000, 20), strict=True):
        np.testing.assert_array_equal(mine, other)


def _steps(first: int, losses: tuple[float, ...]) -> Steps:
    return Steps(first, losses, (0.5,) * len(losses), (1e-3,) * len(losses), 1234.0)


def _epoch(number: int, step: int, best: bool) -> Epoch:
    return Epoch(number, step, 1.0, 0.5, 0.9, 0.6, 1.0, best)


def test_trace_follows_a_run() -> None:
    trace = Trace()
    trace.add(Started("cpu", "fp32", 61_706, 3, 4, 64, ("a", "b")))
    trace.add(_steps(0, (2.0, 1.0, 1.0, 1.0)))
    trace.add(_epoch(1, 4, best=True))
    trace.add(_steps(4, (0.5, 0.5)))
    assert trace.steps == 6
    assert trace.epoch == pytest.approx(1.5)
    assert trace.images_per_second == 1234.0
    assert trace.smooth_loss.values[3] == pytest.approx(1.25)
    assert trace.best is not None
    assert trace.best.epoch == 1
    trace.add(State("paused", 6))
    assert trace.state == "paused"
    trace.add(Finished("stopped", 1, 0.6, 0.8, 0.7, 2.0))
    assert trace.state == "stopped"
    assert trace.finished is not None
    trace.add(Trouble(Problem("x", "Rule", "values", "Way out")))
    assert trace.problem == "Rule: values. Way out"


def test_a_resumed_run_tells_its_last_steps_again() -> None:
    trace = Trace()
    trace.add(Started("cpu", "fp32", 1, 3, 4, 64, ()))
    trace.add(_steps(0, (3.0,) * 6))
    trace.add(_epoch(1, 4, best=True))
    trace.add(Started("cpu", "fp32", 1, 3, 4, 64, (), first_step=4))
    trace.add(_steps(4, (1.0, 1.0, 1.0)))
    np.testing.assert_array_equal(trace.loss.values, [3, 3, 3, 3, 1, 1, 1])
    assert [epoch.epoch for epoch in trace.epochs] == [1]


def test_steps_that_were_never_told_are_a_gap() -> None:
    trace = Trace()
    trace.add(_steps(3, (1.0,)))
    assert np.isnan(trace.loss.values[:3]).all()
    assert trace.loss.values[3] == 1.0


def test_a_diverging_run_keeps_its_smooth_line() -> None:
    trace = Trace()
    trace.add(_steps(0, (1.0, math.inf, math.nan, 1.0)))
    np.testing.assert_array_equal(trace.smooth_loss.values, [1, 1, 1, 1])


@given(st.floats(1e-6, 1e9))
def test_nice_top_is_close_above(largest: float) -> None:
    top = nice_top(largest)
    assert largest <= top * 1.00001
    assert top <= largest * 2


@pytest.mark.parametrize(
    ("largest", "top"), [(2.31, 2.4), (1.0, 1.0), (0.0, 1.0), (math.nan, 1.0), (2.5, 3.2)]
)
def test_nice_top_examples(largest: float, top: float) -> None:
    assert nice_top(largest) == pytest.approx(top)


@given(
    count=st.integers(0, 4000),
    span=st.sampled_from([1, 2, 8, 10, 100, 1000]),
    seed=st.integers(0, 99),
    gaps=st.sampled_from([0.0, 0.1, 0.9]),
)
def test_means_in_closed_form_are_those_of_step_after_step(
    count: int, span: int, seed: int, gaps: float
) -> None:
    chance = np.random.default_rng(seed)
    values = chance.normal(3, 1, count).astype(np.float32)
    values[chance.random(count) < gaps] = np.nan
    mean, expected = math.nan, []
    for at, value in enumerate(values.astype(float)):
        if not math.isfinite(mean):
            mean = value
        elif math.isfinite(value):
            mean += (value - mean) / min(at + 1, span)
        expected.append(mean)
    np.testing.assert_allclose(running_mean(values, span), expected, rtol=1e-9)


def test_another_smoothing_goes_for_what_was_and_what_comes() -> None:
    one, other = Trace(), Trace()
    steps = [
        Steps(k * 50, tuple(np.random.default_rng(k).random(50)), (0.5,) * 50, (0.1,) * 50, 9.0)
        for k in range(6)
    ]
    one.smooth_over(20)
    for event in steps:
        one.add(event)
    for event in steps[:3]:
        other.add(event)
    other.smooth_over(20)
    for event in steps[3:]:
        other.add(event)
    np.testing.assert_allclose(other.smooth_loss.values, one.smooth_loss.values, rtol=1e-5)
    other.smooth_over(1)
    np.testing.assert_array_equal(other.smooth_loss.values, other.loss.values)
    assert (len(other.rates), len(other.speeds)) == (300, 300)


@given(
    st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-6),
    st.floats(0, 1e6).filter(lambda v: v == 0 or v > 1e-6),
)
def test_close_ticks_hold_what_is_seen_and_little_more(low: float, span: float) -> None:
    high = low + span
    ticks = close_ticks(low, high)
    assert 2 <= len(ticks) <= 5
    steps = np.diff(ticks)
    assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-6)
    slack = 1e-5 * steps[0]
    assert ticks[0] <= low + slack
    assert ticks[-1] >= high - slack
    if high - low > 1e-5 * max(abs(low), abs(high)):
        assert ticks[-1] - ticks[0] <= 5 * span


@given(st.floats(0, 1), st.floats(0, 1))
def test_close_ticks_of_shares_end_at_the_whole(one: float, other: float) -> None:
    ticks = close_ticks(min(one, other), max(one, other), most=1.0)
    assert ticks[-1] <= 1 + 1e-9
    assert ticks[0] <= min(one, other) + 1e-5
    assert ticks[-1] >= max(one, other) - 1e-5


def test_close_ticks_of_nothing() -> None:
    assert close_ticks(math.nan, math.nan) == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_an_event_that_leaves_out_millions_of_steps_takes_no_memory() -> None:
    trace = Trace()
    trace.add(Steps(10**15, (1.0,), (0.5,), (0.1,), 100.0))
    assert trace.steps == 0
    trace.add(Steps(5, (1.0,), (0.5,), (0.1,), 100.0))
    assert trace.steps == 6
