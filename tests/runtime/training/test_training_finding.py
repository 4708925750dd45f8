"""The learning-rate finder: what is read off a curve, and a sweep that leaves everything as it was."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from builder.architectures import open_document
from runtime.data import load_data
from runtime.training.loop import input_shape
from runtime.training.searching.finding import find_learning_rate, read_curve
from runtime.training.settings import Settings


def curve(falls_at, rises_at, width=1.0):
    """Losses that fall from 2 to 1 round one rate and rise steeply behind another, at 121 rates."""
    rates = np.geomspace(1e-6, 1e2, 121)
    x = np.log10(rates)
    losses = (
        2 - 1 / (1 + np.exp(-4 * (x - math.log10(falls_at)) / width)) + np.exp(3 * (x - math.log10(rises_at)))
    )
    return rates.tolist(), losses.tolist()


@given(st.floats(1e-4, 1e-1), st.floats(0.5, 2.0))
def test_the_steepest_is_where_the_curve_falls_fastest_and_the_suggestion_below_the_lowest(falls_at, width):
    rates, losses = curve(falls_at, falls_at * 100, width)
    found = read_curve(rates, losses)
    assert abs(math.log10(found.steepest / falls_at)) < 0.3
    assert found.lowest == rates[int(np.argmin(losses))]
    assert found.suggestion <= found.lowest / 10 * 1.05
    assert found.suggestion <= max(found.valley, found.steepest) * 1.05


@pytest.mark.parametrize(
    "losses",
    [[], [1.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [1.0] * 20, [3.0, 2.0]],
    ids=["nothing", "one", "rising", "flat", "two"],
)
def test_of_a_curve_that_does_not_fall_nothing_is_said(losses):
    found = read_curve(list(np.geomspace(1e-5, 1, len(losses))), losses)
    assert found.suggestion is None
    assert found.to_json()["suggestion"] is None


@pytest.fixture(scope="module")
def lenet():
    document = open_document("lenet5")
    return document, load_data("digits", input_shape(document))


def test_a_sweep_finds_a_rate_that_learns_and_ends_before_the_loss_is_out_of_hand(lenet):
    document, data = lenet
    state = torch.get_rng_state()
    found = find_learning_rate(document, Settings(), data, steps=60)
    assert torch.equal(torch.get_rng_state(), state)
    assert len(found.rates) < 60
    assert all(map(math.isfinite, found.losses))
    assert 1e-4 < found.suggestion < 2e-2
    again = find_learning_rate(document, Settings(), data, steps=60)
    assert again == found


def test_a_sweep_can_be_stopped_and_is_read_as_far_as_it_came(lenet):
    document, data = lenet
    asked = iter(range(100))
    found = find_learning_rate(document, Settings(), data, stop=lambda: next(asked) >= 7)
    assert len(found.rates) == 7


def test_others_draw_between_the_steps_of_a_sweep(lenet, anybody_else_may_draw):
    document, data = lenet
    let = []

    def others_draw():
        let.append(anybody_else_may_draw())
        return len(let) >= 3

    find_learning_rate(document, Settings(), data, stop=others_draw)
    assert len(let) >= 3
    assert all(let)


def test_a_network_that_cannot_be_trained_is_told(lenet):
    document, data = lenet
    problems = find_learning_rate(document, Settings(batch=60_000), data)
    assert [problem.code for problem in problems] == ["batch-larger-than-data"]
