"""What a change of modules comes to."""

from __future__ import annotations

from dataclasses import dataclass

from builder.edits import Edit


@dataclass(frozen=True, slots=True)
class Outcome:
    """The edits, for one step of the history, and the ids of the nodes that stand there after them."""

    edits: tuple[Edit, ...]
    ids: tuple[str, ...]
