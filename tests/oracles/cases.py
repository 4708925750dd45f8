"""How many examples a property gets, as a share of the profile's (``HYPOTHESIS_PROFILE=long`` for many)."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def examples(share: float) -> settings:
    """``share`` of the profile's examples (100 by default), at least five."""
    return settings(
        max_examples=max(5, round(settings.default.max_examples * share)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
