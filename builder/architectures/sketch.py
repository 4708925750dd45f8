"""Where ``builder.sketch`` is looked for by its old name."""

from __future__ import annotations

from builder.sketch import Sketch, Wire

__all__ = ["Sketch", "Wire"]
