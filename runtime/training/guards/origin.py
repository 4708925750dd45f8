"""Where a number arose that is none (NaN, or infinite)."""

from __future__ import annotations

from builder.errors import Problem
from runtime.training.settings import Settings


def diverged(settings: Settings, step: int, rate: float) -> Problem:
    """What is said of a loss that is no number at step ``step`` (from 0), where no more is known."""
    return Problem(
        "loss-not-finite",
        "The loss must stay a finite number",
        f"at step {step + 1} it was none, with {settings.optimizer} at a learning rate of {rate:.3g}",
        f"Lower the learning rate, to {settings.learning_rate / 10:.2g} for a start",
    )
