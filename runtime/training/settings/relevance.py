"""When a setting has a say, in the words of its declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def where(name: str, *values: Any) -> Callable[[Mapping[str, Any]], bool]:
    """Beside another setting that has one of these values."""
    return lambda settings: settings[name] in values
