"""Whether a training fits in memory, told before it begins: Linux ends a program that asks for too much."""

from __future__ import annotations

from builder.analysis import Analysis
from builder.analysis.memory import Budget
from builder.errors import Problem
from runtime.machine import free_memory
from runtime.training.settings import Settings

_GIGABYTE = 10**9


def check_memory(analysis: Analysis, settings: Settings, free: int | None = None) -> Problem | None:
    """A Problem where weights, gradients, optimizer and activations exceed the ``free`` bytes.

    ``analysis`` is at ``part_of(settings)`` images. What is needed is a lower bound: what fits by it may still be
    too much. Without ``free`` it is what the system says; where it says nothing there is no Problem.
    """
    free = free_memory() if free is None else free
    memory = Budget(analysis, optimizer=optimizer_of(settings)).total()
    activations, part = memory.activations, part_of(settings)
    learned = memory.training - activations + (memory.weights if settings.ema_decay else 0)
    if free is None or learned + activations <= free:
        return None
    possible = (free - learned) * part // activations if activations else 0
    parts = -(-settings.batch // possible) if possible > 1 else 0
    what = "batch" if part == settings.batch else "part"
    return Problem(
        "out-of-memory",
        "A training must fit in memory",
        f"weights, gradients and {settings.optimizer}'s state are {_gigabytes(learned)}, the activations of a "
        f"{what} of {part:,} are {_gigabytes(activations)}, and {_gigabytes(free)} are free",
        f"Set the batch to {possible * settings.accumulate:,} or less, or its parts to {parts:,}"
        if possible > 1
        else "Make the input or the network smaller",
        path="training.batch" if possible > 1 else "",
    )


def part_of(settings: Settings) -> int:
    """The most images that go through the network at once."""
    return -(-settings.batch // settings.accumulate)


def optimizer_of(settings: Settings) -> str:
    """The optimizer of the settings by the name memory is reckoned with: SGD keeps something with momentum alone."""
    has_momentum = settings.optimizer == "sgd" and settings.momentum
    return "sgd-momentum" if has_momentum else str(settings.optimizer)


def _gigabytes(count: int) -> str:
    return f"{max(count, 0) / _GIGABYTE:,.1f} GB"
