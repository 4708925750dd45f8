"""The ways out of problems, by the names that blocks give them in ``Problem.fixes``; each yields edits to try.

A remedy need not be sure that it helps: ``builder.fixes`` tries it on a copy and keeps what works.
"""

from __future__ import annotations

from builder.remedies import parameters, shapes, windows, wires
from builder.remedies.base import REMEDIES, Place, remedies_of
from builder.remedies.shapes import odd_inputs

__all__ = ["REMEDIES", "Place", "odd_inputs", "parameters", "remedies_of", "shapes", "windows", "wires"]
