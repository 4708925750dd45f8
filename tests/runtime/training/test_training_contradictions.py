"""Settings that make little sense together are told, sensible ones are not."""

from __future__ import annotations

import pytest

from builder.errors import Severity
from runtime.training.settings import Settings
from runtime.training.settings.contradictions import contradictions


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ({}, []),
        ({"warmup": 2.5, "epochs": 3}, []),
        ({"warmup": 3.0, "epochs": 3}, ["training.warmup"]),
        ({"threads": 2}, []),
        ({"threads": 64}, ["training.threads"]),
        ({"threads": 3, "warmup": 99.0, "schedule": "one-cycle"}, ["training.warmup", "training.threads"]),
    ],
)
def test_what_disagrees(values, paths):
    found = contradictions(Settings(**values), 2)
    assert [problem.path for problem in found] == paths
    assert all(problem.severity is Severity.WARNING for problem in found)
    assert all("cores that the program may use are 2" in p.message for p in found if "threads" in p.path)
