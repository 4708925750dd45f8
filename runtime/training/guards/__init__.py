"""What watches over a training: gradients, units that are dead, numbers that are none, memory that runs out."""

from __future__ import annotations

from runtime.training.guards.drawn import Drawn
from runtime.training.guards.guards import Guards
from runtime.training.guards.origin import Origin

__all__ = ["Drawn", "Guards", "Origin"]
