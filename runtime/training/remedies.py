"""The ways out of a run's problems that are settings: ``Problem.fixes`` names them, a window offers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from builder.errors import Problem
from runtime.training.settings import DECLARATIONS, Settings

LOWER_RATE, CLIP, FP32, HALVE_BATCH = "lower-learning-rate", "clip-gradient", "train-in-fp32", "halve-batch"

_CHANGES: Mapping[str, Callable[[Settings], dict[str, Any]]] = {
    LOWER_RATE: lambda settings: {"learning_rate": float(f"{settings.learning_rate / 10:.2g}")},
    CLIP: lambda _: {"clip_norm": 1.0},
    FP32: lambda _: {"precision": "fp32"},
    HALVE_BATCH: lambda settings: {"batch": max(1, settings.batch // 2)},
}


def change_for(problem: Problem, settings: Settings) -> dict[str, Any]:
    """What to change in the settings, by name; empty where no setting mends it, or it is as it should be."""
    for name in problem.fixes:
        if name in _CHANGES:
            changed = _CHANGES[name](settings)
            valid = Settings.read({**settings.to_json(), **changed})
            if isinstance(valid, Settings) and any(
                settings.values[key] != new for key, new in changed.items()
            ):
                return changed
    return {}


def words_for(change: Mapping[str, Any]) -> str:
    """``Set learning rate to 0.0002``."""
    parts = (
        f"{DECLARATIONS[name].label.lower()} to {f'{value:g}' if isinstance(value, float) else value}"
        for name, value in change.items()
    )
    return "Set " + " and ".join(parts)
