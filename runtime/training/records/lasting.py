"""What a record keeps must mean the same wherever it is read from."""

from __future__ import annotations

import os
from pathlib import Path


def lasting(source: str) -> str:
    """A source of data as a record keeps it: a path that is there from the root on, a known name as it is."""
    from runtime.data.known import BY_NAME

    if not source.strip() or source.lower() in BY_NAME:
        return source
    path = Path(source).expanduser()
    return str(path.absolute()) if os.path.exists(path) else source  # noqa: PTH110 -- Path.exists raises for odd names
