"""Modules made, opened up and given parameters where one draws: what that changes, as edits; free of Qt."""

from __future__ import annotations

from builder.modular.declaring import move_parameter, rename_parameter
from builder.modular.exposing import REPEAT, can_expose, expose, proposed_parameter, unexpose
from builder.modular.grouping import group, proposed_name
from builder.modular.outcome import Outcome
from builder.modular.repeating import repeat_in_chain
from builder.modular.rewriting import is_used
from builder.modular.ungrouping import ungroup

__all__ = [
    "REPEAT",
    "Outcome",
    "can_expose",
    "expose",
    "group",
    "is_used",
    "move_parameter",
    "proposed_name",
    "proposed_parameter",
    "rename_parameter",
    "repeat_in_chain",
    "unexpose",
    "ungroup",
]
