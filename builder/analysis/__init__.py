"""``analyze(document) → Analysis``: shapes, receptive field, cost and problems, without torch, in milliseconds."""

from __future__ import annotations

from builder.analysis.analysis import Analysis, Totals, analyze, smallest_input
from builder.analysis.fields import ReceptiveField
from builder.analysis.report import GraphView, NodeReport

__all__ = ["Analysis", "GraphView", "NodeReport", "ReceptiveField", "Totals", "analyze", "smallest_input"]
