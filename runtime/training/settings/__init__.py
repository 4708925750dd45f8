"""How a network is trained: declared settings, in groups, from which forms, checks and the command line are made.

Neither torch nor Qt is imported here. A new setting is one declaration in its group's class, and nothing else.
"""

from __future__ import annotations

from runtime.training.settings.settings import (
    DECLARATIONS,
    GROUPS,
    Settings,
    read_assignment,
    relevant,
)

__all__ = ["DECLARATIONS", "GROUPS", "Settings", "read_assignment", "relevant"]
