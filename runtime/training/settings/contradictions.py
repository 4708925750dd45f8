"""Settings that are sound each by itself and make little sense together, or on this machine: warnings."""

from __future__ import annotations

from builder.errors import Problem, Severity
from runtime.training.settings.settings import Settings


def contradictions(settings: Settings, cores: int) -> list[Problem]:
    """What whoever chose these settings may not have meant, on a machine with so many cores."""
    found = []
    if settings.warmup >= settings.epochs:
        found.append(
            _warning(
                "warmup",
                "A run gets to its learning rate and schedule once the warm-up is over",
                f"warmup={settings.warmup:g} epochs, the run has {settings.epochs:,}, all of which it warms up "
                f"({settings.schedule} never begins)",
                "Train for more epochs, or warm up for fewer",
            )
        )
    if settings.threads > cores:
        found.append(
            _warning(
                "threads",
                "Threads compute at the same time where each has a core",
                f"threads={settings.threads:,}, the cores that the program may use are {cores:,}",
                f"Set {cores:,} or fewer, or 0 to have it chosen",
            )
        )
    return found


def _warning(name: str, rule: str, values: str, way_out: str) -> Problem:
    return Problem(
        "settings-disagree", rule, values, way_out, severity=Severity.WARNING, path=f"training.{name}"
    )
