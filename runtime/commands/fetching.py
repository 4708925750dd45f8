"""Data that is known by name and not on this computer is fetched, with a bar on a terminal."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

from builder.console import complain
from builder.errors import Problem
from runtime.data.known import BY_NAME


def have(source: str) -> Problem | None:
    """Download what is known by this name and missing; anything else is left alone. Ctrl+C stops, what came is kept."""
    known = BY_NAME.get(source.lower())
    if known is None or known.available:
        return None
    complain(f"{known.title} is not on this computer: {known.size / 1e6:,.0f} MB to download")
    bars: dict[str, tqdm[Any]] = {}

    def tell(file: str, there: int, whole: int) -> None:
        if file not in bars:
            quiet = sys.stderr is None or not sys.stderr.isatty()
            bars[file] = tqdm(
                total=whole, desc=file, unit="B", unit_scale=True, file=sys.stderr, disable=quiet
            )
        bars[file].update(there - bars[file].n)

    try:
        return known.download(tell)
    except KeyboardInterrupt:
        return Problem(
            "download-stopped", "The download was stopped", "", "Begin again to go on: what came is kept"
        )
    finally:
        for bar in bars.values():
            bar.close()
