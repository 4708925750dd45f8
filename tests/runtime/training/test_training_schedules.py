"""The learning rate of every step, against PyTorch's own schedulers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from runtime.training.learning.schedules import Schedule, scheduled_rate
from runtime.training.settings import Settings

RATES = st.floats(1e-5, 1.0)


def rates_of(settings, steps, per_epoch):
    return [scheduled_rate(settings, step, steps, per_epoch) for step in range(steps)]


def pytorchs(make, rate, steps):
    """The rates that a scheduler gives, made for an optimizer."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@given(RATES, st.integers(1, 60), st.floats(0.0, 1.0))
def test_cosine_is_pytorchs(rate, steps, share):
    settings = Settings(schedule="cosine", learning_rate=rate, eta_min=rate * share)
    expected = pytorchs(lambda o: lr_scheduler.CosineAnnealingLR(o, steps, eta_min=rate * share), rate, steps)
    assert rates_of(settings, steps, 1) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(RATES, st.integers(2, 60), st.floats(0.0, 1.0))
def test_one_cycle_is_pytorchs(rate, steps, rising):
    if rising * steps in (0.0, 1.0):
        rising = 0.3  # PyTorch divides by zero there
    settings = Settings(schedule="one-cycle", learning_rate=rate, pct_start=rising)

    def make(optimizer):
        return lr_scheduler.OneCycleLR(
            optimizer, rate, total_steps=steps + 1, pct_start=rising, cycle_momentum=False
        )

    # PyTorch wants to be stepped once less than it has steps.
    longer = Settings(schedule="one-cycle", learning_rate=rate, pct_start=rising)
    assert rates_of(longer, steps + 1, 1)[:steps] == pytest.approx(
        pytorchs(make, rate, steps), rel=1e-9, abs=1e-12
    )
    assert all(0 < value <= rate * (1 + 1e-9) for value in rates_of(settings, steps, 1))


@given(RATES, st.integers(1, 40), st.integers(1, 10), st.integers(1, 5), st.floats(0.01, 1.0))
def test_step_is_pytorchs(rate, steps, size, per_epoch, gamma):
    settings = Settings(schedule="step", learning_rate=rate, step_size=size, gamma=gamma)
    expected = pytorchs(lambda o: lr_scheduler.StepLR(o, size * per_epoch, gamma), rate, steps)
    assert rates_of(settings, steps, per_epoch) == pytest.approx(expected, rel=1e-9)


@given(RATES, st.integers(1, 30), st.integers(2, 30))
def test_warm_up_is_pytorchs(rate, steps, warm):
    settings = Settings(schedule="constant", learning_rate=rate, warmup=warm)
    make = lambda o: lr_scheduler.LinearLR(o, 1 / warm, total_iters=warm - 1)  # noqa: E731
    steps = max(steps, warm)
    assert rates_of(settings, steps, 1) == pytest.approx(pytorchs(make, rate, steps), rel=1e-9)


@given(RATES, st.integers(2, 20), st.integers(1, 30))
def test_cosine_after_a_warm_up_is_pytorchs_sequence(rate, warm, rest):
    def make(optimizer):
        parts = [
            lr_scheduler.LinearLR(optimizer, 1 / warm, total_iters=warm - 1),
            lr_scheduler.CosineAnnealingLR(optimizer, rest),
        ]
        return lr_scheduler.SequentialLR(optimizer, parts, milestones=[warm])

    settings = Settings(schedule="cosine", learning_rate=rate, warmup=warm)
    expected = pytorchs(make, rate, warm + rest)
    assert rates_of(settings, warm + rest, 1) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(
    st.lists(st.floats(0.01, 10.0), min_size=1, max_size=40),
    st.integers(0, 4),
    st.floats(0.1, 0.9),
    st.floats(0.0, 1e-2),
    st.integers(0, 39),
)
def test_plateau_is_pytorchs_also_across_a_resume(losses, patience, gamma, least, resumed):
    rate = 0.05
    settings = Settings(schedule="plateau", learning_rate=rate, patience=patience, gamma=gamma, eta_min=least)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    theirs = lr_scheduler.ReduceLROnPlateau(optimizer, factor=gamma, patience=patience, min_lr=least, eps=0.0)
    ours = Schedule(settings, len(losses), 1)
    for step, loss in enumerate(losses):
        assert ours.at(step) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        theirs.step(loss)
        ours.epoch_over(loss)
        if step == resumed:
            state, ours = ours.state(), Schedule(settings, len(losses), 1)
            ours.load_state(state)


@given(st.sampled_from(["constant", "step", "cosine", "one-cycle", "plateau"]), st.integers(0, 18), RATES)
def test_a_changed_rate_holds_at_once_and_the_plan_goes_on_in_proportion(schedule, step, rate):
    settings = Settings(schedule=schedule, learning_rate=0.1, warmup=2)
    plan, changed = Schedule(settings, 20, 1), Schedule(settings, 20, 1)
    changed.change(step, rate)
    assert changed.at(step) == pytest.approx(rate)
    assert changed.at(step + 1) / plan.at(step + 1) == pytest.approx(rate / plan.at(step))
    resumed = Schedule(settings, 20, 1)
    resumed.load_state(changed.state())
    assert resumed.at(step + 1) == changed.at(step + 1)
